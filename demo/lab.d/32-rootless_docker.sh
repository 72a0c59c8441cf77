# docker of a user, as Debian's dockerd-rootless.sh starts it. There is no tap device for slirp4netns on every node, so
# its network is the host's; on cgroup v1 it has no cgroups either, and nothing in a path names its containers.
# shellcheck shell=bash

needs_rootless_docker() { echo docker.io rootlesskit uidmap slirp4netns passwd; }

rootless_docker() { DOCKER_CONFIG=$LAB/docker/client command docker -H "unix://$LAB/home/run/docker.sock" "$@"; }

up_rootless_docker() {
	add_user
	make_image capview.lab/web:1 "$LAB/home/web.tar"
	install -d -m 700 "$LAB/home/run"
	chown "$USER_NAME:$USER_NAME" "$LAB/home" "$LAB/home/run" "$LAB/home/web.tar"
	as_user rootless-docker --reset-env env HOME="$LAB/home" XDG_RUNTIME_DIR="$LAB/home/run" PATH="$PATH" \
		DOCKERD_ROOTLESS_ROOTLESSKIT_NET=host DOCKERD_ROOTLESS_ROOTLESSKIT_PORT_DRIVER=none \
		/usr/share/docker.io/contrib/dockerd-rootless.sh --iptables=false --bridge=none --storage-driver=vfs
	wait_for 'the rootless docker' 60 rootless_docker version
	rootless_docker load -q -i "$LAB/home/web.tar" >/dev/null
	rootless_docker run -d --name wiki --network none capview.lab/web:1 >/dev/null
	rootless_docker run -d --name mail --network none --user 1000 --cap-drop ALL capview.lab/web:1 >/dev/null
}

list_rootless_docker() {
	local id
	for id in $(rootless_docker ps -q --no-trunc); do
		echo "docker-rootless $id $(rootless_docker inspect -f '{{.State.Pid}}' "$id")"
	done
}

down_rootless_docker() {
	[ -e "$LAB/pids/rootless-docker" ] || return 0
	# shellcheck disable=SC2046
	! alive rootless-docker || rootless_docker rm -f $(rootless_docker ps -aq) >/dev/null 2>&1 || true
	stop_all rootless-docker
}
