package runtimes

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"capview/inspect"
	"capview/nsinfo"
)

// crowd is a node of n processes, most of them in count docker containers, whose files are in dir; the shims have the
// bundles of the one real process that the test is.
func crowd(t testing.TB, dir string, count, n int) func() *inspect.Snapshot {
	t.Helper()
	root := inspect.Some(inspect.IDs{})
	hostNS := nsinfo.Set{1, 2, 3, 4, 5, 6, 7, 8}
	base := inspect.Snapshot{Host: inspect.Host{UserNamespace: 7, CapLastCap: 40}}
	add := func(p inspect.Process) {
		p.UID, p.Role = root, inspect.RolePayload
		base.Processes = append(base.Processes, &p)
	}
	add(inspect.Process{PID: 1, Comm: "systemd", Container: "host", Namespaces: inspect.Some(hostNS)})
	base.Containers = append(base.Containers, inspect.Container{Key: "host", Kind: inspect.KindHost})
	for i := range count {
		id := fmt.Sprintf("%064x", i+1)
		bundle := filepath.Join(dir, "userdata", id)
		writeFile(t, filepath.Join(bundle, "config.json"), fmt.Sprintf(testSpec, id))
		key := "podman/" + id
		base.Containers = append(base.Containers, inspect.Container{Key: key, Kind: inspect.KindContainer, Runtime: "podman", ID: id, Cgroup: "/libpod_parent/libpod-" + id})
		add(inspect.Process{PID: 10 + i, PPID: 1, Comm: "conmon", Container: key, Namespaces: inspect.Some(hostNS),
			Cmdline: inspect.Some([]string{"conmon", "-c", id, "-n", "c" + strconv.Itoa(i), "-b", bundle})})
		base.Processes[len(base.Processes)-1].Role = inspect.RoleHelper
	}
	for i := len(base.Processes); i < n; i++ {
		c := i % (count + 1)
		p := inspect.Process{PID: 10000 + i, PPID: 10 + c, Comm: "app", Container: "host", Namespaces: inspect.Some(hostNS)}
		if c < count {
			ns := hostNS
			ns[nsinfo.PID], ns[nsinfo.Mount], ns[nsinfo.Net] = uint64(1000+c), uint64(2000+c), uint64(3000+c)
			p.Container, p.Namespaces = base.Containers[c+1].Key, inspect.Some(ns)
		} else {
			p.PPID = 1
		}
		add(p)
	}
	return func() *inspect.Snapshot {
		s := base
		s.Processes = append([]*inspect.Process(nil), base.Processes...)
		for i, p := range base.Processes {
			s.Keep(i, p)
		}
		s.Containers = append([]inspect.Container(nil), base.Containers...)
		return &s
	}
}

const testSpec = `{"process":{"user":{"uid":0,"gid":0},"capabilities":{"bounding":["CAP_CHOWN"]}},
"annotations":{"io.container.manager":"libpod","x":"%s"},"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO"}}}`

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// fakeProc is a procfs in which every process of the snapshot has the root directory of this one; its self is the real one.
func fakeProc(t testing.TB, s *inspect.Snapshot) string {
	t.Helper()
	dir := t.TempDir()
	for _, p := range s.Processes {
		if p.Role != inspect.RoleHelper {
			continue
		}
		d := filepath.Join(dir, strconv.Itoa(p.PID))
		writeFile(t, filepath.Join(d, "stat"), fmt.Sprintf("%d (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %d 0 0", p.PID, p.StartTime))
		if err := os.Symlink("/", filepath.Join(d, "root")); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/proc/self", filepath.Join(dir, "self")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// BenchmarkFirstJoin is what names add to a first scan.
func BenchmarkFirstJoin(b *testing.B) {
	node := crowd(b, b.TempDir(), 200, 5000)
	proc := fakeProc(b, node())
	for b.Loop() {
		r := New(Options{Root: proc})
		b.StopTimer()
		s := node()
		b.StartTimer()
		r.Join(context.Background(), s)
	}
}

// BenchmarkRefresh is what they add to a refresh: at which nothing has changed; at which processes came and went that no name
// hangs on; at which a container's monitor did, so that everything is looked at anew.
func BenchmarkRefresh(b *testing.B) {
	for name, change := range map[string]func(s *inspect.Snapshot, n int){
		"same": func(*inspect.Snapshot, int) {},
		"plain": func(s *inspect.Snapshot, n int) {
			for i := len(s.Processes) - 1 - n%1000; ; i-- {
				if s.Processes[i].Container == "host" {
					p := s.Edit(i)
					p.Comm, p.StartTime = "sh", uint64(n)
					return
				}
			}
		},
		"anew": func(s *inspect.Snapshot, n int) { s.Edit(1 + n%100).StartTime = uint64(n) },
	} {
		b.Run(name, func(b *testing.B) {
			node := crowd(b, b.TempDir(), 200, 5000)
			r := New(Options{Root: fakeProc(b, node())})
			r.Join(context.Background(), node())
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				b.StopTimer()
				s := node()
				n++
				change(s, n)
				b.StartTimer()
				r.Join(context.Background(), s)
			}
		})
	}
}
