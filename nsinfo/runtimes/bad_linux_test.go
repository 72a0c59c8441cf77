package runtimes

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/caps"
)

// subjectGaps is the gaps that tell of the container with that key.
func subjectGaps(s *inspect.Snapshot, key string) (gaps []inspect.Gap) {
	for _, g := range s.Gaps {
		if g.Subject == "container "+key {
			gaps = append(gaps, g)
		}
	}
	return gaps
}

// TestBadFiles: whatever lies where a spec should, there is one gap that names it, no wrong name, and the others stand.
func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	spoil := map[string]func(path string) error{
		"huge":      func(p string) error { return os.Truncate(p, maxFile+1) },
		"truncated": func(p string) error { return os.Truncate(p, 40) },
		"hostile":   func(p string) error { return os.WriteFile(p, []byte(strings.Repeat("[", 1<<20)), 0o644) },
		"fifo":      func(p string) error { os.Remove(p); return unix.Mkfifo(p, 0o644) },
		"socket": func(p string) error {
			os.Remove(p)
			at := filepath.Join(dir, "s") // a socket's path is short
			l, err := net.Listen("unix", at)
			if err == nil {
				t.Cleanup(func() { l.Close() })
				err = os.Rename(at, p)
			}
			return err
		},
		"symlink": func(p string) error {
			os.Remove(p)
			other := filepath.Join(dir, "other.json")
			writeFile(t, other, fmt.Sprintf(testSpec, "other"))
			return os.Symlink(other, p)
		},
		"directory": func(p string) error { os.Remove(p); return os.Mkdir(p, 0o755) },
		"device":    func(p string) error { os.Remove(p); return unix.Mknod(p, unix.S_IFCHR|0o644, 1<<8|5) },
		"gone":      os.Remove,
		"good":      func(string) error { return nil },
	}
	node := crowd(t, dir, len(spoil), 100)
	r := New(Options{Root: fakeProc(t, node()), Timeout: time.Minute})
	i := 0
	kinds := map[string]string{}
	for kind, f := range spoil {
		id := fmt.Sprintf("%064x", i+1)
		kinds[kind] = "podman/" + id
		if err := f(filepath.Join(dir, "userdata", id, "config.json")); err != nil {
			if kind == "device" {
				t.Logf("no device can be made here: %v", err)
				delete(kinds, kind)
				i++
				continue
			}
			t.Fatal(kind, err)
		}
		i++
	}
	s := node()
	r.Join(context.Background(), s)
	byKey := map[string]*inspect.Container{}
	for i := range s.Containers {
		byKey[s.Containers[i].Key] = &s.Containers[i]
	}
	for kind, key := range kinds {
		gaps := subjectGaps(s, key)
		c := byKey[key]
		if kind == "good" {
			if len(gaps) != 0 || !c.Declared.Known() {
				t.Errorf("good: %+v %+v", gaps, c)
			}
			continue
		}
		if len(gaps) != 1 || !strings.Contains(gaps[0].Why, filepath.Join(dir, "userdata", strings.TrimPrefix(key, "podman/"), "config.json")) {
			t.Errorf("%s: gaps %+v", kind, gaps)
		}
		if c.Declared.Known() {
			t.Errorf("%s: declared %+v", kind, c.Declared)
		}
		if n, _ := strconv.ParseUint(c.ID, 16, 32); c.Name.Or("") != "c"+strconv.Itoa(int(n)-1) { // conmon's own word
			t.Errorf("%s: the name is %q", kind, c.Name.Or(""))
		}
		t.Log(kind, ": ", gaps[0].Why[max(0, len(gaps[0].Why)-70):])
	}
	var bad int
	for _, src := range r.Sources() {
		if src.State == SourceFailed {
			bad++
		}
	}
	if bad == 0 {
		t.Error("no source is said to have failed")
	}
}

// TestReplaced: a file that is replaced all the time is read whole, as one or as the other. One that is written in place
// may be cut, and is never a mixture.
func TestReplaced(t *testing.T) {
	for _, inPlace := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "config.json")
		one, two := strings.Repeat("x", 100000), strings.Repeat("y", 200000)
		writeFile(t, path, one)
		stop, done := make(chan bool), make(chan bool)
		go func() {
			defer close(done)
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				text := []byte(one)
				if i%2 == 0 {
					text = []byte(two)
				}
				if inPlace {
					os.WriteFile(path, text, 0o644)
				} else {
					os.WriteFile(path+"~", text, 0o644)
					os.Rename(path+"~", path)
				}
			}
		}()
		fs := files{proc: "/proc", hostRoot: "/"}
		whole, changed, cut := 0, 0, 0
		for range 300 {
			c, err := fs.read(place{}, path, maxFile)
			switch text := string(c.data); {
			case err == errChanged:
				changed++
			case err != nil:
				t.Error(err)
			case text == one || text == two:
				whole++
			case inPlace && (strings.HasPrefix(one, text) || strings.HasPrefix(two, text)):
				cut++
			default:
				t.Fatalf("a mixture of %d bytes", len(text))
			}
		}
		close(stop)
		<-done
		if !inPlace && whole == 0 {
			t.Error("never read")
		}
		t.Logf("in place %v: %d whole, %d changed meanwhile, %d cut", inPlace, whole, changed, cut)
	}
}

// TestRoots: a process's paths stay below its root, wherever symbolic links in it lead.
func TestRoots(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(dir, "secret")
	writeFile(t, filepath.Join(outside, "config.json"), "outside")
	inside := filepath.Join(dir, "root")
	writeFile(t, filepath.Join(inside, "b", "config.json"), "inside")
	writeFile(t, filepath.Join(inside, outside, "config.json"), "inside too")
	for link, to := range map[string]string{"abs": outside, "up": "../../../../.." + outside, "run": "/b"} {
		if err := os.Symlink(to, filepath.Join(inside, link)); err != nil {
			t.Fatal(err)
		}
	}
	fs := files{proc: "/proc", hostRoot: inside}
	for path, want := range map[string]string{
		"/b/config.json": "inside", "/run/config.json": "inside", "/abs/config.json": "inside too", "/up/config.json": "inside too", "/../../b/config.json": "inside",
	} {
		c, err := fs.read(place{}, path, maxFile)
		if err != nil || string(c.data) != want {
			t.Errorf("%s: %q %v", path, c.data, err)
		}
	}
}

// TestReused: a PID that another process has now leads nowhere.
func TestReused(t *testing.T) {
	fs := files{proc: "/proc", hostRoot: "/"}
	me := os.Getpid()
	dir, err := fs.process(place{pid: me})
	if err != nil {
		t.Fatal(err)
	}
	start := startTime(dir)
	unix.Close(dir)
	if fd, err := fs.root(place{me, start}); err != nil || start == 0 {
		t.Errorf("start %d: %v", start, err)
	} else {
		unix.Close(fd)
	}
	if _, err := fs.root(place{me, start + 1}); err != errEnded {
		t.Errorf("another start time: %v", err)
	}
}

// TestTrust: what others than root can write is claimed.
func TestTrust(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("root alone can give files away")
	}
	fs := files{proc: "/proc", hostRoot: "/"}
	for _, c := range []struct {
		name            string
		dirMode, mode   os.FileMode
		dirOwner, owner int
		trusted         bool
	}{
		{"root's", 0o755, 0o644, 0, 0, true},
		{"a user's file", 0o755, 0o644, 0, 1001, false},
		{"a user's folder", 0o755, 0o644, 1001, 0, false},
		{"anyone may write it", 0o755, 0o666, 0, 0, false},
		{"anyone may replace it", 0o777, 0o644, 0, 0, false},
	} {
		dir := t.TempDir()
		p := filepath.Join(dir, "f")
		writeFile(t, p, "x")
		if err := errorsOf(os.Chmod(dir, c.dirMode), os.Chmod(p, c.mode), os.Chown(p, c.owner, -1), os.Chown(dir, c.dirOwner, -1)); err != nil {
			t.Fatal(err)
		}
		if got, err := fs.read(place{}, p, maxFile); err != nil || got.trusted != c.trusted || got.owner != uint32(c.owner) {
			t.Errorf("%s: trusted %v, owner %d: %v", c.name, got.trusted, got.owner, err)
		}
	}
}

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestDeadStates: ten thousand containers that runc left behind cost one look, and name nothing.
func TestDeadStates(t *testing.T) {
	root := memoryDir(t)
	me := os.Getpid()
	for i := range 10000 {
		writeFile(t, filepath.Join(root, "dead"+strconv.Itoa(i), "state.json"), fmt.Sprintf(`{"id":"dead%d","init_process_pid":%d,"init_process_start":1}`, i, me))
	}
	fs := files{proc: "/proc", hostRoot: "/"}
	dir, err := fs.process(place{pid: me})
	if err != nil {
		t.Fatal(err)
	}
	start := startTime(dir)
	unix.Close(dir)
	writeFile(t, filepath.Join(root, "live", "state.json"), fmt.Sprintf(`{"id":"live","init_process_pid":%d,"init_process_start":%d}`, me, start))
	writeFile(t, filepath.Join(root, "forged", "state.json"), fmt.Sprintf(`{"id":"live","init_process_pid":%d,"init_process_start":%d}`, me, start))
	writeFile(t, filepath.Join(root, "torn", "state.json"), `{"id":"torn"`)
	pr := &prober{files: fs, shared: newShared()}
	for range 2 { // the second time from what is known of the dead
		begin := time.Now()
		a := pr.probe(request{kind: byRoot, runtime: "runc", path: root})
		if len(a.states) != 1 || a.states[0].id != "live" || len(a.gaps) != 1 || !strings.Contains(a.gaps[0].why, "2 of 10003") {
			t.Fatalf("%d states, gaps %+v", len(a.states), a.gaps)
		}
		t.Logf("looked through in %v", time.Since(begin))
	}
	if len(pr.shared.gone) != 10000 {
		t.Errorf("%d dead are known", len(pr.shared.gone))
	}
}

// memoryDir is a folder in memory where there is such a file system: ten thousand folders take a disk ten seconds.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "capview-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// TestInclude: an LXC configuration is what it and the files it includes say; where one is missing, that is not known.
func TestInclude(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "c1/config"), "lxc.include = "+dir+"/common.conf\nlxc.cap.drop = sys_time\n")
	writeFile(t, filepath.Join(dir, "common.conf"), "lxc.cap.drop = sys_module\nlxc.include = "+dir+"/common.conf\nlxc.seccomp.profile = /x/p\n")
	writeFile(t, filepath.Join(dir, "c2/config"), "lxc.include = "+dir+"/common.conf.d\nlxc.cap.drop = sys_time\n")
	writeFile(t, filepath.Join(dir, "c3/config"), "lxc.include = "+dir+"/plain.conf\nlxc.cap.drop = sys_time\n")
	writeFile(t, filepath.Join(dir, "plain.conf"), "lxc.cap.drop = sys_module")
	pr := &prober{files: files{proc: "/proc", hostRoot: "/"}, shared: newShared()}
	full := caps.Full(caps.Last)
	for name, known := range map[string]bool{"c1": false, "c2": false, "c3": true} { // the first includes itself without end
		a := pr.probe(request{kind: byLXC, path: dir, name: name, full: full})
		d := a.facts.declared
		if d == nil {
			t.Fatalf("%s: %+v", name, a)
		}
		if sets, ok := d.Caps.Get(); ok != known || ok && sets.Bounding != full&^caps.Of(caps.SysTime, caps.SysModule) {
			t.Errorf("%s: %+v", name, d.Caps)
		}
	}
}
