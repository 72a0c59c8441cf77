package lean

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"capview/inspect/caps"
)

func TestMain(m *testing.M) {
	if os.Getenv("LEAN_CHILD") == "" {
		os.Exit(m.Run())
	}
	// Threads of all ages: some wait in a system call, one is locked.
	var up sync.WaitGroup
	for range 8 {
		up.Add(1)
		go func() {
			runtime.LockOSThread()
			up.Done()
			for {
				unix.Nanosleep(&unix.Timespec{Sec: 3600}, nil)
			}
		}()
	}
	up.Wait()
	// Threads that were without for a moment are like all others again.
	for range 8 {
		up.Add(1)
		go func() { defer up.Done(); Without(0, func() error { return nil }) }()
	}
	up.Wait()
	if err := Keep(caps.Of(caps.SysPtrace, caps.DACReadSearch), true); err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	go func() { runtime.LockOSThread(); select {} }()
	os.Stdout.WriteString("ready\n")
	time.Sleep(time.Hour)
}

// Every thread holds what was kept and nothing else, and can get nothing back.
func TestKeep(t *testing.T) {
	if os.Geteuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("needs root")
		}
		t.Skip("needs root: drops capabilities")
	}
	self, _ := os.Executable()
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "LEAN_CHILD=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	line := make([]byte, 6)
	if _, err := out.Read(line); err != nil {
		t.Fatal("it said nothing")
	}
	tasks, _ := filepath.Glob("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/task/*/status")
	want := map[string]string{"CapInh": "0000000000000000", "CapPrm": "0000000000080004", "CapEff": "0000000000080004", "CapBnd": "0000000000080004",
		"CapAmb": "0000000000000000", "NoNewPrivs": "1"}
	for _, path := range tasks {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), ":\t")
			if w, ok := want[key]; ok && w != value {
				t.Errorf("%s: %s is %s, want %s", path, key, value, w)
			}
		}
	}
	if len(tasks) < 9 {
		t.Errorf("only %d threads", len(tasks))
	}
	t.Logf("%d threads hold what was kept", len(tasks))
}

// Without leaves its thread as it was.
func TestWithout(t *testing.T) {
	before, err := get()
	if err != nil {
		t.Fatal(err)
	}
	failed := errors.New("as it must")
	err = Without(caps.Of(caps.SysPtrace), func() error {
		if now, err := get(); err != nil || now.effective&^caps.Of(caps.SysPtrace) != 0 {
			t.Errorf("%+v, %v", now, err)
		}
		return failed
	})
	if after, _ := get(); err != failed || after != before {
		t.Errorf("%v; %+v became %+v", err, before, after)
	}
}
