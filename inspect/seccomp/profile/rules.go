package profile

import (
	"cmp"
	"slices"

	"capview/inspect/seccomp"
)

// rule is a profile's rule for one system call as libseccomp is given it: at most one condition an argument, in the
// order of the arguments. Without conditions it always applies.
type rule struct {
	conditions []Arg
	action     seccomp.Action
}

// ruleSet is every system call's rules: the action of those with a rule without conditions, the first of which drops all
// others, and else the rules in the profile's order.
type ruleSet struct {
	fixed  map[uint32]seccomp.Action
	others map[uint32][]rule
}

func (s *ruleSet) add(nr uint32, r rule) {
	if len(r.conditions) > 0 {
		s.others[nr] = append(s.others[nr], r)
	} else if _, ok := s.fixed[nr]; !ok {
		s.fixed[nr] = r.action
	}
}

// rules is what libseccomp is given for an architecture. It takes no rules with the default action.
func (o *OCI) rules(arch seccomp.Arch, by Runtime, fallback seccomp.Action) ruleSet {
	set := ruleSet{make(map[uint32]seccomp.Action, 512), map[uint32][]rule{}}
	known := known[arch]()
	for _, entry := range o.Syscalls {
		act := action(entry.Action, entry.ErrnoRet)
		if act == fallback {
			continue
		}
		split := entry.split(by.Crun, act)
		for _, name := range entry.Names {
			if arch == seccomp.I386 {
				if mux, ok := multiplexed[name]; ok {
					for _, r := range split {
						set.add(known[mux.behind].nr, r.behind(mux.call).narrow())
					}
				}
			}
			k, ok := known[name]
			if !ok || k.since > by.Library {
				continue
			}
			for _, r := range split {
				if wide(arch) {
					set.add(k.nr, r.clean())
				} else {
					set.add(k.nr, r.narrow())
				}
			}
		}
	}
	return set
}

// wide tells whether libseccomp compares all 64 bits of arguments. x32 counts as 32-bit (src/arch-x32.c).
func wide(arch seccomp.Arch) bool { return arch == seccomp.X86_64 || arch == seccomp.AArch64 }

// crunConditions is how many of a rule's conditions crun looks at.
const crunConditions = 6

// split is the rules that a runtime adds for an entry: one, or where an argument has several conditions one for each,
// so that any of them suffices.
func (r *Rule) split(crun bool, act seccomp.Action) []rule {
	args := slices.Clone(r.Args)
	if crun {
		args = args[:min(len(args), crunConditions)]
	}
	var seen [6]bool
	twice := false
	for _, arg := range args {
		twice = twice || seen[arg.Index]
		seen[arg.Index] = true
	}
	if !twice {
		slices.SortFunc(args, func(a, b Arg) int { return cmp.Compare(a.Index, b.Index) })
		return []rule{{args, act}}
	}
	rules := make([]rule, len(args))
	for i, arg := range args {
		rules[i] = rule{[]Arg{arg}, act}
	}
	return rules
}

// behind is the rule for a system call behind a multiplexer: its first argument is which. The others stay as they are.
func (r rule) behind(call uint64) rule {
	conditions := []Arg{{Index: 0, Value: call, Op: opEQ}}
	for _, arg := range r.conditions {
		if arg.Index != 0 {
			conditions = append(conditions, arg)
		}
	}
	return rule{conditions, r.action}
}

// narrow is the rule as 32-bit architectures have it: values lose their upper halves.
func (r rule) narrow() rule {
	if len(r.conditions) == 0 {
		return r
	}
	conditions := slices.Clone(r.conditions)
	for i := range conditions {
		conditions[i].Value = uint64(uint32(conditions[i].Value))
		conditions[i].ValueTwo = uint64(uint32(conditions[i].ValueTwo))
	}
	return rule{conditions, r.action}.clean()
}

// clean is the rule without conditions on no bits, and with none compared outside its mask.
func (r rule) clean() rule {
	if len(r.conditions) == 0 {
		return r
	}
	conditions := make([]Arg, 0, len(r.conditions))
	for _, arg := range r.conditions {
		if arg.Op == opMaskedEQ {
			if arg.Value == 0 {
				continue
			}
			arg.ValueTwo &= arg.Value
		} else {
			arg.ValueTwo = 0
		}
		conditions = append(conditions, arg)
	}
	return rule{conditions, r.action}
}

// decide is what the rules of one system call come to, all with conditions. libseccomp keeps them in a tree (src/db.c): the
// first that applies wins in the tree's order.
func decide(rules []rule, arch seccomp.Arch, nr uint32, fallback seccomp.Action) seccomp.Decision {
	rules = distinct(rules)
	if mistaken(rules, wide(arch)) {
		return seccomp.Decision{Unknown: faulty}
	}
	if slices.ContainsFunc(rules, func(r rule) bool { return r.action != rules[0].action }) {
		rules = slices.Clone(rules)
		slices.SortStableFunc(rules, func(a, b rule) int { return a.order(b, wide(arch)) })
	}
	return seccomp.Stack{program(rules, wide(arch), fallback)}.Decide(arch, nr)
}

// distinct is the rules without those that repeat an earlier one.
func distinct(rules []rule) []rule {
	var once []rule
	for _, r := range rules {
		if !slices.ContainsFunc(once, func(o rule) bool { return o.action == r.action && slices.Equal(o.conditions, r.conditions) }) {
			once = append(once, r)
		}
	}
	return once
}
