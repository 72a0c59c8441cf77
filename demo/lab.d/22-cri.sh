# A pod, asked of containerd as a kubelet asks: the client is demo/cri.
# shellcheck shell=bash

needs_cri() { echo containerd; }

cri() { "$LAB/bin/cri" -socket "$CONTAINERD" -image capview.lab/shop:1 -logs "$LAB/log" "$@"; }

up_cri() {
	(cd "$here/cri" && go build -o "$LAB/bin/cri" .)
	local name
	for name in pause shop; do
		make_image "capview.lab/$name:1" "$LAB/$name.tar"
		ctr -a "$CONTAINERD" -n k8s.io images import "$LAB/$name.tar" >/dev/null
	done
	wait_for 'the pod service' 30 cri ready
	cri up
}

list_cri() {
	local id
	for id in $(ctr -a "$CONTAINERD" -n k8s.io task ls -q); do
		ctr -a "$CONTAINERD" -n k8s.io task ps "$id" | awk -v id="$id" 'NR > 1 {print "containerd", id, $1}'
	done
}

down_cri() {
	[ -x "$LAB/bin/cri" ] || return 0
	revive_containerd
	wait_for 'the pod service' 30 cri ready
	cri down
}
