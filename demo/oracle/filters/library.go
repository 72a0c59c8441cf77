package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"capview/inspect/seccomp"
)

// library is the helper that has libseccomp make filters (kernel/library.c).
type library struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startLibrary(helpers string) (*library, error) {
	l := &library{cmd: exec.Command(filepath.Join(helpers, "library"))}
	l.cmd.Stderr = os.Stderr
	var err error
	if l.in, err = l.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	l.out = bufio.NewReader(out)
	return l, l.cmd.Start()
}

func (l *library) stop() {
	l.in.Close()
	_ = l.cmd.Wait()
}

// make has a filter made of what is said of it; none where libseccomp does not come to an end.
func (l *library) make(text string) (seccomp.Program, bool, error) {
	if _, err := io.WriteString(l.in, text+"end\n"); err != nil {
		return nil, false, err
	}
	var head struct{ Bytes, Refused uint32 }
	if err := binary.Read(l.out, binary.LittleEndian, &head); err != nil {
		return nil, false, fmt.Errorf("libseccomp's helper ended: %w", err)
	}
	if head.Bytes == 0 {
		return nil, false, nil
	}
	raw := make([]byte, head.Bytes)
	if _, err := io.ReadFull(l.out, raw); err != nil {
		return nil, false, err
	}
	p, err := seccomp.Decode(raw)
	return p, true, err
}

func fromLibrary(run *runner) (seccomp.Stack, error)     { return run.rules(1) }
func fromLibraryTree(run *runner) (seccomp.Stack, error) { return run.rules(2) }

// rules is a filter of random rules; optimize 2 has it search for numbers by halves.
func (run *runner) rules(optimize int) (seccomp.Stack, error) {
	for {
		p, made, err := run.library.make(randomRules(run.r, optimize))
		if made || err != nil {
			return seccomp.Stack{p}, err
		}
	}
}

// randomRules puts it into words.
func randomRules(r *rand.Rand, optimize int) string {
	var text strings.Builder
	fmt.Fprintf(&text, "filter %d %d %d %d %d\n", uint32(proper(r)), uint32(proper(r)), optimize, r.IntN(2), r.IntN(2))
	for range 1 + r.IntN(60) {
		arguments := r.Perm(6)[:max(0, r.IntN(6)-2)]
		slices.Sort(arguments)
		nr := r.IntN(440)
		for range 1 + r.IntN(3) { // several for one number
			fmt.Fprintf(&text, "rule %d %d %d", uint32(proper(r)), nr, len(arguments))
			for _, argument := range arguments {
				fmt.Fprintf(&text, " %d %d %d %d", argument, 1+r.IntN(7), wide(r), wide(r))
			}
			text.WriteByte('\n')
		}
	}
	return text.String()
}

// proper is an action that libseccomp takes.
func proper(r *rand.Rand) seccomp.Action {
	switch r.IntN(12) {
	case 0:
		return seccomp.KillProcess
	case 1:
		return seccomp.KillThread
	case 2, 3:
		return seccomp.Trap
	case 4:
		return seccomp.UserNotify
	case 5:
		return seccomp.Log
	case 6, 7:
		return seccomp.Trace | seccomp.Action(r.Uint32N(1<<16))
	case 8:
		return seccomp.Allow
	}
	return seccomp.Errno | seccomp.Action(r.Uint32N(4096))
}

// wide is a number of 64 bits to compare an argument with.
func wide(r *rand.Rand) uint64 {
	switch r.IntN(4) {
	case 0:
		return uint64(number(r))<<32 | uint64(number(r))
	case 1:
		return uint64(number(r)) << 32
	}
	return uint64(number(r))
}
