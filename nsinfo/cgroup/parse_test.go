package cgroup

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// What real kernels wrote, and what a hostile or damaged record might hold.
var files = []struct {
	name, text string
	unified    string
	paths      []Path
	choose     string
	err        string
}{
	{name: "v2", text: "0::/system.slice/ssh.service\n", unified: "/system.slice/ssh.service",
		paths: []Path{{Path: "/system.slice/ssh.service"}}, choose: "/system.slice/ssh.service"},
	{name: "v1",
		text:   "3:cpu,cpuacct:/docker/" + id1 + "\n2:memory:/docker/" + id1 + "\n1:name=systemd:/docker/" + id1 + "\n",
		paths:  []Path{{"/docker/" + id1, []string{"cpu", "cpuacct", "memory", "name=systemd"}}},
		choose: "/docker/" + id1},
	{name: "hybrid with one controller in use",
		text:    "9:name=systemd:/\n4:memory:/process_api/" + mirr + "\n1:cpu:/\n0::/\n",
		unified: "/",
		paths:   []Path{{"/", []string{"name=systemd", "cpu"}}, {"/process_api/" + mirr, []string{"memory"}}},
		choose:  "/process_api/" + mirr},
	{name: "a container in one hierarchy, a unit in another",
		text:   "2:memory:/lxc.payload.c1\n1:name=systemd:/system.slice/a-long.service/with/many/levels\n",
		paths:  []Path{{"/lxc.payload.c1", []string{"memory"}}, {"/system.slice/a-long.service/with/many/levels", []string{"name=systemd"}}},
		choose: "/lxc.payload.c1"},
	{name: "a unit and a deeper path that says nothing",
		text:   "2:cpu:/a/b/c/d\n1:name=systemd:/init.scope\n3:pids:/system.slice\n",
		paths:  []Path{{"/a/b/c/d", []string{"cpu"}}, {"/init.scope", []string{"name=systemd"}}, {"/system.slice", []string{"pids"}}},
		choose: "/init.scope"},
	{name: "a user cannot hide in a container of the name of the host's",
		text:   "1:name=systemd:" + user + "/a.service/docker/" + id1 + "/x/y\n2:memory:/docker/" + id2 + "\n",
		paths:  []Path{{user + "/a.service/docker/" + id1 + "/x/y", []string{"name=systemd"}}, {"/docker/" + id2, []string{"memory"}}},
		choose: "/docker/" + id2},
	{name: "colons in the path",
		text:    "0::/system.slice/containerd.service/kubepods-pod" + uid_ + ".slice:cri-containerd:" + id1 + "\n",
		unified: "/system.slice/containerd.service/kubepods-pod" + uid_ + ".slice:cri-containerd:" + id1,
		paths:   []Path{{Path: "/system.slice/containerd.service/kubepods-pod" + uid_ + ".slice:cri-containerd:" + id1}},
		choose:  "/system.slice/containerd.service/kubepods-pod" + uid_ + ".slice:cri-containerd:" + id1},
	{name: "a bad line among good ones", text: "rubbish\n4:memory:/docker/" + id1 + "\nx:y:/z\n5:cpu:relative\n",
		paths: []Path{{"/docker/" + id1, []string{"memory"}}}, choose: "/docker/" + id1,
		err: `cgroup line 1: "rubbish" is not hierarchy:controllers:path (and 2 more)`},
	{name: "no newline at the end", text: "0::/", unified: "/", paths: []Path{{Path: "/"}}, choose: "/"},
	{name: "empty"},
	{name: "bytes that are no text", text: "0::/\xff\x1b[2J\n", unified: "/\xff\x1b[2J", paths: []Path{{Path: "/\xff\x1b[2J"}}, choose: "/\xff\x1b[2J"},
}

func TestParse(t *testing.T) {
	for _, f := range files {
		ps, err := Parse([]byte(f.text))
		if got := fmt.Sprint(err); err != nil && got != f.err || err == nil && f.err != "" {
			t.Errorf("%s: error %q, want %q", f.name, got, f.err)
		}
		if ps.Unified != f.unified || !reflect.DeepEqual(ps.All, f.paths) {
			t.Errorf("%s:\n got %+v\nwant %+v, unified %q", f.name, ps, f.paths, f.unified)
		}
		if got := Choose(ps); got != f.choose {
			t.Errorf("%s: chose %q, want %q", f.name, got, f.choose)
		}
	}
}

func TestParseKeepsTheRestOfTooMany(t *testing.T) {
	var b strings.Builder
	for i := range 10 * maxPaths {
		fmt.Fprintf(&b, "%d:name=h%d:/p%d\n", i+1, i, i)
	}
	b.WriteString("0::/p0\n")
	ps, err := Parse([]byte(b.String()))
	if err == nil || len(ps.All) != maxPaths || ps.Unified != "/p0" {
		t.Errorf("%d paths, unified %q, error %v", len(ps.All), ps.Unified, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, file := range files {
		f.Add([]byte(file.text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ps, err := Parse(b)
		if len(ps.All) > maxPaths {
			t.Errorf("kept %d paths", len(ps.All))
		}
		lines := 0
		for l := range strings.SplitSeq(string(b), "\n") {
			if l != "" {
				lines++
			}
		}
		if len(ps.All) == 0 && lines > 0 && err == nil {
			t.Error("lines, but neither a path nor an error")
		}
		chosen := Choose(ps)
		found := len(ps.All) == 0 && chosen == ""
		for _, p := range ps.All {
			found = found || p.Path == chosen
		}
		if !found {
			t.Errorf("chose %q, which is none of the paths", chosen)
		}
	})
}
