# What the parts share: packages, processes known by PID and start time, a root file system, and the end.
# shellcheck shell=bash

say() { echo "lab: $*" >&2; }

needs_root() { [ "$(id -u)" = 0 ] || { say "needs root"; exit 2; }; }

# install_packages keeps services from starting: the lab starts its own daemons.
install_packages() {
	needs_root
	local packages policy=/usr/sbin/policy-rc.d mine=
	mapfile -t packages < <(for part in "${PARTS[@]}"; do "needs_$part"; done | tr ' ' '\n' | sort -u)
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod +x $policy
		mine=1
	fi
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}"
	[ -z "$mine" ] || rm -f $policy
}

# ready makes the lab's folder, refusing one that is not its own.
ready() {
	if [ -e "$LAB" ] && [ -n "$(ls -A "$LAB")" ]; then
		owned
		[ ! -e "$LAB/parts" ] || { say "is up already in $LAB (demo/lab down ends it)"; exit 1; }
	fi
	mkdir -p "$LAB"
	chmod 711 "$LAB"
	touch "$LAB/.capview-lab"
	echo "$LAB_NAME" >"$LAB/name"
	mkdir -p "$LAB"/{pids,log,bin,cgroups}
	case ,$(findmnt -no OPTIONS -T "$LAB"), in
	*,nosuid,*) say "$LAB is mounted nosuid: file capabilities would not count there"; exit 1 ;;
	esac
	top_cgroups >"$LAB/cgroups/before"
	make_rootfs "$LAB/rootfs"
}

owned() { [ -e "$LAB/.capview-lab" ] || { say "$LAB is not a lab's folder"; exit 1; }; }

failed() {
	[ "$1" = 0 ] && return
	say "${CURRENT:-it} did not come up (the logs are in $LAB/log; demo/lab down removes the rest)"
	[ -z "${CURRENT:-}" ] || find "$LAB/log" -type f -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2 | xargs -r tail -n 20 >&2
}

# --- processes: known by PID and start time, so that a PID used again is never taken for ours

# A comm may hold anything, a line break and ") " too: what counts comes after the last of those.
start_time() { { tr -d '\n' <"/proc/$1/stat" | sed 's/.*) //' | cut -d' ' -f20; } 2>/dev/null; }

# start NAME COMMAND… runs in the background, in a session of its own.
start() {
	local name=$1
	shift
	setsid "$@" </dev/null >"$LAB/log/$name" 2>&1 &
	record "$name" $!
}

record() { echo "$2 $(start_time "$2")" >"$LAB/pids/$1"; }

pid_of() { cut -d' ' -f1 "$LAB/pids/$1"; }

alive() {
	local pid start
	[ -s "$LAB/pids/$1" ] || return 1
	read -r pid start <"$LAB/pids/$1"
	[ -n "$start" ] && [ "$(start_time "$pid")" = "$start" ] && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null
}

ended() { ! alive "$1"; }

# stop NAME asks, waits, insists.
stop() {
	if alive "$1"; then
		kill -TERM "$(pid_of "$1")" 2>/dev/null || true
		wait_for "$1 to end" 10 ended "$1" 2>/dev/null || kill -KILL "$(pid_of "$1")" 2>/dev/null || true
		wait_for "$1 to end" 10 ended "$1" || return 1
	fi
	rm -f "$LAB/pids/$1"
}

# stop_all PREFIX ends every recorded process whose name begins so.
stop_all() {
	local file
	for file in "$LAB/pids/$1"*; do
		[ ! -e "$file" ] || stop "${file##*/}" || true
	done
}

# wait_for WHAT SECONDS COMMAND… polls until the command succeeds.
wait_for() {
	local what=$1 until=$((SECONDS + $2))
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $until ] || { say "waited in vain for $what"; return 1; }
		sleep 0.05
	done
}

# --- a root file system and an image of it, from busybox: no registry is asked

make_rootfs() {
	[ ! -e "$1/bin/busybox" ] || return 0
	mkdir -p "$1"/{bin,dev,proc,sys,etc,tmp,usr,opt/bind}
	cp /bin/busybox "$1/bin/busybox"
	local applet
	for applet in sh sleep ls cat id true httpd syslogd tail nc; do ln -sf busybox "$1/bin/$applet"; done
	# Debian's busybox has no nice: coreutils' own, with its libraries.
	cp /usr/bin/nice "$1/bin/"
	ldd /usr/bin/nice | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "$1${library%/*}"
		cp -L "$library" "$1$library"
	done
	printf 'root:x:0:0:root:/:/bin/sh\napp:x:1000:1000:app:/:/bin/sh\n' >"$1/etc/passwd"
	printf 'root:x:0:\napp:x:1000:\n' >"$1/etc/group"
	echo 'ID=capview-lab' >"$1/etc/os-release"
	cp /bin/busybox "$1/opt/bind/httpd"
	setcap cap_net_bind_service=ep "$1/opt/bind/httpd"
}

# make_image NAME FILE writes the root file system as an archive that docker load and ctr import read.
make_image() {
	local name=$1 file=$2 dir
	dir=$(mktemp -d "$LAB/image.XXXXXX")
	tar -C "$LAB/rootfs" --xattrs --xattrs-include=security.capability --numeric-owner -cf "$dir/layer.tar" .
	printf '{"architecture":"%s","os":"linux","config":{"Env":["PATH=/bin"],"Cmd":["/bin/sleep","86400"],"Labels":{"lab.image":"%s"}},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
		"$(dpkg --print-architecture)" "$name" "$(sha256sum <"$dir/layer.tar" | cut -d' ' -f1)" >"$dir/config.json"
	printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' "$name" >"$dir/manifest.json"
	tar -C "$dir" -cf "$file" manifest.json config.json layer.tar
	rm -rf "$dir"
}

# --- cgroups: a runtime leaves the folder above its containers' behind

top_cgroups() { find /sys/fs/cgroup -mindepth 1 -maxdepth 2 -type d 2>/dev/null | sort; }

# remove_cgroups removes the empty folders of the runtimes' names that were not there before.
remove_cgroups() {
	local dir
	comm -13 "$LAB/cgroups/before" <(top_cgroups) | while read -r dir; do
		case ${dir##*/} in
		default | docker | libpod_parent | kubepods | payload | supervisor | lxc.pivot | lxc.*."$LAB_NAME"* | "$LAB_NAME"-*)
			find "$dir" -depth -type d -exec rmdir {} + 2>/dev/null || true
			;;
		esac
	done
}

# clear_away unmounts what is still mounted below the lab's folder and removes it.
clear_away() {
	local mount left
	left=$(find "$LAB/pids" -type f 2>/dev/null) || true
	[ -z "$left" ] || say "still running: ${left//$LAB\/pids\//}"
	while read -r mount; do
		umount -l "$mount" || true
	done < <(awk -v lab="$LAB/" 'index($5, lab) == 1 {print $5}' /proc/self/mountinfo | sort -r)
	remove_cgroups
	rm -rf --one-file-system "$LAB"
}
