//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/creack/pty"
)

// screens measures the interactive programs, without and with room for capview's detail beside the list.
func screens(capview string, rounds int) error {
	for _, columns := range []uint16{120, 140} {
		if err := screensOf(capview, rounds, columns); err != nil {
			return err
		}
	}
	return nil
}

// screensOf measures until the first frame shows a process, how much a cursor step sends, and the most memory held.
func screensOf(capview string, rounds int, columns uint16) error {
	size := &pty.Winsize{Rows: 40, Cols: columns}
	fmt.Printf("\n%-28s %12s %14s %9s\n", fmt.Sprintf("%dx%d", size.Cols, size.Rows), "first frame", "a cursor step", "RSS")
	// What each shows once it has looked at the processes.
	for _, program := range []struct{ line, mark string }{{capview + " --interval 1h --group none", " processes "}, {"htop -d 600", "Load average"}} {
		args := strings.Fields(program.line)
		if _, err := exec.LookPath(args[0]); err != nil {
			fmt.Printf("%s is not installed\n", args[0])
			continue
		}
		var firsts []time.Duration
		var steps []int
		var rss int64
		for range rounds/3 + 1 {
			s, err := watch(args, size, program.mark)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			firsts, steps, rss = append(firsts, s.first), append(steps, s.steps...), s.rss
		}
		name := strings.TrimPrefix(args[0], args[0][:strings.LastIndex(args[0], "/")+1])
		fmt.Printf("%-28s %9.0f ms %8d bytes %6.1f MB\n", name, ms(median(firsts)), median(steps), float64(rss)/1024)
	}
	return nil
}

type screen struct {
	first time.Duration
	steps []int // bytes
	rss   int64 // KiB
}

// watch starts a program in a terminal, takes what it writes, steps down and ends it.
func watch(args []string, size *pty.Winsize, mark string) (screen, error) {
	var s screen
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	start := time.Now()
	terminal, err := pty.StartWithSize(cmd, size)
	if err != nil {
		return s, err
	}
	defer terminal.Close()
	output := reading(terminal)
	if err := until(output, []byte(mark)); err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		return s, err
	}
	s.first = time.Since(start)
	quiet(output)
	for range 20 {
		terminal.WriteString("\x1b[B")
		s.steps = append(s.steps, quiet(output))
	}
	s.rss = peak(cmd.Process.Pid)
	cmd.Process.Signal(syscall.SIGTERM)
	for range output {
	}
	cmd.Wait()
	return s, nil
}

// reading is what a terminal's program writes, until it ends.
func reading(terminal *os.File) <-chan []byte {
	output := make(chan []byte)
	go func() {
		defer close(output)
		for {
			buf := make([]byte, 1<<16)
			n, err := terminal.Read(buf)
			if err != nil {
				return
			}
			output <- buf[:n]
		}
	}()
	return output
}

// until reads until what was written holds the text.
func until(output <-chan []byte, text []byte) error {
	var seen []byte
	deadline := time.After(30 * time.Second)
	for {
		select {
		case b, ok := <-output:
			if !ok {
				return fmt.Errorf("ended before a frame that shows %q", text)
			}
			if seen = append(seen, b...); bytes.Contains(seen, text) {
				return nil
			}
		case <-deadline:
			return fmt.Errorf("no frame that shows %q", text)
		}
	}
}

// quiet reads until nothing was written for a while, and says how much was.
func quiet(output <-chan []byte) int {
	total := 0
	for {
		select {
		case b, ok := <-output:
			if total += len(b); !ok {
				return total
			}
		case <-time.After(150 * time.Millisecond):
			return total
		}
	}
}

// peak is the most memory a process has held, in KiB (VmHWM of proc_pid_status(5)).
func peak(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			return kib
		}
	}
	return 0
}
