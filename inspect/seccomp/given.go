package seccomp

// Given is what is left of a decision where some words are known: the paths that they leave open, without the tests of
// them.
func (d Decision) Given(known map[Word]uint32) Decision {
	left := Decision{Unknown: d.Unknown, Paths: make([]Path, 0, len(d.Paths))}
	for _, p := range d.Paths {
		if rest, open := p.given(known); open {
			left.Paths = append(left.Paths, rest)
		}
	}
	return left
}

func (p Path) given(known map[Word]uint32) (Path, bool) {
	rest := Path{Action: p.Action}
	for _, t := range p.Tests {
		word, is := known[t.Word]
		switch {
		case !is:
			rest.Tests = append(rest.Tests, t)
		case !t.holds(word):
			return Path{}, false
		}
	}
	return rest, true
}
