//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// scene is something done to a container of the lab that its runtime was not asked for, or that it was.
type scene struct {
	name string
	make []string // a command, run on the host; PROGRAM stands for what it is to run, ID and PID for the container
	of   string   // the container that it is about: docker's, unless runc is set
	runc bool
	want []string // the findings of the program
}

// enter runs a command in the cgroup of the container.
const enter = `for procs in $CGROUP; do echo $$ >"$procs" || exit; done; exec "$@"`

var scenes = []scene{
	{name: "an exec as asked for", make: []string{"docker", "exec", "ID", "PROGRAM"}, of: "web"},
	{name: "an exec as root", make: []string{"docker", "exec", "-u", "0", "ID", "PROGRAM"}, of: "plain-user", want: []string{"user"}},
	{name: "an exec as a user", make: []string{"docker", "exec", "-u", "1000", "ID", "PROGRAM"}, of: "web", want: []string{"user"}},
	{name: "an exec with more", make: []string{"runc", "exec", "--cap", "CAP_SYS_PTRACE", "ID", "PROGRAM"}, of: "bare", runc: true, want: []string{"more"}},
	{name: "entered", make: []string{"nsenter", "-t", "PID", "-a", "PROGRAM"}, of: "web", want: []string{"entered", "more", "no-seccomp"}},
	{name: "entered without seccomp, as asked for", make: []string{"nsenter", "-t", "PID", "-a", "PROGRAM"}, of: "unconfined", want: []string{"entered", "more"}},
	{name: "entered one that may gain nothing", make: []string{"nsenter", "-t", "PID", "-a", "PROGRAM"}, of: "dropped",
		want: []string{"entered", "more", "no-nnp", "no-seccomp"}},
	{name: "moved into the cgroup", make: []string{"sh", "-c", enter, "sh", "PROGRAM"}, of: "web", want: []string{"more", "no-seccomp", "outside"}},
	{name: "moved, and entered but for one", make: []string{"sh", "-c", enter, "sh", "nsenter", "-t", "PID", "-m", "-n", "-i", "-u", "PROGRAM"}, of: "web",
		want: []string{"more", "namespace", "no-seccomp"}},
}

// TestDrift makes what a runtime was not asked for, and wants exactly that found.
func TestDrift(t *testing.T) {
	needsLab(t)
	found := 0
	for i, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			id, pid := s.container(t)
			got := findings(t, strconv.Itoa(s.start(t, id, pid, 86300+i)))
			if !slices.Equal(got, s.want) {
				t.Errorf("found %q, want %q", got, s.want)
			}
			found += len(got)
		})
	}
	t.Logf("%d scenes, %d findings, as made", len(scenes), found)
}

// TestNoDriftUnasked wants nothing found of the lab's containers, but for those that were set up for it.
func TestNoDriftUnasked(t *testing.T) {
	needsLab(t)
	want := map[string][]string{} // by PID
	for id, k := range containerdSays(t) {
		if k.name == "front" { // a user with a capability in the bounding set alone
			want[strconv.Itoa(firstProcess(t, id))] = []string{"powerless"}
		}
	}
	if len(want) != 1 {
		t.Errorf("%d containers are asked for what they cannot have, 1 is set up", len(want))
	}
	all := labLists(t)
	for _, l := range all {
		if got := findings(t, strconv.Itoa(l.pid)); !slices.Equal(got, want[strconv.Itoa(l.pid)]) {
			t.Errorf("%s %s: found %q of %d, want %q", l.runtime, l.id, got, l.pid, want[strconv.Itoa(l.pid)])
		}
	}
	for id, k := range dockerSays(t) {
		of := []string(nil)
		if k.name == "hostpid" {
			of = []string{"host-namespace"}
		}
		if got := findings(t, "docker/"+id); !slices.Equal(got, of) {
			t.Errorf("docker %s: found %q, want %q", k.name, got, of)
		}
	}
	t.Logf("%d processes of containers are as asked, but for %d", len(all), len(want))
}

// container is the id of the one that the scene is about, and its first process.
func (s *scene) container(t *testing.T) (id string, pid int) {
	t.Helper()
	name, all := s.of, dockerSays(t)
	if s.runc {
		name, all = labName(t)+"-"+s.of, runcSays(t)
	}
	for id, k := range all {
		if k.name == name {
			return id, firstProcess(t, id)
		}
	}
	t.Fatalf("no container %s is in the lab", name)
	return "", 0
}

// start makes the scene and gives the PID of its program, which ends with the test.
func (s *scene) start(t *testing.T, id string, pid, seconds int) int {
	t.Helper()
	program := []string{"sleep", strconv.Itoa(seconds)}
	var args []string
	for _, arg := range s.make {
		switch arg {
		case "PROGRAM":
			args = append(args, program...)
		case "docker":
			args = append(args, "docker", "-H", "unix://"+lab("docker/sock"))
		default:
			args = append(args, strings.NewReplacer("ID", id, "PID", strconv.Itoa(pid)).Replace(arg))
		}
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "CGROUP="+cgroupFiles(t, pid))
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	at := 0
	for until := time.Now().Add(20 * time.Second); at == 0; time.Sleep(10 * time.Millisecond) {
		select {
		case err := <-ended:
			t.Fatalf("%q ended: %v\n%s", args, err, said.String())
		default:
		}
		if time.Now().After(until) {
			t.Fatalf("%q never ran %q", args, program)
		}
		at = running(t, program)
	}
	t.Cleanup(func() {
		if p, err := os.FindProcess(at); err == nil {
			p.Kill()
		}
		<-ended
	})
	return at
}

// running is the process that has become the program; 0 while there is none. runc sets it up under its own name.
func running(t *testing.T, program []string) int {
	t.Helper()
	for _, pid := range pids(t) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err == nil && string(text) == strings.Join(program, "\x00")+"\x00" {
			return pid
		}
	}
	return 0
}

// cgroupFiles lists the files that move a process to where pid is.
func cgroupFiles(t *testing.T, pid int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for line := range strings.Lines(string(text)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		under := []string{strings.TrimPrefix(f[1], "name="), f[1], "unified"}
		if f[1] == "" {
			under = []string{"unified", ""}
		}
		for _, dir := range under {
			file := filepath.Join("/sys/fs/cgroup", dir, f[2], "cgroup.procs")
			if _, err := os.Stat(file); err == nil {
				files = append(files, file)
				break
			}
		}
	}
	return strings.Join(files, " ")
}

// findings are the kinds of what capview finds of a process or container.
func findings(t *testing.T, subject string) (kinds []string) {
	t.Helper()
	var said struct{ Findings []struct{ Kind, Text string } }
	if err := json.Unmarshal([]byte(output(t, built, "show", subject, "-o", "json")), &said); err != nil {
		t.Fatal(err)
	}
	for _, f := range said.Findings {
		kinds = append(kinds, f.Kind)
		if f.Text == "" {
			t.Errorf("%s: %s has no words", subject, f.Kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}
