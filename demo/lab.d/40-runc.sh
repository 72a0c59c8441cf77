# runc alone: its cgroup is a bare name, with no runtime and no id in it. Its state is where runc keeps it by default,
# as a node's would be: what is this lab's there begins with the lab's name.
# shellcheck shell=bash

needs_runc() { echo runc jq; }

up_runc() {
	run_runc "$LAB_NAME-bare" '.'
	run_runc "$LAB_NAME-ambient" '.process.user = {"uid": 1000, "gid": 1000}
		| .process.capabilities = ({"bounding":[],"permitted":[],"effective":[],"inheritable":[],"ambient":[]} | map_values(["CAP_NET_RAW"]))'
	run_runc "$LAB_NAME-mapped" '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 300000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(select(.type | IN("proc", "tmpfs")))'
}

# run_runc NAME EDIT starts a bundle whose spec is runc's own default, edited by jq.
run_runc() {
	local dir=$LAB/runc/$1
	mkdir -p "$dir"
	(cd "$dir" && runc spec)
	jq ".process.terminal = false | .process.args = [\"/bin/sleep\", \"86400\"] | del(.process.rlimits)
		| .root = {\"path\": \"$LAB/rootfs\", \"readonly\": true} | $2" "$dir/config.json" >"$dir/edited"
	mv "$dir/edited" "$dir/config.json"
	runc run -d --bundle "$dir" "$1" </dev/null >"$LAB/log/runc-$1" 2>&1
}

# runc_ids is the containers of this lab: those whose bundles are in its folder.
runc_ids() { runc list -f json | jq -r --arg dir "$LAB/runc/" '.[]? | select(.bundle | startswith($dir)) | .id'; }

list_runc() {
	local id
	for id in $(runc_ids); do
		runc ps -f json "$id" | jq -r --arg id "$id" '.[] | "runc \($id) \(.)"'
	done
}

down_runc() {
	[ -d "$LAB/runc" ] || return 0
	local id
	for id in $(runc_ids); do runc delete -f "$id"; done
}
