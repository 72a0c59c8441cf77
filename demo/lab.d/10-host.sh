# Processes of the host itself: each holds its privileges in another way.
# shellcheck shell=bash

needs_host() { echo libcap2-bin util-linux busybox-static passwd gcc libc6-dev; }

up_host() {
	add_user
	cc -O1 -Wall -pthread -o "$LAB/bin/odd" "$here/lab.d/odd.c"
	capabilities
	files
	namespaces
	oddities
}

# add_user makes an account with subordinate ids, for rootless containers and for privileges of a user.
add_user() {
	if ! id "$USER_NAME" >/dev/null 2>&1; then
		touch /etc/subuid /etc/subgid # useradd gives subordinate ids where these are
		useradd --no-create-home --home-dir "$LAB/home" --shell /bin/sh "$USER_NAME"
		touch "$LAB/user-made"
	elif [ ! -e "$(getent passwd "$USER_NAME" | cut -d: -f6)" ]; then # left behind by a lab that was killed
		usermod --home "$LAB/home" "$USER_NAME"
		touch "$LAB/user-made"
	fi
	install -d -o "$USER_NAME" -g "$USER_NAME" -m 755 "$LAB/home"
}

as_user() { start "$1" setpriv --reuid "$USER_NAME" --regid "$USER_NAME" --init-groups "${@:2}"; }

capabilities() {
	as_user host-ambient --inh-caps +net_bind_service,+net_raw --ambient-caps +net_bind_service,+net_raw /bin/sleep 86400
	as_user host-user /bin/sleep 86400
	as_user host-nnp --no-new-privs /bin/sleep 86400
	start host-bounded setpriv --bounding-set -sys_admin,-sys_module,-sys_rawio /bin/sleep 86400
	start host-noroot setpriv --securebits +noroot,+noroot_locked /bin/sleep 86400
}

# files: capabilities and set-id bits that come from the executable.
files() {
	local bin=$LAB/bin
	mkdir -p "$bin"/{bind,raw,setuid,gone} "$LAB/nosuid"
	install -m 755 /bin/busybox "$bin/bind/sleep"
	setcap cap_net_bind_service,cap_net_raw=ep "$bin/bind/sleep"
	as_user host-filecap "$bin/bind/sleep" 86400
	install -m 755 /bin/busybox "$bin/raw/sleep"
	setcap -n 100000 cap_net_raw=ep "$bin/raw/sleep"
	as_user host-rootid "$bin/raw/sleep" 86400
	install -m 4755 /bin/sleep "$bin/setuid/sleep"
	as_user host-setuid "$bin/setuid/sleep" 86400
	mount -t tmpfs -o nosuid,mode=755,size=8m lab "$LAB/nosuid"
	install -m 755 /bin/busybox "$LAB/nosuid/sleep"
	setcap cap_sys_time=ep "$LAB/nosuid/sleep"
	as_user host-nosuid "$LAB/nosuid/sleep" 86400
	install -m 755 /bin/busybox "$bin/gone/sleep"
	start host-deleted "$bin/gone/sleep" 86400
	wait_for 'the program to start' 10 grep -q sleep "/proc/$(pid_of host-deleted)/comm"
	rm "$bin/gone/sleep"
}

namespaces() {
	as_user host-userns unshare -Ur /bin/sleep 86400
	as_user host-nested unshare -Ur unshare -Ur /bin/sleep 86400
	start host-unmapped unshare -U /bin/sleep 86400
}

# oddities: what a scanner stumbles over.
oddities() {
	local odd=$LAB/bin/odd name
	for name in threads filters strict name ids zombie; do start "host-$name" "$odd" "$name"; done
	start host-args "$odd" wait "$(printf 'a%.0s' {1..60000})" $'line\nbreak' $'\e]0;title\a' $'\xff\xfe' ''
	for name in threads filters strict name ids zombie; do
		wait_for "odd $name" 10 grep -q ready "$LAB/log/host-$name"
	done
}

list_host() { :; }

down_host() {
	stop_all host-
	[ ! -e "$LAB/user-made" ] || userdel "$USER_NAME"
}
