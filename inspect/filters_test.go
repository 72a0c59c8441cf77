package inspect

import (
	"testing"

	"capview/inspect/seccomp"
)

// A thread's filters are those of the snapshot that its stack names; what a kernel would not attach, and what is not there,
// is unknown and not none.
func TestFilters(t *testing.T) {
	allow := seccomp.Program{{Code: 0x06, K: uint32(seccomp.Allow)}}
	deny := seccomp.Program{{Code: 0x06, K: uint32(seccomp.Errno | 1)}}
	wrong := seccomp.Program{{Code: 0x20, K: 3}, {Code: 0x06}}
	s := &Snapshot{Host: Host{Machine: "x86_64"}}
	hash := map[string]string{}
	for name, p := range map[string]seccomp.Program{"allow": allow, "deny": deny, "wrong": wrong} {
		f, ok := NewFilterProgram(p.Bytes())
		if !ok || f.Hash != p.Hash() {
			t.Fatalf("%s: %+v", name, f)
		}
		s.SeccompFilters = append(s.SeccompFilters, f)
		hash[name] = f.Hash
	}
	ix := NewIndex(s)
	filtered := func(hashes ...string) Opt[Seccomp] {
		return Some(Seccomp{Mode: SeccompFilter, Stack: Some(StackOf(hashes...))})
	}
	for _, c := range []struct {
		name  string
		state Opt[Seccomp]
		known bool
		want  seccomp.Action
		n     int
	}{
		{"unread", Opt[Seccomp]{}, false, 0, 0},
		{"none", Some(Seccomp{Mode: SeccompDisabled}), true, seccomp.Allow, 0},
		{"one", filtered(hash["allow"]), true, seccomp.Allow, 1},
		{"two", filtered(hash["allow"], hash["deny"]), true, seccomp.Errno | 1, 2},
		{"no stack", Some(Seccomp{Mode: SeccompFilter, Filters: Some(1)}), false, 0, 0},
		{"missing", filtered("ffff"), false, 0, 0},
		{"hostile", filtered(hash["wrong"]), false, 0, 0},
		{"strict", Some(Seccomp{Mode: SeccompStrict}), false, 0, 0},
	} {
		stack, known := ix.Filters(&Creds{Seccomp: c.state})
		if known != c.known || len(stack) != c.n {
			t.Errorf("%s: %v, %v", c.name, stack, known)
			continue
		}
		if known && c.n > 0 && stack.Eval(&seccomp.Data{Arch: seccomp.X86_64.Audit()}) != c.want {
			t.Errorf("%s: %s", c.name, stack.Eval(&seccomp.Data{}))
		}
		p := &Process{Creds: Creds{Seccomp: c.state}}
		f, ok := ix.ActionFacts(p).Filters.Get()
		if ok != (known || c.name == "strict") || ok && f.Strict != (c.name == "strict") {
			t.Errorf("%s: the rules are told %+v, %v", c.name, f, ok)
		}
	}
}
