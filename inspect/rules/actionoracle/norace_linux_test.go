//go:build !race && (amd64 || arm64)

package actionoracle

const defaultWorlds = 60
