package view

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"capview/inspect/caps"
	"capview/inspect/filecap"
)

// statusSets is the sets that the text of a /proc/PID/status has.
func statusSets(t *testing.T, status string) (s caps.Sets) {
	t.Helper()
	for key, set := range map[string]*caps.Set{
		"CapInh:": &s.Inheritable, "CapPrm:": &s.Permitted, "CapEff:": &s.Effective, "CapBnd:": &s.Bounding, "CapAmb:": &s.Ambient,
	} {
		_, rest, ok := strings.Cut(status, "\n"+key)
		if !ok {
			t.Fatalf("no %s in %q", key, status)
		}
		var err error
		if *set, err = caps.ParseHex(strings.Fields(rest)[0]); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// What an execve of a file with random capabilities gives a process with random bounding and inheritable sets is what the
// kernel gives it, EPERM included.
func TestFileGrantAgreesWithTheKernel(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to give files capabilities and processes sets")
	}
	setpriv, err := exec.LookPath("setpriv")
	if err != nil {
		t.Skip("needs setpriv (package util-linux)")
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(status), "NoNewPrivs:\t1") {
		t.Skip("runs under no_new_privs: no execve grants anything")
	}
	held := statusSets(t, string(status)).Bounding
	r := rand.New(rand.NewPCG(1, 2))
	refused, granted := 0, 0
	for range 150 {
		// The test's own sets bound what it can hand on.
		pick := func() caps.Set { return caps.Set(r.Uint64()&r.Uint64()) & held }
		f := filecap.Caps{Revision: 2, Permitted: pick(), Inheritable: pick(), Effective: r.IntN(2) == 0}
		if r.IntN(2) == 0 {
			f.Permitted &= caps.Set(r.Uint64() & r.Uint64() & r.Uint64())
		}
		bounding, nnp := held&^pick(), r.IntN(4) == 0
		file := copyOf(t, "/bin/cat")
		giveCaps(t, file, f)
		before, after, err := execute(t, setpriv, file, bounding, pick(), nnp)
		want, withheld := fileGrant(before, f)
		if before.Bounding != bounding {
			t.Fatalf("setpriv set %v, asked for %v", before.Bounding, bounding)
		}
		if nnp {
			want &= before.Permitted
		}
		switch {
		case (withheld != 0) != (err != nil):
			t.Errorf("%+v, before %+v, no_new_privs %v: withheld %v, execve said %v", f, before, nnp, withheld, err)
		case err != nil:
			refused++
		case after.Permitted != want || f.Effective && after.Effective != want:
			t.Errorf("%+v, before %+v, no_new_privs %v: %+v, want %v", f, before, nnp, after, want)
		default:
			granted++
		}
	}
	t.Logf("%d execve(2) granted, %d refused", granted, refused)
	if granted == 0 || refused == 0 {
		t.Error("one of the two never came up")
	}
}

func copyOf(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil || fs.Flags&unix.ST_NOSUID != 0 {
		t.Skipf("needs a temporary directory whose mount is not nosuid: %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, b, 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

func giveCaps(t *testing.T, file string, f filecap.Caps) {
	t.Helper()
	b, err := f.Bytes()
	if err == nil {
		err = unix.Setxattr(file, filecap.Attribute, b, 0)
	}
	if err != nil {
		t.Skipf("cannot give files capabilities here: %v", err)
	}
}

// execute runs file, a cat, as nobody from a shell, and returns the sets of the shell and of the file's process. Err is
// that the file could not be executed.
func execute(t *testing.T, setpriv, file string, bounding, inheritable caps.Set, nnp bool) (before, after caps.Sets, err error) {
	t.Helper()
	args := []string{"--inh-caps=" + only(inheritable), // first: it cannot be made to hold what is not in the bounding set
		setpriv, "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=" + only(bounding)}
	if nnp {
		args = append(args, "--no-new-privs")
	}
	args = append(args, "sh", "-c", "cat /proc/$$/status; echo ---; exec "+file+" /proc/self/status")
	out, runErr := exec.Command(setpriv, args...).Output()
	first, second, ok := strings.Cut(string(out), "---\n")
	if !ok {
		t.Fatalf("%v: %v", args, runErr)
	}
	if runErr != nil {
		return statusSets(t, first), after, runErr
	}
	return statusSets(t, first), statusSets(t, second), nil
}

// only is a set as setpriv takes it.
func only(s caps.Set) string {
	text := "-all"
	s.Each(func(c caps.Cap) { text += fmt.Sprintf(",+%s", c.Short()) })
	return text
}
