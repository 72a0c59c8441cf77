//go:build linux

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tool is a command that is measured, and what was measured of it.
type tool struct {
	name string
	args []string
	took []time.Duration
	cpu  []time.Duration
	rss  []int64 // KiB, the most it held
}

func cores() int { return runtime.NumCPU() }

func peers(capview, readloop string, files []string) []*tool {
	tools := []*tool{
		{name: "capview export -", args: []string{capview, "export", "-"}},
		{name: "the same by procfs", args: []string{capview, "--engine", "procfs", "export", "-"}},
		{name: "C loop, same files", args: append([]string{readloop, strconv.Itoa(cores())}, files...)},
	}
	for _, line := range []string{"pscap -a", "ps -eo pid,user,comm,args", "lsns -t user"} {
		args := strings.Fields(line)
		if _, err := exec.LookPath(args[0]); err != nil {
			fmt.Printf("%s is not installed\n", args[0])
			continue
		}
		tools = append(tools, &tool{name: line, args: args})
	}
	return tools
}

// measure runs the tools in turn, so that what slows the machine slows all of them. The first turn warms up.
func measure(tools []*tool, rounds int) error {
	for round := range rounds + 1 {
		for _, t := range tools {
			if err := t.run(round > 0); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *tool) run(count bool) error {
	cmd := exec.Command(t.args[0], t.args[1:]...)
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	took := time.Since(start)
	if count {
		state := cmd.ProcessState
		t.took = append(t.took, took)
		t.cpu = append(t.cpu, state.UserTime()+state.SystemTime())
		t.rss = append(t.rss, int64(state.SysUsage().(*syscall.Rusage).Maxrss))
	}
	return nil
}

func median[T int | int64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func report(tools []*tool) {
	own := median(tools[0].took)
	fmt.Printf("%-28s %9s %9s %9s   capview takes\n", "", "time", "cpu", "RSS")
	for _, t := range tools {
		took := median(t.took)
		fmt.Printf("%-28s %6.0f ms %6.0f ms %6.1f MB   %.2f of it\n", t.name, ms(took), ms(median(t.cpu)), float64(median(t.rss))/1024, float64(own)/float64(took))
	}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

var opened = regexp.MustCompile(`(openat2?|readlinkat)\(\d+</proc/\d+/?([^>]*)>, "([^"]+)", ?([^)]*)`)

// filesRead asks strace which files of one process capview opens and reads by procfs, in readloop's notation.
func filesRead(dir, capview string, pid int) ([]string, error) {
	log := filepath.Join(dir, "strace")
	if err := command("strace", "-f", "-y", "-qq", "-e", "trace=openat,openat2,readlinkat", "-o", log, capview, "--engine", "procfs", "export", filepath.Join(dir, "traced.json")); err != nil {
		return nil, err
	}
	// grep, and not this program: what a process held when it started another counts as that one's memory.
	text, err := exec.Command("grep", fmt.Sprintf("</proc/%d[>/]", pid), log).Output()
	if err != nil {
		return nil, fmt.Errorf("strace saw no file of process %d read: %w", pid, err)
	}
	var files []string
	for line := range strings.Lines(string(text)) {
		call := opened.FindStringSubmatch(line)
		if call == nil || strings.Contains(call[4], "O_DIRECTORY") || strings.Contains(call[4], "O_PATH") {
			continue
		}
		name := filepath.Join(call[2], call[3])
		if call[1] == "readlinkat" {
			name += "@"
		}
		files = append(files, name)
	}
	fmt.Printf("files read of each process: %s\n", strings.Join(files, " "))
	return files, nil
}
