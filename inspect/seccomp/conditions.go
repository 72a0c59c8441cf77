package seccomp

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Conditions is a decision in words: the actions that arguments lead to, and the one in all other cases. Without cases the
// arguments do not matter.
type Conditions struct {
	Cases     []Condition
	Otherwise Action
	// Wide names the arguments of which the kernel takes the lower 32 bits alone while the filter looks at all 64, and lets
	// more through where an upper one is set: who sets it walks around the filter.
	Wide    []string
	Unknown string // why it could not be found out, or not be put into words; then nothing else is set
}

// Condition is when an action is taken.
type Condition struct {
	If     string // "flags & CLONE_NEWUSER", "domain == AF_VSOCK"
	Action Action
}

// way is a path in regions: what must hold of each field.
type way struct {
	of     [fields]region
	keys   [fields]string // the same in words, to compare regions by
	action Action
}

// Conditions puts a decision for a system call into words.
func (d Decision) Conditions(arch Arch, nr uint32) Conditions {
	if d.Unknown != "" {
		return Conditions{Unknown: d.Unknown}
	}
	if arch.narrow() {
		d = d.Given(upperHalves)
	}
	if action, ok := d.Constant(); ok {
		return Conditions{Otherwise: action}
	}
	w := writer{arch: arch, nr: nr, solver: solver{left: wordSteps}}
	var ways []way
	for _, p := range d.Paths {
		ways = append(ways, w.way(p))
	}
	conditions := w.conditions(w.merge(ways))
	if w.solver.left < 0 {
		return Conditions{Unknown: "too intricate conditions for words"}
	}
	conditions.Wide = w.wide(d)
	return conditions
}

// upperHalves is those of the arguments of an architecture that has none: 0.
var upperHalves = map[Word]uint32{WordArgs + 1: 0, WordArgs + 3: 0, WordArgs + 5: 0, WordArgs + 7: 0, WordArgs + 9: 0, WordArgs + 11: 0}

// writer puts decisions for one system call into words.
type writer struct {
	arch   Arch
	nr     uint32
	solver solver
}

// wordSteps bounds what is done to find words for a decision.
const wordSteps = 1 << 23

func (w *writer) way(p Path) way {
	way := way{action: p.Action.Effective()}
	for f := range field(fields) {
		way.of[f] = region{p.box(f, &w.solver)}
		way.keys[f] = w.phrase(way.of[f], f).text
	}
	return way
}

const unlimited = "anything"

func (w *writer) phrase(r region, f field) phrase {
	return w.arch.argument(w.nr, f).phrase(r, &w.solver)
}

// merge joins ways to the same action that differ in one field only, until there are none.
func (w *writer) merge(ways []way) []way {
	for {
		before := len(ways)
		for f := range field(fields) {
			ways = w.mergeField(ways, f)
		}
		if len(ways) == before {
			return ways
		}
	}
}

func (w *writer) mergeField(ways []way, f field) []way {
	var merged []way
	index := map[string]int{}
	for _, way := range ways {
		keys := way.keys
		keys[f] = ""
		key := fmt.Sprint(uint32(way.action), strings.Join(keys[:], "\x00"))
		at, ok := index[key]
		if !ok {
			index[key] = len(merged)
			merged = append(merged, way)
			continue
		}
		merged[at].of[f] = append(slices.Clip(merged[at].of[f]), way.of[f]...)
	}
	if len(merged) < len(ways) {
		for i := range merged {
			merged[i].keys[f] = w.phrase(merged[i].of[f], f).text
			if merged[i].keys[f] == unlimited {
				merged[i].of[f] = anything()
			}
		}
	}
	return merged
}

// conditions lists the actions, the strictest first, and chooses the one that is best left for all other cases: that which
// takes most words, of equal ones the most permissive.
func (w *writer) conditions(ways []way) Conditions {
	byAction := map[Action][]way{}
	var actions []Action
	for _, way := range ways {
		if byAction[way.action] == nil {
			actions = append(actions, way.action)
		}
		byAction[way.action] = append(byAction[way.action], way)
	}
	phrases := map[Action]phrase{}
	for action, ways := range byAction {
		phrases[action] = w.ways(ways)
	}
	otherwise := slices.MaxFunc(actions, func(a, b Action) int {
		return cmp.Or(cmp.Compare(phrases[a].cost, phrases[b].cost), cmp.Compare(int32(a), int32(b)))
	})
	slices.SortFunc(actions, func(a, b Action) int { return cmp.Compare(int32(a), int32(b)) })
	c := Conditions{Otherwise: otherwise}
	for _, action := range actions {
		if action != otherwise {
			c.Cases = append(c.Cases, Condition{phrases[action].text, action})
		}
	}
	return c
}

// ways is alternatives in words.
func (w *writer) ways(ways []way) phrase {
	var all []phrase
	for _, way := range ways {
		var parts []phrase
		for f := range field(fields) {
			if way.keys[f] != unlimited {
				parts = append(parts, w.phrase(way.of[f], f))
			}
		}
		all = append(all, both(parts))
	}
	return either(all)
}

// wide is Conditions.Wide.
func (w *writer) wide(d Decision) []string {
	var names []string
	for f := field(1); f < fields; f++ {
		arg := w.arch.argument(w.nr, f)
		if arg.narrow && !arg.zero && d.laxer(WordIP+2*Word(f)+1) {
			names = append(names, arg.name)
		}
	}
	return names
}

// laxer tells whether some call is refused with 0 in a word and gets further with another number there, all else equal.
func (d Decision) laxer(w Word) bool {
	clear := d.Given(map[Word]uint32{w: 0})
	s := solver{left: solverSteps}
	for _, value := range []uint32{1, 1 << 31} {
		for _, p := range clear.Paths {
			for _, q := range d.Given(map[Word]uint32{w: value}).Paths {
				if int32(q.Action.Effective()) <= int32(p.Action.Effective()) {
					continue
				}
				if _, can, _ := s.satisfy(p.Tests, q.Tests); can {
					return true
				}
			}
		}
	}
	return false
}

// String is the conditions in a line: "EPERM if flags & CLONE_NEWUSER, otherwise ALLOW".
func (c Conditions) String() string {
	if c.Unknown != "" {
		return "unknown: " + c.Unknown
	}
	var parts []string
	for _, one := range c.Cases {
		parts = append(parts, fmt.Sprintf("%s if %s", one.Action.Short(), one.If))
	}
	if len(parts) == 0 {
		return c.Otherwise.Short()
	}
	return strings.Join(append(parts, "otherwise "+c.Otherwise.Short()), ", ")
}
