package profile

import (
	"strings"
	"testing"

	"capview/inspect/caps"
	"capview/inspect/seccomp"
)

// exportNotes exports filters, and holds the profile to being read again as it is and to being the same another time.
func exportNotes(t *testing.T, name string, stack seccomp.Stack) Export {
	t.Helper()
	e := FromPolicy(stack, seccomp.X86_64)
	text, err := e.Profile.JSON()
	if err != nil {
		t.Fatal(err)
	}
	read, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: our own profile: %v", name, err)
	}
	again, err := read.Resolve(Context{Caps: caps.Full(caps.Last)})
	if err != nil {
		t.Fatal(err)
	}
	if second, _ := again.JSON(); string(second) != string(text) {
		t.Errorf("%s: read and resolved the profile is another", name)
	}
	if third, _ := FromPolicy(stack, seccomp.X86_64).Profile.JSON(); string(third) != string(text) {
		t.Errorf("%s: exported again the profile is another", name)
	}
	t.Logf("%s: %d rules, %d bytes, %d notes, libseccomp %s", name, len(e.Profile.Syscalls), len(text), len(e.Notes), e.Library)
	return e
}

func TestExportReal(t *testing.T) {
	for _, name := range []string{"docker", "podman"} {
		e := exportNotes(t, name, seccomp.Stack{realFilter(t, name)})
		for _, n := range e.Notes {
			t.Errorf("%s: %s", name, n)
		}
		for _, r := range e.Profile.Syscalls {
			if len(r.Args) > 0 {
				t.Logf("%s %s %+v", strings.Join(r.Names, ","), r.Action, r.Args)
			}
		}
	}
}

// What profiles cannot say has a note that says so.
func TestExportNotes(t *testing.T) {
	ret := func(a seccomp.Action) seccomp.Instruction { return seccomp.Instruction{Code: opReturn, K: uint32(a)} }
	load := func(word seccomp.Word) seccomp.Instruction {
		return seccomp.Instruction{Code: opLoad, K: 4 * uint32(word)}
	}
	nr := func(n uint32, otherwise uint8) seccomp.Instruction {
		return seccomp.Instruction{Code: opJumpEQ, K: n, JF: otherwise}
	}
	for _, c := range []struct {
		what    string
		program seccomp.Program
		want    string
	}{
		{"TRAP's data", seccomp.Program{load(0), nr(165, 1), ret(seccomp.Trap | 7), ret(seccomp.Allow)}, "x86_64 mount: profiles have no data for TRAP"},
		{"an architecture's own way", seccomp.Program{load(seccomp.WordArch), {Code: opJumpEQ, K: seccomp.X86_64.Audit(), JT: 1}, ret(seccomp.Allow),
			load(0), nr(165, 1), ret(seccomp.Errno | 1), ret(seccomp.Allow)}, "i386 mount: a rule is for all architectures, and on x86_64 the filters decide otherwise"},
		{"the instruction pointer", seccomp.Program{load(0), nr(165, 3), load(seccomp.WordIP), {Code: opJumpEQ, K: 5, JF: 1}, ret(seccomp.Errno | 1), ret(seccomp.Allow)},
			"x86_64 mount: it depends on the instruction pointer"},
		{"notify for write", seccomp.Program{load(0), nr(1, 1), ret(seccomp.UserNotify), ret(seccomp.Allow)}, "x86_64 write: runc takes no SCMP_ACT_NOTIFY for write"},
		{"the stub", seccomp.Program{ret(seccomp.Errno | 1)}, "x86_64: numbers that no system call has yet get ERRNO(ENOSYS) by runc"},
	} {
		e := exportNotes(t, c.what, seccomp.Stack{c.program})
		var notes []string
		for _, n := range e.Notes {
			notes = append(notes, n.String())
		}
		if all := strings.Join(notes, "\n"); !strings.Contains(all, c.want) {
			t.Errorf("%s: notes %q, want %q", c.what, all, c.want)
		}
	}
}
