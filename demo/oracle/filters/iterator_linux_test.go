package main

import (
	"bufio"
	"encoding/gob"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"capview/inspect/bpf"
	"capview/inspect/ptrace"
	"capview/inspect/seccomp"
)

// TestMain is also a process whose threads have filters.
func TestMain(m *testing.M) {
	if os.Getenv("CAPVIEW_FILTERS_HOLDER") == "" {
		os.Exit(m.Run())
	}
	if err := hold(); err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// hold reads stacks, has a thread for each, says their TIDs, and waits for the end of its input.
func hold() error {
	in := bufio.NewReader(os.Stdin)
	var stacks []seccomp.Stack
	if err := gob.NewDecoder(in).Decode(&stacks); err != nil {
		return err
	}
	type holder struct {
		tid int
		err error
	}
	ready := make(chan holder)
	for _, s := range stacks {
		go func() {
			runtime.LockOSThread()
			tid := unix.Gettid()
			err := attach(s)
			ready <- holder{tid, err}
			select {}
		}()
		h := <-ready
		if h.err != nil {
			return h.err
		}
		fmt.Println(h.tid)
	}
	_, err := io.Copy(io.Discard, in)
	return err
}

// attach gives the calling thread the filters, the oldest first.
func attach(s seccomp.Stack) error {
	for i := range s {
		p := s[len(s)-1-i]
		raw := make([]unix.SockFilter, len(p))
		for i, in := range p {
			raw[i] = unix.SockFilter{Code: in.Code, Jt: in.JT, Jf: in.JF, K: in.K}
		}
		program := unix.SockFprog{Len: uint16(len(raw)), Filter: &raw[0]}
		if _, _, errno := syscall.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&program))); errno != 0 {
			return fmt.Errorf("filter %d of %d: %w", i, len(s), errno)
		}
	}
	return nil
}

// tame has a program allow everything: what it reads and compares stays.
func tame(p seccomp.Program) seccomp.Program {
	p = slices.Clone(p)
	for i := range p {
		switch p[i].Code {
		case ret, retA:
			p[i] = seccomp.Instruction{Code: ret, K: uint32(seccomp.Allow) | p[i].K&0xffff}
		case div | byX: // by zero it would end the thread
			p[i].Code = mul | byX
		}
	}
	return p
}

// stacksToHold is those that were captured, and stacks of every height, among them the longest filter.
func stacksToHold(t *testing.T) []seccomp.Stack {
	t.Helper()
	stacks, err := realStacks("")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(*seed, 9))
	run := &runner{r: r}
	for height := 1; len(stacks) < 120; height = height%32 + 1 {
		var s seccomp.Stack
		for range height {
			s = append(s, tame([]func(*rand.Rand) seccomp.Program{anything, tests, chromium}[r.IntN(3)](r)))
		}
		if height == 5 {
			long, _ := longest(run)
			s = append(s, tame(long[0]))
		}
		stacks = append(stacks, s)
	}
	return stacks
}

// holders starts processes whose threads have the stacks, and returns a TID for each.
func holders(t *testing.T, stacks []seccomp.Stack) (tids []int) {
	t.Helper()
	for part := range slices.Chunk(stacks, 30) {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), "CAPVIEW_FILTERS_HOLDER=1")
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		if err := gob.NewEncoder(in).Encode(part); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		for range part {
			line, err := lines.ReadString('\n')
			var tid int
			if _, scan := fmt.Sscan(line, &tid); err != nil || scan != nil {
				t.Fatalf("a holder of filters said %q: %v", strings.TrimSpace(line), err)
			}
			tids = append(tids, tid)
		}
	}
	return tids
}

// The iterator and ptrace read the same bytes of every thread's filters, and they are those that were attached.
func TestIteratorAndPtraceAgree(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root: neither the iterator nor ptrace hands filters out")
	}
	engine, err := bpf.New(bpf.Options{Root: "/proc"})
	if err != nil {
		if _, missing := os.Stat("/sys/kernel/btf/vmlinux"); missing != nil {
			t.Skip("the kernel has no BTF: ", err)
		}
		t.Fatal(err)
	}
	defer engine.Close()
	stacks := stacksToHold(t)
	tids := holders(t, stacks)
	read, err := engine.Filters(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byThread := map[int][][]byte{}
	for _, s := range read.Stacks {
		if s.Why != "" && slices.Contains(tids, s.PID) {
			t.Errorf("thread %d: %s", s.PID, s.Why)
		}
		var texts [][]byte
		for _, key := range s.Keys {
			texts = append(texts, read.Texts[key])
		}
		byThread[s.PID] = texts
	}
	filters, size := 0, 0
	for i, tid := range tids {
		start, err := ptrace.Start("/proc", tid)
		if err != nil {
			t.Fatal(err)
		}
		byPtrace, err := ptrace.Filters(t.Context(), "/proc", tid, start)
		if err != nil {
			t.Fatal(err)
		}
		byIterator := byThread[tid]
		if len(byPtrace) != len(stacks[i]) || len(byIterator) != len(stacks[i]) {
			t.Fatalf("of %d filters ptrace read %d, the iterator %d", len(stacks[i]), len(byPtrace), len(byIterator))
		}
		for at, p := range byPtrace {
			if string(p.Bytes()) != string(byIterator[at]) {
				t.Errorf("thread %d, filter %d from the newest: ptrace and the iterator differ", tid, at)
			}
			if string(p.Bytes()) != string(stacks[i][at].Bytes()) {
				t.Errorf("thread %d, filter %d from the newest: not what was attached", tid, at)
			}
			filters, size = filters+1, size+len(byIterator[at])
		}
	}
	t.Logf("%d stacks, %d filters, %d bytes: by iterator, by ptrace and as attached the same", len(tids), filters, size)
}
