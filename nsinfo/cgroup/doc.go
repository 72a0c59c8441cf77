// Package cgroup reads what a process's cgroup says of it: which runtime made its container and under which id,
// which Kubernetes or podman pod, which systemd unit or logind session.
//
// Runtimes leave no record in the kernel of what a container is, but each names the cgroups it makes after it.
// Everything here is pure and works on the text of /proc/PID/cgroup (cgroups(7)).
//
// What is trustworthy: the outermost name was made by whoever runs the host. Everything deeper lies in a cgroup
// that may be delegated to the container, whose root can make a cgroup of any name; so the outermost match is
// the identity and inner ones are only claims.
package cgroup
