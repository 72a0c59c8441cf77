package seccomp

import "testing"

// For random filters and random system calls, exactly one path of the decision holds, and it ends as the filter does.
func TestDecideAgreesWithEval(t *testing.T) {
	g := newGenerator(20261126)
	programs, unknown, compared, paths := 0, 0, 0, 0
	for range 30000 {
		stack := Stack{g.program()}
		for g.IntN(3) == 0 {
			stack = append(stack, g.program())
		}
		programs += len(stack)
		nr, arch := g.numberOf(stack), Arch(g.IntN(int(Arches)))
		if g.IntN(4) > 0 {
			arch = X86_64
		}
		decision := stack.Decide(arch, nr)
		if decision.Unknown != "" {
			unknown++
			continue
		}
		paths += len(decision.Paths)
		for range 12 {
			data := g.data()
			data.Nr, data.Arch = nr, arch.Audit()
			compared++
			agree(t, stack, decision, data)
		}
		for _, path := range decision.Paths {
			data, ok := Example(path)
			if !ok {
				t.Fatalf("no example for %v of\n%v", path, stack)
			}
			data.Nr, data.Arch = nr, arch.Audit()
			compared++
			agree(t, stack, decision, data)
		}
	}
	t.Logf("%d programs, %d decisions unknown, %d paths, %d system calls compared", programs, unknown, paths, compared)
}

func agree(t *testing.T, s Stack, d Decision, data Data) {
	t.Helper()
	want, held := s.Eval(&data), 0
	for _, path := range d.Paths {
		if !path.Holds(&data) {
			continue
		}
		held++
		if path.Action.Effective() != want.Effective() {
			t.Fatalf("%+v: decided %#x by %v, evaluated %#x:\n%v", data, uint32(path.Action), path.Tests, uint32(want), s)
		}
	}
	if held != 1 {
		t.Fatalf("%+v: %d paths hold of %v\n%v", data, held, d.Paths, s)
	}
}
