package seccomp

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// phrase is a region in words, and how much there is to read.
type phrase struct {
	text string
	cost int
	and  bool // alternatives: needs brackets beside "and"
}

// phrase puts a region of a field into words. They are exact: a field stands for all its 64 bits, and where only its lower
// half counts the mask is written, unless the argument is no wider.
func (a argument) phrase(r region, s *solver) phrase {
	if half, ok := r.spans(true); ok {
		if a.narrow {
			return a.spans(a.name, half, math.MaxUint32)
		}
		return a.spans(a.name+" & 0xffffffff", half, math.MaxUint32)
	}
	if whole, ok := r.spans(false); ok {
		return a.spans(a.name, whole, math.MaxUint64)
	}
	if len(r) == 1 {
		if b, ok := r[0].bits(); ok {
			return phrase{text: a.masked(b, true), cost: 1}
		}
	}
	if rest, ok := r.complement(s); ok && len(rest) == 1 {
		if b, ok := rest[0].bits(); ok {
			return phrase{text: a.masked(b, false), cost: 1}
		}
	}
	return a.boxes(r)
}

// spans is numbers up to last as words: single ones, all but single ones, or ranges.
func (a argument) spans(name string, values []span, last uint64) phrase {
	rest := inverted(values, last)
	switch {
	case len(rest) == 0:
		return phrase{text: "anything"}
	case single(values):
		return phrase{text: a.listed(name, "==", "in", values), cost: 1}
	case single(rest):
		return phrase{text: a.listed(name, "!=", "not in", rest), cost: 1}
	}
	var parts []string
	var points []span
	for _, s := range values {
		switch {
		case s.from == s.to:
			points = append(points, s)
		case s.from == 0:
			parts = append(parts, fmt.Sprintf("%s <= %s", name, a.number(s.to)))
		case s.to == last:
			parts = append(parts, fmt.Sprintf("%s >= %s", name, a.number(s.from)))
		default:
			parts = append(parts, fmt.Sprintf("%s <= %s <= %s", a.number(s.from), name, a.number(s.to)))
		}
	}
	if len(points) > 0 {
		parts = append(parts, a.listed(name, "==", "in", points))
	}
	return phrase{strings.Join(parts, " or "), len(parts), len(parts) > 1}
}

func single(values []span) bool {
	return !slices.ContainsFunc(values, func(s span) bool { return s.from != s.to })
}

func (a argument) listed(name, one, many string, values []span) string {
	if len(values) == 1 {
		return fmt.Sprintf("%s %s %s", name, one, a.number(values[0].from))
	}
	var names []string
	for _, s := range values {
		names = append(names, a.number(s.from))
	}
	return fmt.Sprintf("%s %s (%s)", name, many, strings.Join(names, ", "))
}

// masked is field & mask == value in words, or != where equal is false. A single flag needs no comparison.
func (a argument) masked(b bits64, equal bool) string {
	flags := a.flags(b.mask)
	one := b.mask&(b.mask-1) == 0
	switch {
	case b.value == 0 && !equal, one && b.value == b.mask && equal:
		return fmt.Sprintf("%s & %s", a.name, bracketed(flags))
	case one && b.value == b.mask:
		return fmt.Sprintf("%s & %s == 0", a.name, flags)
	}
	value := a.bits(b.value)
	if b.value == b.mask {
		value = flags
	}
	return fmt.Sprintf("%s & %s %s %s", a.name, bracketed(flags), map[bool]string{true: "==", false: "!="}[equal], bracketed(value))
}

// bracketed keeps several flags together.
func bracketed(flags string) string {
	if strings.Contains(flags, "|") {
		return "(" + flags + ")"
	}
	return flags
}

// boxes is a region test by test.
func (a argument) boxes(r region) phrase {
	var all []phrase
	for _, b := range r {
		var tests []phrase
		for _, t := range append(slices.Clone(b.high), b.low...) {
			tests = append(tests, a.test(t))
		}
		all = append(all, both(tests))
	}
	return either(all)
}

var opText = [...]string{Equal: "==", NotEqual: "!=", Less: "<", GreaterEqual: ">=", Greater: ">", LessEqual: "<="}

// test is one test of a half in words.
func (a argument) test(t Test) phrase {
	name := a.name
	if t.Word.high() {
		name = fmt.Sprintf("(%s >> 32)", a.name)
	}
	if t.Mask == math.MaxUint32 && (t.Word.high() || a.narrow) {
		return phrase{text: fmt.Sprintf("%s %s %s", name, opText[t.Op], a.number(uint64(t.Value))), cost: 1}
	}
	if (t.Op == Equal || t.Op == NotEqual) && !t.Word.high() {
		return phrase{text: a.masked(bits64{uint64(t.Mask), uint64(t.Value)}, t.Op == Equal), cost: 1}
	}
	return phrase{text: fmt.Sprintf("%s & %#x %s %s", name, t.Mask, opText[t.Op], hexadecimal(uint64(t.Value))), cost: 1}
}

// both joins phrases that must all hold, either those of which one is enough.
func both(all []phrase) phrase {
	var texts []string
	cost := 0
	for _, p := range all {
		if p.and && len(all) > 1 {
			p.text = "(" + p.text + ")"
		}
		texts = append(texts, p.text)
		cost += p.cost
	}
	return phrase{strings.Join(texts, " and "), cost, len(all) == 1 && all[0].and}
}

func either(all []phrase) phrase {
	if len(all) == 1 {
		return all[0]
	}
	var texts []string
	cost := 0
	for _, p := range all {
		if strings.Contains(p.text, " and ") {
			p.text = "(" + p.text + ")"
		}
		texts = append(texts, p.text)
		cost += p.cost
	}
	return phrase{strings.Join(texts, " or "), cost, true}
}

func hexadecimal(n uint64) string { return fmt.Sprintf("%#x", n) }
