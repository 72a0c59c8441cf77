package cgroup

import (
	"reflect"
	"strings"
	"testing"
)

const (
	id1   = "3d54c2b1f0a97e6d5c4b3a291807f6e5d4c3b2a1908f7e6d5c4b3a2918070605"
	id2   = "aa11bb22cc33dd44ee55ff66aa77bb88cc99dd00ee11ff22aa33bb44cc55dd66"
	uid   = "0f4e8f10-7ab5-4a36-9d0c-2f6f2f1c5f11"
	uid_  = "0f4e8f10_7ab5_4a36_9d0c_2f6f2f1c5f11"
	mirr  = "d0325d16aab19669b5fea4b6623890e6"
	alloc = "5fc98185-17ff-26bc-a802-0c74fa471c99"
	build = "k2j5h8x0q3z7m1n9b4v6c2l8d"
	user  = "/user.slice/user-1000.slice/user@1000.service"
)

// shapes is the whole of what engines name: a line is a path and what it says.
var shapes = []struct {
	path string
	want string // Runtime ID, then what else is set, as text() writes it
}{
	// docker
	{"/docker/" + id1, "docker 1"},
	{"/docker/" + id1 + "/init", "docker 1 at=/docker/1"},
	{"/ci-jobs/" + id1, "containerd 1 ns=ci-jobs"},
	{"/system.slice/docker-" + id1 + ".scope", "docker 1 unit=docker-1.scope slice=system.slice"},
	{"/ci.slice/docker-" + id1 + ".scope", "docker 1 unit=docker-1.scope slice=ci.slice"},
	{"/system.slice/docker-" + id1 + ".scope/system.slice/cron.service", "docker 1 unit=docker-1.scope slice=system.slice at=/system.slice/docker-1.scope"},
	{user + "/user.slice/docker-" + id1 + ".scope", "docker 1 by=user@1000.service unit=docker-1.scope manager=user@1000.service slice=user.slice uid=1000"},
	{user + "/docker.service", "unit=docker.service manager=user@1000.service slice=user-1000.slice uid=1000"},
	// BuildKit
	{"/docker/buildkit/" + build, "buildkit " + build},
	{"/system.slice/docker-" + build + ".scope", "buildkit " + build + " unit=docker-" + build + ".scope slice=system.slice"},
	{"/work/buildkit/" + build, "buildkit " + build},
	// Kubernetes
	{"/kubepods/besteffort/pod" + uid + "/" + id1, "containerd 1 pod=" + uid + " qos=besteffort"},
	{"/kubepods/burstable/pod" + mirr + "/" + id1, "containerd 1 pod=" + mirr + " qos=burstable"},
	{"/kubepods/pod" + uid + "/" + id1, "containerd 1 pod=" + uid + " qos=guaranteed"},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + uid_ + ".slice/cri-containerd-" + id1 + ".scope",
		"containerd 1 pod=" + uid + " qos=burstable unit=cri-containerd-1.scope slice=kubepods-burstable-pod" + uid_ + ".slice"},
	{"/kubepods.slice/kubepods-pod" + uid_ + ".slice/cri-containerd-" + id1 + ".scope",
		"containerd 1 pod=" + uid + " qos=guaranteed unit=cri-containerd-1.scope slice=kubepods-pod" + uid_ + ".slice"},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + mirr + ".slice/docker-" + id1 + ".scope",
		"docker 1 pod=" + mirr + " qos=burstable unit=docker-1.scope slice=kubepods-burstable-pod" + mirr + ".slice"},
	{"/system.slice/containerd.service/kubepods-besteffort-pod" + uid_ + ".slice:cri-containerd:" + id1,
		"containerd 1 pod=" + uid + " qos=besteffort by=containerd.service unit=containerd.service slice=system.slice"},
	{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + uid_ + ".slice/crio-" + id1 + ".scope",
		"cri-o 1 pod=" + uid + " qos=besteffort unit=crio-1.scope slice=kubepods-besteffort-pod" + uid_ + ".slice"},
	{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + uid_ + ".slice/crio-" + id1 + ".scope/container",
		"cri-o 1 pod=" + uid + " qos=besteffort unit=crio-1.scope slice=kubepods-besteffort-pod" + uid_ +
			".slice at=/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + uid_ + ".slice/crio-1.scope"},
	{"/system.slice/crio-conmon-" + id1 + ".scope", "cri-o 1 helper unit=crio-conmon-1.scope slice=system.slice"},
	{"/kubepods/besteffort/pod" + uid + "/crio-" + id1, "cri-o 1 pod=" + uid + " qos=besteffort"},
	{"/kubepods/besteffort/pod" + uid + "/crio-conmon-" + id1, "cri-o 1 helper pod=" + uid + " qos=besteffort"},
	{"/crio/crio-" + id1, "cri-o 1"},
	{"/kubepods/besteffort/pod" + uid, "pod=" + uid + " qos=besteffort"},
	// containerd's other clients
	{"/moby/" + id1, "containerd 1 ns=moby"},
	{"/" + id1, "containerd 1"},
	{"/default/web", ""},
	{"/system.slice/nerdctl-" + id1 + ".scope", "containerd 1 unit=nerdctl-1.scope slice=system.slice"},
	// podman
	{"/machine.slice/libpod-" + id1 + ".scope", "podman 1 unit=libpod-1.scope slice=machine.slice"},
	{"/machine.slice/libpod-" + id1 + ".scope/container", "podman 1 unit=libpod-1.scope slice=machine.slice at=/machine.slice/libpod-1.scope"},
	{"/machine.slice/libpod-" + id1 + ".scope/container/init.scope", "podman 1 unit=libpod-1.scope slice=machine.slice at=/machine.slice/libpod-1.scope"},
	{"/machine.slice/libpod-conmon-" + id1 + ".scope", "podman 1 helper unit=libpod-conmon-1.scope slice=machine.slice"},
	{"/machine.slice/machine-libpod_pod_" + id2 + ".slice/libpod-" + id1 + ".scope", "podman 1 pod=2 unit=libpod-1.scope slice=machine-libpod_pod_2.slice"},
	{"/libpod_parent/libpod-" + id1, "podman 1"},
	{"/libpod_parent/" + id2 + "/libpod-" + id1, "podman 1 pod=2"},
	{"/libpod_parent/conmon", ""},
	{user + "/user.slice/libpod-" + id1 + ".scope/container",
		"podman 1 by=user@1000.service unit=libpod-1.scope manager=user@1000.service slice=user.slice uid=1000 at=" + user + "/user.slice/libpod-1.scope"},
	{user + "/user.slice/user-libpod_pod_" + id2 + ".slice/libpod-" + id1 + ".scope",
		"podman 1 pod=2 by=user@1000.service unit=libpod-1.scope manager=user@1000.service slice=user-libpod_pod_2.slice uid=1000"},
	{"/system.slice/web.service/libpod-payload-" + id1, "podman 1 by=web.service unit=web.service slice=system.slice"},
	{"/system.slice/web.service/runtime", "unit=web.service slice=system.slice at=/system.slice/web.service"},
	// runtimes by hand
	{"/system.slice/runc-web.scope", `runc web unit=runc-web.scope slice=system.slice name=web`},
	{"/system.slice/crun-my\\x2dweb.scope", `crun my-web unit=crun-my\x2dweb.scope slice=system.slice name=my-web`},
	{"/system.slice/hyperd-" + id1 + ".scope", "hyperd 1 unit=hyperd-1.scope slice=system.slice"},
	{"/web", ""},
	// LXC, Incus, LXD
	{"/lxc.payload.c1", "lxc c1 name=c1"},
	{"/lxc.payload.c1/system.slice/ssh.service", "lxc c1 name=c1 at=/lxc.payload.c1"},
	{"/lxc.payload.c1-2/init.scope", "lxc c1-2 name=c1-2 at=/lxc.payload.c1-2"},
	{"/lxc.monitor.c1", "lxc c1 helper name=c1"},
	{"/lxc/old", "lxc old name=old"},
	{"/lxc/101/ns/init.scope", "lxc 101 name=101 at=/lxc/101"},
	{"/lxc.monitor/101", "lxc 101 helper name=101"},
	{"/lxc/" + id1, "lxc 1 name=1"},
	// machined
	{"/machine.slice/machine-deb.scope/payload/init.scope", "nspawn deb unit=machine-deb.scope slice=machine.slice name=deb at=/machine.slice/machine-deb.scope"},
	{"/machine.slice/systemd-nspawn@my\\x2dtree.service/payload", `nspawn my-tree unit=systemd-nspawn@my\x2dtree.service slice=machine.slice name=my-tree at=/machine.slice/systemd-nspawn@my\x2dtree.service`},
	{"/machine.slice/systemd-nspawn@deb.service/supervisor", "nspawn deb helper unit=systemd-nspawn@deb.service slice=machine.slice name=deb at=/machine.slice/systemd-nspawn@deb.service"},
	{"/machine.slice/machine-lxc\\x2d4711\\x2dweb\\x2d1.scope", `libvirt-lxc web-1 unit=machine-lxc\x2d4711\x2dweb\x2d1.scope slice=machine.slice name=web-1`},
	{"/machine.slice/machine-qemu\\x2d1\\x2dwin10.scope/libvirt/emulator", `qemu win10 vm unit=machine-qemu\x2d1\x2dwin10.scope slice=machine.slice name=win10 at=/machine.slice/machine-qemu\x2d1\x2dwin10.scope`},
	// schedulers
	{"/nomad.slice/share.slice/" + alloc + ".redis.scope", "nomad " + alloc + ".redis unit=" + alloc + ".redis.scope slice=share.slice name=redis"},
	{"/nomad/" + alloc + ".redis", "nomad " + alloc + ".redis name=redis"},
	{"/nomad/share/" + alloc + ".redis", "nomad " + alloc + ".redis name=redis"},
	{"/garden/6f265890-5165-4fab-6b52-18d1", "garden 6f265890-5165-4fab-6b52-18d1 name=6f265890-5165-4fab-6b52-18d1"},
	{"/system.slice/garden.service/garden/6f265890-5165-4fab-6b52-18d1",
		"garden 6f265890-5165-4fab-6b52-18d1 by=garden.service unit=garden.service slice=system.slice name=6f265890-5165-4fab-6b52-18d1"},
	{"/ecs/" + mirr + "/" + id1, "docker 1"},
	{"/ecs/" + mirr + "/" + mirr + "-1234567890", "ecs " + mirr + "-1234567890"},
	{"/ecstasks.slice/ecstasks-" + mirr + ".slice/docker-" + id1 + ".scope", "docker 1 unit=docker-1.scope slice=ecstasks-" + mirr + ".slice"},
	// virtual machines' own
	{"/kubepods/pod" + uid + "/kata_" + id1, "kata 1 vm pod=" + uid + " qos=guaranteed"},
	{"/kata_overhead/" + id1, "kata 1 vm"},
	// nested
	{"/docker/" + id1 + "/docker/" + id2, "docker 1 at=/docker/1 [docker 2]"},
	{"/docker/" + id1 + "/syscont-cgroup-root/docker/" + id2, "docker 1 at=/docker/1 [docker 2]"},
	{"/system.slice/docker-" + id1 + ".scope/docker/" + id2, "docker 1 unit=docker-1.scope slice=system.slice at=/system.slice/docker-1.scope [docker 2]"},
	{"/docker/" + id1 + "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod" + uid_ + ".slice/cri-containerd-" + id2 + ".scope",
		"docker 1 at=/docker/1 [containerd 2 pod=" + uid + " qos=burstable]"},
	{"/lxc.payload.a/lxc.payload.b/docker/" + id1, "lxc a name=a at=/lxc.payload.a [lxc b name=b] [docker 1]"},
	{"/docker/" + id1 + "/system.slice/docker-" + id2 + ".scope/machine.slice/libpod-" + id2 + ".scope", "docker 1 at=/docker/1 [docker 2] [podman 2]"},
	// units and sessions
	{"/", ""},
	{"/init.scope", "unit=init.scope"},
	{"/system.slice", "slice=system.slice"},
	{"/system.slice/ssh.service", "unit=ssh.service slice=system.slice"},
	{"/system.slice/ssh.service/child", "unit=ssh.service slice=system.slice at=/system.slice/ssh.service"},
	{"/system.slice/system-getty.slice/getty@tty1.service", "unit=getty@tty1.service slice=system-getty.slice"},
	{"/system.slice/_cpu.service", "unit=cpu.service slice=system.slice"},
	{"/system.slice/var-lib-docker.mount", "unit=var-lib-docker.mount slice=system.slice"},
	{"/user.slice/user-1000.slice/session-3.scope", "unit=session-3.scope slice=user-1000.slice session=3 uid=1000"},
	{"/user.slice/user-1000.slice/session-c2.scope", "unit=session-c2.scope slice=user-1000.slice session=c2 uid=1000"},
	{user, "unit=user@1000.service slice=user-1000.slice uid=1000"},
	{user + "/init.scope", "unit=init.scope manager=user@1000.service slice=user-1000.slice uid=1000"},
	{user + "/app.slice/app-org.chromium.Chromium-77.scope", "unit=app-org.chromium.Chromium-77.scope manager=user@1000.service slice=app.slice uid=1000"},
	{user + "/app.slice/dbus.service/x.service", "unit=dbus.service manager=user@1000.service slice=app.slice uid=1000 at=" + user + "/app.slice/dbus.service"},
	// private cgroup namespace of the reader
	{"/../docker/" + id1, "docker 1"},
	{"/../../system.slice/ssh.service", "unit=ssh.service slice=system.slice"},
	{"/../cri-containerd-" + id1 + ".scope", "containerd 1 unit=cri-containerd-1.scope"},
	{"/..", ""},
	// zombies
	{"/docker/" + id1 + " (deleted)", "docker 1"},
	{"/system.slice/ssh.service (deleted)", "unit=ssh.service slice=system.slice"},
	// looks like, is not
	{"/process_api/" + mirr, ""},
	{"/user.slice/user-1000.slice/app/session-3.scope", "slice=user-1000.slice uid=1000"},
	{"/system.slice/session-3.scope", "unit=session-3.scope slice=system.slice"},
	{"/a/ssh.service", ""},
	{"/docker", ""},
	{"/docker/" + id1[1:], ""},
	{"/docker/" + strings.ToUpper(id1), ""},
	{"/system.slice/docker-" + id1, "slice=system.slice"},
	{"/x-docker-" + id1, ""},
	{"/system.slice/.scope", "slice=system.slice"},
	{"/lxc.payload.", ""},
	{"/machine.slice/machine-.scope", "unit=machine-.scope slice=machine.slice"},
	{"/nomad/" + alloc + ".", ""},
	{"relative", ""},
	{"", ""},
	{"//docker//" + id1, "docker 1"},
}

func TestMatch(t *testing.T) {
	for _, s := range shapes {
		got := Match(s.path)
		want := long(s.want)
		if path := strings.TrimSuffix(s.path, " (deleted)"); !strings.Contains(want, " at=") && got.Path != path {
			t.Errorf("%s: Path is %s", s.path, got.Path)
		}
		if text := text(got, strings.Contains(want, " at=")); text != want {
			t.Errorf("%s\n got %s\nwant %s", s.path, text, want)
		}
	}
}

// long writes out the ids in an expectation.
func long(s string) string {
	words := strings.Split(s, " ")
	for i, w := range words {
		for _, cut := range []string{"/", "-", "_", "="} {
			w = strings.ReplaceAll(w, cut+"1.scope", cut+id1+".scope")
			w = strings.ReplaceAll(w, cut+"2.slice", cut+id2+".slice")
		}
		if before, ok := strings.CutSuffix(w, "/1"); ok {
			w = before + "/" + id1
		}
		switch w {
		case "1":
			w = id1
		case "2", "2]":
			w = strings.Replace(w, "2", id2, 1)
		case "1]":
			w = id1 + "]"
		case "pod=2":
			w = "pod=" + id2
		case "name=1":
			w = "name=" + id1
		}
		words[i] = w
	}
	return strings.Join(words, " ")
}

func text(id Identity, at bool) string {
	var f []string
	add := func(ok bool, s string) {
		if ok {
			f = append(f, s)
		}
	}
	add(id.Runtime != "" || id.ID != "", id.Runtime+" "+id.ID)
	add(id.Role == Helper, "helper")
	add(id.VM, "vm")
	add(id.Namespace != "", "ns="+id.Namespace)
	add(id.PodUID != "", "pod="+id.PodUID)
	add(id.QoS != "", "qos="+id.QoS)
	add(id.Delegated != "", "by="+id.Delegated)
	add(id.Unit != "", "unit="+id.Unit)
	add(id.Manager != "", "manager="+id.Manager)
	add(id.Slice != "", "slice="+id.Slice)
	add(id.Session != "", "session="+id.Session)
	add(id.UID != "", "uid="+id.UID)
	add(id.Name != "", "name="+id.Name)
	add(at, "at="+id.Path)
	for _, n := range id.Nested {
		f = append(f, "["+text(n, false)+"]")
	}
	return strings.Join(f, " ")
}

// TestForged: whatever a container's root or an unprivileged user's manager makes deeper down, the outermost
// stays the identity.
func TestForged(t *testing.T) {
	for _, outer := range []string{
		"/docker/" + id1, "/lxc.payload.c1", "/machine.slice/libpod-" + id1 + ".scope", "/machine.slice/machine-deb.scope",
		"/kubepods/besteffort/pod" + uid + "/" + id1, user + "/user.slice/libpod-" + id1 + ".scope",
	} {
		want := Match(outer)
		for _, s := range shapes {
			if !strings.HasPrefix(s.path, "/") {
				continue
			}
			got := Match(outer + "/inner" + s.path)
			got.Nested = nil
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s/inner%s: got %+v, want %+v", outer, s.path, got, want)
			}
		}
	}
	forged := Match(user + "/app.slice/evil.service/docker/" + id1)
	if forged.Delegated != "user@1000.service" {
		t.Errorf("a user's own docker/ID is taken for the host's: %+v", forged)
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		`a\x2db`: "a-b", `\x2d\x2d`: "--", `a\x2`: `a\x2`, `a\xZZ`: `a\xZZ`, `a\x2fb`: `a\x2fb`, `\x1b[m`: `\x1b[m`, "": "",
	} {
		if got := unescape(in); got != want {
			t.Errorf("unescape(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	for _, s := range shapes {
		f.Add(s.path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		id := Match(path)
		if !strings.HasPrefix(path, id.Path) {
			t.Errorf("Path %q is not where %q leads", id.Path, path)
		}
		if id.Contained() && id.ID == "" {
			t.Errorf("%q: a container without an id", path)
		}
		if len(id.Nested) > 0 && !id.Contained() {
			t.Errorf("%q: nested in nothing", path)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	b.ReportAllocs()
	for i := range b.N {
		Match(shapes[i%len(shapes)].path)
	}
}
