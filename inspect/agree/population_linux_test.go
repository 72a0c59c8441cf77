package agree

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"capview/inspect"
)

// population is processes in many states, and what goes on among them.
type population struct {
	t        *testing.T
	r        *rand.Rand
	children []*exec.Cmd
	stop     chan struct{}
	running  sync.WaitGroup
	words    map[int]word // what threads say of themselves, by TID
	began    int          // how many short-lived processes were started
	mu       sync.Mutex
}

// word is what a thread says of itself that procfs does not know.
type word struct {
	bits  uint32 // securebits
	stack inspect.FilterStack
}

func newPopulation(t *testing.T) *population {
	p := &population{t: t, r: rand.New(rand.NewPCG(1, uint64(os.Getpid()))), stop: make(chan struct{}), words: map[int]word{}}
	runtime.LockOSThread() // children end with the thread that started them (PR_SET_PDEATHSIG)
	t.Cleanup(p.end)
	return p
}

func (p *population) end() {
	close(p.stop)
	p.running.Wait()
	for _, c := range p.children {
		syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // what it has started, where it leads a group
		c.Process.Kill()
	}
	for _, c := range p.children {
		c.Wait()
	}
}

// sleeper starts a process that does nothing, with credentials, namespaces and arguments of its own.
func (p *population) sleeper() {
	args := []string{"86400"}
	switch p.r.IntN(20) {
	case 0: // longer than a copy in the kernel takes
		args = append([]string{"-c", "sleep 86400 & wait", "x"}, strings.Repeat("long argument ", 600))
	case 1: // longer than capview reads
		args = append([]string{"-c", "sleep 86400 & wait"}, strings.Split(strings.Repeat("many,", 20000), ",")...)
	case 2:
		args = []string{"-c", "exec sleep 86400", "", "a\nb", "\x1b[31m", "\xff\xfe", ""}
	}
	name := "sleep"
	if len(args) > 1 {
		name = "sh"
	}
	cmd := exec.Command(name, args...)
	attr := &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL, Setpgid: true}
	cmd.SysProcAttr = attr
	if p.r.IntN(3) > 0 {
		c := &syscall.Credential{Uid: uint32(p.r.IntN(70000)), Gid: uint32(p.r.IntN(70000))}
		for range p.r.IntN(3) * p.r.IntN(24) {
			c.Groups = append(c.Groups, uint32(p.r.IntN(100000)))
		}
		attr.Credential = c
		if p.r.IntN(3) == 0 {
			attr.AmbientCaps = []uintptr{uintptr(p.r.IntN(20)), unix.CAP_NET_RAW}
		}
	}
	if p.r.IntN(3) == 0 {
		for _, flag := range []uintptr{unix.CLONE_NEWNS, unix.CLONE_NEWUTS, unix.CLONE_NEWIPC, unix.CLONE_NEWPID, unix.CLONE_NEWNET, unix.CLONE_NEWCGROUP} {
			if p.r.IntN(3) == 0 {
				attr.Cloneflags |= flag
			}
		}
	}
	if attr.Credential == nil && p.r.IntN(3) == 0 {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		if p.r.IntN(2) == 0 {
			attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: p.r.IntN(60000), Size: 1 + p.r.IntN(5000)}}
			attr.GidMappings = attr.UidMappings
		}
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatalf("start %v with %+v: %v", cmd.Args[:min(len(cmd.Args), 3)], attr, err)
	}
	p.children = append(p.children, cmd)
}

// worker starts this test's binary again, to be what its name says: see TestMain.
func (p *population) worker(what string, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), workerVariable+"="+what, fmt.Sprintf("AGREE_SEED=%d", p.r.Uint32()))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	cmd.Stderr = os.Stderr
	p.children = append(p.children, cmd)
	return cmd
}

// crowd starts a process of threads whose credentials are each its own, and notes their word.
func (p *population) crowd(threads int) {
	cmd := p.worker("crowd", fmt.Sprint(threads))
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() && lines.Text() != "ready" {
		fields := strings.Fields(lines.Text())
		var tid int
		var w word
		if _, err := fmt.Sscan(lines.Text(), &tid, &w.bits); err != nil {
			p.t.Fatalf("crowd: %q: %v", lines.Text(), err)
		}
		w.stack = inspect.StackOf(fields[2:]...)
		p.words[tid] = w
	}
	if lines.Err() != nil || lines.Text() != "ready" {
		p.t.Fatalf("crowd: %v", lines.Err())
	}
}

// churn starts and ends processes, and has others change and execute all the time.
func (p *population) churn() {
	for range max(2, runtime.NumCPU()) {
		cmd := p.worker("restless")
		if err := cmd.Start(); err != nil {
			p.t.Fatal(err)
		}
	}
	p.running.Go(func() {
		for {
			select {
			case <-p.stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
			exec.Command("true").Run()
			p.mu.Lock()
			p.began++
			p.mu.Unlock()
		}
	})
	// A zombie each.
	for range 3 {
		if err := p.worker("undertaker").Start(); err != nil {
			p.t.Fatal(err)
		}
	}
}

// gone is how many processes came and went so far.
func (p *population) gone() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.began
}
