package runtimes

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/nsinfo"
)

const fullSpec = `{"ociVersion":"1.0.2","process":{"user":{"uid":1000,"gid":2000,"additionalGids":[7]},"noNewPrivileges":true,
"capabilities":{"bounding":["CAP_NET_BIND_SERVICE","CAP_CHOWN","CAP_FUTURE"],"effective":["CAP_CHOWN"],"permitted":["CAP_CHOWN"],"inheritable":[],"ambient":["CAP_NET_BIND_SERVICE"]}},
"mounts":[{"destination":"/proc","type":"proc","source":"proc"},
{"destination":"/host","type":"bind","source":"/","options":["rbind","ro"]},
{"destination":"/var/run/docker.sock","type":"bind","source":"/var/run/docker.sock","options":["rbind"]},
{"destination":"/data","type":"bind","source":"/srv/data/","options":["bind"]},
{"destination":"/etc/hostname","type":"bind","source":"/var/lib/docker/containers/ID/hostname","options":["rbind"]},
{"destination":"/sys","type":"sysfs","source":"sysfs","options":["nosuid"]},
{"destination":"/kcore","type":"none","source":"/proc/kcore","options":["bind"]}],
"annotations":{"io.kubernetes.cri.container-type":"container","io.kubernetes.cri.container-name":"front","io.kubernetes.cri.image-name":"shop:1",
"io.kubernetes.cri.sandbox-name":"shop","io.kubernetes.cri.sandbox-namespace":"lab","io.kubernetes.cri.sandbox-uid":"u"},
"linux":{"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],"namespaces":[{"type":"mount"},{"type":"network","path":"/proc/7/ns/net"}],
"devices":[{"path":"/dev/null"},{"path":"/dev/kvm"}],"readonlyPaths":["/proc/bus"],"seccomp":{"defaultAction":"SCMP_ACT_ERRNO"}}}`

func TestSpec(t *testing.T) {
	s, err := parseSpec([]byte(fullSpec))
	if err != nil {
		t.Fatal(err)
	}
	d := s.declared()
	bind := caps.Of(caps.NetBindService)
	if got, want := d.Caps.Or(caps.Sets{}), (caps.Sets{Bounding: bind | caps.Of(caps.Chown), Effective: caps.Of(caps.Chown), Permitted: caps.Of(caps.Chown), Ambient: bind}); got != want {
		t.Errorf("caps %+v, want %+v", got, want)
	}
	if u := d.User.Or(inspect.SpecUser{}); u.UID != 1000 || u.GID != 2000 || !slices.Equal(u.Groups, []uint32{7}) {
		t.Errorf("user %+v", u)
	}
	if !d.NoNewPrivs.Or(false) || d.Seccomp.Or("") != "profile" || d.SeccompDefault.Or("") != "SCMP_ACT_ERRNO" || d.Privileged.Known() {
		t.Errorf("%+v", d)
	}
	if m := d.UIDMap.Or(nil); !slices.Equal(m, []nsinfo.Range{{Inside: 0, Outside: 100000, Count: 65536}}) || !d.GIDMap.Known() {
		t.Errorf("maps %+v %+v", m, d.GIDMap)
	}
	if ns := d.Namespaces.Or(nil); !slices.Equal(ns, []inspect.SpecNamespace{{Type: "mnt"}, {Type: "net", Path: "/proc/7/ns/net"}}) {
		t.Errorf("namespaces %+v", ns)
	}
	want := []inspect.SpecMount{
		{Source: "proc", Destination: "/proc", Risk: "/proc/sys writable"},
		{Source: "/", Destination: "/host", ReadOnly: true, Risk: "the host's root directory"},
		{Source: "/var/run/docker.sock", Destination: "/var/run/docker.sock", Risk: "docker's socket"},
		{Source: "sysfs", Destination: "/sys", Risk: "/sys writable"},
		{Source: "/proc/kcore", Destination: "/kcore", Risk: "the host's /proc/kcore"},
		{Source: "/dev/kvm", Destination: "/dev/kvm", Risk: "a device of the host"},
	}
	if got := d.Mounts.Or(nil); !slices.Equal(got, want) {
		t.Errorf("mounts\n got %+v\nwant %+v", got, want)
	}
	if dir := dockerDir(s, "ID"); dir != "/var/lib/docker/containers/ID" {
		t.Errorf("docker's directory is %q", dir)
	}
	if dir := dockerDir(s, "OTHER"); dir != "" {
		t.Errorf("docker's directory of another container is %q", dir)
	}
}

// What a spec does not have is unknown, never "none".
func TestSpecUnknown(t *testing.T) {
	s, err := parseSpec([]byte(`{"process":{"user":{}}}`))
	if err != nil {
		t.Fatal(err)
	}
	d := s.declared()
	if d.Caps.Known() || d.Seccomp.Known() || d.Namespaces.Known() || d.UIDMap.Known() || !d.NoNewPrivs.Known() {
		t.Errorf("%+v", d)
	}
	for _, bad := range []string{"", "{}", "[]", "null", `{"process":`, `{"process":{"user":{"uid":-1}}}`, fullSpec[:len(fullSpec)/2]} {
		if _, err := parseSpec([]byte(bad)); err == nil {
			t.Errorf("%.40q is a spec", bad)
		}
	}
}

func TestAnnotations(t *testing.T) {
	for _, c := range []struct {
		name string
		a    map[string]string
		want facts
		pod  inspect.Pod
	}{
		{"CRI", map[string]string{criPrefix + "container-type": "container", criPrefix + "container-name": "c", criPrefix + "image-name": "i",
			criPrefix + "sandbox-name": "p", criPrefix + "sandbox-namespace": "n", criPrefix + "sandbox-uid": "u"}, facts{name: "c", image: inspect.Some("i")}, inspect.Pod{Name: "p", Namespace: "n", UID: "u"}},
		{"CRI sandbox", map[string]string{criPrefix + "container-type": "sandbox", criPrefix + "sandbox-name": "p"}, facts{sandbox: true}, inspect.Pod{Name: "p"}},
		{"CRI-O", map[string]string{crioPrefix + "ContainerType": "container", crioPrefix + "ContainerID": "id", crioPrefix + "ImageName": "i",
			crioPrefix + "Name": "k8s_c_p_n_u_0"}, facts{runtime: "cri-o", id: "id", name: "c", image: inspect.Some("i")}, inspect.Pod{Name: "p", Namespace: "n", UID: "u"}},
		{"CRI-O sandbox", map[string]string{crioPrefix + "ContainerType": "sandbox", crioPrefix + "ContainerID": "id", "io.kubernetes.container.name": "POD",
			crioPrefix + "KubeName": "p", crioPrefix + "Namespace": "n", "io.kubernetes.pod.uid": "u"}, facts{runtime: "cri-o", id: "id", sandbox: true}, inspect.Pod{Name: "p", Namespace: "n", UID: "u"}},
		{"podman", map[string]string{"io.container.manager": "libpod"}, facts{runtime: "podman"}, inspect.Pod{}},
		{"nerdctl", map[string]string{"nerdctl/name": "web"}, facts{name: "web"}, inspect.Pod{}},
		{"none", nil, facts{}, inspect.Pod{}},
	} {
		var f facts
		f.annotate(c.a)
		var pod inspect.Pod
		if f.pod != nil {
			pod, f.pod = *f.pod, nil
		}
		if f != c.want || pod != c.pod {
			t.Errorf("%s: %+v %+v", c.name, f, pod)
		}
	}
	f := facts{declared: &inspect.Declared{Seccomp: inspect.Some("profile")}}
	f.annotate(map[string]string{"io.podman.annotations.privileged": "TRUE", "io.podman.annotations.seccomp": "/etc/p.json"})
	if !f.declared.Privileged.Or(false) || f.declared.Seccomp.Or("") != "/etc/p.json" {
		t.Errorf("%+v", f.declared)
	}
}

func TestDockerFiles(t *testing.T) {
	f := facts{declared: &inspect.Declared{Seccomp: inspect.Some("profile")}}
	if err := f.docker([]byte(`{"ID":"x","Name":"/web","Image":"sha256:1","Config":{"Image":"nginx:1"}}`), "x"); err != nil || f.name != "web" || f.image.Or("") != "nginx:1" {
		t.Errorf("%+v %v", f, err)
	}
	if err := f.dockerHost([]byte(`{"Privileged":true,"SecurityOpt":["no-new-privileges"]}`)); err != nil || !f.declared.Privileged.Or(false) || f.declared.Seccomp.Or("") != "docker default" {
		t.Errorf("%+v %v", f.declared, err)
	}
	f.declared.Seccomp = inspect.Some("profile")
	if f.dockerHost([]byte(`{"SecurityOpt":["seccomp=/p.json"]}`)); f.declared.Seccomp.Or("") != "/p.json" {
		t.Errorf("%+v", f.declared)
	}
	var other facts
	if err := other.docker([]byte(`{"ID":"y","Name":"/web"}`), "x"); err == nil || other.name != "" {
		t.Errorf("another container's name is taken: %+v", other)
	}
	kube := facts{}
	kube.docker([]byte(`{"ID":"x","Name":"/k8s_POD_p","Config":{"Labels":{"io.kubernetes.pod.name":"p","io.kubernetes.pod.namespace":"n","io.kubernetes.docker.type":"podsandbox","io.kubernetes.container.name":"POD"}}}`), "x")
	if !kube.sandbox || kube.pod == nil || kube.pod.Name != "p" {
		t.Errorf("%+v", kube)
	}
	if root, err := dockerRoot([]byte(`{"data-root":"/d"}`)); root != "/d" || err != nil {
		t.Errorf("%q %v", root, err)
	}
}

func TestStorage(t *testing.T) {
	got, err := parseStorage([]byte(`[{"id":"a","names":["web"],"metadata":"{\"image-name\":\"img\"}"},{"id":"b","metadata":"{"},{"names":["x"]}]`))
	if err != nil || len(got) != 2 || got["a"] != (stored{"web", "img"}) || got["b"] != (stored{}) {
		t.Errorf("%+v %v", got, err)
	}
	if got, err = parseStorage([]byte(`[{"id":"a","names":["web"]},{"id":`)); err == nil || got["a"].Name != "web" {
		t.Errorf("%+v %v", got, err)
	}
	if _, err = parseStorage([]byte(`{}`)); err == nil {
		t.Error("an object is a list")
	}
}

func TestStates(t *testing.T) {
	st, err := parseRunc([]byte(`{"id":"web","init_process_pid":7,"init_process_start":99,"cgroup_paths":{"":"/sys/fs/cgroup/unified/web","cpu":"/sys/fs/cgroup/cpu/web"},
"config":{"labels":["a=b","bundle=/b"],"capabilities":{"Bounding":["CAP_KILL"]},"no_new_privileges":true,"namespaces":[{"type":"NEWNS"}],"uid_mappings":[{"container_id":0,"host_id":5,"size":1}]}}`))
	if err != nil || st.runtime != "runc" || st.id != "web" || st.pid != 7 || st.start != 99 || st.bundle != "/b" || st.spec.Caps.Or(caps.Sets{}).Bounding != caps.Of(caps.Kill) ||
		st.spec.Seccomp.Or("") != "none" || st.spec.Namespaces.Or(nil)[0].Type != "mnt" || st.spec.UIDMap.Or(nil)[0].Outside != 5 {
		t.Errorf("%+v %v", st, err)
	}
	if !st.inCgroup("/web") || st.inCgroup("/") || st.inCgroup("/other") || st.inCgroup("") {
		t.Error("wrong cgroups")
	}
	st, err = parseCrun([]byte(`{"pid":8,"process-start-time":5,"cgroup-path":"/system.slice/crun-x.scope","bundle":"/b"}`), "x")
	if err != nil || st.runtime != "crun" || st.id != "x" || st.pid != 8 || st.start != 5 || !st.inCgroup("/system.slice/crun-x.scope") {
		t.Errorf("%+v %v", st, err)
	}
	for _, bad := range []string{"", "{}", "[]", `{"id":"x"}`, `{"id":"x","init_process_pid":-1}`, `{"pid":"x"}`} {
		if _, err := parseRunc([]byte(bad)); err == nil {
			t.Errorf("%q is runc's", bad)
		}
		if _, err := parseCrun([]byte(bad), "x"); err == nil {
			t.Errorf("%q is crun's", bad)
		}
	}
}

func TestLXC(t *testing.T) {
	full := caps.Full(caps.Last)
	d, err := parseLXC([]byte("# c\nlxc.uts.name = a\nlxc.cap.drop = sys_time sys_module\nlxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 200000 65536\n"+
		"lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp\nlxc.mount.entry = /dev/kvm dev/kvm none bind,create=file 0 0\n"), full)
	if err != nil || d.Caps.Or(caps.Sets{}).Bounding != full&^caps.Of(caps.SysTime, caps.SysModule) || d.UIDMap.Or(nil)[0].Outside != 100000 || d.GIDMap.Or(nil)[0].Outside != 200000 ||
		d.Seccomp.Or("") != "common.seccomp" || len(d.Mounts.Or(nil)) != 1 || d.NoNewPrivs.Or(true) {
		t.Errorf("%+v %v", d, err)
	}
	if d, err = parseLXC([]byte("lxc.include = /usr/share/lxc/config/common.conf\nlxc.cap.drop = sys_time\n"), full); err != nil || d.Caps.Known() || d.Seccomp.Known() {
		t.Errorf("what an include adds is taken as known: %+v %v", d, err)
	}
	if d, _ = parseLXC([]byte("lxc.cap.keep = chown\nlxc.cap.keep = kill\n"), full); d.Caps.Or(caps.Sets{}).Bounding != caps.Of(caps.Chown, caps.Kill) {
		t.Errorf("%+v", d)
	}
	if _, err = parseLXC([]byte("\x7fELF"), full); err == nil {
		t.Error("a program is a configuration")
	}
}

// FuzzFiles: whatever a file holds, its reading ends, and what comes out can be written as JSON.
func FuzzFiles(f *testing.F) {
	f.Add([]byte(fullSpec))
	f.Add([]byte(`{"ID":"x","Name":"/web","Config":{"Image":"i","Labels":{"a":"b"}}}`))
	f.Add([]byte(`[{"id":"a","names":["web"],"metadata":"{\"image-name\":\"img\"}"}]`))
	f.Add([]byte(`{"id":"web","init_process_pid":7,"config":{"labels":["bundle=/b"],"capabilities":{"Bounding":["CAP_KILL"]}}}`))
	f.Add([]byte(`{"pid":8,"process-start-time":5,"cgroup-path":"/x","bundle":"/b"}`))
	f.Add([]byte("lxc.cap.drop = sys_time\nlxc.idmap = u 0 1 2\nlxc.mount.entry = / x none bind 0 0\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		check := func(d inspect.Declared) {
			if _, err := json.Marshal(d); err != nil {
				t.Error(err)
			}
			if len(d.Mounts.Or(nil)) > maxRisks {
				t.Error("more mounts than are to be kept")
			}
		}
		if s, err := parseSpec(b); err == nil {
			d := s.declared()
			fs := facts{declared: &d}
			fs.annotate(s.Annotations)
			check(d)
			if dir := dockerDir(s, "x"); dir != "" && !strings.HasSuffix(dir, "/containers/x") {
				t.Errorf("docker's directory is %q", dir)
			}
		}
		d := inspect.Declared{Seccomp: inspect.Some("profile")}
		fs := facts{declared: &d}
		if err := fs.docker(b, "x"); err == nil && !strings.Contains(string(b), "x") {
			t.Error("another's id")
		}
		fs.dockerHost(b)
		dockerRoot(b)
		parseStorage(b)
		if st, err := parseRunc(b); err == nil {
			if st.id == "" || st.pid <= 0 {
				t.Errorf("%+v", st)
			}
			check(st.spec)
		}
		if st, err := parseCrun(b, "x"); err == nil && st.pid <= 0 {
			t.Errorf("%+v", st)
		}
		if d, err := parseLXC(b, caps.Full(caps.Last)); err == nil {
			check(d)
		}
	})
}

func TestMounts(t *testing.T) {
	docker := "842 1 0:1 / / rw - overlay overlay rw,upperdir=/var/lib/docker/overlay2/x/diff\n" +
		"926 842 254:0 /var/lib/docker/containers/" + id1 + "/resolv.conf /etc/resolv.conf rw - ext4 /dev/vda rw\n"
	podman := "842 1 0:1 / / rw - overlay overlay rw,lowerdir=/l,upperdir=/home/a\\040b/storage/overlay/x/diff\n" +
		"926 842 0:2 /containers/overlay-containers/" + id1 + "/userdata/hostname /etc/hostname rw - tmpfs tmpfs rw\n"
	for _, c := range []struct{ text, id, runtime, dir string }{
		{docker, id1, "docker", "/var/lib/docker/containers/" + id1},
		{docker, "", "docker", "/var/lib/docker/containers/" + id1},
		{docker, id2, "", ""},
		{podman, "", "podman", "/home/a b/storage/overlay-containers/" + id1 + "/userdata"},
		{"926 842 0:2 / /etc/hostname rw - tmpfs tmpfs rw\n", "", "", ""},
		{"x\n\n", "", "", ""},
	} {
		m := parseMounts([]byte(c.text), c.id)
		if m.runtime != c.runtime || c.dir != "" && (m.id != id1 || !slices.Contains(m.dirs, c.dir)) {
			t.Errorf("%q of %.70q: %+v", c.id, c.text, m)
		}
	}
}

func FuzzMounts(f *testing.F) {
	f.Add([]byte("926 842 254:0 /var/lib/docker/containers/"+id1+"/resolv.conf /etc/resolv.conf rw - ext4 /dev/vda rw\n"), "")
	f.Add([]byte("842 1 0:1 / / rw - overlay overlay rw,upperdir=/s/overlay/x/diff\n926 842 0:2 /c/overlay-containers/"+id1+"/userdata/hosts /etc/hosts rw - tmpfs t rw\n"), id1)
	f.Fuzz(func(t *testing.T, text []byte, id string) {
		m := parseMounts(text, id)
		if id != "" && m.id != "" && m.id != id {
			t.Errorf("another's id: %+v", m)
		}
		for _, dir := range m.dirs {
			if !strings.Contains(dir, m.id) {
				t.Errorf("%q is not %q's", dir, m.id)
			}
		}
	})
}
