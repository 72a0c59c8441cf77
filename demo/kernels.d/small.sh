# A machine with nothing but an initramfs: the tests that look at the kernel, and the rules held to it.
# shellcheck shell=bash

SMALL_PACKAGES=(inspect inspect/advise/needoracle inspect/agree inspect/bpf inspect/bpf/load inspect/bpf/trace inspect/caps inspect/filecap inspect/proc inspect/ptrace inspect/rules
	inspect/rules/actionoracle nsinfo nsinfo/cgroup)

run_small() {
	fetch_kernel "$1"
	local root=$WORK/root name
	mkdir "$root"
	add_busybox "$root"
	# Tests copy programs and give them other names, which busybox does not take.
	add_tools "$root" capsh getcap setcap getpcaps setpriv unshare losetup mount mke2fs debugfs jq sh sleep cat cp id stat true env comm strace
	add_module loop "$root"
	add_module fuse "$root"
	cp "$here/kernels.d/small-init" "$root/init"
	printf 'root:x:0:0:root:/:/bin/sh\napp:x:1000:1000:app:/:/bin/sh\n' >"$root/etc/passwd"
	printf 'root:x:0:\napp:x:1000:\n' >"$root/etc/group"
	add_tests "$root"
	archive "$root" "$WORK/initramfs"
	rm -rf "$root"
	say "booting ${KERNEL##*/}"
	boot "${CAPVIEW_KERNELS_LIMIT:-1800}" 1536 "$WORK/initramfs" ''
	judge "$1" "${SMALL_PACKAGES[@]}" demo/oracle/execs demo/oracle/filters capview
}

# add_tests builds programs and tests that need no library, and copies the files that tests read.
add_tests() {
	local root=$1 package parts
	mkdir -p "$root/src"
	(
		cd "$here/.." || exit
		export CGO_ENABLED=0
		go build -ldflags '-s -w' -o "$root/bin/capview" ./cmd/capview
		go build -ldflags '-s -w' -o "$root/bin/execs" ./demo/oracle/execs
		cp -r --parents inspect nsinfo demo/oracle "$root/src/"
		for package in "${SMALL_PACKAGES[@]}" demo/oracle/execs demo/oracle/filters; do
			go test -c -ldflags '-s -w' -o "$root/src/$package/test" "./$package"
		done
	)
	printf '%s\n' "${SMALL_PACKAGES[@]}" >"$root/packages"
	mkdir "$root/helpers"
	(
		cd "$here/oracle/execs/kernel" || exit
		gcc -static -O1 -o "$root/helpers/report" report.c
		mapfile -t parts < <(find . -name '*.c' ! -name report.c)
		gcc -static -O1 -o "$root/helpers/worker" "${parts[@]}"
	)
	mkdir "$root/helpers/filters"
	(
		cd "$here/oracle/filters/kernel" || exit
		gcc -static -O1 -o "$root/helpers/filters/library" library.c -lseccomp
		gcc -static -O1 -o "$root/helpers/filters/worker" worker.c call.c child.c
	)
}
