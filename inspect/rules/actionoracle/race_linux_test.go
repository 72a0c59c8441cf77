//go:build race && (amd64 || arm64)

package actionoracle

// Under the race detector a world takes twenty times as long, and tells nothing more of the kernel.
const defaultWorlds = 4
