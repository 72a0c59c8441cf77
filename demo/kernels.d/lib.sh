# What both kinds of machine share: packages, a folder, a kernel, an initramfs, and what comes over the serial line.
# shellcheck shell=bash

say() { echo "kernels: $*" >&2; }

# Some of the tools are copied into the machines.
install_packages() {
	apt-get install -y -q --no-install-recommends qemu-system-x86 debootstrap e2fsprogs cpio xz-utils busybox-static strace \
		libcap2-bin util-linux mount jq gcc libc6-dev libseccomp-dev >&2
}

# begin makes the folders, and sees to their end.
begin() {
	[ "$(id -u)" = 0 ] || { say "needs root"; exit 2; }
	[ "$(dpkg --print-architecture)" = amd64 ] || { say "the machines are amd64, this one is not"; exit 2; }
	KEPT=${CAPVIEW_KERNELS:-}
	if [ -n "$KEPT" ]; then
		mkdir -p "$KEPT"
	else
		KEPT=$(mktemp -d /var/tmp/capview-kernels.XXXXXX)
	fi
	KEPT=$(realpath "$KEPT")
	chmod 755 "$KEPT"
	WORK=$(mktemp -d "$KEPT/run.XXXXXX")
	chmod 755 "$WORK"
	QEMU=
	trap finish EXIT
	trap 'exit 130' INT TERM
}

# finish ends what this run started, and removes what it made.
finish() {
	[ -z "$QEMU" ] || kill -KILL "$QEMU" 2>/dev/null || true
	rm -rf --one-file-system "$WORK"
	[ -n "${CAPVIEW_KERNELS:-}" ] || rm -rf --one-file-system "$KEPT"
}

# fetch_kernel VERSION sets KERNEL to a folder with what Debian's package for virtual machines of that version has.
fetch_kernel() {
	local meta=linux-image-$1-cloud-amd64 package
	[ "$1" != 6.1 ] || meta=linux-image-cloud-amd64
	package=$(apt-cache depends --important "$meta" | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
	[ -n "$package" ] || { say "Debian has no $meta here (apt-get update?)"; exit 1; }
	KERNEL=$KEPT/$package
	[ ! -d "$KERNEL" ] || return 0
	say "fetching $package"
	mkdir "$WORK/deb"
	(cd "$WORK/deb" && apt-get -q -o APT::Sandbox::User=root download "$package" >/dev/null)
	dpkg -x "$WORK"/deb/*.deb "$WORK/kernel"
	mv "$WORK/kernel" "$KERNEL"
	rm -r "$WORK/deb"
}

# add_module NAME ROOT puts a module of the kernel into a root file system's folder /modules; what is built in needs none.
add_module() {
	local file
	! grep -q "/$1.ko$" "$KERNEL"/lib/modules/*/modules.builtin || return 0
	file=$(find "$KERNEL/lib/modules" -name "$1.ko*" | head -n 1)
	mkdir -p "$2/modules"
	case $file in
	*.xz) xz -dc "$file" >"$2/modules/$1.ko" ;;
	*.ko) cp "$file" "$2/modules/" ;;
	*) say "the kernel has no module $1"; exit 1 ;;
	esac
}

# add_tools ROOT NAME… copies programs with the libraries that they load, over links to busybox.
add_tools() {
	local root=$1 name path library
	shift
	mkdir -p "$root"/{bin,lib64,usr/lib}
	for name in "$@"; do
		path=$(type -P "$name") || { say "$name is not installed (demo/kernels install)"; exit 1; }
		cp -L --remove-destination "$path" "$root/bin/"
		while read -r library; do
			mkdir -p "$root${library%/*}"
			cp -L "$library" "$root$library"
		done < <(ldd "$path" 2>/dev/null | grep -o '/[^ ]*')
	done
}

# add_busybox ROOT gives it a shell and what goes with that.
add_busybox() {
	mkdir -p "$1"/{bin,dev,proc,sys,tmp,etc,run}
	cp -L "$(command -v busybox)" "$1/bin/busybox"
	local applet
	for applet in $(busybox --list); do
		[ "$applet" = busybox ] || ln -sf busybox "$1/bin/$applet"
	done
}

# archive ROOT FILE writes an initramfs; nothing is gained by compressing what is not sent anywhere.
archive() { (cd "$1" && find . | cpio --quiet -o -H newc) >"$2"; }

# boot SECONDS MEGABYTES INITRAMFS APPEND [OPTION…] runs a machine until it powers off; what it says is in $WORK/serial.
boot() {
	local limit=$1 memory=$2 initramfs=$3 append=$4 image status=0
	shift 4
	image=$(find "$KERNEL/boot" -name 'vmlinuz-*')
	# Tracing, as doctor tries it too, has the kernel rewrite its own code while it runs. Emulated processors that run on
	# threads of their own do not always see that as real ones do: the kernel then meets a breakpoint that nobody set (int3 in a
	# place it patches). So they take turns on one.
	qemu-system-x86_64 -accel tcg,thread=single -cpu max -smp 2 -m "$memory" -display none -monitor none -no-reboot \
		-nic none -serial "file:$WORK/serial" -kernel "$image" -initrd "$initramfs" \
		-append "console=ttyS0 quiet loglevel=1 panic=-1 $append" "$@" </dev/null &
	QEMU=$!
	local until=$((SECONDS + limit))
	while kill -0 "$QEMU" 2>/dev/null; do
		if [ $SECONDS -ge $until ]; then
			tail -n 40 "$WORK/serial" >&2
			say "the machine did not end within $limit s"
			exit 1
		fi
		sleep 0.2
	done
	wait "$QEMU" || status=$?
	QEMU=
	tr -d '\r' <"$WORK/serial" >"$WORK/said"
	[ -z "${CAPVIEW_KERNELS:-}" ] || cp "$WORK/said" "$KEPT/said"
	[ $status = 0 ] || { say "qemu ended with $status"; exit 1; }
}

# judge NAME MARKER… prints what passed, and fails where a marker is missing or anything failed. A machine says
# "@@ NAME ended STATUS" for each part that it ran.
judge() {
	local name=$1 part kernel bad=0
	shift
	kernel=$(sed -n 's/^@@ kernel //p' "$WORK/said")
	[ -n "$kernel" ] || { tail -n 40 "$WORK/said" >&2; say "$name did not boot"; exit 1; }
	for part in "$@"; do
		if ! grep -qx "@@ $part ended 0" "$WORK/said"; then
			say "$name: $part failed or is missing"
			bad=1
		fi
	done
	! grep -q '^ *--- FAIL' "$WORK/said" || bad=1
	[ $bad = 0 ] || { head -c 200000 "$WORK/said" >&2; say "failed under $kernel"; exit 1; }
	grep '^ *--- SKIP' -B 1 "$WORK/said" >&2 || true
	sed -n 's/^@= //p; /actions tried\|namespaces compared\|programs compared\|the same$\|were loaded$\|fields of .* compared\|their .* filters\|checks compared\|all counted$\|calls compared/p' "$WORK/said"
	echo "kernel $kernel: $(grep -c '^ *--- PASS' "$WORK/said") tests passed, $(grep -c '^ *--- SKIP' "$WORK/said") skipped, in $SECONDS s"
}
