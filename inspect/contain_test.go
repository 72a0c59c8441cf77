package inspect

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"capview/nsinfo"
)

const (
	cid1, cid2 = "3d54c2b1f0a97e6d5c4b3a291807f6e5d4c3b2a1908f7e6d5c4b3a2918070605", "aa11bb22cc33dd44ee55ff66aa77bb88cc99dd00ee11ff22aa33bb44cc55dd66"
	cid3       = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	podUID     = "0f4e8f10-7ab5-4a36-9d0c-2f6f2f1c5f11"
	hostUser   = 4026531837
	hostPID    = 4026531836
	manager    = "/user.slice/user-1000.slice/user@1000.service"
)

// proc is a process in short: "pid ppid comm cgroup [user=inode|?] [pid=inode] [state=Z]"; a cgroup of "?" could not be read.
func proc(t testing.TB, line string) *Process {
	p := new(Process)
	var path string
	f := strings.Fields(line)
	if _, err := fmt.Sscan(strings.Join(f[:4], " "), &p.PID, &p.PPID, &p.Comm, &path); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	p.State = "S"
	if path != "?" {
		p.Cgroup = Some(path)
	}
	user, pid := uint64(hostUser), uint64(hostPID)
	for _, w := range f[4:] {
		k, v, _ := strings.Cut(w, "=")
		switch k {
		case "user":
			user = 0
			fmt.Sscan(v, &user)
		case "pid":
			fmt.Sscan(v, &pid)
		case "state":
			p.State = v
		case "kernel":
			p.KernelThread = true
		case "args":
			p.Cmdline = Some(strings.Split(v, ","))
		}
	}
	if user != 0 {
		p.Namespaces = Some(nsinfo.Set{nsinfo.UserNS: user, nsinfo.PID: pid})
	}
	return p
}

func node(t testing.TB, lines ...string) *Snapshot {
	s := &Snapshot{Host: Host{UserNamespace: hostUser}}
	for _, l := range lines {
		s.Processes = append(s.Processes, proc(t, l))
	}
	return s
}

// placed is each process as "pid group role", and the groups as "key kind (in NESTED) claimed".
func placed(s *Snapshot) []string {
	var out []string
	for _, p := range s.Processes {
		line := fmt.Sprint(p.PID, " ", p.Container)
		if p.Nested != "" {
			line += " > " + strings.TrimPrefix(p.Nested, p.Container+"/")
		}
		if p.Role != RolePayload {
			line += " " + string(p.Role)
		}
		out = append(out, strings.NewReplacer(cid1, "ID1", cid2, "ID2", cid3, "ID3").Replace(line))
	}
	return out
}

func TestContain(t *testing.T) {
	for _, c := range []struct {
		name   string
		procs  []string
		want   []string
		groups map[string]Kind // some of them
	}{
		{"an ordinary systemd node",
			[]string{"1 0 systemd /init.scope", "2 0 kthreadd / kernel", "50 1 sshd /system.slice/ssh.service", "60 1 systemd " + manager + "/init.scope",
				"70 50 bash /user.slice/user-1000.slice/session-3.scope", "80 60 dbus-daemon " + manager + "/app.slice/dbus.service", "90 1 stray /"},
			[]string{"1 unit/init.scope", "2 kernel", "50 unit/ssh.service", "60 unit/user@1000.service/init.scope", "70 session/3",
				"80 unit/user@1000.service/dbus.service", "90 host"},
			map[string]Kind{"kernel": KindKernel, "host": KindHost, "session/3": KindSession, "unit/ssh.service": KindUnit}},
		{"docker with its shim",
			[]string{"1 0 systemd /init.scope", "40 1 dockerd /system.slice/docker.service", "41 40 docker-proxy /system.slice/docker.service",
				"42 1 containerd-shim /system.slice/containerd.service", "43 42 nginx /docker/" + cid1 + " pid=77", "44 43 nginx /docker/" + cid1 + " pid=77",
				"45 1 containerd-shim /system.slice/containerd.service"},
			[]string{"1 unit/init.scope", "40 unit/docker.service", "41 unit/docker.service helper", "42 docker/ID1 helper", "43 docker/ID1", "44 docker/ID1",
				"45 unit/containerd.service"},
			map[string]Kind{"docker/" + cid1: KindContainer}},
		{"a pod: the shim goes with the sandbox, pause is infra",
			[]string{"1 0 systemd /init.scope", "20 1 containerd-shim /system.slice/containerd.service args=shim,-namespace,k8s.io,-id," + cid2,
				"21 20 web /kubepods/besteffort/pod" + podUID + "/" + cid1, "22 20 pause /kubepods/besteffort/pod" + podUID + "/" + cid2,
				"23 20 pause /kubepods/besteffort/pod" + podUID + "/" + cid3},
			[]string{"1 unit/init.scope", "20 containerd/ID2 helper", "21 containerd/ID1", "22 containerd/ID2 infra", "23 containerd/ID3"},
			map[string]Kind{"containerd/" + cid1: KindContainer, "containerd/" + cid2: KindSandbox, "containerd/" + cid3: KindContainer}},
		{"a pod's shim names the sandbox, whatever runs there",
			[]string{"1 0 systemd /init.scope", "20 1 containerd-shim / args=shim-runc-v2,-id," + cid2,
				"21 20 sleep /kubepods/pod" + podUID + "/" + cid1, "22 20 sleep /kubepods/pod" + podUID + "/" + cid2,
				"30 1 containerd-shim / args=shim-runc-v1,-id," + cid3, "31 30 sleep /kubepods/pod" + podUID + "/" + cid3},
			[]string{"1 unit/init.scope", "20 containerd/ID2 helper", "21 containerd/ID1", "22 containerd/ID2 infra", "30 containerd/ID3 helper", "31 containerd/ID3"},
			map[string]Kind{"containerd/" + cid1: KindContainer, "containerd/" + cid2: KindSandbox, "containerd/" + cid3: KindContainer}},
		{"bubblewrap waits outside",
			[]string{"1 0 init /", "30 1 bwrap /", "31 30 bwrap / user=900 pid=77", "32 31 sh / user=900 pid=77"},
			[]string{"1 host", "30 userns/900 helper", "31 userns/900", "32 userns/900"}, nil},
		{"CRI-O and podman name conmon's cgroup; the container's own tells more",
			[]string{"1 0 systemd /init.scope", "30 1 conmon /machine.slice/libpod-conmon-" + cid1 + ".scope", "31 30 top /machine.slice/libpod-" + cid1 + ".scope/container"},
			[]string{"1 unit/init.scope", "30 podman/ID1 helper", "31 podman/ID1"}, nil},
		{"podman without systemd: conmon by its child",
			[]string{"1 0 init /", "30 1 conmon /libpod_parent/conmon", "31 30 top /libpod_parent/libpod-" + cid1, "32 1 conmon /libpod_parent/conmon"},
			[]string{"1 host", "30 podman/ID1 helper", "31 podman/ID1", "32 host"}, nil},
		{"podman --cgroups=split",
			[]string{"1 0 systemd /init.scope", "30 1 conmon /system.slice/web.service/runtime", "31 30 nginx /system.slice/web.service/libpod-payload-" + cid1,
				"33 1 pasta /system.slice/web.service/runtime"},
			[]string{"1 unit/init.scope", "30 web.service/podman/ID1 helper", "31 web.service/podman/ID1", "33 web.service/podman/ID1 helper"}, nil},
		{"rootless podman on v1: only its user namespace tells",
			[]string{"1 0 init /", "30 1 conmon / user=900", "31 30 top / user=900 pid=77", "32 1 catatonit / user=900", "33 31 conmon / user=900 pid=77"},
			[]string{"1 host", "30 userns/900 helper", "31 userns/900", "32 userns/900 infra", "33 userns/900"},
			map[string]Kind{"userns/900": KindUserNS}},
		{"a session says nothing of a container, a service does",
			[]string{"1 0 systemd /init.scope", "30 1 top /user.slice/user-1000.slice/session-3.scope user=900",
				"31 1 chrome " + manager + "/app.slice/app-chrome-7.scope user=901", "32 1 named /system.slice/named.service user=902",
				"33 1 bwrap " + manager + " user=903"},
			[]string{"1 unit/init.scope", "30 userns/900", "31 userns/901", "32 unit/named.service", "33 userns/903 helper"}, nil},
		{"plain runc and what it runs in namespaces of its own",
			[]string{"1 0 init /", "30 1 sh /web pid=77", "31 30 sleep /web pid=77", "32 31 unshare /web pid=78", "33 31 bwrap /web user=905 pid=79", "40 1 sh /web pid=88"},
			[]string{"1 host", "30 pidns/77", "31 pidns/77", "32 pidns/77", "33 pidns/77", "40 pidns/88"},
			map[string]Kind{"pidns/77": KindContainer}},
		{"an engine in a PID namespace of its own, and a rootless one",
			[]string{"1 0 init /", "30 1 sh / pid=77", "31 30 containerd-shim / pid=77", "32 31 sh /docker/" + cid1 + " pid=78",
				"40 1 conmon / user=900", "41 40 sh " + manager + "/user.slice/libpod-" + cid2 + ".scope user=900"},
			[]string{"1 host", "30 pidns/77", "31 docker/ID1 helper", "32 docker/ID1", "40 user@1000.service/podman/ID2 helper", "41 user@1000.service/podman/ID2"}, nil},
		{"PID 1 may not be read: kthreadd tells the host's namespaces",
			[]string{"1 0 init / user=?", "2 0 kthreadd / kernel", "30 1 sh /web pid=77", "31 1 sh / user=?"},
			[]string{"1 host", "2 kernel", "30 pidns/77", "31 "}, nil},
		{"nested: the outermost is the identity, the inner a claim",
			[]string{"1 0 init /", "30 1 systemd /docker/" + cid1 + "/init.scope", "31 30 pause /docker/" + cid1 + "/kubelet.slice/kubelet-kubepods-pod" + strings.ReplaceAll(podUID, "-", "_") + ".slice/cri-containerd-" + cid2 + ".scope",
				"32 30 sh /docker/" + cid1 + "/docker/" + cid2 + "/docker/" + cid3},
			[]string{"1 host", "30 docker/ID1", "31 docker/ID1 > containerd/ID2", "32 docker/ID1 > docker/ID2/docker/ID3"},
			map[string]Kind{"docker/" + cid1: KindContainer, "docker/" + cid1 + "/docker/" + cid2 + "/docker/" + cid3: KindContainer}},
		{"a user cannot join another's container by naming a cgroup after it",
			[]string{"1 0 systemd /init.scope", "30 1 nginx /docker/" + cid1, "31 1 evil " + manager + "/evil.service/docker/" + cid1},
			[]string{"1 unit/init.scope", "30 docker/ID1", "31 user@1000.service/docker/ID1"}, nil},
		{"a helper's name alone is nothing",
			[]string{"1 0 init /", "30 1 conmon /", "31 30 sh /", "32 1 containerd-shim /docker/" + cid1, "33 32 sh /docker/" + cid2, "34 1 docker-proxy /"},
			[]string{"1 host", "30 host", "31 host", "32 docker/ID1", "33 docker/ID2", "34 host"}, nil},
		{"what could not be read is not the host's",
			[]string{"1 0 init /", "30 1 x / user=?", "31 1 x ? user=?", "32 1 x ?", "33 1 x ? user=900", "34 1 x /docker/" + cid1 + " user=?", "35 1 x /system.slice/a.service user=?"},
			[]string{"1 host", "30 ", "31 ", "32 ", "33 userns/900", "34 docker/ID1", "35 unit/a.service"}, nil},
		{"the dead go with their parents",
			[]string{"1 0 init /", "30 1 sh /docker/" + cid1, "31 30 x / state=Z user=?", "32 31 x / state=Z", "33 1 x / state=Z user=?"},
			[]string{"1 host", "30 docker/ID1", "31 docker/ID1", "32 docker/ID1", "33 host"}, nil},
		{"capview itself in a container that sees the host's processes",
			[]string{"1 0 systemd /../../init.scope", "2 0 kthreadd /../.. kernel", "30 1 capview /", "31 30 sh /docker/" + cid2, "32 1 nginx /../" + cid1, "33 1 stray /../.."},
			[]string{"1 unit/init.scope", "2 kernel", "30 own", "31 own > docker/ID2", "32 containerd/ID1", "33 host"},
			map[string]Kind{"own": KindContainer}},
		{"a virtual machine is a unit",
			[]string{"1 0 systemd /init.scope", `30 1 qemu /machine.slice/machine-qemu\x2d1\x2dwin.scope/emulator user=900`},
			[]string{"1 unit/init.scope", `30 unit/machine-qemu\x2d1\x2dwin.scope`}, nil},
		{"PIDs have wrapped: the parent's is higher",
			[]string{"1 0 init /", "30 90 sh /web pid=77", "90 1 sh /web pid=77"}, []string{"1 host", "30 pidns/77", "90 pidns/77"}, nil},
		{"parents in a circle", []string{"5 6 a / pid=9", "6 5 b / pid=9 state=Z", "7 7 c / user=900"}, []string{"5 host", "6 host", "7 userns/900"}, nil},
	} {
		s := node(t, c.procs...)
		for range 2 { // again: a refresh must find the same
			Contain(s)
			if got := placed(s); !slices.Equal(got, c.want) {
				t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
			}
		}
		checkContainers(t, c.name, s, c.groups)
	}
}

func checkContainers(t *testing.T, name string, s *Snapshot, groups map[string]Kind) {
	if !slices.IsSortedFunc(s.Containers, func(a, b Container) int { return strings.Compare(a.Key, b.Key) }) {
		t.Errorf("%s: containers are not in order of keys", name)
	}
	ix := NewIndex(s)
	for i := range s.Processes {
		if key := s.Processes[i].Container; key != "" && ix.Container(key) == nil {
			t.Errorf("%s: no container %s", name, key)
		}
	}
	for key, kind := range groups {
		if c := ix.Container(key); c == nil || c.Kind != kind {
			t.Errorf("%s: %s is %+v, want kind %s", name, key, c, kind)
		}
	}
	for _, c := range s.Containers {
		uid, owned := c.Owner.Get()
		if users := strings.HasPrefix(c.Key, "user@1000.service/"); owned != users || users && uid != 1000 ||
			c.Claimed != (users || c.NestedIn != "" && c.Kind == KindContainer) {
			t.Errorf("%s: %s: claimed %t, owner %v, nested in %q", name, c.Key, c.Claimed, c.Owner, c.NestedIn)
		}
	}
}

// TestContainFacts: what a group tells beside its key.
func TestContainFacts(t *testing.T) {
	s := node(t, "1 0 systemd /init.scope",
		"30 1 conmon /machine.slice/libpod-conmon-"+cid1+".scope", "31 30 top /machine.slice/machine-libpod_pod_"+cid2+".slice/libpod-"+cid1+".scope/container user=950",
		"40 1 x /lxc.payload.c1/x user=960", "50 1 x /user.slice/user-1000.slice/session-3.scope user=970", "51 1 x / user=971")
	s.UserNamespaces = []nsinfo.User{{Inode: 971, Parent: Some[uint64](970)}, {Inode: 970, Parent: Some[uint64](hostUser)}}
	Contain(s)
	ix := NewIndex(s)
	scope := "libpod-" + cid1 + ".scope"
	podman := ix.Container("podman/" + cid1)
	if podman.Unit != scope || podman.Cgroup != "/machine.slice/machine-libpod_pod_"+cid2+".slice/"+scope || podman.ID != cid1 ||
		podman.Runtime != "podman" || podman.Pod.Or(Pod{}).UID != cid2 || podman.UserNamespace.Or(0) != 950 {
		t.Errorf("podman: %+v", podman)
	}
	if c := ix.Container("lxc/c1"); c.Name.Or("") != "c1" || c.UserNamespace.Or(0) != 960 || c.Cgroup != "/lxc.payload.c1" {
		t.Errorf("lxc: %+v", c)
	}
	if c := ix.Container("userns/970"); c.Unit != "session-3.scope" || c.UserNamespace.Or(0) != 970 || c.NestedIn != "" {
		t.Errorf("userns: %+v", c)
	}
	if c := ix.Container("userns/971"); c.NestedIn != "userns/970" {
		t.Errorf("inner userns: %+v", c)
	}
}

// TestContainNames: a cgroup that is a namespace's alone gives its name.
func TestContainNames(t *testing.T) {
	s := node(t, "1 0 init /", "30 1 sh /a/web pid=77", "31 30 sh /a/web pid=77", "40 1 sh /a pid=78", "41 1 sh /a",
		"50 1 nspawn /x", "51 50 sh /payload pid=79", "60 1 sh /mapped user=900", "70 1 sh /user.slice/user-1.slice/session-1.scope user=901", "80 1 sh / user=902")
	Contain(s)
	ix := NewIndex(s)
	for key, want := range map[string]string{
		"pidns/77": "web", "pidns/78": "pidns 78", "pidns/79": "pidns 79", "userns/900": "mapped, userns 900",
		"userns/901": "userns 901", "userns/902": "userns 902",
	} {
		if c := ix.Container(key); c == nil || ix.Label(c) != want {
			t.Errorf("%s: %+v, want label %q", key, c, want)
		}
	}
}

func FuzzContain(f *testing.F) {
	f.Add("/docker/"+cid1+"/docker/"+cid2, "/", 2, 1, uint64(hostUser), uint64(77))
	f.Add("/../x", manager+"/a.scope", 3, 3, uint64(0), uint64(hostPID))
	f.Fuzz(func(t *testing.T, a, b string, up, down int, user, pid uint64) {
		s := node(t, "1 0 systemd /init.scope", "2 1 conmon /", "3 1 pause / state=Z")
		s.Processes[1].Cgroup, s.Processes[2].Cgroup = Some(a), Some(b)
		s.Processes[1].PPID, s.Processes[2].PPID = up, down
		s.Processes[1].Namespaces = Some(nsinfo.Set{nsinfo.UserNS: user, nsinfo.PID: pid})
		Contain(s)
		first := placed(s)
		Contain(s)
		if again := placed(s); !slices.Equal(first, again) {
			t.Errorf("%q, then %q", first, again)
		}
		ix := NewIndex(s)
		for _, by := range []GroupBy{ByContainer, ByUserNS, ByUser, ByUnit, ByNone} {
			n := 0
			for _, g := range GroupProcesses(ix, pointers(s), by) {
				n += len(g.Processes)
			}
			if n != len(s.Processes) {
				t.Errorf("by %s: %d of %d processes are in a group", by, n, len(s.Processes))
			}
		}
	})
}

func pointers(s *Snapshot) []*Process {
	ps := make([]*Process, len(s.Processes))
	for i := range ps {
		ps[i] = s.Processes[i]
	}
	return ps
}

// crowd is n processes in containers of 10, a tenth of them units and sessions.
func crowd(t testing.TB, n int) *Snapshot {
	lines := []string{"1 0 systemd /init.scope"}
	for pid := 2; pid <= n; pid++ {
		switch k := pid / 10; {
		case k%10 == 0:
			lines = append(lines, fmt.Sprintf("%d 1 daemon /system.slice/daemon-%d.service", pid, k))
		case k%10 == 1:
			lines = append(lines, fmt.Sprintf("%d 1 top / user=%d", pid, 5000+k))
		default:
			lines = append(lines, fmt.Sprintf("%d 1 app /system.slice/docker-%064x.scope", pid, k))
		}
	}
	return node(t, lines...)
}

func BenchmarkContain(b *testing.B) {
	s := crowd(b, 5000)
	b.ReportAllocs()
	for b.Loop() {
		Contain(s)
	}
	b.ReportMetric(float64(len(s.Containers)), "groups")
}

func BenchmarkGroupProcesses(b *testing.B) {
	s := crowd(b, 5000)
	Contain(s)
	ix := NewIndex(s)
	ps := pointers(s)
	for _, by := range []GroupBy{ByContainer, ByUserNS, ByUser, ByUnit, ByNone} {
		b.Run(string(by), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				GroupProcesses(ix, ps, by)
			}
		})
	}
}
