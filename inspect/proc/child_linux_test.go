package proc

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestMain lets the test binary be a process in a state that a test asks for: it runs children[CAPVIEW_CHILD], which
// says "ready" and waits for the end of its standard input.
func TestMain(m *testing.M) {
	if name := os.Getenv("CAPVIEW_CHILD"); name != "" {
		if err := children[name](); err != nil {
			fmt.Fprintln(os.Stderr, name+":", err)
			os.Exit(2)
		}
		return
	}
	os.Exit(m.Run())
}

var children = map[string]func() error{
	"plain":    ready,
	"thread":   childThread,
	"confined": childConfined,
	"nobody":   childNobody,
}

func ready() error {
	fmt.Println("ready")
	_, err := bufio.NewReader(os.Stdin).ReadByte()
	_ = err // the parent closes it
	return nil
}

// childThread has one thread, not the leader, without CAP_CHOWN in its effective set.
func childThread() error {
	done := make(chan error)
	var drop func()
	drop = func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			go drop()
			select {}
		}
		hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var data [2]unix.CapUserData
		err := unix.Capget(&hdr, &data[0])
		data[0].Effective &^= 1
		if err == nil {
			err = unix.Capset(&hdr, &data[0])
		}
		done <- err
		select {}
	}
	go drop()
	if err := <-done; err != nil {
		return err
	}
	return ready()
}

// childConfined sets no_new_privs and stacks two filters that allow everything; SECCOMP_FILTER_FLAG_TSYNC takes both to
// all threads.
func childConfined() error {
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	allow := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW}}
	prog := unix.SockFprog{Len: 1, Filter: &allow[0]}
	for range 2 {
		if _, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog))); e != 0 {
			return e
		}
	}
	return ready()
}

// childNobody scans the procfs CAPVIEW_ROOT without privilege and prints the Snapshot.
func childNobody() error {
	if err := syscall.Setgroups(nil); err != nil {
		return err
	}
	if err := syscall.Setgid(65534); err != nil {
		return err
	}
	if err := syscall.Setuid(65534); err != nil {
		return err
	}
	s, err := New(Options{Root: os.Getenv("CAPVIEW_ROOT")})
	if err != nil {
		return err
	}
	snap, err := s.Snapshot(context.Background())
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(snap)
}

// start runs cmd until the test ends and waits until it has said "ready".
func start(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("%v: said %q, %v", cmd.Args, line, err)
	}
	return cmd.Process.Pid
}

// child is the command that runs the test binary in the named state.
func child(name string, env ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(append(os.Environ(), "CAPVIEW_CHILD="+name), env...)
	return cmd
}

// script is the command that runs a shell script which says "ready" itself.
func script(text string, args ...string) *exec.Cmd {
	return exec.Command("sh", append([]string{"-ec", text, "sh"}, args...)...)
}
