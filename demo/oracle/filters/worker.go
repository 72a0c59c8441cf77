package main

import (
	"bufio"
	"embed"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"capview/inspect/seccomp"
)

//go:embed kernel/*.c kernel/*.h
var sources embed.FS

// programs are the helpers and what they are built of.
var programs = map[string][]string{
	"worker":  {"worker.c", "call.c", "child.c"},
	"library": {"library.c", "-lseccomp"},
}

// build compiles the helpers into dir.
func build(dir string) error {
	list, err := sources.ReadDir("kernel")
	if err != nil {
		return err
	}
	for _, file := range list {
		text, err := sources.ReadFile("kernel/" + file.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, file.Name()), text, 0o600); err != nil {
			return err
		}
	}
	for name, parts := range programs {
		gcc := exec.Command("gcc", append([]string{"-static", "-O1", "-Wall", "-o", name}, parts...)...)
		gcc.Dir = dir
		if out, err := gcc.CombinedOutput(); err != nil {
			return fmt.Errorf("gcc %s: %w: %s", name, err, out)
		}
	}
	return nil
}

// worker is the helper that makes processes with filters (kernel/worker.h says how it is talked to).
type worker struct {
	cmd *exec.Cmd
	in  *bufio.Writer
	out *bufio.Reader
	end io.Closer
	hello
}

// hello is what the worker says first: the addresses that its calls come from, and whether calls of other ABIs are made.
type hello struct {
	Syscall, Int80 uint64
	I386, X32      uint64
}

func startWorker(helpers string) (*worker, error) {
	w := &worker{cmd: exec.Command(filepath.Join(helpers, "worker"))}
	w.cmd.Stderr = os.Stderr
	in, err := w.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.in, w.out, w.end = bufio.NewWriter(in), bufio.NewReader(out), in
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	if err := binary.Read(w.out, binary.LittleEndian, &w.hello); err != nil {
		return nil, fmt.Errorf("the worker did not start: %w", err)
	}
	return w, nil
}

func (w *worker) stop() error {
	w.end.Close()
	return w.cmd.Wait()
}

// job is what the worker is asked for.
type job struct {
	traced    bool
	unguarded bool
	listener  int               // index in stack, -1 for none
	stack     seccomp.Stack     // the newest first; with the guard, unless unguarded
	extra     []seccomp.Program // loaded last of all, in this order, whether they can be or not
	calls     []call
	decider   *decider
}

// call is one system call: struct call of the worker.
type call struct {
	ABI  uint32 // 0 syscall, 1 int $0x80
	Nr   uint32
	Args [6]uint64
}

// The ways in which a call ends, in the worker's order.
const (
	nothing = iota
	returned
	trapped
	traced
	notified
	killedThread
	killedProcess
)

// result is how a call ended: struct result of the worker.
type result struct {
	Kind, Data      uint32
	Value, Baseline int64
	Seen            seccomp.Data
}

// answer is the worker's: an errno for each filter of the stack, as it is ordered there, and for each of extra; and the
// results.
type answer struct {
	stack, extra []int32
	results      []result
}

// do has the worker do a job.
func (w *worker) do(j *job) (a answer, err error) {
	mode := uint32(0)
	if j.traced {
		mode |= 1
	}
	if j.unguarded {
		mode |= 2
	}
	loads := len(j.stack) + len(j.extra)
	listener := int32(-1)
	if j.listener >= 0 {
		listener = int32(len(j.stack) - 1 - j.listener)
	}
	w.put(mode, listener, uint32(loads), uint32(len(j.calls)))
	for i := range j.stack {
		w.program(j.stack[len(j.stack)-1-i])
	}
	for _, p := range j.extra {
		w.program(p)
	}
	w.put(j.calls)
	if err := w.in.Flush(); err != nil {
		return a, fmt.Errorf("the worker ended: %w", err)
	}
	loaded := make([]int32, loads)
	a.results = make([]result, len(j.calls))
	if err := binary.Read(w.out, binary.LittleEndian, loaded); err != nil {
		return a, fmt.Errorf("the worker ended: %w", err)
	}
	if err := binary.Read(w.out, binary.LittleEndian, a.results); err != nil {
		return a, fmt.Errorf("the worker ended: %w", err)
	}
	a.stack, a.extra = loaded[:len(j.stack)], loaded[len(j.stack):]
	for i, k := 0, len(a.stack)-1; i < k; i, k = i+1, k-1 {
		a.stack[i], a.stack[k] = a.stack[k], a.stack[i]
	}
	return a, nil
}

// put writes values of fixed size; an error shows when they are flushed.
func (w *worker) put(values ...any) {
	for _, v := range values {
		_ = binary.Write(w.in, binary.LittleEndian, v)
	}
}

func (w *worker) program(p seccomp.Program) {
	w.put(uint32(len(p)))
	_, _ = w.in.Write(p.Bytes())
}
