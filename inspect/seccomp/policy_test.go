package seccomp

import "testing"

// A policy says of every number what the decision for it is: named, in a range, or by default.
func TestPolicyAgreesWithDecide(t *testing.T) {
	g := newGenerator(7)
	rough, compared := 0, 0
	for i := range 400 {
		stack := Stack{g.program()}
		if g.IntN(2) == 0 {
			stack = append(stack, g.program())
		}
		if i == 0 {
			stack = Stack{real(t, "docker"), real(t, "ops")}
		}
		arch := Arch(g.IntN(int(Arches)))
		first, last := arch.domain()
		policy := stack.Policy(arch)
		if policy.Rough != "" {
			rough++
		}
		for range 200 {
			nr := first + g.number()%512
			switch g.IntN(4) {
			case 0:
				nr = first + g.number()%(last-first+1)
			case 1:
				nr = first + uint32(g.IntN(1000))
			}
			if policy.Rough != "" && arch.Name(nr) == "" {
				continue
			}
			want, have := stack.Decide(arch, nr), policy.Syscall(nr)
			if same, known := Same(want, have); !known && want.Unknown != have.Unknown || known && !same {
				t.Fatalf("%v %d: policy %v, decided %v\n%v", arch, nr, have, want, stack)
			}
			compared++
		}
	}
	t.Logf("%d numbers compared; %d policies of 400 cannot tell for numbers without a name", compared, rough)
}
