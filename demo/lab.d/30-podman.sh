# podman as root: with runc, since crun refuses a hybrid cgroup hierarchy, and with limits that no
# capability is needed to set.
# shellcheck shell=bash

needs_podman() { echo podman runc conmon; }

PODMAN_RUN=(run -d --network none --ulimit nofile=1024:2048 --ulimit nproc=1000:2000)

podman() {
	command podman --runtime runc --cgroup-manager cgroupfs --events-backend file --storage-driver vfs \
		--root "$LAB/podman/root" --runroot "$LAB/podman/run" --tmpdir "$LAB/podman/tmp" "$@"
}

up_podman() {
	mkdir -p "$LAB/podman"
	podman "${PODMAN_RUN[@]}" --name db --rootfs "$LAB/rootfs" /bin/sleep 86400 >/dev/null
	podman "${PODMAN_RUN[@]}" --name cache --user 1000 --cap-add net_bind_service --security-opt seccomp=unconfined \
		--rootfs "$LAB/rootfs" /bin/sleep 86400 >/dev/null
	podman "${PODMAN_RUN[@]}" --name mapped --uidmap 0:200000:65536 --gidmap 0:200000:65536 \
		--rootfs "$LAB/rootfs" /bin/sleep 86400 >/dev/null
}

list_podman() {
	local id
	for id in $(podman ps -q --no-trunc); do
		podman top "$id" hpid | awk -v id="$id" 'NR > 1 {print "podman", id, $1}'
	done
}

down_podman() {
	[ -d "$LAB/podman" ] || return 0
	podman rm -f -a -t 0 >/dev/null
}
