package runtimes

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"capview/inspect"
	"capview/nsinfo"
)

// world is a node that changes at random.
type world struct {
	t    *testing.T
	r    *rand.Rand
	dir  string
	proc string
	s    *inspect.Snapshot
	next int // PID
}

// copy is the Snapshot as a source would bring it, that has each process in the one before too.
func (w *world) copy() *inspect.Snapshot {
	s := *w.s
	s.Processes = slices.Clone(w.s.Processes)
	for i, p := range w.s.Processes {
		s.Keep(i, p)
	}
	s.Containers = slices.Clone(w.s.Containers)
	s.UserNamespaces = slices.Clone(w.s.UserNamespaces)
	s.Gaps = nil
	return &s
}

// any is one of the processes, to be changed: no other snapshot has it.
func (w *world) any() *inspect.Process {
	i := w.r.IntN(len(w.s.Processes))
	own := *w.s.Processes[i]
	w.s.Processes[i] = &own
	return &own
}

func (w *world) add(p inspect.Process) {
	w.next++
	p.PID, p.StartTime = w.next, uint64(w.next)
	if w.r.IntN(10) == 0 {
		p.StartTime = uint64(w.r.IntN(w.next)) // a PID that came round, or a process that was moved there
	}
	w.s.Processes = append(w.s.Processes, &p)
}

// change makes one thing otherwise.
func (w *world) change() string {
	s, p := w.s, w.any()
	switch what := w.r.IntN(20); what {
	case 0, 1, 2, 3, 4, 5: // as most do: a child of the same kind
		child := *p
		if child.PPID = p.PID; w.r.IntN(2) == 0 {
			child.PPID = 1
		}
		child.Comm = "sh"
		w.add(child)
		return "fork"
	case 6, 7, 8, 9:
		if p.PID != 1 {
			pid := p.PID
			s.Processes = slices.DeleteFunc(s.Processes, func(q *inspect.Process) bool { return q.PID == pid })
		}
		return "exit"
	case 10:
		child := *w.any()
		child.PPID, child.Namespaces = p.PID, p.Namespaces
		w.add(child)
		return "nsenter"
	case 11:
		p.State, p.Namespaces = "Z", inspect.Opt[nsinfo.Set]{}
		return "zombie"
	case 12:
		p.UID = inspect.Some(inspect.IDs{Real: 1000, Effective: 1000, Saved: 1000, FS: 1000})
		return "setuid"
	case 13:
		ns, _ := p.Namespaces.Get()
		ns[w.r.IntN(len(ns))] = uint64(100 + w.r.IntN(4))
		p.Namespaces = inspect.Some(ns)
		return "unshare"
	case 14:
		p.Comm, p.Cmdline = "systemd-nspawn", inspect.Some([]string{"systemd-nspawn", "-M", "m" + strconv.Itoa(w.r.IntN(3)), "-D", "/m"})
		return "exec of a monitor"
	case 15:
		p.Container = s.Containers[w.r.IntN(len(s.Containers))].Key
		return "move"
	case 16:
		p.PPID = w.any().PID
		return "reparent"
	case 17:
		c := &s.Containers[w.r.IntN(len(s.Containers))]
		c.Unit = "u" + strconv.Itoa(w.r.IntN(3)) + ".service"
		return "unit"
	case 18:
		u := &s.UserNamespaces[w.r.IntN(len(s.UserNamespaces))]
		u.OwnerUID = inspect.Some(uint32(w.r.IntN(2) * 1000))
		return "owner"
	}
	p.Role = []inspect.Role{inspect.RolePayload, inspect.RoleHelper, inspect.RoleInfra}[w.r.IntN(3)]
	return "role"
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, r: rand.New(rand.NewPCG(seed, 1)), dir: t.TempDir(), next: 20000}
	node := crowd(t, w.dir, 4, 40)
	w.s = node()
	hostNS, _ := w.s.Processes[0].Namespaces.Get()
	ns := hostNS
	ns[nsinfo.UserNS], ns[nsinfo.PID], ns[nsinfo.Mount] = 77, 78, 79
	w.s.Containers = append(w.s.Containers,
		inspect.Container{Key: "userns/77", Kind: inspect.KindUserNS, UserNamespace: inspect.Some[uint64](77)},
		inspect.Container{Key: "pidns/80", Kind: inspect.KindContainer},
		inspect.Container{Key: "unit/x", Kind: inspect.KindUnit, Unit: "x.service"})
	w.s.UserNamespaces = []nsinfo.User{{Inode: 77, Parent: inspect.Some[uint64](7), OwnerUID: inspect.Some[uint32](1000)}}
	slices.SortFunc(w.s.Processes, func(a, b *inspect.Process) int { return a.PID - b.PID })
	w.add(inspect.Process{PPID: 1, Comm: "a", Container: "userns/77", Role: inspect.RolePayload, UID: inspect.Some(inspect.IDs{}), Namespaces: inspect.Some(ns)})
	ns = hostNS
	ns[nsinfo.PID] = 80
	w.add(inspect.Process{PPID: 1, Comm: "b", Container: "pidns/80", Role: inspect.RolePayload, UID: inspect.Some(inspect.IDs{}), Namespaces: inspect.Some(ns)})
	w.add(inspect.Process{PPID: 1, Comm: "c", Container: "unit/x", Role: inspect.RolePayload, UID: inspect.Some(inspect.IDs{}), Namespaces: inspect.Some(hostNS)})
	w.proc = fakeProc(t, w.s)
	return w
}

// TestMemo: whatever changes between two refreshes, the same is made as by one that looks at everything anew.
func TestMemo(t *testing.T) {
	joins, remembered, without := 0, 0, 0
	for seed := range uint64(20) {
		w := newWorld(t, seed)
		again := New(Options{Root: w.proc, Timeout: time.Minute})
		for range 60 {
			var did []string
			for range w.r.IntN(3) {
				did = append(did, w.change())
			}
			fresh := New(Options{Root: w.proc, Timeout: time.Minute})
			want, got, probe := w.copy(), w.copy(), w.copy()
			fresh.Join(context.Background(), want)
			memo := again.memo.applies(probe)
			again.Join(context.Background(), got)
			if joins++; memo {
				remembered++
				if len(did) > 0 {
					without++
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d, after %q, remembered %v:\n%s", seed, did, memo, firstDifference(got, want))
			}
		}
	}
	if remembered < joins/4 || without < joins/20 {
		t.Errorf("of %d joins %d were remembered, %d of them although something had changed", joins, remembered, without)
	}
	t.Logf("%d joins agree with ones from nothing; %d were remembered, %d of them although something had changed", joins, remembered, without)
}

func firstDifference(got, want *inspect.Snapshot) string {
	for i := range want.Processes {
		if !reflect.DeepEqual(got.Processes[i], want.Processes[i]) {
			return fmt.Sprintf("got  %+v\nwant %+v", got.Processes[i], want.Processes[i])
		}
	}
	for i := range want.Containers {
		if i >= len(got.Containers) || !reflect.DeepEqual(got.Containers[i], want.Containers[i]) {
			return fmt.Sprintf("got  %+v\nwant %+v", got.Containers, want.Containers)
		}
	}
	return fmt.Sprintf("got gaps  %+v\nwant gaps %+v", got.Gaps, want.Gaps)
}

// TestMemoReadsAll: no field of a container or user namespace that a source may bring goes unseen when it changes.
func TestMemoReadsAll(t *testing.T) {
	for i := range reflect.TypeFor[inspect.Container]().NumField() {
		a, b := inspect.Container{}, inspect.Container{}
		fill(t, reflect.ValueOf(&b).Elem().Field(i))
		if sameContainer(&a, &b) || sameContainer(&b, &a) {
			t.Errorf("a container's %s is not looked at", reflect.TypeFor[inspect.Container]().Field(i).Name)
		}
	}
}

// fill sets a field to something else than it was.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch field := v.Addr().Interface().(type) {
	case *bool:
		*field = true
	case *inspect.Opt[string]:
		*field = inspect.Some("")
	case *inspect.Opt[uint32]:
		*field = inspect.Some[uint32](0)
	case *inspect.Opt[uint64]:
		*field = inspect.Some[uint64](0)
	case *inspect.Opt[inspect.Pod]:
		*field = inspect.Some(inspect.Pod{})
	case *inspect.Opt[inspect.Declared]:
		*field = inspect.Some(inspect.Declared{})
	case *inspect.Opt[[]inspect.Share]:
		*field = inspect.Some([]inspect.Share{})
	case *inspect.Usage:
		field.Memory = inspect.Some[uint64](0)
	default:
		if v.Kind() != reflect.String {
			t.Fatalf("a field of %s", v.Type())
		}
		v.SetString("x")
	}
}

// TestMemoAllocates nothing where nothing has changed.
func TestMemoAllocates(t *testing.T) {
	node := crowd(t, t.TempDir(), 200, 5000)
	r := New(Options{Root: fakeProc(t, node()), Timeout: time.Minute})
	r.Join(context.Background(), node())
	s := node()
	given := slices.Clone(s.Containers)
	if n := testing.AllocsPerRun(20, func() {
		copy(s.Containers, given)
		if !r.memo.applies(s) {
			t.Fatal("it does not apply")
		}
		r.memo.apply(s)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if c := &s.Containers[100]; !c.Declared.Known() || !c.Name.Known() {
		t.Errorf("%+v", c)
	}
}

// TestMemoNews: a file that changes is seen although no process has.
func TestMemoNews(t *testing.T) {
	dir := t.TempDir()
	node := crowd(t, dir, 3, 20)
	r := New(Options{Root: fakeProc(t, node()), Timeout: time.Minute})
	s := node()
	r.Join(context.Background(), s)
	path := filepath.Join(dir, "userdata", s.Containers[1].ID, "config.json")
	writeFile(t, path, `{"process":{"user":{"uid":5,"gid":0}},"annotations":{"io.container.manager":"libpod"}}`)
	for until := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		s = node()
		r.Join(context.Background(), s)
		if d, _ := s.Containers[1].Declared.Get(); d.User.Or(inspect.SpecUser{}).UID == 5 {
			return
		}
		if time.Now().After(until) {
			t.Fatal("it is not seen")
		}
	}
}
