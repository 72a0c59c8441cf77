package proc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/nsinfo"
)

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatal("needs root")
	}
	t.Skip("needs root: makes processes with capabilities, user namespaces and mounts")
}

func newSource(t testing.TB, o Options) *Source {
	t.Helper()
	o.Root = "/proc"
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func snapshot(t testing.TB, s *Source) *inspect.Index {
	t.Helper()
	snap, err := s.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return inspect.NewIndex(snap)
}

func process(t testing.TB, ix *inspect.Index, pid int) *inspect.Process {
	t.Helper()
	p := ix.Process(pid)
	if p == nil {
		t.Fatalf("process %d is missing", pid)
	}
	return p
}

// Every process agrees with what the procfs library reads of it.
func TestSnapshotAgreesWithLibrary(t *testing.T) {
	s := newSource(t, Options{})
	fs, err := procfs.NewFS("/proc")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for range 3 {
		ix := snapshot(t, s)
		for i := range ix.Processes {
			compared += agree(t, s, fs, ix.Processes[i])
		}
	}
	t.Logf("%d processes agree with the library", compared)
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

// agree counts p, read again while the two differ: it may have changed between them, but not each time.
func agree(t *testing.T, s *Source, fs procfs.FS, p *inspect.Process) int {
	var differs string
	for range 5 {
		var there bool
		if there, differs = compare(fs, p); !there {
			return 0
		} else if differs == "" {
			return 1
		}
		again, err := s.Process(context.Background(), p.PID, p.StartTime)
		if err != nil {
			return 0
		}
		p = &again
	}
	t.Errorf("pid %d: %s", p.PID, differs)
	return 0
}

// compare tells in what p differs from what the library reads now, and whether the process is still there.
func compare(fs procfs.FS, p *inspect.Process) (there bool, differs string) {
	lib, err := fs.Proc(p.PID)
	if err != nil {
		return false, ""
	}
	status, err1 := lib.NewStatus()
	stat, err2 := lib.Stat()
	if err1 != nil || err2 != nil || stat.Starttime != p.StartTime {
		return false, ""
	}
	want := caps.Sets{
		Inheritable: caps.Set(status.CapInh), Permitted: caps.Set(status.CapPrm), Effective: caps.Set(status.CapEff),
		Bounding: caps.Set(status.CapBnd), Ambient: caps.Set(status.CapAmb),
	}
	ids := inspect.IDs{Real: uint32(status.UIDs[0]), Effective: uint32(status.UIDs[1]), Saved: uint32(status.UIDs[2]), FS: uint32(status.UIDs[3])}
	if p.Caps != inspect.Some(want) || p.UID != inspect.Some(ids) || p.PPID != stat.PPID {
		return true, fmt.Sprintf("%+v %+v ppid %d; the library: %+v %+v ppid %d", p.Caps, p.UID, p.PPID, want, ids, stat.PPID)
	}
	if exe, err := lib.Executable(); err == nil && exe != p.Exe.Or("?") {
		return true, fmt.Sprintf("exe %v, the library: %q", p.Exe, exe)
	}
	return true, ""
}

func TestThreadThatDiffers(t *testing.T) {
	needRoot(t)
	pid := start(t, child("thread"))
	p := process(t, snapshot(t, newSource(t, Options{})), pid)
	if len(p.Threads) != 1 {
		t.Fatalf("%d threads differ, want 1", len(p.Threads))
	}
	sets, _ := p.Threads[0].Caps.Get()
	leader, _ := p.Caps.Get()
	if sets.Effective != leader.Effective&^1 || p.Threads[0].TID == pid {
		t.Errorf("thread %+v, leader %+v", p.Threads[0], leader)
	}
	all := process(t, snapshot(t, newSource(t, Options{AllThreads: true})), pid)
	if len(all.Threads) != all.ThreadCount-1 {
		t.Errorf("%d threads of %d", len(all.Threads), all.ThreadCount)
	}
}

func TestConfined(t *testing.T) {
	pid := start(t, child("confined"))
	p := process(t, snapshot(t, newSource(t, Options{})), pid)
	sec, ok := p.Seccomp.Get()
	if p.NoNewPrivs != inspect.Some(true) || !ok || sec.Mode != inspect.SeccompFilter || sec.Filters != inspect.Some(2) {
		t.Errorf("no_new_privs %v, seccomp %+v", p.NoNewPrivs, sec)
	}
}

func TestUserNamespace(t *testing.T) {
	needRoot(t)
	cmd := child("plain")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: 1000, Size: 1}, {ContainerID: 1, HostID: 100000, Size: 65536}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: 1000, Size: 1}},
		Credential:  &syscall.Credential{NoSetGroups: true},
	}
	pid := start(t, cmd)
	ix := snapshot(t, newSource(t, Options{}))
	host, p := process(t, ix, os.Getpid()), process(t, ix, pid)
	u := ix.UserNSOf(p)
	if u == nil {
		t.Fatalf("no user namespace: %+v", p.Namespaces)
	}
	if u.Level != inspect.Some(1) || u.Parent != inspect.Some(ix.Host.UserNamespace) || u.OwnerUID != inspect.Some(uint32(0)) {
		t.Errorf("user namespace %+v", u)
	}
	m, _ := u.UIDMap.Get()
	if len(m) != 2 || m[1] != (nsinfo.Range{Inside: 1, Outside: 100000, Count: 65536}) {
		t.Errorf("uid_map %+v", m)
	}
	if inside, ok := ix.InsideUID(p); !ok || inside != 0 {
		t.Errorf("uid inside %d, %v", inside, ok)
	}
	set, _ := p.Namespaces.Get()
	for _, n := range ix.Namespaces {
		if n.Type == "net" && n.Inode == set[nsinfo.Net] && n.Owner != u.Inode {
			t.Errorf("network namespace %+v is not owned by %d", n, u.Inode)
		}
	}
	if mine, _ := host.Namespaces.Get(); mine[nsinfo.Net] == set[nsinfo.Net] || mine[nsinfo.Mount] != set[nsinfo.Mount] {
		t.Errorf("namespaces %v, mine %v", set, mine)
	}
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

// Without privilege, what may not be read is unknown and has a gap; what may be read is there.
func TestUnprivileged(t *testing.T) {
	needRoot(t)
	ix := runNobody(t, child("nobody", "CAPVIEW_ROOT=/proc"))
	p := process(t, ix, os.Getpid())
	if !p.Caps.Known() || !p.Cmdline.Known() || !p.Cgroup.Known() {
		t.Errorf("what all may read is unknown: %+v", p)
	}
	for what, known := range map[string]bool{
		"exe": p.Exe.Known(), "exe_file": p.ExeFile.Known(), "file_caps": p.FileCaps.Known(), "namespaces": p.Namespaces.Known(),
	} {
		if known || !hasGap(p.Gaps, what) {
			t.Errorf("%s: known %v, gaps %v", what, known, p.Gaps)
		}
	}
}

func TestHidepid(t *testing.T) {
	needRoot(t)
	dir, err := os.MkdirTemp("", "proc") // t.TempDir lies below a directory that nobody may search
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("unshare", "-m", "sh", "-ec", `mount -t proc -o hidepid=2 none "$CAPVIEW_ROOT"; exec /proc/`+itoa(os.Getpid())+`/exe`)
	cmd.Env = append(os.Environ(), "CAPVIEW_CHILD=nobody", "CAPVIEW_ROOT="+dir)
	ix := runNobody(t, cmd)
	if ix.Process(os.Getpid()) != nil {
		t.Error("root's process is not hidden")
	}
	for _, g := range ix.Gaps {
		if g.Subject == "host" && g.What == "processes" && strings.Contains(g.Why, "hidepid=") && strings.Contains(g.Why, "threads") {
			return
		}
	}
	t.Errorf("no gap counts the hidden processes: %v", ix.Gaps)
}

func runNobody(t *testing.T, cmd *exec.Cmd) *inspect.Index {
	t.Helper()
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var snap inspect.Snapshot
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&snap); err != nil {
		t.Fatal(err)
	}
	return inspect.NewIndex(&snap)
}

func hasGap(gaps []inspect.Gap, what string) bool {
	for _, g := range gaps {
		if g.What == what && g.Why != "" {
			return true
		}
	}
	return false
}

func TestProcess(t *testing.T) {
	s := newSource(t, Options{})
	p := process(t, snapshot(t, s), os.Getpid())
	got, err := s.Process(context.Background(), p.PID, p.StartTime)
	if err != nil || len(got.Threads) == 0 || !strings.Contains(got.Status, "CapEff:") {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := s.Process(context.Background(), p.PID, p.StartTime+1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("another start time: %v", err)
	}
	if _, err := s.Process(context.Background(), 1<<30, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such process: %v", err)
	}
}

func TestNewRefusesWhatIsNoProcfs(t *testing.T) {
	for _, dir := range []string{t.TempDir(), "/nonexistent", "/proc/version"} {
		if _, err := New(Options{Root: dir}); err == nil {
			t.Errorf("%s is taken for a procfs", dir)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := newSource(t, Options{}).Snapshot(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func BenchmarkFirstScan(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		b.ReportMetric(float64(len(snapshot(b, newSource(b, Options{})).Processes)), "processes")
	}
}

func BenchmarkRefresh(b *testing.B) {
	s := newSource(b, Options{})
	snapshot(b, s)
	b.ReportAllocs()
	for b.Loop() {
		b.ReportMetric(float64(len(snapshot(b, s).Processes)), "processes")
	}
}
