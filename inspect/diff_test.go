package inspect

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"capview/inspect/caps"
	"capview/inspect/filecap"
	"capview/inspect/internal/arbitrary"
	"capview/nsinfo"
)

// oneProcess is an index of one process of which everything is known, changed by edit.
func oneProcess(edit func(p *Process)) *Index {
	p := &Process{
		PID: 7, StartTime: 70, Comm: "sh", Exe: Some("/bin/sh"), Container: "docker:a",
		UID: Some(IDs{1, 1, 1, 1}), GID: Some(IDs{2, 2, 2, 2}), Groups: Some([]uint32{3, 4}),
		Creds: Creds{Caps: Some(caps.Sets{Effective: caps.Of(caps.Chown, caps.Kill), Permitted: caps.Full(caps.Last)}), NoNewPrivs: Some(false),
			Seccomp: Some(Seccomp{Mode: SeccompFilter, Filters: Some(1), Profile: Some("docker")})},
		Namespaces: Some(nsinfo.Set{nsinfo.UserNS: 100, nsinfo.Net: 200}), FileCaps: Some(filecap.Caps{}),
		Threads: []Thread{{TID: 8, Comm: "t", UID: Some(IDs{1, 1, 1, 1}), GID: Some(IDs{2, 2, 2, 2}), Creds: Creds{NoNewPrivs: Some(true)}}},
	}
	if edit != nil {
		edit(p)
	}
	return NewIndex(&Snapshot{
		Host: Host{BootID: "boot", CapLastCap: caps.Last, UserNamespace: 100}, Processes: []*Process{p},
		Containers: []Container{{Key: "docker:a", Kind: KindContainer, Name: Some("web")}, {Key: "unit:x", Kind: KindUnit, Unit: "x.service"}},
	})
}

func TestDiffFacts(t *testing.T) {
	setCaps := func(p *Process, edit func(*caps.Sets)) {
		s, _ := p.Caps.Get()
		edit(&s)
		p.Caps = Some(s)
	}
	for _, c := range []struct {
		name string
		edit func(p *Process)
		want []FactChange
	}{
		{"comm", func(p *Process) { p.Comm = "ash" }, []FactChange{{"comm", "sh", "ash", "", ""}}},
		{"exe", func(p *Process) { p.Exe = Some("/bin/sh (deleted)") }, []FactChange{{"exe", "/bin/sh", "/bin/sh (deleted)", "", ""}}},
		{"exe unknown", func(p *Process) { p.Exe = Opt[string]{} }, []FactChange{{"exe", "/bin/sh", "unknown", "", ""}}},
		{"uid", func(p *Process) { p.UID = Some(IDs{1, 0, 0, 0}) }, []FactChange{{"uid", "1", "real 1, effective 0, saved 0, fs 0", "", ""}}},
		{"gid", func(p *Process) { p.GID = Some(IDs{0, 0, 0, 0}) }, []FactChange{{"gid", "2", "0", "", ""}}},
		{"groups", func(p *Process) { p.Groups = Some([]uint32{4, 5}) }, []FactChange{{"groups", "3,4", "4,5", "5", "3"}}},
		{"groups none", func(p *Process) { p.Groups = Some([]uint32{}) }, []FactChange{{"groups", "3,4", "none", "", "3,4"}}},
		{"groups unknown", func(p *Process) { p.Groups = Opt[[]uint32]{} }, []FactChange{{"groups", "3,4", "unknown", "", ""}}},
		{"effective", func(p *Process) { setCaps(p, func(s *caps.Sets) { s.Effective = caps.Of(caps.Chown, caps.BPF) }) },
			[]FactChange{{"caps.effective", "chown,kill", "chown,bpf", "bpf", "kill"}}},
		{"permitted and ambient", func(p *Process) {
			setCaps(p, func(s *caps.Sets) { s.Permitted &^= caps.Of(caps.SysTime); s.Ambient = caps.Of(caps.Kill) })
		}, []FactChange{{"caps.permitted", "all", "all −sys_time", "", "sys_time"}, {"caps.ambient", "none", "kill", "kill", ""}}},
		{"nnp", func(p *Process) { p.NoNewPrivs = Some(true) }, []FactChange{{"no_new_privs", "no", "yes", "", ""}}},
		{"seccomp off", func(p *Process) { p.Seccomp = Some(Seccomp{Mode: SeccompDisabled, Filters: Some(0)}) },
			[]FactChange{{"seccomp.mode", "filter", "disabled", "", ""}, {"seccomp.filters", "1", "0", "", ""}, {"seccomp.profile", "docker", "unknown", "", ""}}},
		{"seccomp unknown", func(p *Process) { p.Seccomp = Opt[Seccomp]{} }, []FactChange{{"seccomp", "filter", "unknown", "", ""}}},
		{"namespaces", func(p *Process) { p.Namespaces = Some(nsinfo.Set{nsinfo.UserNS: 101}) },
			[]FactChange{{"namespaces.net", "200", "unknown", "", ""}, {"namespaces.user", "100", "101", "", ""}}},
		{"file caps", func(p *Process) {
			p.FileCaps = Some(filecap.Caps{Revision: 3, Text: "cap_chown=ep", RootID: 5, Permitted: caps.Of(caps.Chown)})
		},
			[]FactChange{{"file_caps", "none", "cap_chown=ep [rootid=5]", "chown", ""}}},
		{"container", func(p *Process) { p.Container = "unit:x" }, []FactChange{{"container", "web", "x.service", "", ""}}},
		{"thread", func(p *Process) {
			p.Threads = []Thread{p.Threads[0]}
			p.Threads[0].NoNewPrivs = Some(false)
		}, []FactChange{{"threads[8].no_new_privs", "yes", "no", "", ""}}},
		{"thread no more", func(p *Process) { p.Threads = nil },
			[]FactChange{{"threads[8]", "caps.inheritable unknown, caps.permitted unknown, caps.effective unknown, caps.bounding unknown, caps.ambient unknown, no_new_privs yes, seccomp unknown", noneUnlike, "", ""}}},
		{"thread as its leader", func(p *Process) {
			p.Threads = append(slices.Clone(p.Threads), Thread{TID: 9, UID: p.UID, GID: p.GID, Creds: p.Creds})
		}, nil},
		{"nothing that counts", func(p *Process) { p.State, p.PPID, p.Cmdline, p.ThreadCount = "R", 5, Some([]string{"x"}), 9 }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, after := oneProcess(nil), oneProcess(c.edit)
			var got []FactChange
			if d := Diff(before, after); len(d.Changed) > 0 {
				got = d.Changed[0].Facts
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%+v\nwant\n%+v", got, c.want)
			}
			if Changed(before.Process(7), after.Process(7)) != (c.want != nil) {
				t.Error("Changed does not say so")
			}
			for _, f := range Diff(after, before).Changed {
				for _, f := range f.Facts {
					if (f.Before == unknownFact || f.After == unknownFact) && f.Gained+f.Lost != "" {
						t.Errorf("%+v: nothing is gained from the unknown", f)
					}
				}
			}
		})
	}
}

func TestFactChangeKey(t *testing.T) {
	for fact, want := range map[string]string{"comm": "comm", "seccomp.mode": "seccomp", "threads[8].caps.effective": "threads", "threads[8]": "threads"} {
		if got := (FactChange{Fact: fact}).Key(); got != want {
			t.Errorf("%s: %s", fact, got)
		}
	}
}

// Unknown on both sides is no change; known none is not unknown.
func TestDiffUnknownSets(t *testing.T) {
	unknown := func(p *Process) { p.Creds = Creds{} }
	if d := Diff(oneProcess(unknown), oneProcess(unknown)); !d.Empty() {
		t.Errorf("%+v", d)
	}
	d := Diff(oneProcess(func(p *Process) { p.Caps = Opt[caps.Sets]{} }), oneProcess(func(p *Process) { p.Caps = Some(caps.Sets{}) }))
	if len(d.Changed) != 1 || len(d.Changed[0].Facts) != 5 {
		t.Fatalf("%+v", d)
	}
	if f := d.Changed[0].Facts[2]; f != (FactChange{"caps.effective", "unknown", "none", "", ""}) {
		t.Errorf("%+v", f)
	}
}

func TestDiffAppearedAndLeft(t *testing.T) {
	node := func(cs []Container, ps ...*Process) *Index {
		return NewIndex(&Snapshot{Host: Host{BootID: "b"}, Processes: ps, Containers: cs})
	}
	before := node([]Container{{Key: "a"}, {Key: "b"}}, &Process{PID: 1}, &Process{PID: 2, StartTime: 5}, &Process{PID: 3})
	after := node([]Container{{Key: "b"}, {Key: "c"}}, &Process{PID: 1}, &Process{PID: 2, StartTime: 9}, &Process{PID: 4})
	d := Diff(before, after)
	if got := pids(d.Appeared); got != "2 4" {
		t.Errorf("appeared %s", got)
	}
	if got := pids(d.Left); got != "2 3" {
		t.Errorf("left %s", got)
	}
	if len(d.ContainersAppeared) != 1 || d.ContainersAppeared[0].Key != "c" || len(d.ContainersLeft) != 1 || d.ContainersLeft[0].Key != "a" {
		t.Errorf("containers %v %v", d.ContainersAppeared, d.ContainersLeft)
	}
	if !d.SameBoot || d.Empty() {
		t.Error("is of one boot, and not empty")
	}
}

func pids(ps []*Process) string {
	var words []string
	for _, p := range ps {
		words = append(words, strconv.Itoa(p.PID))
	}
	return strings.Join(words, " ")
}

// After a reboot PIDs and inodes are others; what is called the same is compared.
func TestDiffAcrossBoots(t *testing.T) {
	node := func(boot, id string, base int, userns uint64, ps ...Process) *Index {
		s := &Snapshot{Host: Host{BootID: boot, UserNamespace: userns}, Containers: []Container{
			{Key: "containerd:" + id, Kind: KindContainer, Runtime: "containerd", ID: id, Name: Some("coredns"), Pod: Some(Pod{Name: "dns", Namespace: "kube-system"})},
			{Key: "userns:" + id, Kind: KindUserNS},
			{Key: "unit:" + boot, Kind: KindUnit, Unit: boot + ".service"}}}
		for i, p := range ps {
			p.PID, p.Namespaces, p.Container = base+i, Some(nsinfo.Set{nsinfo.UserNS: userns}), "containerd:"+id
			s.Processes = append(s.Processes, &p)
		}
		return NewIndex(s)
	}
	worker := Process{Comm: "worker", Exe: Some("/w")}
	strong := worker
	strong.Caps = Some(caps.Sets{Effective: caps.Of(caps.BPF)})
	weak := worker
	weak.Caps = Some(caps.Sets{})
	before := node("one", "aaa", 10, 1, worker, weak, Process{Comm: "old"})
	after := node("two", "bbb", 50, 2, worker, strong, worker)
	d := Diff(before, after)
	if d.SameBoot || len(d.Appeared) != 1 || d.Appeared[0].PID != 52 || len(d.Left) != 1 || d.Left[0].Comm != "old" {
		t.Fatalf("%+v", d)
	}
	if len(d.Changed) != 1 || len(d.Changed[0].Facts) != 1 || d.Changed[0].Facts[0] != (FactChange{"caps.effective", "none", "bpf", "bpf", ""}) {
		t.Errorf("%+v", d.Changed)
	}
	if len(d.ContainersAppeared) != 1 || d.ContainersAppeared[0].Unit != "two.service" || len(d.ContainersLeft) != 1 || d.ContainersLeft[0].Unit != "one.service" {
		t.Errorf("%v %v", d.ContainersAppeared, d.ContainersLeft)
	}
	moved := NewIndex(after.Snapshot)
	moved.Host.UserNamespace = 99
	if facts := Diff(before, moved).Changed[0].Facts; facts[0] != (FactChange{"namespaces.user", "host", "other", "", ""}) {
		t.Errorf("%+v", facts)
	}
}

// Whatever differs in a field that is compared is reported, and a copy is never different.
func TestDiffFindsEveryField(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	none := map[string]bool{"PID": true, "StartTime": true, "PPID": true, "KernelThread": true, "State": true, "Cmdline": true, "ExeFile": true, "User": true,
		"Cgroup": true, "Nested": true, "Role": true, "Entered": true, "Outside": true, "ThreadCount": true, "Status": true, "Gaps": true}
	for range 300 {
		var a, other Process
		arbitrary.Fill(r, &a)
		arbitrary.Fill(r, &other)
		for i := range reflect.TypeFor[Process]().NumField() {
			name := reflect.TypeFor[Process]().Field(i).Name
			b := a
			reflect.ValueOf(&b).Elem().Field(i).Set(reflect.ValueOf(&other).Elem().Field(i))
			differs := !none[name] && !reflect.DeepEqual(a, b)
			switch name {
			case "Comm": // see TestKernelThreadsName
				differs = differs && !a.KernelThread
			case "Threads", "Groups": // nil or empty, in another order or twice: see the table
				differs = differs && Changed(&a, &b)
			}
			if Changed(&a, &b) != differs {
				t.Fatalf("%s: Changed is %v for\n%+v\n%+v", name, !differs, a, b)
			}
		}
	}
}

func TestDiffOfSameDoesNotAllocate(t *testing.T) {
	a, b := bigIndex(500), bigIndex(500)
	if n := testing.AllocsPerRun(20, func() {
		if d := Diff(a, b); !d.Empty() {
			t.Fatalf("%+v", d)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDiffUnchanged(b *testing.B) {
	before, after := bigIndex(5000), bigIndex(5000)
	for b.Loop() {
		Diff(before, after)
	}
}

// What a kworker works at is no change of the node.
func TestKernelThreadsName(t *testing.T) {
	a := Process{PID: 9, KernelThread: true, Comm: "kworker/0:1-events"}
	b := a
	b.Comm = "kworker/0:1-mm_percpu_wq"
	if Changed(&a, &b) {
		t.Error("a kernel thread's comm counts as a change")
	}
	a.KernelThread, b.KernelThread = false, false
	if !Changed(&a, &b) {
		t.Error("a process's comm does not count as a change")
	}
}
