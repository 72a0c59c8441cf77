package seccomp

import "testing"

// Decisions of filters on their own, combined, are the stack's; where two differ the arguments given show it, and where
// they are the same no arguments tried tell them apart.
func TestAlgebraAgreesWithEval(t *testing.T) {
	g := newGenerator(31)
	combined, same, differ := 0, 0, 0
	for range 6000 {
		a, b := g.program(), g.program()
		if g.IntN(3) == 0 { // the same but for one instruction, perhaps in nothing that matters
			b = append(Program(nil), a...)
			b[g.IntN(len(b))].K = g.number()
			if b.Check() != nil {
				continue
			}
		}
		nr := g.numberOf(Stack{a, b})
		da, db := a.Decide(X86_64, nr), b.Decide(X86_64, nr)
		if da.Unknown != "" || db.Unknown != "" {
			continue
		}
		complete := func(data Data) *Data {
			data.Nr, data.Arch = nr, X86_64.Audit()
			return &data
		}
		if both := Combine(da, db); both.Unknown == "" {
			for range 5 {
				agree(t, Stack{a, b}, both, *complete(g.data()))
				combined++
			}
			if equal, known := Same(both, Stack{a, b}.Decide(X86_64, nr)); !equal || !known {
				t.Fatalf("combined %v, of the stack %v", both, Stack{a, b}.Decide(X86_64, nr))
			}
		}
		data, different, known := Difference(da, db)
		if !known {
			t.Fatalf("not known whether %v and %v are the same", da, db)
		}
		if different {
			differ++
			if a.Eval(complete(data)).Effective() == b.Eval(complete(data)).Effective() {
				t.Fatalf("%+v does not tell %v from %v", data, a, b)
			}
			continue
		}
		same++
		for range 20 {
			if data := complete(g.data()); a.Eval(data).Effective() != b.Eval(data).Effective() {
				t.Fatalf("%+v tells %v from %v", data, a, b)
			}
		}
	}
	t.Logf("%d values of combined decisions compared; %d pairs the same, %d with a difference shown", combined, same, differ)
}

func TestDifferenceBy(t *testing.T) {
	a, b := Decision{Paths: []Path{{Action: Errno | 1}}}, Decision{Paths: []Path{{Action: Errno | 2}}}
	if _, differ, known := Difference(a, b); !differ || !known {
		t.Error("EPERM and ENOENT do not differ")
	}
	if _, differ, known := DifferenceBy(a, b, Action.Kind); differ || !known {
		t.Error("errors differ in kind")
	}
	if same, known := Same(a, Decision{Unknown: "why"}); same || known {
		t.Error("an unknown decision is known to differ or not")
	}
}
