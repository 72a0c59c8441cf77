# docker: what its users ask for most, from the default to everything dropped.
# shellcheck shell=bash

needs_docker() { echo docker.io; }

docker() {
	DOCKER_CONFIG=$LAB/docker/client command docker -H "unix://$LAB/docker/sock" "$@"
}

up_docker() {
	mkdir -p "$LAB/docker"
	printf '{"deprecated-key-path": "%s"}' "$LAB/docker/key.json" >"$LAB/docker/daemon.json"
	serve_docker
	make_image capview.lab/web:1 "$LAB/web.tar"
	docker load -q -i "$LAB/web.tar" >/dev/null
	run_docker web -- httpd -f -p 80
	run_docker plain-user --user 1000:1000
	run_docker bind-file --user 1000:1000 -- /opt/bind/httpd -f -p 80
	run_docker admin --cap-add NET_ADMIN --cap-add SYS_PTRACE -- tail -f /dev/null
	run_docker dropped --cap-drop ALL --cap-add CHOWN --security-opt no-new-privileges
	run_docker unconfined --security-opt seccomp=unconfined
	run_docker with-init --init -- nc -l -p 9000
	run_docker hostpid --pid host -- syslogd -n -O /dev/null
	run_docker family -- /bin/sh -c 'sleep 86400 & sleep 86400 & wait'
}

serve_docker() {
	rm -f "$LAB/docker/pid" # of one that was killed
	start dockerd dockerd --config-file "$LAB/docker/daemon.json" --containerd "$CONTAINERD" -H "unix://$LAB/docker/sock" \
		--data-root "$LAB/docker/data" --exec-root "$LAB/docker/exec" --pidfile "$LAB/docker/pid" \
		--iptables=false --bridge=none
	wait_for dockerd 30 docker version
}

# run_docker NAME [OPTION…] [-- COMMAND…]
run_docker() {
	local name=$1 options=()
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do options+=("$1"); shift; done
	[ $# -eq 0 ] || shift
	docker run -d --name "$name" --network none "${options[@]}" capview.lab/web:1 "$@" >/dev/null
}

list_docker() {
	local id
	for id in $(docker ps -q --no-trunc); do
		docker top "$id" -eo pid | awk -v id="$id" 'NR > 1 {print "docker", id, $1}'
	done
}

down_docker() {
	[ -e "$LAB/docker/daemon.json" ] || return 0
	revive_containerd
	alive dockerd || serve_docker # one that was killed: its containers run on
	# shellcheck disable=SC2046
	docker rm -f $(docker ps -aq) >/dev/null 2>&1 || true
	stop_all dockerd
}
