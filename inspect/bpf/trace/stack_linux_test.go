package trace

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"capview/inspect"
	"capview/inspect/caps"
)

// A stack begins with the check in the kernel, and has the functions of the program that asked.
func TestStack(t *testing.T) {
	eachRung(t, func(t *testing.T, rung Rung) {
		w := launch(t, job{Do: "list", Only: []string{"chroot"}, Dir: workDir(t)}, nil)
		r := run(t, Options{Rung: rung, Targets: only(w), Events: true, Stack: true})
		w.begin()
		w.result()
		r.stop()
		for _, e := range r.events {
			if e.Cap != caps.SysChroot {
				continue
			}
			inKernel, object := map[string]bool{}, ""
			for _, f := range e.Kernel {
				inKernel[f.Symbol] = true
			}
			if len(e.User) > 0 {
				object = e.User[0].Object
			}
			// A return probe sees what the function returns to.
			if len(e.Kernel) < 3 || !inKernel["cap_capable"] && rung == Tracepoint || object != filepath.Base(os.Args[0]) {
				t.Errorf("kernel: %+v\nuser: %+v", e.Kernel, e.User)
			}
			return
		}
		t.Error("the check was not seen")
	})
}

// Where only the first of each is to have its stack, all are told, and those after it without.
func TestStackOfTheFirst(t *testing.T) {
	const times = 5
	eachRung(t, func(t *testing.T, rung Rung) {
		w := launch(t, job{Do: "list", Only: []string{"chroot"}, Times: times, Dir: workDir(t)}, nil)
		r := run(t, Options{Rung: rung, Targets: only(w), Events: true, FirstStack: true})
		w.begin()
		w.result()
		r.stop()
		seen := 0
		for _, e := range r.events {
			if e.Cap != caps.SysChroot {
				continue
			}
			named := len(e.Kernel) >= 3 && e.Kernel[1].Symbol != ""
			if named != (seen == 0) || seen > 0 && len(e.Kernel)+len(e.User) > 0 {
				t.Errorf("event %d: %+v", seen, e.Kernel)
			}
			seen++
		}
		if seen != times {
			t.Errorf("%d were told, want %d", seen, times)
		}
	})
}

// The functions of a library that a process has mapped.
func TestUserSymbols(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root (/proc/PID/map_files)")
	}
	sleep := exec.Command("sleep", "60")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { sleep.Process.Kill(); sleep.Wait() }()
	pid := sleep.Process.Pid
	id := inspect.ProcessID{PID: pid, StartTime: startTime(t, pid)}
	for range 100 {
		u := newUserSymbols("/proc")
		text, err := readAtMost(fmt.Sprintf("/proc/%d/maps", pid), mostMaps)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range parseMaps(string(text)) {
			for _, s := range u.table(pid, m) {
				if s.name != "clock_nanosleep" || s.address < m.offset || s.address-m.offset >= m.to-m.from {
					continue
				}
				frames := []inspect.Frame{{Address: m.from + s.address - m.offset + 3}}
				u.name(id, frames)
				if f := frames[0]; f.Symbol != "clock_nanosleep" || f.Offset != 3 || f.Object != filepath.Base(m.path) {
					t.Errorf("%+v, want clock_nanosleep+3", f)
				}
				return
			}
		}
		time.Sleep(50 * time.Millisecond) // it is being executed
	}
	t.Error("no library of sleep's has clock_nanosleep")
}

func TestParseMaps(t *testing.T) {
	list := parseMaps("55d0c0a00000-55d0c0a02000 r-xp 00002000 fd:01 1234                       /usr/bin/a file (deleted)\n" +
		"7ffd0000-7ffd1000 rw-p 00000000 00:00 0                          [stack]\n7f00-7e00 r-xp 0 fd:01 1 /x\nrubbish\n" +
		"7f0000000000-7f0000001000 r-xp 00000000 fd:01 99 /lib/x.so\n7f0000002000-7f000")
	if len(list) != 2 || list[0].path != "/usr/bin/a file (deleted)" || list[0].offset != 0x2000 || list[1].inode != 99 {
		t.Errorf("%+v", list)
	}
}
