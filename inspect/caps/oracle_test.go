package caps

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
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

// Names is what capsh --decode says, of every mask.
func TestAgreesWithCapshDecode(t *testing.T) {
	const rounds, batch = 40, 500 // capsh takes many masks at once
	capsh := tool(t, "capsh")
	r := rand.New(rand.NewPCG(5, 6))
	compared := 0
	for range rounds {
		masks, args := make([]Set, batch), make([]string, batch)
		for i := range masks {
			masks[i] = sparse(r)
			args[i] = fmt.Sprintf("--decode=%x", uint64(masks[i]))
		}
		out, err := exec.Command(capsh, args...).Output()
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		if len(lines) != batch {
			t.Fatalf("%d lines for %d masks", len(lines), batch)
		}
		for i, s := range masks {
			if got := "0x" + s.Hex() + "=" + s.Names(); got != lines[i] {
				t.Fatalf("got %s, capsh %s", got, lines[i])
			}
			compared++
		}
		readNamesBack(t, lines)
	}
	t.Logf("compared %d masks with capsh --decode", compared)
}

// readNamesBack holds ParseSet to capsh's lines, "0x0000000000000003=cap_chown,cap_dac_override".
func readNamesBack(t *testing.T, lines []string) {
	for _, line := range lines {
		mask, names, _ := strings.Cut(line, "=")
		want, err := ParseSet(mask)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseSet(names + ",none"); err != nil || got != want {
			t.Fatalf("%q was read as %s, %v", line, got.Hex(), err)
		}
	}
}

// sparse is a random set: of few, of half, of nearly all capabilities, of known ones only.
func sparse(r *rand.Rand) Set {
	s := Set(r.Uint64())
	switch r.IntN(6) {
	case 0:
		s &= Set(r.Uint64() & r.Uint64() & r.Uint64())
	case 1:
		s |= Set(r.Uint64() | r.Uint64() | r.Uint64())
	case 2:
		s &= full
	case 3:
		s = Full(Cap(r.IntN(64)))
	case 4:
		s = Of(Cap(r.IntN(64)))
	}
	return s
}
