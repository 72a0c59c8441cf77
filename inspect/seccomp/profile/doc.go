// Package profile tells what seccomp profiles mean. A profile is the text that a container engine is given: linux.seccomp
// of the OCI runtime specification, or the engines' format around it, whose rules depend on capabilities, architecture
// and kernel. The package reads profiles, resolves the engines' form into the runtime's, models what a runtime makes of
// it with libseccomp (what the filter decides for every system call), brings the engines' default profiles, names a
// filter by the profile that means the same, and writes a filter's meaning, or system calls that were recorded, as a
// profile. It is pure.
package profile
