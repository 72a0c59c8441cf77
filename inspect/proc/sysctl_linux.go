package proc

import (
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"capview/inspect/crash"
)

// netSysctls are those of a network namespace that decide what needs a capability there: which ports do
// (CAP_NET_BIND_SERVICE), and which groups may ping without CAP_NET_RAW (ip_sysctl).
var netSysctls = []string{"ip_unprivileged_port_start", "ping_group_range"}

// readNetSysctls reads netSysctls in the network namespace behind fd. procfs shows a reader those of its own
// namespace, so a thread goes there, and ends with its goroutine: it is never used for anything else.
func readNetSysctls(root *os.File, fd int) (map[string]string, error) {
	values := map[string]string{}
	done := make(chan error)
	go func() {
		defer crash.Recover()
		runtime.LockOSThread()
		done <- func() error {
			if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
				return err
			}
			buf := make([]byte, 256)
			for _, name := range netSysctls {
				text, err := readAt(int(root.Fd()), "sys/net/ipv4/"+name, &buf, maxText)
				if err == unix.ENOENT {
					continue // this kernel has none
				}
				if err != nil {
					return err
				}
				values[name] = strings.Join(strings.Fields(string(text)), " ")
			}
			return nil
		}()
	}()
	return values, <-done
}
