# docker in docker: a container of docker's with Debian's docker in it, a daemon of its own, and containers of that.
# shellcheck shell=bash

needs_nested() { echo docker.io containerd runc mount; }

# inside runs a command in the outer container.
inside() { docker exec outer "$@"; }

up_nested() {
	local cap options=(--security-opt seccomp=unconfined --security-opt apparmor=unconfined)
	nested_rootfs "$LAB/nested/rootfs"
	tar -C "$LAB/nested/rootfs" -c . | docker import - capview.lab/outer:1 >/dev/null
	rm -r "$LAB/nested/rootfs"
	mkdir -p "$LAB/nested/lib"
	cp "$LAB/web.tar" "$LAB/nested/lib/"
	# All that an engine needs: --privileged would ask for what a node may lack.
	for cap in SYS_ADMIN NET_ADMIN SYS_PTRACE DAC_READ_SEARCH; do options+=(--cap-add "$cap"); done
	docker run -d --name outer --network none "${options[@]}" -v "$LAB/nested/lib:/var/lib/docker" capview.lab/outer:1 /bin/sh /start >/dev/null
	wait_for 'the docker in docker' 60 inside docker version
	inside docker load -q -i /var/lib/docker/web.tar >/dev/null
	inside docker run -d --name inner --network none capview.lab/web:1 >/dev/null
	inside docker run -d --name web --network none --user 1000 --cap-drop ALL --cap-add NET_RAW capview.lab/web:1 >/dev/null
}

# nested_rootfs makes a root file system of Debian's programs with the libraries that they load.
nested_rootfs() {
	local root=$1 program library applet
	mkdir -p "$root"
	cp -a "$LAB/rootfs/." "$root/"
	for applet in mkdir grep rm; do ln -sf busybox "$root/bin/$applet"; done
	for program in dockerd docker containerd containerd-shim-runc-v2 runc docker-init mount; do
		program=$(type -P "$program")
		install -D -m 755 "$program" "$root/usr/bin/${program##*/}"
		while read -r library; do
			install -D -m 755 "$library" "$root$library"
		done < <(ldd "$program" 2>/dev/null | grep -o '/[^ ]*')
	done
	cat >"$root/start" <<-'END'
		export PATH=/usr/bin:/bin
		for dir in /sys/fs/cgroup/*; do mount -o remount,bind,rw "$dir"; done
		exec dockerd --iptables=false --bridge=none --storage-driver=vfs
	END
}

# What the inner daemon runs is among the processes of the outer container.
list_nested() { :; }

down_nested() { :; }
