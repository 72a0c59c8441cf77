# containerd, the daemon below docker and below the pod: one for both, with everything in the lab's folder.
# shellcheck shell=bash

needs_containerd() { echo containerd runc; }

CONTAINERD=$LAB/containerd/sock

up_containerd() {
	mkdir -p "$LAB/containerd"
	# A node may lack CAP_SYS_RESOURCE (oom_score_adj cannot be lowered then), and no image can be pulled.
	cat >"$LAB/containerd/config.toml" <<-EOF
		version = 2
		root = "$LAB/containerd/root"
		state = "$LAB/containerd/state"
		[grpc]
		  address = "$CONTAINERD"
		[plugins."io.containerd.internal.v1.opt"]
		  path = "$LAB/containerd/opt"
		[plugins."io.containerd.grpc.v1.cri"]
		  restrict_oom_score_adj = true
		  sandbox_image = "capview.lab/pause:1"
		  stream_server_address = "127.0.0.1"
		  stream_server_port = "0"
	EOF
	serve_containerd
}

serve_containerd() {
	start containerd containerd --config "$LAB/containerd/config.toml"
	wait_for containerd 30 ctr -a "$CONTAINERD" version
}

# revive_containerd brings back one that was killed: only it can end the containers it left behind.
revive_containerd() { alive containerd || [ ! -e "$LAB/containerd/config.toml" ] || serve_containerd; }

list_containerd() { :; }

down_containerd() { stop_all containerd; }
