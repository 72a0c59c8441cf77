# podman of a user: nothing in the cgroup names such a container, only its user namespace tells it apart.
# shellcheck shell=bash

needs_rootless() { echo podman uidmap slirp4netns passwd; }

rootless() {
	(cd "$LAB/home" && setpriv --reuid "$USER_NAME" --regid "$USER_NAME" --init-groups --reset-env \
		env HOME="$LAB/home" XDG_RUNTIME_DIR="$LAB/home/run" PATH="$PATH" \
		podman --runtime runc --cgroup-manager cgroupfs --events-backend file --storage-driver vfs "$@")
}

up_rootless() {
	add_user
	cp -r "$LAB/rootfs" "$LAB/home/rootfs"
	install -d -m 700 "$LAB/home/run"
	chown -R "$USER_NAME:$USER_NAME" "$LAB/home"
	rootless "${PODMAN_RUN[@]}" --name blog --rootfs "$LAB/home/rootfs" /bin/sleep 86400 >/dev/null
	rootless "${PODMAN_RUN[@]}" --name feed --user 1000 --cap-drop all --rootfs "$LAB/home/rootfs" /bin/sleep 86400 >/dev/null
}

list_rootless() {
	local id
	for id in $(rootless ps -q --no-trunc); do
		rootless top "$id" hpid | awk -v id="$id" 'NR > 1 {print "podman-rootless", id, $1}'
	done
}

# down_rootless ends the process that holds the user's namespaces too ("system migrate" is how to ask it).
down_rootless() {
	[ -d "$LAB/home/run" ] && id "$USER_NAME" >/dev/null 2>&1 || return 0
	rootless rm -f -a -t 0 >/dev/null
	rootless system migrate >/dev/null
}
