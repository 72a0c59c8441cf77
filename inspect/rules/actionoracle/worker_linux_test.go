//go:build amd64 || arm64

package actionoracle

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	tree       = "/mnt" // a tmpfs of the stage's
	publicDir  = tree + "/public"
	mountPoint = tree + "/mountpoint"
	otherRoot  = tree + "/root" // where "/" is mounted once more: a root directory that is not the mount namespace's
	lowLimit   = 1000           // RLIMIT_MSGQUEUE
	highNice   = 40             // RLIMIT_NICE that allows every nice value
	workerKey  = "CAPVIEW_ACTION_WORKER"
	targetKey  = "CAPVIEW_ACTION_TARGET"
	holderKey  = "CAPVIEW_ACTION_HOLDER"
	targets    = 4 // processes to act upon in each world
)

func itoa(n int) string { return strconv.Itoa(n) }

// level is one user namespace of a world, inside the one before.
type level struct {
	UIDs, GIDs []syscall.SysProcIDMap
	Creator    int     // effective uid that makes it, in the namespace around it
	Flags      uintptr // other namespaces made with it: CLONE_NEW*
}

// world is what a worker lives in.
type world struct {
	Seed   uint64
	Levels []level // those still to be made
	IDs    []int   // ids that are mapped in the last one, 0 first
	Child  level   // of its holder: a user namespace below it
}

// ready is what a worker tells of a thread that waits to try things.
type ready struct {
	TID      int // as the worker numbers it
	Error    string
	Nice     int
	Chrooted bool
	Filters  [][]denial // the oldest first
}

// hello is what a worker tells of itself.
type hello struct {
	PID     int
	Targets []targetHello
}

type targetHello struct {
	PID      int // as the worker numbers it
	Dumpable bool
}

func worker(text string) {
	var w world
	check(json.Unmarshal([]byte(text), &w))
	check(unix.Prlimit(0, unix.RLIMIT_MSGQUEUE, &unix.Rlimit{Cur: lowLimit, Max: lowLimit}, nil))
	// Raising this one takes CAP_SYS_RESOURCE; once the first worker has, those below it may set it too.
	if err := unix.Prlimit(0, unix.RLIMIT_NICE, &unix.Rlimit{Cur: w.Seed % (highNice + 1), Max: highNice}, nil); err != unix.EPERM {
		check(err)
	}
	if os.Getpid() == 1 { // a PID namespace of its own needs a procfs of its own
		check(unix.Mount("proc", "/proc", "proc", 0, ""))
	}
	if len(w.Levels) > 0 {
		descend(w)
		return
	}
	serve(&w)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "action oracle's worker:", err)
		os.Exit(3)
	}
}

// descend starts the worker of the next level and waits for it.
func descend(w world) {
	next := w.Levels[0]
	w.Levels = w.Levels[1:]
	text, err := json.Marshal(w)
	check(err)
	cmd := inLevel(next, workerKey+"="+string(text))
	cmd.Stdin, cmd.Stdout = os.Stdin, os.Stdout
	check(startAs(next.Creator, cmd))
	check(cmd.Wait())
}

// inLevel is this program in a new user namespace.
func inLevel(l level, env string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{env}
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if len(l.UIDs) > 0 {
		cmd.SysProcAttr.Cloneflags = unix.CLONE_NEWUSER | l.Flags
		cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = l.UIDs, l.GIDs
		cmd.SysProcAttr.GidMappingsEnableSetgroups = true
		cmd.SysProcAttr.Credential = &syscall.Credential{}
	}
	return cmd
}

// startAs starts cmd with an effective uid and every capability: the owner of the user namespace it makes.
func startAs(uid int, cmd *exec.Cmd) error {
	keep := uintptr(1<<2 | 1<<4) // no set-user-ID fix-up, keep capabilities
	if err := raw(unix.SYS_PRCTL, unix.PR_SET_SECUREBITS, keep); err != nil {
		return err
	}
	if err := raw(unix.SYS_SETRESUID, ^uintptr(0), uintptr(uid), ^uintptr(0)); err != nil {
		return fmt.Errorf("setresuid %d: %w", uid, err)
	}
	err := cmd.Start()
	if back := raw(unix.SYS_SETRESUID, ^uintptr(0), 0, ^uintptr(0)); back != nil {
		return back
	}
	if back := raw(unix.SYS_PRCTL, unix.PR_SET_SECUREBITS, 0); back != nil {
		return back
	}
	return err
}

// pool is the namespaces that threads of a worker may move to.
type pool struct {
	nets, uts, ipc, mounts []int // descriptors; -1: stay
}

func serve(w *world) {
	rng := rand.New(rand.NewPCG(w.Seed, 1))
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	p := makePool(w, rng)
	check(out.Encode(hello{os.Getpid(), startTargets(w)}))
	for {
		var seed uint64
		if in.Decode(&seed) != nil {
			os.Exit(0)
		}
		done := make(chan struct{})
		go func() {
			runtime.LockOSThread() // and never unlock: the thread ends with its state
			defer close(done)
			r := become(w, p, rand.New(rand.NewPCG(seed, 2)))
			r.TID = unix.Gettid()
			check(out.Encode(r))
			var jobs []job
			check(in.Decode(&jobs))
			got := make([]int, len(jobs))
			for i, j := range jobs {
				got[i] = int(number(attempts[j.Verb](j)))
			}
			check(out.Encode(got))
		}()
		<-done
	}
}

func number(err error) syscall.Errno {
	if err == nil {
		return 0
	}
	if e, ok := err.(syscall.Errno); ok {
		return e
	}
	check(err)
	return 0
}

// makePool makes network namespaces with sysctls of their own, and looks into those of a child.
func makePool(w *world, rng *rand.Rand) *pool {
	p := &pool{nets: []int{-1}, uts: []int{-1, -1}, ipc: []int{-1, -1}, mounts: []int{-1, -1}}
	for range 3 {
		p.enterNet(rng, w, own("net", unix.CLONE_NEWNET))
	}
	for range 2 {
		p.uts = append(p.uts, own("uts", unix.CLONE_NEWUTS))
		p.ipc = append(p.ipc, own("ipc", unix.CLONE_NEWIPC))
	}
	if len(w.Child.UIDs) > 0 {
		cmd := inLevel(w.Child, holderKey+"=1")
		input, err := cmd.StdinPipe()
		check(err)
		_ = input // kept open as long as the worker lives
		output, err := cmd.StdoutPipe()
		check(err)
		check(startAs(w.Child.Creator, cmd))
		check(json.NewDecoder(output).Decode(new(int)))
		ns := func(kind string) int {
			fd, err := unix.Open(fmt.Sprintf("/proc/%d/ns/%s", cmd.Process.Pid, kind), unix.O_RDONLY|unix.O_CLOEXEC, 0)
			check(err)
			return fd
		}
		p.enterNet(rng, w, ns("net"))
		p.uts, p.ipc, p.mounts = append(p.uts, ns("uts")), append(p.ipc, ns("ipc")), append(p.mounts, ns("mnt"))
	}
	return p
}

// own makes a namespace of the worker's own user namespace.
func own(kind string, flag int) int {
	made := make(chan int)
	go func() {
		runtime.LockOSThread()
		check(unix.Unshare(flag))
		fd, err := unix.Open("/proc/thread-self/ns/"+kind, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		check(err)
		made <- fd
	}()
	return <-made
}

// enterNet sets a network namespace's sysctls at random, and keeps it.
func (p *pool) enterNet(rng *rand.Rand, w *world, fd int) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		check(unix.Setns(fd, unix.CLONE_NEWNET))
		start := []uint32{0, 80, 443, 1024, 5000}[rng.IntN(5)]
		os.WriteFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte(fmt.Sprint(start)), 0)
		low, high := w.IDs[rng.IntN(len(w.IDs))], w.IDs[rng.IntN(len(w.IDs))]
		os.WriteFile("/proc/sys/net/ipv4/ping_group_range", []byte(fmt.Sprint(low, " ", high)), 0)
		p.nets = append(p.nets, fd)
	}()
	<-done
}

// startTargets starts processes in random states.
func startTargets(w *world) (all []targetHello) {
	for i := range targets {
		text, err := json.Marshal(world{Seed: w.Seed*targets + uint64(i), IDs: w.IDs})
		check(err)
		l := level{}
		if i == targets-1 {
			l = w.Child
		}
		if len(l.UIDs) > 0 {
			text, _ = json.Marshal(world{Seed: w.Seed, IDs: []int{0}})
		}
		cmd := inLevel(l, targetKey+"="+string(text))
		input, err := cmd.StdinPipe()
		check(err)
		_ = input
		output, err := cmd.StdoutPipe()
		check(err)
		check(startAs(l.Creator, cmd))
		var t targetHello
		check(json.NewDecoder(output).Decode(&t))
		t.PID = cmd.Process.Pid
		all = append(all, t)
	}
	return all
}

// target changes its leader's state, and waits to be acted upon.
func target(text string) {
	var w world
	check(json.Unmarshal([]byte(text), &w))
	rng := rand.New(rand.NewPCG(w.Seed, 3))
	s := chooseState(&w, rng)
	if rng.IntN(3) == 0 {
		s.uid = [4]int{s.uid[0], s.uid[0], s.uid[0], s.uid[0]}
		s.gid = [4]int{s.gid[0], s.gid[0], s.gid[0], s.gid[0]}
	}
	check(s.apply())
	dumpable := rng.IntN(3)
	if dumpable < 2 {
		check(raw(unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, uintptr(dumpable)))
	}
	n, _, _ := unix.RawSyscall(unix.SYS_PRCTL, unix.PR_GET_DUMPABLE, 0, 0)
	check(json.NewEncoder(os.Stdout).Encode(targetHello{Dumpable: n == 1}))
	os.Stdin.Read(make([]byte, 1))
}

// holder keeps its namespaces.
func holder() {
	check(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	check(json.NewEncoder(os.Stdout).Encode(1))
	os.Stdin.Read(make([]byte, 1))
}
