//go:build linux

package e2e

import (
	"encoding/csv"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// podman runs podman as the lab does: root's, or that of the lab's user.
func podman(t *testing.T, rootless bool, args ...string) string {
	t.Helper()
	options := []string{"--runtime", "runc", "--cgroup-manager", "cgroupfs", "--events-backend", "file", "--storage-driver", "vfs"}
	if !rootless {
		options = append(options, "--root", lab("podman/root"), "--runroot", lab("podman/run"), "--tmpdir", lab("podman/tmp"))
	}
	cmd := exec.Command("podman", append(options, args...)...)
	if rootless {
		home := lab("home")
		info, err := os.Stat(home)
		if err != nil {
			t.Fatal(err)
		}
		st := info.Sys().(*syscall.Stat_t)
		cmd.Dir, cmd.Env = home, []string{"HOME=" + home, "XDG_RUNTIME_DIR=" + home + "/run", "PATH=" + os.Getenv("PATH")}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: st.Uid, Gid: st.Gid}}
	}
	var said strings.Builder
	cmd.Stderr = &said
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("podman %q: %v\n%s", args, err, said.String())
	}
	return string(text)
}

// topColumns are podman top's names of what capview lists under columns of its own.
var topColumns = [][2]string{
	{"hpid", "pid"}, {"capeff", "effective"}, {"capprm", "permitted"}, {"capinh", "inheritable"}, {"capbnd", "bounding"},
	{"capamb", "ambient"}, {"seccomp", "seccomp"},
}

// TestAgreesWithPodmanTop compares the sets and seccomp of every process in podman's containers, by name.
func TestAgreesWithPodmanTop(t *testing.T) {
	needsLab(t)
	ours := listedSets(t)
	compared := 0
	for _, rootless := range []bool{false, true} {
		containers := podmanSays(t, rootless)
		if len(containers) == 0 {
			t.Errorf("podman (rootless: %v) runs nothing", rootless)
		}
		args := []string{"top", ""}
		for _, c := range topColumns {
			args = append(args, c[0])
		}
		for id, k := range containers {
			args[1] = id
			for i, line := range strings.Split(strings.TrimSpace(podman(t, rootless, args...)), "\n") {
				if i == 0 {
					continue // the headings
				}
				compared++
				theirs := strings.Fields(line)
				compareTop(t, k.name, theirs, ours[theirs[0]])
			}
		}
	}
	t.Logf("compared the %d columns of %d processes", len(topColumns), compared)
}

// listedSets is what capview lists of each process, by PID.
func listedSets(t *testing.T) map[string][]string {
	t.Helper()
	var columns []string
	for _, c := range topColumns {
		columns = append(columns, c[1])
	}
	rows, err := csv.NewReader(strings.NewReader(output(t, built, "list", "-o", "csv", "--columns", strings.Join(columns, ",")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, row := range rows {
		all[row[0]] = row
	}
	return all
}

func compareTop(t *testing.T, name string, theirs, ours []string) {
	t.Helper()
	if len(ours) != len(topColumns) || len(theirs) != len(topColumns) {
		t.Errorf("%s: podman says %q, capview %q", name, theirs, ours)
		return
	}
	for i, c := range topColumns {
		want, got := theirs[i], ours[i]
		if strings.HasPrefix(c[0], "cap") {
			got, _, _ = strings.Cut(got, " (in ") // where a set counts in a user namespace alone, the cell says which
			want, got = podmanNames(t, want), capshNames(t, got)
		} else if c[0] == "seccomp" { // podman tells of the mode; the lab's containers have podman's own profile
			want = map[string]string{"disabled": "none", "filter": "podman"}[want]
		}
		if want != got {
			t.Errorf("%s %s: %s is %s, podman says %s", name, theirs[0], c[1], got, want)
		}
	}
}

// podmanNames is podman's names of a set as capsh has them; its "full" is all that the kernel has.
func podmanNames(t *testing.T, set string) string {
	t.Helper()
	switch set {
	case "full":
		return capshNames(t, "all")
	case "none":
		return ""
	}
	names := strings.Split(strings.ToLower(set), ",")
	for i := range names {
		names[i] = "cap_" + names[i]
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

// capshNames is what a cell of capview's means: it may name a runtime's default set, or leave some out of all.
func capshNames(t *testing.T, cell string) string {
	t.Helper()
	mask := strings.TrimSpace(output(t, built, "decode", cell))
	_, list, _ := strings.Cut(strings.TrimSpace(output(t, "capsh", "--decode="+mask)), "=")
	names := strings.Split(list, ",")
	slices.Sort(names)
	return strings.Join(names, ",")
}
