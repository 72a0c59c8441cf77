package runtimes

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"capview/inspect"
	"capview/nsinfo"
)

var (
	id2  = strings.Repeat("2b", 32)
	id3  = strings.Repeat("3c", 32)
	host = nsinfo.Set{nsinfo.CgroupNS: 1, nsinfo.IPC: 2, nsinfo.Mount: 3, nsinfo.Net: 4, nsinfo.PID: 5, nsinfo.Time: 6, nsinfo.UserNS: 7, nsinfo.UTS: 8}
)

// scene makes a node of lines "PID PPID COMM CGROUP [uid=N] [user=N] [pid=N] [mnt=N] [net=N] [start=N] [args=A,B]"; ID1, ID2
// and ID3 are ids.
func scene(t *testing.T, lines ...string) *inspect.Snapshot {
	t.Helper()
	s := &inspect.Snapshot{Host: inspect.Host{UserNamespace: host[nsinfo.UserNS], CapLastCap: 40}}
	for _, line := range lines {
		f := strings.Fields(strings.NewReplacer("ID1", id1, "ID2", id2, "ID3", id3).Replace(line))
		p := &inspect.Process{Comm: strings.ReplaceAll(f[2], "_", " "), State: "S", Cgroup: inspect.Some(f[3]), UID: inspect.Some(inspect.IDs{})}
		fmt.Sscan(f[0], &p.PID)
		fmt.Sscan(f[1], &p.PPID)
		ns := host
		types := map[string]nsinfo.Type{"user": nsinfo.UserNS, "pid": nsinfo.PID, "mnt": nsinfo.Mount, "net": nsinfo.Net}
		for _, w := range f[4:] {
			key, value, _ := strings.Cut(w, "=")
			var n uint32
			fmt.Sscan(value, &n)
			switch key {
			case "uid":
				p.UID = inspect.Some(inspect.IDs{Real: n, Effective: n, Saved: n, FS: n})
			case "start":
				p.StartTime = uint64(n)
			case "args":
				p.Cmdline = inspect.Some(strings.Split(strings.ReplaceAll(value, "_", " "), ","))
			default:
				ns[types[key]] = uint64(n)
			}
		}
		p.Namespaces = inspect.Some(ns)
		s.Processes = append(s.Processes, p)
	}
	alice := inspect.Some[uint32](1001)
	s.UserNamespaces = []nsinfo.User{{Inode: host[nsinfo.UserNS], Parent: inspect.Some[uint64](0)},
		{Inode: 900, Parent: inspect.Some(host[nsinfo.UserNS]), OwnerUID: alice}, {Inode: 901, Parent: inspect.Some[uint64](900)}}
	inspect.Contain(s)
	return s
}

// joined joins what answer says of each request, and the states.
func joined(s *inspect.Snapshot, states []state, ask func(request) *answer) *inspect.Snapshot {
	l := newLinks(newScan(s))
	answers := map[request]*answer{}
	for _, q := range l.requests() {
		answers[q] = ask(q)
	}
	l.adopt(states)
	j := &join{links: l, answers: answers}
	j.fill()
	j.place()
	j.share()
	return s
}

// named answers every request with a name made of what it asks for.
func named(q request) *answer {
	a := &answer{facts: facts{id: first(q.id, q.name), name: first(q.name, "name-of-"+q.id[:min(2, len(q.id))])}}
	return a
}

// told is each process as "PID group [role] [> nested] [entered X] [outside]".
func told(s *inspect.Snapshot) (lines []string) {
	short := strings.NewReplacer(id1, "ID1", id2, "ID2", id3, "ID3")
	for _, p := range s.Processes {
		line := fmt.Sprint(p.PID, " ", p.Container)
		if p.Role != inspect.RolePayload {
			line += " " + string(p.Role)
		}
		if p.Nested != "" {
			line += " > " + strings.TrimPrefix(p.Nested, p.Container+"/")
		}
		if p.Entered != "" {
			line += " entered " + p.Entered
		}
		if p.Outside {
			line += " outside"
		}
		lines = append(lines, short.Replace(line))
	}
	return lines
}

// names is each container that has a name, as "KEY NAME [claimed] [uid N] [in X]".
func names(s *inspect.Snapshot) (lines []string) {
	short := strings.NewReplacer(id1, "ID1", id2, "ID2", id3, "ID3")
	for i := range s.Containers {
		c := &s.Containers[i]
		name, ok := c.Name.Get()
		if !ok {
			continue
		}
		line := c.Key + " " + name
		if c.Claimed {
			line += " claimed"
		}
		if uid, ok := c.Owner.Get(); ok {
			line += fmt.Sprint(" uid ", uid)
		}
		if c.NestedIn != "" {
			line += " in " + c.NestedIn
		}
		lines = append(lines, short.Replace(line))
	}
	return lines
}

const conmonOf = "args=conmon,-c,%s,-n,%s,-b,/b/%s/userdata"

func conmonArg(id, name string) string { return fmt.Sprintf(conmonOf, id, name, id) }

func TestJoin(t *testing.T) {
	for _, c := range []struct {
		name   string
		procs  []string
		states []state
		told   []string
		names  []string
	}{
		{"docker: the shim leads to the name",
			[]string{"1 0 init /", "20 1 containerd-shim / args=shim,-namespace,moby,-id,ID1", "21 20 nginx /docker/ID1 pid=50 mnt=51"}, nil,
			[]string{"1 host", "20 docker/ID1 helper", "21 docker/ID1"}, []string{"docker/ID1 name-of-1a"}},
		{"two rootless containers of one user namespace, and what only holds it",
			[]string{"1 0 init /", "20 1 podman_pause / uid=1001 user=900", "21 1 conmon / uid=1001 user=900 mnt=59 " + conmonArg("ID1", "blog"), "22 21 top / uid=1001 user=900 pid=50 mnt=51",
				"23 1 conmon / uid=1001 user=900 mnt=59 " + conmonArg("ID2", "feed"), "24 23 top / uid=1001 user=900 pid=60 mnt=61", "25 24 sh / uid=1001 user=901 pid=60 mnt=61",
				"26 21 podman / uid=1001 user=900 mnt=59"}, nil,
			[]string{"1 host", "20 userns/900 infra", "21 uid/1001/podman/ID1 helper", "22 uid/1001/podman/ID1", "23 uid/1001/podman/ID2 helper", "24 uid/1001/podman/ID2",
				"25 uid/1001/podman/ID2", "26 userns/900"},
			[]string{"uid/1001/podman/ID1 blog claimed uid 1001", "uid/1001/podman/ID2 feed claimed uid 1001"}},
		{"a user's conmon names nothing that is not the user's",
			[]string{"1 0 init /", "20 1 conmon / uid=1001 " + conmonArg("ID1", "kube-system"), "21 20 nginx /docker/ID1 pid=50 mnt=51", "22 20 su / pid=60 mnt=61"}, nil,
			[]string{"1 host", "20 docker/ID1 helper", "21 docker/ID1", "22 pidns/60"}, []string{"docker/ID1 name-of-1a"}},
		{"what runs in a container leads nowhere outside it",
			[]string{"1 0 init /", "20 1 x /docker/ID1 pid=50 mnt=51", "21 20 conmon /docker/ID1 pid=50 mnt=51 " + conmonArg("ID2", "evil"), "22 21 y /docker/ID1 pid=60 mnt=61",
				"23 21 z /docker/ID3 pid=70 mnt=71"}, nil,
			[]string{"1 host", "20 docker/ID1", "21 docker/ID1", "22 docker/ID1", "23 docker/ID3"}, []string{"docker/ID1 name-of-1a", "docker/ID3 name-of-3c"}},
		{"docker in docker: the inner name is a claim",
			[]string{"1 0 init /", "20 1 dockerd /docker/ID1 pid=50 mnt=51", "21 20 containerd-shim /docker/ID1 pid=50 mnt=51 args=shim,-namespace,moby,-id,ID2",
				"22 21 app /docker/ID1/docker/ID2 pid=60 mnt=61"}, nil,
			[]string{"1 host", "20 docker/ID1", "21 docker/ID1", "22 docker/ID1 > docker/ID2"},
			[]string{"docker/ID1 name-of-1a", "docker/ID1/docker/ID2 name-of-2b claimed in docker/ID1"}},
		{"runc by its state: its PID namespace, a command started in it, another process of that PID",
			[]string{"1 0 init /", "20 1 sh /web pid=50 mnt=51 start=7", "21 20 sleep /web pid=50 mnt=51", "22 1 exec / pid=50 mnt=51", "30 1 sh /old pid=60 mnt=61 start=9"},
			[]state{{runtime: "runc", id: "web", pid: 20, start: 7}, {runtime: "runc", id: "old", pid: 30, start: 8}},
			[]string{"1 host", "20 runc/web", "21 runc/web", "22 runc/web", "30 pidns/60"}, []string{"pidns/60 old", "runc/web web"}},
		{"runc in the host's PID namespace: by descent, and by cgroup",
			[]string{"1 0 init /", "20 1 sh /web mnt=51 start=7", "21 20 sleep /web mnt=51", "22 1 forked /web mnt=51", "23 1 other /"},
			[]state{{runtime: "runc", id: "web", pid: 20, start: 7, cgroups: []string{"/sys/fs/cgroup/cpu/web"}}},
			[]string{"1 host", "20 runc/web", "21 runc/web", "22 runc/web", "23 host"}, []string{"runc/web web"}},
		{"a user's state names only the user's processes",
			[]string{"1 0 init /", "20 1 sshd / start=7", "21 1 top / uid=1001 user=900 pid=50 mnt=51 start=8", "22 1 web /docker/ID1 pid=60 mnt=61 start=9"},
			[]state{{runtime: "runc", id: "sshd", pid: 20, start: 7, claimed: true, owner: 1001}, {runtime: "crun", id: "mine", pid: 21, start: 8, claimed: true, owner: 1001},
				{runtime: "runc", id: "evil", pid: 22, start: 9, claimed: true, owner: 1001}},
			[]string{"1 host", "20 host", "21 uid/1001/crun/mine", "22 docker/ID1"}, []string{"docker/ID1 name-of-1a", "uid/1001/crun/mine mine claimed uid 1001"}},
		{"one id in two directories of states",
			[]string{"1 0 init /", "20 1 a /web pid=50 mnt=51 start=7", "21 1 b /web pid=60 mnt=61 start=8"},
			[]state{{runtime: "runc", id: "web", pid: 20, start: 7}, {runtime: "runc", id: "web", pid: 21, start: 8}},
			[]string{"1 host", "20 runc/web", "21 runc/web#21"}, []string{"runc/web web", "runc/web#21 web"}},
		{"LXC and nspawn by their monitors; the monitor knows the name better than the cgroup",
			[]string{"1 0 init /", "20 1 lxc-start /lxc.monitor.box-1 args=[lxc_monitor]_/var/lib/lxc_box", "21 20 init /lxc.payload.box-1 pid=50 mnt=51",
				"30 1 systemd-nspawn / args=systemd-nspawn,-M,lab,-D,/srv", "31 30 init /payload pid=60 mnt=61"}, nil,
			[]string{"1 host", "20 lxc/box-1 helper", "21 lxc/box-1", "30 nspawn/lab helper", "31 nspawn/lab"}, []string{"lxc/box-1 box", "nspawn/lab lab"}},
		{"entered from outside: a PID namespace, a mount namespace, a network; and in the cgroup alone",
			[]string{"1 0 init /", "20 1 web /docker/ID1 pid=50 mnt=51 net=52", "21 1 sh / pid=50 mnt=51 net=52", "22 1 sh / mnt=51", "23 1 tcpdump / net=52", "24 1 stray /docker/ID1",
				"25 1 db /docker/ID2 pid=60 mnt=61 net=52", "26 1 both /docker/ID1 pid=60 mnt=61 net=52"}, nil,
			[]string{"1 host", "20 docker/ID1", "21 docker/ID1 entered docker/ID1", "22 host entered docker/ID1", "23 host entered docker/ID1", "24 docker/ID1 outside",
				"25 docker/ID2", "26 docker/ID1 entered docker/ID2"},
			[]string{"docker/ID1 name-of-1a", "docker/ID2 name-of-2b"}},
	} {
		s := joined(scene(t, c.procs...), c.states, named)
		if got := told(s); !slices.Equal(got, c.told) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.told)
		}
		if got := names(s); !slices.Equal(got, c.names) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.names)
		}
		consistent(t, c.name, s)
	}
}

// consistent holds that every reference leads to a container, and that containers are in order.
func consistent(t *testing.T, name string, s *inspect.Snapshot) {
	t.Helper()
	keys := map[string]bool{"": true}
	for i := range s.Containers {
		if keys[s.Containers[i].Key] || i > 0 && s.Containers[i-1].Key > s.Containers[i].Key {
			t.Errorf("%s: %q is twice or out of order", name, s.Containers[i].Key)
		}
		keys[s.Containers[i].Key] = true
	}
	for _, p := range s.Processes {
		if !keys[p.Container] || !keys[p.Nested] || !keys[p.Entered] {
			t.Errorf("%s: process %d refers to %q, %q, %q", name, p.PID, p.Container, p.Nested, p.Entered)
		}
	}
	for i := range s.Containers {
		if !keys[s.Containers[i].NestedIn] {
			t.Errorf("%s: %q is in %q", name, s.Containers[i].Key, s.Containers[i].NestedIn)
		}
		for _, sh := range s.Containers[i].Shares.Or(nil) {
			if sh.With != "host" && !keys[sh.With] {
				t.Errorf("%s: %q shares with %q", name, s.Containers[i].Key, sh.With)
			}
		}
	}
}

func TestShares(t *testing.T) {
	s := joined(scene(t, "1 0 init /", "20 1 pause /docker/ID1 pid=50 mnt=51 net=52 user=900", "21 1 app /docker/ID2 pid=60 mnt=61 net=52 user=900", "22 1 top /docker/ID3 mnt=71"), nil, named)
	for key, want := range map[string]string{
		"docker/" + id1: "cgroup host, ipc host, net docker/ID2, user docker/ID2, uts host", "docker/" + id2: "cgroup host, ipc host, net docker/ID1, user docker/ID1, uts host",
		"docker/" + id3: "cgroup host, ipc host, net host, pid host, user host, uts host",
	} {
		i := slices.IndexFunc(s.Containers, func(c inspect.Container) bool { return c.Key == key })
		var got []string
		for _, sh := range s.Containers[i].Shares.Or(nil) {
			got = append(got, sh.Type+" "+strings.NewReplacer(id1, "ID1", id2, "ID2").Replace(sh.With))
		}
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("%s: %s, want %s", key, text, want)
		}
	}
}

// What has not arrived is a gap, and takes no one's place.
func TestWaiting(t *testing.T) {
	s := joined(scene(t, "1 0 init /", "20 1 containerd-shim / args=shim,-namespace,moby,-id,ID1", "21 20 nginx /docker/ID1 pid=50 mnt=51",
		"30 1 conmon / "+conmonArg("ID2", "db"), "31 30 top /libpod_parent/libpod-ID2 pid=60 mnt=61"), nil, func(request) *answer { return nil })
	if len(names(s)) != 0 || len(s.Gaps) != 2 || !strings.Contains(s.Gaps[0].Why, "has not answered") {
		t.Errorf("%q %+v", names(s), s.Gaps)
	}
	consistent(t, "waiting", s)
}
