# systemd-nspawn without a machine manager: only the process that started it names it.
# shellcheck shell=bash

needs_nspawn() { echo systemd-container; }

up_nspawn() {
	cp -r "$LAB/rootfs" "$LAB/machine"
	start nspawn systemd-nspawn --register=no --keep-unit --link-journal=no --console=pipe -q -M lab -D "$LAB/machine" /bin/sleep 86400
	wait_for 'the nspawn container' 20 nspawn_payload
}

# nspawn_payload prints the PID of the container's first process.
nspawn_payload() {
	local pid
	for pid in $(pgrep -P "$(pid_of nspawn)") $(pgrep -P "$(pgrep -d, -P "$(pid_of nspawn)")"); do
		[ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" != '/bin/sleep 86400 ' ] || { echo "$pid"; return 0; }
	done
	return 1
}

list_nspawn() { nspawn_payload | sed 's/^/nspawn lab /'; }

down_nspawn() { stop_all nspawn; }
