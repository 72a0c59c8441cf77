package runtimes

import (
	"path"
	"strings"
	"testing"
)

var id1 = strings.Repeat("1a", 32)

func TestParseShim(t *testing.T) {
	for _, c := range []struct {
		args   string
		ns, id string
		ok     bool
	}{
		{"/usr/bin/containerd-shim-runc-v2 -namespace moby -id " + id1 + " -address /run/containerd/containerd.sock", "moby", id1, true},
		{"containerd-shim-kata-v2 --namespace k8s.io --address /a --id web", "k8s.io", "web", true},
		{"containerd-shim -namespace moby -id ../x", "moby", "../x", false},
		{"containerd-shim -namespace moby -id ..", "moby", "..", false},
		{"containerd-shim -id x", "", "x", false},
		{"containerd-shim -namespace a -id", "a", "", false},
		{"", "", "", false},
	} {
		s, ok := parseShim(strings.Split(c.args, " "))
		if ok != c.ok || s.namespace != c.ns || s.id != c.id {
			t.Errorf("%q: %+v %v", c.args, s, ok)
		}
	}
}

func TestParseConmon(t *testing.T) {
	const bundle = "/var/lib/containers/storage/overlay-containers/abc/userdata"
	for _, c := range []struct {
		args string
		want conmonArgs
		ok   bool
	}{
		{"conmon --api-version 1 -c abc -u abc -r /usr/bin/runc -b " + bundle + " -p /run/pid -n web --exit-dir /e --full-attach -s" +
			" --exit-command /usr/bin/podman --exit-command-arg --root --exit-command-arg -n --exit-command-arg evil", conmonArgs{"abc", "web", bundle}, true},
		{"conmon --cid=abc --name=k8s_a_b --bundle=" + bundle, conmonArgs{"abc", "k8s_a_b", bundle}, true},
		{"conmon --exit-command-arg=-n --exit-command-arg=x -c abc -b " + bundle, conmonArgs{"abc", "", bundle}, true},
		{"conmon -c abc -b relative -n x", conmonArgs{"abc", "x", "relative"}, false},
		{"conmon -c a/b -b " + bundle, conmonArgs{"a/b", "", bundle}, false},
		{"conmon -c", conmonArgs{}, false},
	} {
		got, ok := parseConmon(strings.Split(c.args, " "))
		if got != c.want || ok != c.ok {
			t.Errorf("%q: %+v %v", c.args, got, ok)
		}
	}
}

func TestParseMonitor(t *testing.T) {
	for args, want := range map[string][2]string{
		"[lxc monitor] /var/lib/lxc web":                   {"/var/lib/lxc", "web"},
		"[lxc monitor] /srv/my containers a":               {"/srv/my containers", "a"},
		"[lxc monitor] /var/lib/incus/containers p_c1\x00": {"/var/lib/incus/containers", "p_c1"},
		"[lxc monitor] relative web":                       {},
		"[lxc monitor] /x ..":                              {},
		"[lxc monitor] /x":                                 {},
		"lxc-start -n web":                                 {},
	} {
		dir, name, ok := parseMonitor([]string{args})
		if [2]string{dir, name} != want || ok != (want[1] != "") {
			t.Errorf("%q: %q %q %v", args, dir, name, ok)
		}
	}
}

func TestParseNspawn(t *testing.T) {
	for args, want := range map[string]string{
		"systemd-nspawn --register=no -q -M lab -D /srv/tree /bin/sleep 1": "lab",
		"systemd-nspawn -qbD /srv/tree":                                    "tree",
		"systemd-nspawn -bM=x":                                             "=x",
		"systemd-nspawn --machine web -i /a/b.raw":                         "web",
		"systemd-nspawn --image=/var/lib/machines/deb.raw -b":              "deb",
		"systemd-nspawn --bind /x -D /srv/t -- sh -M evil":                 "t",
		"systemd-nspawn -D /srv/t sh -M evil":                              "t",
		"systemd-nspawn -D /":                                              "",
		"systemd-nspawn":                                                   "",
	} {
		got, ok := parseNspawn(strings.Split(args, " "))
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q %v, want %q", args, got, ok, want)
		}
	}
}

func TestDockerdRoot(t *testing.T) {
	for args, want := range map[string][2]string{
		"dockerd --data-root /d --config-file /c": {"/d", "/c"},
		"dockerd --data-root=/d":                  {"/d", ""},
		"dockerd -g /old":                         {"/old", ""},
		"dockerd":                                 {},
	} {
		if root, config := dockerdRoot(strings.Split(args, " ")); [2]string{root, config} != want {
			t.Errorf("%q: %q %q", args, root, config)
		}
	}
}

func FuzzArgs(f *testing.F) {
	f.Add("containerd-shim\x00-namespace\x00moby\x00-id\x00a")
	f.Add("conmon\x00-c\x00a\x00-n\x00b\x00-b\x00/c")
	f.Add("[lxc monitor] /var/lib/lxc web")
	f.Add("systemd-nspawn\x00-M\x00x\x00-D\x00/y")
	f.Fuzz(func(t *testing.T, text string) {
		args := strings.Split(text, "\x00")
		if s, ok := parseShim(args); ok && (path.Base(s.id) != s.id || path.Base(s.namespace) != s.namespace) {
			t.Errorf("%+v leads elsewhere", s)
		}
		if c, ok := parseConmon(args); ok && (path.Base(c.id) != c.id || !path.IsAbs(c.bundle)) {
			t.Errorf("%+v leads elsewhere", c)
		}
		if dir, name, ok := parseMonitor(args); ok && (path.Base(name) != name || !path.IsAbs(dir)) {
			t.Errorf("%q %q leads elsewhere", dir, name)
		}
		if name, ok := parseNspawn(args); ok && path.Base(name) != name {
			t.Errorf("%q leads elsewhere", name)
		}
		dockerdRoot(args)
	})
}
