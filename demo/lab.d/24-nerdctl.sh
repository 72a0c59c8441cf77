# containerd's containers without a pod: one that carries the labels and annotations of nerdctl (which Debian has no
# package of) and an id as it makes them, and one of ctr's, whose id is its name.
# shellcheck shell=bash

needs_nerdctl() { echo containerd; }

ctr_default() { ctr -a "$CONTAINERD" -n default "$@"; }

up_nerdctl() {
	local id
	make_image capview.lab/shop:1 "$LAB/nerdctl.tar"
	ctr_default images import "$LAB/nerdctl.tar" >/dev/null
	id=$(head -c 32 /dev/urandom | sha256sum | cut -d' ' -f1)
	ctr_default run -d --label nerdctl/name=cart --annotation nerdctl/name=cart --annotation nerdctl/namespace=default capview.lab/shop:1 "$id"
	ctr_default run -d capview.lab/shop:1 "$LAB_NAME-plain"
}

list_nerdctl() {
	local id
	for id in $(ctr_default task ls -q); do
		ctr_default task ps "$id" | awk -v id="$id" 'NR > 1 {print "nerdctl", id, $1}'
	done
}

down_nerdctl() {
	[ -e "$LAB/nerdctl.tar" ] || return 0
	revive_containerd
	local id
	for id in $(ctr_default task ls -q); do
		ctr_default task rm -f "$id" >/dev/null 2>&1 || true
		ctr_default container rm "$id"
	done
}
