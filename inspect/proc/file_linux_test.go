package proc

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"capview/inspect/rules"
)

// jail starts a thread whose root directory is dir, and returns its number: procfs shows a thread as it shows a process.
func jail(t *testing.T, dir string) int {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("root is needed for chroot(2)")
	}
	started, end := make(chan any), make(chan struct{})
	t.Cleanup(func() { close(end) })
	var enter func()
	enter = func() {
		runtime.LockOSThread() // the thread ends with its root
		if unix.Gettid() == os.Getpid() {
			// Not the leader, which would stay, and be what the tests take for this process.
			go enter()
			<-end
			runtime.UnlockOSThread()
			return
		}
		if err := errors.Join(unix.Unshare(unix.CLONE_FS), unix.Chroot(dir)); err != nil {
			started <- err
			return
		}
		started <- unix.Gettid()
		<-end
	}
	go enter()
	switch v := (<-started).(type) {
	case int:
		return v
	default:
		t.Fatal(v)
		return 0
	}
}

// hostileRoot is a root directory whose paths try to lead out of it, or nowhere.
func hostileRoot(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, err := range []error{
		os.Chmod(dir, 0o755),
		os.Mkdir(filepath.Join(dir, "etc"), 0o755),
		os.Mkdir(filepath.Join(dir, "closed"), 0o700),
		os.WriteFile(filepath.Join(dir, "etc/shadow"), []byte("inner"), 0o640),
		os.WriteFile(filepath.Join(dir, "tool"), []byte("\x7fELF"), 0o755),
		os.WriteFile(filepath.Join(dir, "script"), []byte("#! /tool -x\n"), 0o755),
		os.WriteFile(filepath.Join(dir, "lost"), []byte("#!/none\n"), 0o755),
		os.WriteFile(filepath.Join(dir, "near"), []byte("#!tool\n"), 0o755),
		os.WriteFile(filepath.Join(dir, "self"), []byte("#!/self\n"), 0o755),
		os.Symlink("/etc/shadow", filepath.Join(dir, "absolute")),
		os.Symlink("../../../../../../etc/shadow", filepath.Join(dir, "etc/up")),
		os.Symlink("b", filepath.Join(dir, "a")), os.Symlink("a", filepath.Join(dir, "b")),
		unix.Mkfifo(filepath.Join(dir, "fifo"), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// No path leads out of the process's root directory: not an absolute link, not "..".
func TestPathStaysInRoot(t *testing.T) {
	dir := hostileRoot(t)
	pid, s := jail(t, dir), newSource(t, Options{})
	var want unix.Stat_t
	if err := unix.Stat(filepath.Join(dir, "etc/shadow"), &want); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/etc/shadow", "/absolute", "/etc/up", "/../../etc/../etc/./shadow", "//etc//shadow"} {
		info, err := s.Path(context.Background(), pid, 0, path)
		file, ok := info.File.Get()
		if err != nil || !ok || file.Inode != (rules.Inode{Mode: want.Mode, UID: want.Uid, GID: want.Gid}) {
			t.Errorf("Path(%q): %+v, %v", path, info, err)
		}
		f, err := s.File(context.Background(), pid, 0, path)
		if in, ok := f.Inode.Get(); err != nil || !ok || in.Mode != want.Mode {
			t.Errorf("File(%q): %+v, %v", path, f, err)
		}
	}
	if outer, err := s.Path(context.Background(), pid, 0, "/usr"); err != nil || outer.Missing != "ENOENT" {
		t.Errorf("a path that only the reader's root has: %+v, %v", outer, err)
	}
}

func TestPathNotes(t *testing.T) {
	dir := hostileRoot(t)
	pid, s := jail(t, dir), newSource(t, Options{})
	for path, want := range map[string]rules.Errno{"/none": "ENOENT", "/none/x": "ENOENT", "/tool/x": "ENOTDIR", "/a": "ELOOP", "/closed/x": "ENOENT"} {
		info, err := s.Path(context.Background(), pid, 0, path)
		if err != nil || info.Missing != want || info.File.Known() {
			t.Errorf("%s: %+v, %v, want %s", path, info, err, want)
		}
	}
	info, err := s.Path(context.Background(), pid, 0, "/etc/up")
	dirs, _ := info.Dirs.Get()
	var names []string
	for _, d := range dirs {
		names = append(names, d.Path)
	}
	if err != nil || !slices.Equal(names, []string{"/", "/etc", "/", "/etc"}) {
		t.Errorf("searched %q, %v", names, err)
	}
}

func TestFileRefuses(t *testing.T) {
	dir := hostileRoot(t)
	pid, s := jail(t, dir), newSource(t, Options{})
	for path, want := range map[string]string{
		"/none": "no such file", "/a": "too many levels of symbolic links", "/etc": "it is a directory", "/fifo": "it is a named pipe",
		"/tool/x": "not a directory",
	} {
		_, err := s.File(context.Background(), pid, 0, path)
		var at *os.PathError
		if !errors.As(err, &at) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if _, err := s.File(context.Background(), 1<<22-1, 0, "/"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a PID that is not there: %v", err)
	}
	if _, err := s.File(context.Background(), os.Getpid(), 1, "/"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("another start time: %v", err)
	}
}

func TestFileScripts(t *testing.T) {
	dir := hostileRoot(t)
	pid, s := jail(t, dir), newSource(t, Options{})
	for path, want := range map[string]string{"/script": "/tool known", "/lost": "/none", "/near": "tool", "/tool": ""} {
		f, err := s.File(context.Background(), pid, 0, path)
		got := ""
		if f.Interpreter != nil {
			got = f.Interpreter.Path
			if f.Interpreter.Inode.Known() {
				got += " known"
			}
		}
		if err != nil || got != want {
			t.Errorf("%s: interpreter %q, %v, want %q", path, got, err, want)
		}
	}
	f, err := s.File(context.Background(), pid, 0, "/self")
	depth := 0
	for i := &f; i != nil; i = i.Interpreter {
		depth++
	}
	if err != nil || depth > 2*deepestScript {
		t.Errorf("a script that is its own interpreter: %d deep, %v", depth, err)
	}
}

// File capabilities, read through the process's root.
func TestFileCapabilitiesInRoot(t *testing.T) {
	dir := hostileRoot(t)
	pid, s := jail(t, dir), newSource(t, Options{})
	if _, err := exec.LookPath("setcap"); err != nil {
		t.Skip("setcap is not installed (libcap2-bin)")
	}
	if out, err := exec.Command("setcap", "cap_net_raw=ep", filepath.Join(dir, "tool")).CombinedOutput(); err != nil {
		t.Skipf("file capabilities cannot be set here: %s", out)
	}
	f, err := s.File(context.Background(), pid, 0, "/tool")
	c, ok := f.Caps.Get()
	if err != nil || !ok || c.Text != "cap_net_raw=ep" || !f.NoSUID.Known() || !f.MountNS.Known() {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestSelfAndSystem(t *testing.T) {
	s := newSource(t, Options{})
	self, err := s.Self(context.Background(), os.Getpid(), 0)
	nice, ok := self.Nice.Get()
	kernel, perr := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil || perr != nil || !ok || nice != 20-kernel || !self.NiceLimit.Known() {
		t.Errorf("%+v, %v: nice is %d", self, err, 20-kernel)
	}
	if chrooted, ok := self.Chrooted.Get(); !ok || chrooted {
		t.Errorf("chrooted: %v, %v", chrooted, ok)
	}
	inside, err := s.Self(context.Background(), jail(t, t.TempDir()), 0)
	if chrooted, ok := inside.Chrooted.Get(); err != nil || !ok || !chrooted {
		t.Errorf("in a chroot: %+v, %v", inside, err)
	}
	system := s.System()
	if !system.LogRestricted.Known() || !system.PtraceScope.Known() || !system.MaxUserNS.Known() || !system.Modules.Known() {
		t.Errorf("%+v", system)
	}
}

// What a stat file or a limits file has of nice values, hostile names included.
func TestNice(t *testing.T) {
	const after = " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 -7 17 18"
	for text, want := range map[string]string{
		"1 (a)" + after: "-7", "1 (a) 1 2 3) (" + ")" + after: "-7", "1 (a) S 1": "?", "": "?",
	} {
		got := "?"
		if n, ok := niceOf([]byte(text)).Get(); ok && n == -7 {
			got = "-7"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if n, ok := niceLimit([]byte("Limit x\nMax nice priority         40                   40\n")).Get(); !ok || n != 40 {
		t.Errorf("limit %d, %v", n, ok)
	}
}

// The first word after "#!" is the interpreter, as fs/binfmt_script.c cuts it.
func FuzzInterpreter(f *testing.F) {
	for _, head := range []string{"#!/bin/sh\n", "#! /bin/sh -x\n", "#!\t/a\tb", "#!", "#!\n/x", "#!/a\x00b\n", "#!" + strings.Repeat("a", scriptHead)} {
		f.Add([]byte(head))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		if len(head) < 2 {
			return
		}
		if name := interpreter(head); strings.ContainsAny(name, " \t\n\x00") || len(name) > len(head)-2 {
			t.Fatalf("%q: %q", head, name)
		}
	})
}
