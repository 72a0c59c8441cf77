# LXD, which Incus came from: an unprivileged system container in a storage pool, with ids of root's subordinate range.
# shellcheck shell=bash

needs_lxd() { echo lxd lxd-client jq; }

lxd_client() { LXD_DIR=$LAB/lxd lxc "$@"; }

up_lxd() {
	mkdir -p "$LAB"/lxd "$LAB"/lxd-image
	start lxd env LXD_DIR="$LAB/lxd" lxd --group root
	LXD_DIR=$LAB/lxd lxd waitready --timeout 60
	LXD_DIR=$LAB/lxd lxd init --preseed <<-EOT
		storage_pools: [{name: lab, driver: dir}]
		profiles: [{name: default, devices: {root: {path: /, pool: lab, type: disk}}}]
	EOT
	cp -a "$LAB/rootfs" "$LAB/lxd-image/rootfs"
	mkdir -p "$LAB/lxd-image/rootfs/sbin"
	printf 'architecture: %s\ncreation_date: 1700000000\nproperties: {description: lab, os: lab}\n' "$(uname -m)" >"$LAB/lxd-image/metadata.yaml"
	tar -C "$LAB/lxd-image" --numeric-owner -czf "$LAB/lxd.tar.gz" metadata.yaml rootfs
	lxd_client image import "$LAB/lxd.tar.gz" --alias lab >/dev/null
	lxd_client init -q lab "$LAB_NAME-pod" 2>/dev/null >&2
	printf 'lxc.init.cmd = /bin/sleep 86400\nlxc.cap.drop = sys_resource sys_time\n' | lxd_client config set "$LAB_NAME-pod" raw.lxc -
	lxd_client start "$LAB_NAME-pod"
}

list_lxd() { lxd_client query "/1.0/instances/$LAB_NAME-pod/state" | jq -r --arg name "$LAB_NAME-pod" '"lxd \($name) \(.pid)"'; }

down_lxd() {
	[ -e "$LAB/pids/lxd" ] || return 0
	if alive lxd; then
		lxd_client delete -f "$LAB_NAME-pod" || true
		LXD_DIR=$LAB/lxd timeout 30 lxd shutdown -t 20 || true
	fi
	stop_all lxd
}
