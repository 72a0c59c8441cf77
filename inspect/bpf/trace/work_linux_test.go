package trace

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/caps"
)

// init keeps the workload on its leader, whose state the tests look at: later it may be on another thread.
func init() {
	if os.Getenv("CAPVIEW_WORK") != "" {
		runtime.LockOSThread()
	}
}

// TestMain lets the test binary be the workload: CAPVIEW_WORK says what it does. It says "ready" when it is in the state
// it is to be in, and does its work when a byte comes.
func TestMain(m *testing.M) {
	if text := os.Getenv("CAPVIEW_WORK"); text != "" {
		if err := work(text); err != nil {
			fmt.Fprintln(os.Stderr, text+":", err)
			os.Exit(3)
		}
		return
	}
	os.Exit(m.Run())
}

// job is what a workload does.
type job struct {
	Do     string   // "quiet": quietOperations; "list": every operation, Times times; "spin": one check a call, for Length; "move": checks in many control groups; "trace": a tracer until killed
	Times  int      `json:",omitempty"`
	Only   []string `json:",omitempty"` // operations by name
	Drop   caps.Set `json:",omitempty"` // taken from its effective set
	Length time.Duration
	Fork   int    // do it in a child of a child, this deep …
	Nest   int    // … each of which is in a user namespace of its own
	Child  bool   // it has a child in a user namespace that it made, and asks to enter that one's UTS namespace
	Dir    string // its files
}

// done is what a workload says in the end.
type done struct {
	Calls map[string]uint64 // of each operation
}

func work(text string) error {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return err
	}
	if j.Do == "trace" {
		return traceUntilKilled()
	}
	if j.Fork > 0 || j.Nest > 0 {
		return forkOn(j)
	}
	if err := dropEffective(j.Drop); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ)
	in := bufio.NewReader(os.Stdin)
	ops := operations(j.Dir)
	if j.Child {
		op, err := withChild()
		if err != nil {
			return err
		}
		ops = append(ops, op)
	}
	fmt.Println("ready")
	if _, err := in.ReadByte(); err != nil {
		return err
	}
	d := done{Calls: map[string]uint64{}}
	switch j.Do {
	case "list":
		for range max(j.Times, 1) {
			for _, op := range ops {
				if len(j.Only) > 0 && !contains(j.Only, op.name) {
					continue
				}
				op.do()
				d.Calls[op.name]++
			}
		}
	case "spin":
		spin(j, &d)
	case "quiet":
		for _, op := range quietOperations() {
			op.do()
			d.Calls[op.name]++
		}
	case "calls":
		if err := makeCalls(&d); err != nil {
			return err
		}
	case "move":
		if err := moveOn(j.Dir, &d); err != nil {
			return err
		}
	case "i386":
		int80(getpid386)
	}
	if err := json.NewEncoder(os.Stdout).Encode(d); err != nil {
		return err
	}
	_, err := in.ReadByte() // the parent looks at it while it is there
	_ = err
	return nil
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// forkOn does the job in a child.
func forkOn(j job) error {
	nest := j.Nest > 0
	j.Fork, j.Nest = max(j.Fork-1, 0), max(j.Nest-1, 0)
	text, err := json.Marshal(j)
	if err != nil {
		return err
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "CAPVIEW_WORK="+string(text))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if nest {
		inUserNS(unix.CLONE_NEWUTS)(cmd)
	}
	return cmd.Run()
}

// withChild starts a child in a user namespace that this process makes, and gives an operation on its UTS namespace.
func withChild() (operation, error) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), `CAPVIEW_WORK={"Do":"wait"}`)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWUTS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	if _, err := cmd.StdinPipe(); err != nil { // held open
		return operation{}, err
	}
	if err := cmd.Start(); err != nil {
		return operation{}, err
	}
	uts := fmt.Sprintf("/proc/%d/ns/uts", cmd.Process.Pid)
	return operation{"child", caps.SysAdmin, "setns", "", func() {
		if fd, err := unix.Open(uts, unix.O_RDONLY|unix.O_CLOEXEC, 0); err == nil {
			unix.Setns(fd, unix.CLONE_NEWUTS)
			unix.Close(fd)
		}
	}}, nil
}

func dropEffective(set caps.Set) error {
	if set == 0 {
		return nil
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return err
	}
	data[0].Effective &^= uint32(set)
	data[1].Effective &^= uint32(set >> 32)
	return unix.Capset(&header, &data[0])
}

// spin makes calls of one check each as fast as it can: PR_CAPBSET_DROP of no capability (CAP_SETPCAP), sethostname and
// setgroups with a length that is refused after the check (CAP_SYS_ADMIN, CAP_SETGID).
func spin(j job, d *done) {
	until := time.Now().Add(j.Length)
	for n := uint64(0); ; n++ {
		if n%1024 == 0 && time.Now().After(until) {
			return
		}
		if len(j.Only) == 0 || n%2 == 0 {
			unix.RawSyscall(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, 99, 0)
			d.Calls["setpcap"]++
		} else {
			unix.RawSyscall(unix.SYS_SETHOSTNAME, 0, ^uintptr(0), 0)
			d.Calls["sys_admin"]++
			unix.RawSyscall(unix.SYS_SETGROUPS, ^uintptr(0), 0, 0)
			d.Calls["setgid"]++
		}
	}
}

// operation is something that takes a capability.
type operation struct {
	name string
	cap  caps.Cap
	call string // the system call in which it is checked
	// of tells which user namespace it is checked against: "own" the process's, "host" the initial one, "mnt" and "net" and
	// "uts" those that own its namespaces.
	of string
	do func()
}

func str(s string) uintptr {
	p, err := unix.BytePtrFromString(s)
	if err != nil {
		panic(err)
	}
	return uintptr(unsafe.Pointer(p))
}

// operations is those that the workload knows. They change nothing that lasts beyond dir.
func operations(dir string) []operation {
	file := dir + "/file"
	sock := func(family, kind, proto int) func() {
		return func() {
			if fd, err := unix.Socket(family, kind, proto); err == nil {
				unix.Close(fd)
			}
		}
	}
	return []operation{
		{"chown", caps.Chown, "fchownat", "own", func() { unix.Fchownat(unix.AT_FDCWD, file, 1, 1, 0) }},
		{"chmod", caps.FOwner, "fchmodat", "own", func() { unix.Fchmodat(unix.AT_FDCWD, file, 0o644, 0) }},
		{"chroot", caps.SysChroot, "chroot", "own", func() { unix.Chroot("/") }},
		{"mount", caps.SysAdmin, "mount", "mnt", func() { unix.Mount("/nowhere/at/all", "/", "", unix.MS_BIND, "") }},
		{"umount", caps.SysAdmin, "umount2", "mnt", func() { unix.Unmount("/", unix.MNT_EXPIRE) }},
		{"setns", caps.SysAdmin, "setns", "uts", func() {
			if fd, err := unix.Open("/proc/self/ns/uts", unix.O_RDONLY|unix.O_CLOEXEC, 0); err == nil {
				unix.Setns(fd, unix.CLONE_NEWUTS)
				unix.Close(fd)
			}
		}},
		{"nice", caps.SysNice, "setpriority", "host", func() { unix.Setpriority(unix.PRIO_PROCESS, 0, -20); unix.Setpriority(unix.PRIO_PROCESS, 0, 0) }},
		// A zone of which the offset is refused, after the check.
		{"settimeofday", caps.SysTime, "settimeofday", "host", func() {
			zone := [2]int32{1 << 20, 0}
			unix.RawSyscall(unix.SYS_SETTIMEOFDAY, 0, uintptr(unsafe.Pointer(&zone)), 0)
		}},
		{"bind", caps.NetBindService, "bind", "net", func() {
			if fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err == nil {
				unix.Bind(fd, &unix.SockaddrInet4{Port: 81, Addr: [4]byte{127, 0, 0, 1}})
				unix.Close(fd)
			}
		}},
		{"raw", caps.NetRaw, "socket", "net", sock(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMP)},
		{"packet", caps.NetRaw, "socket", "net", sock(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)},
		{"kill", caps.Kill, "kill", "host", func() { unix.Kill(1, 0) }},
		{"sethostname", caps.SysAdmin, "sethostname", "uts", func() { unix.RawSyscall(unix.SYS_SETHOSTNAME, 0, ^uintptr(0), 0) }},
		{"setgroups", caps.SetGID, "setgroups", "own", func() { unix.RawSyscall(unix.SYS_SETGROUPS, ^uintptr(0), 0, 0) }},
		{"setuid", caps.SetUID, "setuid", "own", func() { unix.RawSyscall(unix.SYS_SETUID, uintptr(os.Getuid()), 0, 0) }},
		{"bset", caps.SetPCap, "prctl", "own", func() { unix.RawSyscall(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, 99, 0) }},
		{"mknod", caps.Mknod, "mknodat", "host", func() { unix.Mknod(dir+"/null", unix.S_IFCHR|0o600, 0x103); unix.Unlink(dir + "/null") }},
		{"syslog", caps.Syslog, "syslog", "host", func() { unix.Klogctl(10, nil) }},
		{"reboot", caps.SysBoot, "reboot", "host", func() { unix.RawSyscall(unix.SYS_REBOOT, 0, 0, 0) }},
		{"swapoff", caps.SysAdmin, "swapoff", "host", func() { unix.RawSyscall(unix.SYS_SWAPOFF, str("/nowhere"), 0, 0) }},
		{"dac", caps.DACReadSearch, "openat", "own", func() {
			if fd, err := unix.Open(dir+"/closed", unix.O_RDONLY|unix.O_CLOEXEC, 0); err == nil {
				unix.Close(fd)
			}
		}},
	}
}

// worker is a workload that runs.
type worker struct {
	t     testing.TB
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	start uint64
}

// launch starts a workload and waits until it is ready.
func launch(t testing.TB, j job, change func(*exec.Cmd)) *worker {
	t.Helper()
	if j.Dir == "" {
		j.Dir = "/tmp"
	}
	text, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "CAPVIEW_WORK="+string(text), "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	if change != nil {
		change(cmd)
	}
	w := &worker{t: t, cmd: cmd}
	if w.in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	w.out = bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.end)
	if line, err := w.out.ReadString('\n'); line != "ready\n" {
		t.Fatalf("the workload said %q, %v", line, err)
	}
	w.start = startTime(t, cmd.Process.Pid)
	return w
}

// startTime is field 22 of /proc/PID/stat.
func startTime(t testing.TB, pid int) (ticks uint64) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if _, err := fmt.Sscan(fields[19], &ticks); err != nil {
		t.Fatal(err)
	}
	return ticks
}

func (w *worker) id() inspect.ProcessID {
	return inspect.ProcessID{PID: w.cmd.Process.Pid, StartTime: w.start}
}

// begin lets it work; result waits until it has.
func (w *worker) begin() { io.WriteString(w.in, "x") }

func (w *worker) result() (d done) {
	w.t.Helper()
	if err := json.NewDecoder(w.out).Decode(&d); err != nil {
		w.t.Fatalf("the workload's result: %v", err)
	}
	return d
}

func (w *worker) end() {
	w.in.Close()
	done := make(chan struct{})
	go func() { w.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		w.cmd.Process.Kill()
		<-done
	}
}

// inUserNS makes a command run in a user namespace of its own, as its root.
func inUserNS(flags uintptr) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  unix.CLONE_NEWUSER | flags,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 65536}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 65536}},
		}
	}
}

// asUser makes a command run as a user without privilege.
func asUser(uid uint32) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid, NoSetGroups: false}}
	}
}
