//go:build linux

// Command bench measures capview beside its peers, in one run on one node: thousands of sleeping processes,
// each tool several times in turn, medians and their ratios. The floor of its procfs engine is a C program that opens, reads and
// closes the same files as capview's scan on as many cores.
//
//	go run ./demo/bench            all of it (root; Debian: gcc strace procps libcap-ng-utils util-linux htop)
//	go run ./demo/bench -growth    how an export's time grows with threads
//	go run ./demo/bench -idle      what a refresh takes, and the terminal program left alone
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	count := flag.Int("n", 5000, "sleeping `processes`")
	rounds := flag.Int("rounds", 9, "`times` each tool runs")
	capview := flag.String("capview", "", "the `program` to measure (built from this tree if not given)")
	alone := flag.Bool("growth", false, "measure how time grows with threads, and nothing else")
	quiet := flag.Bool("idle", false, "measure refreshes, and nothing else")
	flag.Parse()
	runtime.LockOSThread() // children end with the thread that started them: others come and go
	if err := run(*count, *rounds, *capview, *alone, *quiet); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(count, rounds int, capview string, growthAlone, idleAlone bool) error {
	dir, err := os.MkdirTemp("", "capview-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if capview == "" {
		capview = filepath.Join(dir, "capview")
		if err := command("go", "build", "-o", capview, "./cmd/capview"); err != nil {
			return err
		}
	}
	for _, name := range []string{"sleepers", "readloop", "threads"} {
		if err := command("cc", "-O2", "-pthread", "-o", filepath.Join(dir, name), "demo/bench/c/"+name+".c"); err != nil {
			return err
		}
	}
	sleepers, err := sleep(filepath.Join(dir, "sleepers"), count)
	if err != nil {
		return err
	}
	defer sleepers.stop()

	if idleAlone {
		return errors.Join(refreshes(rounds), idle(capview))
	}
	if growthAlone {
		return growth(capview, filepath.Join(dir, "threads"), rounds)
	}
	files, err := filesRead(dir, capview, sleepers.one)
	if err != nil {
		return err
	}
	tools := peers(capview, filepath.Join(dir, "readloop"), files)
	fmt.Printf("%d sleeping processes, %d cores, medians of %d rounds in turn\n\n", count, cores(), rounds)
	if err := measure(tools, rounds); err != nil {
		return err
	}
	report(tools)
	if err := screens(capview, rounds); err != nil {
		return err
	}
	if err := growth(capview, filepath.Join(dir, "threads"), rounds); err != nil {
		return err
	}
	return errors.Join(refreshes(rounds), idle(capview)) // last: what this process then holds would count as the others' memory
}

// command runs a build step, in the repository's root.
func command(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return nil
}

// sleeping is the parent of processes that sleep: they end with it.
type sleeping struct {
	cmd *exec.Cmd
	one int // a PID of them
}

// sleep has the program start so many, and waits until they are there.
func sleep(program string, count int) (*sleeping, error) {
	cmd := exec.Command(program, strconv.Itoa(count))
	cmd.Stderr = os.Stderr
	// Should this program die, so do they: or the thread that starts them, which is the main one (PR_SET_PDEATHSIG).
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &sleeping{cmd: cmd}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "ready\n" {
		s.stop()
		return nil, errors.Join(fmt.Errorf("%d of %s did not start", count, filepath.Base(program)), err)
	}
	if s.one, err = firstChild(cmd.Process.Pid); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *sleeping) stop() {
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.cmd.Wait()
}

func firstChild(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), " ")
	return strconv.Atoi(first)
}
