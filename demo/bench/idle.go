//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/creack/pty"

	"capview/inspect/bpf"
	"capview/inspect/proc"
)

// refreshes measures a scan that follows others beside the first one, in this process, with programs that are loaded.
func refreshes(rounds int) error {
	engine, err := bpf.New(bpf.Options{Root: "/proc"})
	if err != nil {
		return fmt.Errorf("the bpf engine cannot be had: %w", err)
	}
	defer engine.Close()
	const each = 64 // what seldom changes is read again once in 8 to 64
	var first, later, firstCPU, laterCPU []time.Duration
	for range rounds {
		s, err := proc.New(proc.Options{Root: "/proc", Kernel: engine})
		if err != nil {
			return err
		}
		took, cpu, err := scans(s, 1)
		if err == nil {
			first, firstCPU = append(first, took), append(firstCPU, cpu)
			took, cpu, err = scans(s, each)
			later, laterCPU = append(later, took/each), append(laterCPU, cpu/each)
		}
		s.Close()
		if err != nil {
			return err
		}
	}
	fmt.Printf("\n%-28s %9s %9s\n", "in process, by iterator", "time", "cpu")
	fmt.Printf("%-28s %6.1f ms %6.1f ms\n", "the first scan", ms(median(first)), ms(median(firstCPU)))
	fmt.Printf("%-28s %6.1f ms %6.1f ms   %.2f and %.2f of the first\n", "a refresh", ms(median(later)), ms(median(laterCPU)),
		float64(median(later))/float64(median(first)), float64(median(laterCPU))/float64(median(firstCPU)))
	return nil
}

// scans measures some in a goroutine that, unlike the one that started the processes, is bound to no thread: whoever waits for it
// changes threads.
func scans(s *proc.Source, count int) (took, cpu time.Duration, err error) {
	done := make(chan error)
	begin, used := time.Now(), processorTime()
	go func() {
		for range count {
			if _, err := s.Snapshot(context.Background()); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	err = <-done
	return time.Since(begin), processorTime() - used, err
}

// processorTime is what this process has used (getrusage(2)).
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// How long the screen is left alone before it is measured, and while it is.
const (
	settling = 20 * time.Second
	watching = 20 * time.Second
)

// idle measures the terminal program while nobody presses a key and nothing happens but its refreshes.
func idle(capview string) error {
	cmd := exec.Command(capview)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		return err
	}
	defer terminal.Close()
	output := reading(terminal)
	over := time.After(settling)
	for waiting := true; waiting; {
		select {
		case _, open := <-output:
			if !open {
				return fmt.Errorf("capview ended by itself: %w", cmd.Wait())
			}
		case <-over:
			waiting = false
		}
	}
	before, forked := usedBy(cmd.Process.Pid), forks()
	sent := 0
	for end := time.After(watching); end != nil; {
		select {
		case b := <-output:
			sent += len(b)
		case <-end:
			end = nil
		}
	}
	used := usedBy(cmd.Process.Pid) - before
	fmt.Printf("\n%-28s %8.2f %% of a core, %.0f ms a refresh; %d bytes a second to the terminal; RSS %.1f MB at most; %d processes began meanwhile\n",
		"idle, a refresh each 2 s", 100*used.Seconds()/watching.Seconds(), ms(used)*2/watching.Seconds(), sent/int(watching.Seconds()),
		float64(peak(cmd.Process.Pid))/1024, forks()-forked)
	cmd.Process.Signal(syscall.SIGTERM)
	for range output {
	}
	cmd.Wait() // the signal's status
	return nil
}

// usedBy is the processor time of another process (proc_pid_stat(5), utime and stime, in hundredths of a second).
func usedBy(pid int) time.Duration {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var user, system int64
	if len(fields) > 12 {
		fmt.Sscan(fields[11], &user)
		fmt.Sscan(fields[12], &system)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// forks is how many processes and threads the node has ever begun (proc_stat(5)).
func forks() (n int) {
	text, _ := os.ReadFile("/proc/stat")
	for line := range strings.Lines(string(text)) {
		if _, err := fmt.Sscanf(line, "processes %d", &n); err == nil {
			return n
		}
	}
	return 0
}
