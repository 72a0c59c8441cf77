# LXC: a system container that gives up what it is told to.
# shellcheck shell=bash

needs_lxc() { echo lxc; }

up_lxc() {
	local box=$LAB_NAME-box
	mkdir -p "$LAB/lxc/$box"
	cat >"$LAB/lxc/$box/config" <<-EOF
		lxc.uts.name = $box
		lxc.rootfs.path = dir:$LAB/rootfs
		lxc.init.cmd = /bin/sleep 86400
		lxc.net.0.type = empty
		lxc.cap.drop = sys_resource sys_module sys_time
		lxc.apparmor.profile = unconfined
	EOF
	lxc-start -P "$LAB/lxc" -n "$box" -l INFO -o "$LAB/log/lxc"
	lxc-wait -P "$LAB/lxc" -n "$box" -s RUNNING -t 20
}

list_lxc() { lxc-info -P "$LAB/lxc" -n "$LAB_NAME-box" -p -H | sed "s/^/lxc $LAB_NAME-box /"; }

down_lxc() {
	[ -d "$LAB/lxc/$LAB_NAME-box" ] || return 0
	lxc-stop -P "$LAB/lxc" -n "$LAB_NAME-box" -k || true
	wait_for 'the LXC container to end' 20 lxc-wait -P "$LAB/lxc" -n "$LAB_NAME-box" -s STOPPED -t 0
}
