package trace

import (
	"os/exec"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"capview/inspect/caps"
)

// quietOperations is what the kernel asks for without audit in: for its own sake, but for those that fail by it.
func quietOperations() []operation {
	open := func(path string) func() {
		return func() {
			if fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0); err == nil {
				unix.Close(fd)
			}
		}
	}
	return []operation{
		{"network sysctl", caps.NetAdmin, "openat", "net", open("/proc/sys/net/ipv4/ip_forward")},
		{"addresses", caps.Syslog, "openat", "host", open("/proc/kallsyms")},
		// No ruleset: EBADF after the check, EPERM by it.
		{"landlock", caps.SysAdmin, "landlock_restrict_self", "own", func() { unix.RawSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, ^uintptr(0), 0, 0) }},
		{"filter", caps.SysAdmin, "seccomp", "own", func() {
			all := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW}
			program := unix.SockFprog{Len: 1, Filter: &all}
			unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&program)))
		}},
	}
}

// What the kernel asks for without audit is a probe, by every rung, unless the call fails where the answer is no.
func TestQuiet(t *testing.T) {
	decides := map[string]bool{"landlock": true, "filter": true}
	_, _, e := unix.RawSyscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, 1)
	landlock := e == 0 // else it asks for nothing
	for name, change := range map[string]func(*exec.Cmd){"root": nil, "user": asUser(1000)} {
		t.Run(name, func(t *testing.T) {
			eachRung(t, func(t *testing.T, rung Rung) {
				w := launch(t, job{Do: "quiet"}, change)
				r := run(t, Options{Rung: rung, Targets: only(w), Events: true, Hidden: true})
				w.begin()
				w.result()
				r.stop()
				told := 0
				for _, op := range quietOperations() {
					if op.name == "landlock" && !landlock {
						t.Logf("landlock is not in force here: %v", e)
						continue
					}
					n := 0
					for _, e := range r.events {
						if e.Cap != op.cap || e.Syscall.Name() != op.call {
							continue
						}
						n++
						if e.Probe == decides[op.name] || e.Denied != (name == "user") {
							t.Errorf("%s: probe %v, denied %v, audit %v", op.name, e.Probe, e.Denied, e.Audit)
						}
						if audit, known := e.Audit.Get(); known && audit {
							t.Errorf("%s: it is audited", op.name)
						}
					}
					told += n
					if n == 0 {
						t.Errorf("%s: not seen", op.name)
					}
				}
				t.Logf("%s: %d checks without audit", rung, told)
			})
		})
	}
}
