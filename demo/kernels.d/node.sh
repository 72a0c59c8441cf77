# A node as distributions install it: systemd, cgroup v2 alone, and runtimes that ask systemd for their cgroups.
# shellcheck shell=bash

NODE_PACKAGES=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,podman,netavark,crun,runc,docker.io,containerd,uidmap,busybox-static,libcap2-bin,jq

run_node() {
	fetch_kernel 6.12
	make_disk
	make_initramfs
	say "booting systemd on ${KERNEL##*/}"
	# Without policies: there is none here, and docker would look for one.
	boot "${CAPVIEW_KERNELS_LIMIT:-900}" 2048 "$WORK/initramfs" "apparmor=0 selinux=0" -drive "file=$WORK/disk,if=virtio,format=raw,cache=unsafe"
	judge systemd up docker podman rootless others orphans
}

# make_disk installs Debian into a folder, which is kept, and writes that to a disk.
make_disk() {
	local release
	release=$(. /etc/os-release && echo "$VERSION_CODENAME")
	if [ ! -e "$KEPT/node/etc/os-release" ]; then
		say "installing Debian into a folder"
		debootstrap --variant=minbase --include="$NODE_PACKAGES" "$release" "$WORK/node" \
			"${CAPVIEW_KERNELS_MIRROR:-http://deb.debian.org/debian}" >"$WORK/debootstrap" 2>&1 ||
			{ tail -n 20 "$WORK/debootstrap" >&2; exit 1; }
		rm -rf "$WORK"/node/var/cache/apt/archives/*.deb "$WORK"/node/usr/share/{doc,locale,man}
		mv "$WORK/node" "$KEPT/node"
	fi
	mke2fs -q -t ext4 -d "$KEPT/node" "$WORK/disk" 2500M >/dev/null
}

# make_initramfs has what is not Debian's: copied onto the disk before systemd starts.
make_initramfs() {
	local root=$WORK/root unit
	mkdir "$root"
	add_busybox "$root"
	add_module virtio_blk "$root"
	add_module overlay "$root"
	install -D -m 755 "$here/kernels.d/node-init" "$root/init"
	install -D -m 755 "$here/kernels.d/node-test" "$root/add/srv/test"
	(cd "$here/.." && CGO_ENABLED=0 go build -ldflags '-s -w' -o "$root/add/usr/bin/capview" ./cmd/capview)
	local units=$root/add/etc/systemd/system
	install -D -m 644 "$here/kernels.d/node-test.service" "$units/capview-test.service"
	mkdir -p "$units/multi-user.target.wants" "$root"/add/etc/{docker,containers}
	ln -s ../capview-test.service "$units/multi-user.target.wants/"
	# Nothing here waits for a network, a clock of the network's, or a login.
	for unit in {systemd-timesyncd,systemd-networkd-wait-online,e2scrub_reap,getty@tty1,serial-getty@ttyS0}.service \
		podman{,-auto-update,-restart}.service podman.socket {podman-auto-update,apt-daily,apt-daily-upgrade}.timer \
		{dpkg-db-backup,e2scrub_all,fstrim}.timer; do
		ln -s /dev/null "$units/$unit"
	done
	echo '{"iptables": false, "bridge": "none"}' >"$root/add/etc/docker/daemon.json"
	printf '[network]\nnetwork_backend = "netavark"\n' >"$root/add/etc/containers/containers.conf"
	echo capview-node >"$root/add/etc/hostname"
	archive "$root" "$WORK/initramfs"
	rm -rf "$root"
}
