package inspect

import (
	"strings"
	"testing"
)

func TestLabel(t *testing.T) {
	id := strings.Repeat("4e2f", 16)
	pod := Some(Pod{Name: "coredns-1", Namespace: "kube-system", UID: "u"})
	s := Snapshot{Processes: []*Process{{PID: 1, UID: Some(IDs{Effective: 1001}), User: Some("alice")}}, Containers: []Container{
		{Key: "docker/a", Kind: KindContainer, Runtime: "docker", ID: id, Name: Some("web")},
		{Key: "docker/a/docker/b", Kind: KindContainer, Runtime: "docker", ID: "b", Name: Some("db"), NestedIn: "docker/a"},
		{Key: "x", Kind: KindContainer, Runtime: "docker", ID: "c", NestedIn: "docker/a/docker/b"},
		{Key: "round", Kind: KindContainer, ID: "r", Name: Some("r"), NestedIn: "round"},
	}}
	ix := NewIndex(&s)
	for _, c := range []struct {
		c    Container
		want string
	}{
		{s.Containers[0], "web (docker)"},
		{s.Containers[1], "web › db (docker)"},
		{s.Containers[2], "web › db › docker c"},
		{s.Containers[3], "r › r › r › r › r"},
		{Container{Key: "docker/" + id, Kind: KindContainer, Runtime: "docker", ID: id}, "docker 4e2f4e2f4e2f"},
		{Container{Key: "docker/" + id, Kind: KindContainer, Runtime: "docker", ID: id, Name: Some("")}, "docker 4e2f4e2f4e2f"},
		{Container{Key: "uid/1001/podman/x", Kind: KindContainer, Runtime: "podman", ID: "x", Name: Some("blog"), Owner: Some(uint32(1001))}, "blog (podman, alice)"},
		{Container{Key: "uid/7/podman/x", Kind: KindContainer, Runtime: "podman", ID: "x", Owner: Some(uint32(7))}, "podman x (uid 7)"},
		{Container{Key: "c", Kind: KindContainer, Runtime: "containerd", ID: id, Name: Some("coredns"), Pod: pod}, "kube-system/coredns-1 coredns"},
		{Container{Key: "c", Kind: KindSandbox, Runtime: "containerd", ID: id, Pod: pod}, "kube-system/coredns-1 pod"},
		{Container{Key: "c", Kind: KindContainer, Runtime: "containerd", ID: id, Pod: Some(Pod{UID: "u"})}, "pod u containerd 4e2f4e2f4e2f"},
		{Container{Key: "pidns/9", Kind: KindContainer, Runtime: "bubblewrap", ID: "9"}, "bubblewrap pidns 9"},
		{Container{Key: "userns/9", Kind: KindUserNS, ID: "9"}, "userns 9"},
		{Container{Key: "runc/web", Kind: KindContainer, Runtime: "runc", ID: "web", Name: Some("web")}, "web (runc)"},
	} {
		if got := ix.Heading(&c.c); got != c.want {
			t.Errorf("%s: heading %q, want %q", c.c.Key, got, c.want)
		}
		plain := strings.NewReplacer(" ("+c.c.Runtime+")", "", "("+c.c.Runtime+", ", "(").Replace(c.want)
		if got := ix.Label(&c.c); got != plain {
			t.Errorf("%s: label %q, want %q", c.c.Key, got, plain)
		}
	}
}
