package advise

import (
	"slices"
	"testing"
)

// Of a stack what is told is who asked: not by what means, nor what every system call begins with.
func TestAsked(t *testing.T) {
	for _, c := range []struct{ stack, want []string }{
		{nil, nil},
		{[]string{"cap_capable+0x5", "security_capable+0x2a", "ns_capable+0x2d", "inet_bind_sk+0x61", "__sys_bind+0xe2", "__x64_sys_bind+0x18",
			"do_syscall_64+0x40", "entry_SYSCALL_64_after_hwframe+0x76"}, []string{"inet_bind_sk", "__sys_bind"}},
		{[]string{"chroot.isra.0+0x10", "capable+0x1"}, []string{"chroot", "capable"}}, // further out it is no means of the check's
		{[]string{"cap_capable+0x0", "__arm64_sys_chroot+0x10"}, nil},
	} {
		if got := (&Evidence{Stack: c.stack}).Asked(); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.stack, got, c.want)
		}
	}
}
