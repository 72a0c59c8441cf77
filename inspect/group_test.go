package inspect

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"capview/nsinfo"
)

// mixed is a node with one of each.
func mixed(t testing.TB) *Snapshot {
	pod := "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + strings.ReplaceAll(podUID, "-", "_") + ".slice/cri-containerd-"
	s := node(t, "1 0 systemd /init.scope", "2 0 kthreadd / kernel", "9 1 stray /", "10 1 sshd /system.slice/ssh.service",
		"20 1 top /docker/"+cid1+" user=700 pid=70", "21 1 pause "+pod+cid2+".scope", "22 1 app "+pod+cid3+".scope",
		"30 1 bash /user.slice/user-1000.slice/session-3.scope", "31 30 top /user.slice/user-1000.slice/session-3.scope user=900",
		"40 1 x ? user=?", "50 1 x /lxc.payload.c1", "60 1 sh /web pid=77",
		"61 1 podman "+manager+"/user.slice/libpod-"+cid1+".scope", "70 1 dbus "+manager+"/app.slice/dbus.service")
	uids := map[int]uint32{30: 1000, 31: 1000, 61: 1000, 70: 1000, 20: 100000}
	names := map[uint32]string{0: "root", 1000: "alice", 100000: "100000"}
	for _, p := range s.Processes {
		if p.PID == 40 {
			continue
		}
		id := uids[p.PID]
		p.UID, p.User = Some(IDs{id, id, id, id}), Some(names[id])
	}
	s.UserNamespaces = []nsinfo.User{{Inode: 900, OwnerUID: Some[uint32](1000)}, {Inode: 700, OwnerUID: Some[uint32](1234)}}
	Contain(s)
	return s
}

func TestGroupProcesses(t *testing.T) {
	s := mixed(t)
	ix := NewIndex(s)
	for by, want := range map[GroupBy][]string{
		ByContainer: {
			"docker/ID1: docker 3d54c2b1f0a9 [20]", "lxc/c1: c1 [50]",
			"containerd/ID2: pod 0f4e8f10-7ab containerd aa11bb22cc33 [21]", "containerd/ID3: pod 0f4e8f10-7ab containerd 0123456789ab [22]",
			"user@1000.service/podman/ID1: podman 3d54c2b1f0a9 (alice) [61]", "pidns/77: web [60]",
			"userns/900: userns 900 (alice) [31]",
			"unit/user@1000.service/dbus.service: dbus.service (alice) [70]", "unit/init.scope: init.scope [1]", "unit/ssh.service: ssh.service [10]",
			"session/3: session 3 (alice) [30]", "host: host [9]", "kernel: kernel threads [2]", "unknown: unknown [40]"},
		ByUserNS: {"userns/700: userns 700 (uid 1234) [20]", "userns/900: userns 900 (alice) [31]",
			"host: host's user namespace [1 2 9 10 21 22 30 50 60 61 70]", "unknown: unknown user namespace [40]"},
		ByUser: {"user/100000: 100000 [20]", "user/1000: alice [30 31 61 70]", "user/0: root [1 2 9 10 21 22 50 60]", "unknown: unknown user [40]"},
		ByUnit: {"unit/cri-containerd-ID3.scope: cri-containerd-ID3.scope [22]", "unit/cri-containerd-ID2.scope: cri-containerd-ID2.scope [21]",
			"unit/user@1000.service/dbus.service: dbus.service (alice) [70]", "unit/init.scope: init.scope [1]",
			"unit/user@1000.service/libpod-ID1.scope: libpod-ID1.scope (alice) [61]", "unit/session-3.scope: session-3.scope (alice) [30 31]",
			"unit/ssh.service: ssh.service [10]", "none: no unit [9 20 50 60]", "kernel: kernel threads [2]", "unknown: unknown unit [40]"},
		ByNone: {"all: all [1 2 9 10 20 21 22 30 31 40 50 60 61 70]"},
	} {
		ps := pointers(s)
		slices.Reverse(ps) // whatever order a sort left
		var got []string
		for _, g := range GroupProcesses(ix, ps, by) {
			line := fmt.Sprintf("%s: %s %v", g.Key, g.Label, members(g.Processes))
			got = append(got, strings.NewReplacer(cid1, "ID1", cid2, "ID2", cid3, "ID3").Replace(line))
			if (g.Container != nil) != (by == ByContainer && g.Key != "unknown") {
				t.Errorf("by %s: %s: container %v", by, g.Key, g.Container)
			}
		}
		slices.Sort(got)
		sorted := slices.Sorted(slices.Values(want))
		if !slices.Equal(got, sorted) {
			t.Errorf("by %s:\n got %q\nwant %q", by, got, sorted)
		}
	}
}

func members(ps []*Process) (n []int) {
	for _, p := range ps {
		n = append(n, p.PID)
	}
	return n
}

// TestGroupOrder: containers with a pod's together and its sandbox first, then user namespaces, units, sessions, the
// host's rest, the kernel's threads, what could not be told.
func TestGroupOrder(t *testing.T) {
	s := mixed(t)
	for i := range s.Containers {
		switch s.Containers[i].ID {
		case cid2:
			s.Containers[i].Name, s.Containers[i].Pod = Some("POD"), Some(Pod{Name: "dns", Namespace: "kube-system", UID: podUID})
		case cid3:
			s.Containers[i].Name, s.Containers[i].Pod = Some("app"), Some(Pod{Name: "dns", Namespace: "kube-system", UID: podUID})
		}
	}
	var got []string
	for _, g := range GroupProcesses(NewIndex(s), pointers(s), ByContainer) {
		got = append(got, g.Label)
	}
	want := []string{"c1", "docker 3d54c2b1f0a9", "kube-system/dns POD", "kube-system/dns app", "podman 3d54c2b1f0a9 (alice)", "web",
		"userns 900 (alice)", "dbus.service (alice)", "init.scope", "ssh.service", "session 3 (alice)", "host", "kernel threads", "unknown"}
	if !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

func TestGroupsOfNothing(t *testing.T) {
	ix := NewIndex(&Snapshot{})
	for _, by := range []GroupBy{ByContainer, ByUserNS, ByUser, ByUnit, ByNone, "unheard of"} {
		if gs := GroupProcesses(ix, nil, by); len(gs) != 0 {
			t.Errorf("by %s: %v", by, gs)
		}
	}
	// A snapshot may name a container it does not list.
	p := &Process{PID: 5, Container: "docker/x"}
	if gs := GroupProcesses(ix, []*Process{p}, ByContainer); len(gs) != 1 || gs[0].Key != "docker/x" || gs[0].Container != nil {
		t.Errorf("%+v", gs)
	}
}
