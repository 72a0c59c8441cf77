// Package runtimes tells containers by name: it joins to a Snapshot what the container runtimes' own files say of each
// container, its name, image, pod and the OCI spec it was started from.
//
// Files come first, so that a hanging daemon delays nothing and a dead one takes no name away; only where they tell
// nothing, as to a user who may read an engine's socket but not its files, is the engine asked. What leads to the files is
// the process that stands beside each container: a containerd shim's working directory is its container's bundle,
// conmon has it among its arguments, an LXC monitor and systemd-nspawn have the name there. Files are opened below that
// process's own root directory, as rootless engines and snaps have mount namespaces of their own. What has no such process
// (runc and crun run by hand) is told by the PID and start time in its runtime's state; where a shim or monitor has died,
// the runtimes' usual directories are tried, and where the container's hostname is mounted from.
//
// # Trust
//
// The outermost container of a cgroup path keeps the identity that the path gives it, whatever any file says. A
// process that is not the host's root, or that is itself inside a container, can only name what is below it, and what it
// names is marked Claimed; so is what a file says that another than the host's root could have written. A state
// file of an unprivileged user can name only processes in user namespaces of that user, and so can who listens at a socket
// that is neither root's nor the reader's. To a socket root follows no symbolic link.
//
// # Time
//
// Every file system may hang. Files are read by goroutines beside the refresh; Join waits for those that a new container
// needs, for Options.Timeout at most, and goes on with what has arrived. What was read is kept with the identity of the
// files (device, inode, size, times), which is checked again beside later refreshes, a share of the containers each time.
package runtimes
