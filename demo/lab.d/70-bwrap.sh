# bubblewrap, as desktop sandboxes use it: namespaces of its own in its caller's cgroup.
# shellcheck shell=bash

needs_bwrap() { echo bubblewrap; }

up_bwrap() {
	add_user
	as_user bwrap bwrap --unshare-all --ro-bind / / --proc /proc --dev /dev sleep 86400
	wait_for 'the sandbox' 20 pgrep -x sleep -s "$(pid_of bwrap)"
	record bwrap-inside "$(pgrep -x sleep -s "$(pid_of bwrap)")"
}

list_bwrap() { :; }

# Ending what runs inside ends the sandbox.
down_bwrap() { stop_all bwrap-; stop_all bwrap; }
