//go:build linux

package e2e

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// asUser runs capview as a user who is in group docker and no more, and is told where the daemon's socket is.
func asUser(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command("setpriv", append([]string{"--reuid", "65534", "--regid", "65534", "--groups", "docker", "--inh-caps", "-all", program}, args...)...)
	cmd.Env = []string{"DOCKER_HOST=unix://" + lab("docker/sock"), "HOME=/", "PATH=" + os.Getenv("PATH")}
	cmd.Dir = "/"
	var said strings.Builder
	cmd.Stderr = &said
	text, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) {
		t.Fatalf("capview %q: %v\n%s", args, err, said.String())
	}
	return string(text)
}

// TestSocketTells: a user in group docker, who may read no file of docker's, is told the names by its daemon; one that
// hangs is a gap with its socket's path, and holds nothing up for ever.
func TestSocketTells(t *testing.T) {
	needsLab(t)
	program := filepath.Join(lab("bin"), "capview")
	text, err := os.ReadFile(built)
	if err == nil {
		err = os.WriteFile(program, text, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	type gap struct{ Subject, What, Why string }
	want := dockerSays(t)
	scan := func() (names map[string]string, gaps []gap) {
		var s struct {
			Containers []contained
			Gaps       []gap
		}
		if err := json.Unmarshal([]byte(asUser(t, program, "export", "-")), &s); err != nil {
			t.Fatal(err)
		}
		names = map[string]string{}
		for _, c := range s.Containers {
			if c.Runtime == "docker" && c.Claimed && want[c.ID] != nil {
				t.Errorf("root's socket makes a claim of %s", c.Key)
			}
			if c.Runtime == "docker" && c.Name != nil {
				names[c.ID] = *c.Name + " " + strings.Trim(quoted(c.Image), `"`)
			}
		}
		return names, s.Gaps
	}
	got, _ := scan()
	for id, k := range want {
		if got[id] != k.name+" "+k.image {
			t.Errorf("%s: %q, docker says %q", id, got[id], k.name+" "+k.image)
		}
	}
	if said := asUser(t, program, "doctor"); !strings.Contains(said, lab("docker/sock")) {
		t.Errorf("doctor does not tell of the socket:\n%s", said)
	}
	pid := labProcess(t, "dockerd")
	signal(t, pid, syscall.SIGSTOP)
	defer syscall.Kill(pid, syscall.SIGCONT)
	state(t, "dockerd", pid, "T")
	hung, gaps := scan()
	told := false
	for _, g := range gaps {
		told = told || strings.Contains(g.Why, lab("docker/sock"))
	}
	if len(hung) != 0 || !told {
		t.Errorf("of a hung daemon: %v\n%+v", hung, gaps)
	}
	if said := asUser(t, program, "doctor"); !strings.Contains(said, "missing") || !strings.Contains(said, lab("docker/sock")+": ") {
		t.Errorf("doctor does not tell of the hung socket:\n%s", said)
	}
	signal(t, pid, syscall.SIGCONT)
	t.Logf("%d containers are named by the daemon to who may read no file of its", len(want))
}
