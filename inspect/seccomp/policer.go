package seccomp

import "slices"

// The bounds of a whole policy: a straight way through the most that the kernel lets a thread have (32,768 instructions,
// kernel/seccomp.c, MAX_INSNS_PER_PATH) for every system call; what is beyond them is unknown.
const (
	policySteps     = 1 << 24
	policySearch    = 1 << 24
	policyTests     = 1 << 20
	policyStretches = 1 << 12
)

// policer works out a policy.
type policer struct {
	*decider
	arch                               Arch
	stepsLeft, searchesLeft, testsLeft int
}

// Policy works out the policy for an architecture.
func (s Stack) Policy(arch Arch) *Policy {
	p := policer{newDecider(s), arch, policySteps, policySearch, policyTests}
	p.often()
	b := breaksOf(s, arch)
	_, last := arch.domain()
	policy := &Policy{Arch: arch, Default: p.decide(last), Rough: b.rough}
	numbers := arch.Numbers()
	policy.Syscalls = make([]Syscall, len(numbers))
	for i, nr := range numbers {
		policy.Syscalls[i] = Syscall{nr, arch.Name(nr), p.decide(nr)}
	}
	if starts := b.stretches(); len(starts) <= policyStretches {
		p.ranges(policy, starts)
	} else {
		policy.Rough = "the filters tell too many numbers apart"
	}
	return policy
}

// decide is the decider's, within the bounds of the policy.
func (p *policer) decide(nr uint32) Decision {
	steps, searches := min(decideSteps, p.stepsLeft), min(decideSearch, p.searchesLeft)
	p.steps, p.facts.solver.left = steps, searches
	decision := p.decideWithin(p.arch.Audit(), nr)
	p.stepsLeft -= steps - p.steps
	p.searchesLeft -= searches - p.facts.solver.left
	for _, path := range decision.Paths {
		p.testsLeft -= len(path.Tests)
	}
	if p.testsLeft < 0 {
		return Decision{Unknown: tooMany}
	}
	return decision
}

// ranges finds the numbers without a name that are not decided by default: it takes one number of each gap between names
// in each stretch.
func (p *policer) ranges(policy *Policy, starts []uint32) {
	_, last := p.arch.domain()
	for i, from := range starts {
		to := last
		if i+1 < len(starts) {
			to = starts[i+1] - 1
		}
		p.gaps(from, to, func(from, to uint32) {
			policy.addRange(Range{from, to, p.decide(from)})
		})
	}
}

// gaps calls each with every run of numbers without a name from one to another.
func (p *policer) gaps(from, to uint32, each func(from, to uint32)) {
	numbers := p.arch.Numbers()
	next, _ := slices.BinarySearch(numbers, from)
	for _, named := range numbers[next:] {
		if named > to {
			break
		}
		if from < named {
			each(from, named-1)
		}
		from = named + 1
	}
	if from <= to {
		each(from, to)
	}
}

// addRange appends a range unless it is decided by default; it continues the one before where that is its neighbour and
// is decided alike.
func (p *Policy) addRange(r Range) {
	if alike(r.Decision, p.Default) {
		return
	}
	if n := len(p.Ranges); n > 0 && p.Ranges[n-1].To+1 == r.From && alike(r.Decision, p.Ranges[n-1].Decision) {
		p.Ranges[n-1].To = r.To
		return
	}
	p.Ranges = append(p.Ranges, r)
}

// alike tells that decisions are known to do the same, or unknown for the same reason.
func alike(a, b Decision) bool {
	if a.Unknown != "" {
		return a.Unknown == b.Unknown
	}
	same, known := Same(a, b)
	return same && known
}
