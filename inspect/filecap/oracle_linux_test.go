package filecap

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"capview/inspect/caps"
)

// tool is the path of one of libcap's programs. Without it the test is skipped, on a CI machine it fails: there the
// comparison must not be lost unnoticed.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/sbin/"} { // not in everyone's PATH
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("no %s (package libcap2-bin)", name)
	}
	t.Skipf("no %s (package libcap2-bin)", name)
	return ""
}

// files makes n empty files that can be given capabilities.
func files(t *testing.T, n int) []string {
	dir := t.TempDir()
	paths := make([]string, n)
	for i := range paths {
		paths[i] = filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(paths[i], nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	probe, _ := Caps{Revision: 2, Permitted: 1}.Bytes()
	switch err := unix.Setxattr(paths[0], Attribute, probe, 0); {
	case errors.Is(err, unix.EPERM):
		t.Skip("needs cap_setfcap, to give files capabilities")
	case errors.Is(err, unix.ENOTSUP):
		t.Skip("the temporary directory's file system has no extended attributes")
	case err != nil:
		t.Fatal(err)
	}
	return paths
}

// initialUserNS tells whether every uid is mapped here: else the kernel refuses some roots.
func initialUserNS() bool {
	b, err := os.ReadFile("/proc/self/uid_map")
	return err == nil && strings.Join(strings.Fields(string(b)), " ") == "0 0 4294967295"
}

// What the kernel returns of random attributes is what was set, and reads as getcap prints it.
func TestAgreesWithGetcap(t *testing.T) {
	const rounds, batch = 10, 500
	getcap := tool(t, "getcap")
	paths := files(t, batch)
	r := rand.New(rand.NewPCG(9, 10))
	compared := map[int]int{}
	for range rounds {
		want := map[string]Caps{}
		for _, path := range paths {
			c := random(r)
			if !initialUserNS() {
				c.Revision, c.RootID = 2, 0
			}
			want[path] = set(t, path, c)
		}
		out, err := exec.Command(getcap, append([]string{"-n"}, paths...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		for line := range strings.Lines(string(out)) {
			path, said, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			c, ok := want[path]
			// getcap prints a root above 2^31-1 as a negative number.
			said = strings.Replace(said, fmt.Sprintf("[rootid=%d]", int32(c.RootID)), fmt.Sprintf("[rootid=%d]", c.RootID), 1)
			if !ok || c.String() != said {
				t.Fatalf("%+v: got %q, getcap %q", c, c, line)
			}
			compared[c.Revision]++
			delete(want, path)
		}
		if len(want) != 0 {
			t.Fatalf("getcap passed over %d files", len(want))
		}
	}
	t.Logf("compared %d files of revision 2 and %d of revision 3 with getcap -n", compared[2], compared[3])
}

// set gives path the capabilities and returns what the kernel says it has.
func set(t *testing.T, path string, c Caps) Caps {
	b, err := c.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Setxattr(path, Attribute, b, 0); err != nil {
		t.Fatalf("%+v: %v", c, err)
	}
	got := get(t, path)
	c.Text = c.TextFor(caps.Last)
	if got != c {
		t.Fatalf("set %+v, got %+v", c, got)
	}
	return got
}

func get(t *testing.T, path string) Caps {
	var b [MaxSize]byte
	n, err := unix.Getxattr(path, Attribute, b[:])
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse(b[:n])
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// random is an attribute of revision 2 or 3, of few or many capabilities, those no kernel knows among them.
func random(r *rand.Rand) Caps {
	mask := func() caps.Set {
		s := caps.Set(r.Uint64())
		switch r.IntN(5) {
		case 0:
			return 0
		case 1:
			return s & caps.Set(r.Uint64()&r.Uint64()&r.Uint64()) & caps.Full(caps.Last)
		case 2:
			return (s | caps.Set(r.Uint64()|r.Uint64()|r.Uint64())) & caps.Full(caps.Last)
		case 3:
			return caps.Full(caps.Cap(r.IntN(64)))
		}
		return s
	}
	c := Caps{Revision: 2, Effective: r.IntN(2) == 0, Permitted: mask(), Inheritable: mask()}
	if r.IntN(2) == 0 {
		c.Revision, c.RootID = 3, 1+uint32(r.Uint64N(1<<32-2)) // 0 would come back as revision 2
	}
	return c
}

// setcap's own attributes read as what it was told.
func TestAgreesWithSetcap(t *testing.T) {
	setcap := tool(t, "setcap")
	path := files(t, 1)[0]
	for _, text := range []string{"cap_net_raw=ep", "cap_net_bind_service,cap_net_admin=p", "=", "=ep", "cap_chown=ei",
		"=eip cap_sys_admin-eip", "cap_chown=i cap_kill+p", "cap_bpf=eip"} {
		if out, err := exec.Command(setcap, text, path).CombinedOutput(); err != nil {
			t.Fatalf("setcap %s: %v: %s", text, err, out)
		}
		c := get(t, path)
		if out, err := exec.Command(setcap, "-v", c.Text, path).CombinedOutput(); err != nil {
			t.Errorf("set %q, read %q, which setcap finds different: %s", text, c.Text, bytes.TrimSpace(out))
		}
	}
}

// The kernel gives an attribute whose root is the reader's own as revision 2, and refuses what Parse takes beyond.
func TestKernelTranslates(t *testing.T) {
	path := files(t, 1)[0]
	own, _ := Caps{Revision: 3, Permitted: 1, Effective: true}.Bytes()
	if err := unix.Setxattr(path, Attribute, own, 0); err != nil {
		t.Fatal(err)
	}
	if c := get(t, path); c.Revision != 2 || c.RootID != 0 || c.Text != "cap_chown=ep" {
		t.Errorf("revision 3 of root itself came back as %+v", c)
	}
	one, _ := Caps{Revision: 1, Permitted: 1}.Bytes()
	if err := unix.Setxattr(path, Attribute, one, 0); !errors.Is(err, unix.EINVAL) {
		t.Errorf("revision 1 was taken: %v", err)
	}
}
