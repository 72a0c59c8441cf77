package seccomp

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files and the table of system calls anew")

func golden(t *testing.T, name, have string) {
	t.Helper()
	file := "testdata/" + name
	if *update {
		if err := os.WriteFile(file, []byte(have), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != have {
		t.Errorf("%s differs from what the package makes (go test -run Golden -update writes it):\n%s", file, have)
	}
}

// Real filters, line by line.
func TestGoldenDisassembly(t *testing.T) {
	for _, name := range []string{"docker", "podman", "ops"} {
		var out strings.Builder
		fmt.Fprintln(&out, LineHeader)
		for _, line := range real(t, name).Disassemble() {
			fmt.Fprintln(&out, line)
		}
		golden(t, name+".disasm", out.String())
	}
}

// What real filters do, as JSON.
func TestGoldenPolicy(t *testing.T) {
	for _, name := range []string{"docker", "podman", "ops"} {
		policies, err := json.MarshalIndent(Stack{real(t, name)}.Policies(), "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name+".json", string(policies)+"\n")
	}
}

// A stack's policy is what its filters' values combine to.
func TestStackOfRealFilters(t *testing.T) {
	policy := Stack{real(t, "ops"), real(t, "docker")}.Policy(X86_64)
	for name, want := range map[string]string{
		"mount":       "EPERM",  // docker refuses
		"clone3":      "ENOSYS", // both, the newer one's value is kept
		"read":        "LOG if count <= 0x100000001, otherwise ALLOW",
		"personality": "EPERM if persona not in (0x0, 0x8, 0x20000, 0x20008, 0xffffffff), USER_NOTIF if persona in (0x8, 0x20000, 0x20008, 0xffffffff), otherwise ALLOW",
		"kexec_load":  "KILL_THREAD",
	} {
		nr, _ := X86_64.Number(name)
		if have := policy.Syscall(nr).Conditions(X86_64, nr).String(); have != want {
			t.Errorf("%s: %s\nwant %s", name, have, want)
		}
	}
}
