package inspect

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/nsinfo"
)

// span is a range of numbers, both ends included.
type span struct{ low, high uint64 }

func (s span) has(n uint64) bool { return n >= s.low && n <= s.high }

// parseSpan reads "5", "5-9", "5-" and "-9".
func parseSpan(s string) (span, bool) {
	low, high, isRange := strings.Cut(s, "-")
	r := span{0, math.MaxUint64}
	var err1, err2 error
	if low != "" {
		r.low, err1 = strconv.ParseUint(low, 10, 64)
	}
	switch {
	case !isRange:
		r.high = r.low
	case high != "":
		r.high, err2 = strconv.ParseUint(high, 10, 64)
	}
	return r, err1 == nil && err2 == nil && (low != "" || high != "") && r.low <= r.high
}

// numbers makes a key's test of numbers.
func numbers(ask func(p *Process, s span) fact.Answer) func(value) (test, error) {
	return func(v value) (test, error) {
		s, ok := parseSpan(v.text)
		if !ok || v.regexp {
			return nil, fmt.Errorf("%q is not a number or a range like 1000-2000", v.text)
		}
		return func(_ *Index, p *Process) fact.Answer { return ask(p, s) }, nil
	}
}

// texts makes a key's test of text.
func texts(make func(text) test) func(value) (test, error) {
	return func(v value) (test, error) {
		t, err := v.matcher()
		if err != nil {
			return nil, err
		}
		return make(t), nil
	}
}

// plain makes a key's test of text that a Process holds.
func plain(ask func(p *Process, t *text) fact.Answer) func(value) (test, error) {
	return texts(func(t text) test {
		return func(_ *Index, p *Process) fact.Answer { return ask(p, &t) }
	})
}

// anyThread is Yes where ask is for the leader or any thread.
func anyThread(p *Process, ask func(c *Creds) fact.Answer) fact.Answer {
	a := ask(&p.Creds)
	for i := range p.Threads {
		if a == fact.Yes {
			break
		}
		a = a.Or(ask(&p.Threads[i].Creds))
	}
	return a
}

// sets makes a key's test of capability sets: value is a capability, or any, none, all.
func sets(of func(caps.Sets) caps.Set) func(value) (test, error) {
	return func(v value) (test, error) {
		holds, err := heldSet(v)
		if err != nil {
			return nil, err
		}
		return func(ix *Index, p *Process) fact.Answer {
			return anyThread(p, func(c *Creds) fact.Answer {
				s, known := c.Caps.Get()
				if !known {
					return fact.Unknown
				}
				return fact.Is(holds(ix, of(s)))
			})
		}, nil
	}
}

func heldSet(v value) (func(ix *Index, s caps.Set) bool, error) {
	switch low := strings.ToLower(v.text); {
	case v.regexp:
	case low == "any":
		return func(_ *Index, s caps.Set) bool { return s != 0 }, nil
	case low == "none":
		return func(_ *Index, s caps.Set) bool { return s == 0 }, nil
	case low == "all":
		return func(ix *Index, s caps.Set) bool { full := ix.fullCaps(); return s&full == full }, nil
	}
	c, err := v.capability()
	return func(_ *Index, s caps.Set) bool { return s.Has(c) }, err
}

// fullCaps is every capability the node's kernel knows; those this package names where that could not be read.
func (ix *Index) fullCaps() caps.Set {
	if last := ix.Host.CapLastCap; last != 0 {
		return caps.Full(last)
	}
	return caps.Full(caps.Last)
}

// capability reads a capability's name or number.
func (v value) capability() (caps.Cap, error) {
	if v.regexp {
		return 0, fmt.Errorf("a capability's name, not a regular expression, is wanted here")
	}
	c, err := caps.Parse(v.text)
	if err == nil {
		return c, nil
	}
	name, best, least := strings.TrimPrefix(strings.ToLower(v.text), "cap_"), "", 4
	for c := range caps.Last + 1 {
		short := c.Short()
		if len(name) > 2 && strings.Contains(short, name) {
			best, least = short, 0
		} else if d := editDistance(name, short); d < least && d < len(name) {
			best, least = short, d
		}
	}
	if best != "" {
		return 0, fmt.Errorf("unknown capability %q: did you mean %s?", v.text, best)
	}
	return 0, fmt.Errorf("unknown capability %q", v.text)
}

// compileLacks: no thread has the capability effective.
func compileLacks(v value) (test, error) {
	if _, err := v.capability(); err != nil {
		return nil, err
	}
	has, err := sets(func(s caps.Sets) caps.Set { return s.Effective })(v)
	if err != nil {
		return nil, err
	}
	return func(ix *Index, p *Process) fact.Answer { return has(ix, p).Not() }, nil
}

// compileFileCap: yes, no, or a capability the executable's attribute gives.
func compileFileCap(v value) (test, error) {
	ask, isBool := parseYes(v)
	c, err := v.capability()
	if err != nil && !isBool {
		return nil, err
	}
	return func(_ *Index, p *Process) fact.Answer {
		fc, known := p.FileCaps.Get()
		switch {
		case !known:
			return fact.Unknown
		case isBool:
			return fact.Is((fc.Revision != 0) == ask)
		}
		return fact.Is((fc.Permitted | fc.Inheritable).Has(c))
	}, nil
}

// parseYes reads yes and no.
func parseYes(v value) (yes, ok bool) {
	switch strings.ToLower(v.text) {
	case "yes", "true", "on":
		return true, !v.regexp
	case "no", "false", "off":
		return false, !v.regexp
	}
	return false, false
}

func compileNNP(v value) (test, error) {
	want, ok := parseYes(v)
	if !ok {
		return nil, fmt.Errorf("%q is not yes or no", v.text)
	}
	return func(_ *Index, p *Process) fact.Answer {
		return anyThread(p, func(c *Creds) fact.Answer {
			nnp, known := c.NoNewPrivs.Get()
			if !known {
				return fact.Unknown
			}
			return fact.Is(nnp == want)
		})
	}, nil
}

// compileSeccomp: a mode, or a filter's profile.
func compileSeccomp(v value) (test, error) {
	mode := SeccompMode(strings.ToLower(v.text))
	if mode == "none" {
		mode = SeccompDisabled
	}
	isMode := !v.regexp && slices.Contains([]SeccompMode{SeccompDisabled, SeccompStrict, SeccompFilter, SeccompDead}, mode)
	t, err := v.matcher()
	if err != nil {
		return nil, err
	}
	return func(_ *Index, p *Process) fact.Answer {
		return anyThread(p, func(c *Creds) fact.Answer {
			s, known := c.Seccomp.Get()
			switch {
			case !known:
				return fact.Unknown
			case isMode:
				return fact.Is(s.Mode == mode)
			case s.Mode != SeccompFilter:
				return fact.No
			}
			return optText(&t, s.Profile)
		})
	}, nil
}

// compileUserNS: host, other, an inode, or the owner's uid or name (of namespaces other than the host's).
func compileUserNS(v value) (test, error) {
	low := strings.ToLower(v.text)
	if !v.regexp && (low == "host" || low == "other") {
		return func(ix *Index, p *Process) fact.Answer {
			host, known := ix.InHostUserNS(p)
			if !known {
				return fact.Unknown
			}
			return fact.Is(host == (low == "host"))
		}, nil
	}
	number, notNumber := strconv.ParseUint(v.text, 10, 64)
	t, err := v.matcher()
	if err != nil {
		return nil, err
	}
	return func(ix *Index, p *Process) fact.Answer {
		set, known := p.Namespaces.Get()
		inode := set[nsinfo.UserNS]
		switch host, hostKnown := ix.InHostUserNS(p); {
		case !known || inode == 0:
			return fact.Unknown
		case notNumber == nil && inode == number:
			return fact.Yes
		case hostKnown && host:
			return fact.No
		}
		return ownerIs(ix, inode, &t, number, notNumber == nil)
	}, nil
}

func ownerIs(ix *Index, inode uint64, t *text, uid uint64, byUID bool) fact.Answer {
	u := ix.UserNamespace(inode)
	if u == nil {
		return fact.Unknown
	}
	owner, known := u.OwnerUID.Get()
	if !known || byUID {
		if !known {
			return fact.Unknown
		}
		return fact.Is(uint64(owner) == uid)
	}
	name, named := ix.UserName(owner)
	if !named {
		return fact.Unknown
	}
	return fact.Is(t.is(name))
}

// ids makes a key's test of effective ids.
func ids(of func(p *Process) Opt[IDs], ofThread func(t *Thread) Opt[IDs]) func(value) (test, error) {
	return numbers(func(p *Process, s span) fact.Answer {
		a := effectiveIn(of(p), s)
		for i := range p.Threads {
			a = a.Or(effectiveIn(ofThread(&p.Threads[i]), s))
		}
		return a
	})
}

func effectiveIn(o Opt[IDs], s span) fact.Answer {
	id, known := o.Get()
	if !known {
		return fact.Unknown
	}
	return fact.Is(s.has(uint64(id.Effective)))
}

// inGroups tells whether a supplementary group is in s.
func inGroups(p *Process, s span) fact.Answer {
	groups, known := p.Groups.Get()
	if slices.ContainsFunc(groups, func(g uint32) bool { return s.has(uint64(g)) }) {
		return fact.Yes
	}
	return unless(known)
}

// compileUser: the whole name of the effective user, or its uid.
func compileUser(v value) (test, error) {
	if _, err := strconv.ParseUint(v.text, 10, 32); err == nil && !v.regexp {
		return filterKeyNamed("uid").test(v)
	}
	return plain(func(p *Process, t *text) fact.Answer {
		name, known := p.User.Get()
		if !known {
			return fact.Unknown
		}
		return fact.Is(t.is(name))
	})(v)
}

// oneOf makes a key's test of a word out of few.
func oneOf[T ~string](choice []T, ask func(ix *Index, p *Process, w T) fact.Answer) func(value) (test, error) {
	return func(v value) (test, error) {
		low := strings.ToLower(v.text)
		for _, w := range choice {
			if string(w) == low && !v.regexp {
				return func(ix *Index, p *Process) fact.Answer { return ask(ix, p, w) }, nil
			}
		}
		return nil, fmt.Errorf("%q is not one of %s", v.text, strings.Join(words(choice), ", "))
	}
}
