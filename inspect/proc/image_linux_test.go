package proc

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/filecap"
)

// tool copies /bin/sleep, so that it can be given file capabilities, names and an end.
func tool(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("/bin/sleep")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFileCapabilities(t *testing.T) {
	needRoot(t)
	path := tool(t, "capped")
	rev3 := []byte{1, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa0, 0x86, 1, 0}
	if err := unix.Setxattr(path, "security.capability", rev3, 0); err != nil {
		t.Fatal(err)
	}
	pid := start(t, script(`echo ready; exec "$1" 600`, path))
	s := newSource(t, Options{})
	p := waitExe(t, s, pid, path)
	want, err := filecap.Parse(rev3)
	if err != nil {
		t.Fatal(err)
	}
	if p.FileCaps != inspect.Some(want) || want.RootID != 100000 || !want.Permitted.Has(caps.NetBindService) {
		t.Errorf("file capabilities %+v, want %+v", p.FileCaps, want)
	}
	// setcap while it runs changes the ctime, and so what a refresh shows.
	if err := unix.Removexattr(path, "security.capability"); err != nil {
		t.Fatal(err)
	}
	p = process(t, snapshot(t, s), pid)
	if p.FileCaps != inspect.Some(filecap.Caps{}) {
		t.Errorf("after removal: %+v", p.FileCaps)
	}
	os.Remove(path)
	for range slowScans {
		p = process(t, snapshot(t, s), pid)
	}
	if p.Exe != inspect.Some(path+" (deleted)") {
		t.Errorf("deleted executable: %v", p.Exe)
	}
}

// waitExe scans until pid runs path: the shell says "ready" before it execs.
func waitExe(t *testing.T, s *Source, pid int, path string) *inspect.Process {
	t.Helper()
	for range 1000 {
		// An execve under way has its executable before it has its arguments (begin_new_exec, then create_elf_tables).
		p := process(t, snapshot(t, s), pid)
		if args, _ := p.Cmdline.Get(); p.Exe == inspect.Some(path) && len(args) > 0 {
			return p
		}
	}
	t.Fatalf("process %d never ran %s", pid, path)
	return nil
}

func TestNoSUIDMount(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	cmd := script(`mount -t tmpfs -o nosuid,mode=755 none "$1"; cp /bin/sleep "$1/capped"; chmod 6755 "$1/capped"; setcap cap_net_raw+ep "$1/capped"; echo ready; exec "$1/capped" 600`, dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
	pid := start(t, cmd)
	p := waitExe(t, newSource(t, Options{}), pid, dir+"/capped")
	f, ok := p.ExeFile.Get()
	if !ok || f.NoSUID != inspect.Some(true) || !f.SetUID() || !f.SetGID() {
		t.Errorf("executable %+v, %v", f, ok)
	}
	if c, _ := p.FileCaps.Get(); c.Revision != 2 || !c.Effective {
		t.Errorf("file capabilities %+v", c)
	}
}

func TestHostileName(t *testing.T) {
	const name = "a\x1b[2J\n\u202eb)(7 \\"
	path := tool(t, name)
	pid := start(t, script(`echo ready; exec "$1" 600`, path))
	p := waitExe(t, newSource(t, Options{}), pid, path)
	if p.Comm != name[:15] {
		t.Errorf("comm %q, want %q", p.Comm, name[:15])
	}
}

// An execve that keeps the PID is noticed by a refresh.
func TestRefreshSeesExec(t *testing.T) {
	first, second := tool(t, "first"), tool(t, "second")
	pid := start(t, script(`echo ready; read x; exec "$1" 600`, second))
	s := newSource(t, Options{})
	if p := process(t, snapshot(t, s), pid); strings.HasSuffix(p.Exe.Or(""), first) || p.Comm != "sh" {
		t.Fatalf("before: %v %q", p.Exe, p.Comm)
	}
	f, err := os.OpenFile("/proc/"+itoa(pid)+"/fd/0", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("go\n"); err != nil {
		t.Fatal(err)
	}
	p := waitExe(t, s, pid, second)
	if cmd, _ := p.Cmdline.Get(); len(cmd) != 2 || cmd[0] != second {
		t.Errorf("command line %q", cmd)
	}
}
