package seccomp

import "slices"

// Combine is what two filters do together: for each system call the value that takes precedence, of equal ones the newer
// filter's. Paths that cannot be are left out.
func Combine(newer, older Decision) Decision {
	for _, d := range []Decision{newer, older} {
		if d.Unknown != "" {
			return Decision{Unknown: d.Unknown}
		}
	}
	if len(newer.Paths)*len(older.Paths) > decideTests {
		return Decision{Unknown: tooMany}
	}
	var both Decision
	s := solver{left: decideSearch}
	for _, p := range newer.Paths {
		for _, q := range older.Paths {
			_, can, err := s.satisfy(p.Tests, q.Tests)
			if err != nil {
				return Decision{Unknown: err.Error()}
			}
			if can {
				both.Paths = append(both.Paths, Path{slices.Concat(p.Tests, q.Tests), p.Action.over(q.Action)})
			}
		}
	}
	return both
}

// At is the action for one system call, false where the decision is unknown.
func (d Decision) At(data *Data) (Action, bool) {
	for _, p := range d.Paths {
		if p.Holds(data) {
			return p.Action, true
		}
	}
	return 0, false
}

// Constant is the action where it is the same whatever the arguments, false where it is not or is unknown.
func (d Decision) Constant() (Action, bool) {
	if d.Unknown != "" || len(d.Paths) == 0 {
		return 0, false
	}
	action := d.Paths[0].Action.Effective()
	for _, p := range d.Paths[1:] {
		if p.Action.Effective() != action {
			return 0, false
		}
	}
	return action, true
}

// Same tells whether two decisions do the same for all arguments (Action.Effective), and whether that is known.
func Same(a, b Decision) (same, known bool) {
	_, differ, known := Difference(a, b)
	return known && !differ, known
}

// Difference finds arguments for which two decisions do not do the same; number and architecture in them are 0. Known is
// false where neither a difference nor that there is none could be found.
func Difference(a, b Decision) (data Data, differ, known bool) {
	return DifferenceBy(a, b, Action.Effective)
}

// DifferenceBy is Difference with another view of an action: what it makes equal is the same. Action.Kind leaves the
// errors out of the comparison.
func DifferenceBy(a, b Decision, view func(Action) Action) (data Data, differ, known bool) {
	if a.Unknown != "" || b.Unknown != "" {
		return Data{}, false, false
	}
	if a.equal(b) {
		return Data{}, false, true
	}
	s := solver{left: decideSearch}
	for _, p := range a.Paths {
		for _, q := range b.Paths {
			if view(p.Action) == view(q.Action) {
				continue
			}
			data, can, err := s.satisfy(p.Tests, q.Tests)
			if can || err != nil {
				return data, can, err == nil
			}
		}
	}
	return Data{}, false, true
}

// equal tells decisions that are written alike.
func (d Decision) equal(other Decision) bool {
	return d.Unknown == other.Unknown && slices.EqualFunc(d.Paths, other.Paths, func(p, q Path) bool {
		return p.Action == q.Action && slices.Equal(p.Tests, q.Tests)
	})
}

// Example is arguments that go a path, the smallest of each word; number and architecture in them are 0.
func Example(p Path) (Data, bool) {
	data, can, err := Satisfy(p.Tests)
	return data, can && err == nil
}
