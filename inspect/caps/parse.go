package caps

import (
	"errors"
	"fmt"
	"strings"
)

// maxText bounds what ParseSet reads: all 64 capabilities by their longest names are a quarter of it.
const maxText = 4096

// ParseSet is ParseSetIn where the kernel is not known: "all" is every capability with a name.
func ParseSet(text string) (Set, error) { return ParseSetIn(text, Full(Last)) }

// ParseSetIn reads a set as a person writes it. full is what "all" means.
//
//   - one word of hexadecimal digits is a mask, as for "capsh --decode": "a80425fb", "0x3"; "45" is 0x45;
//   - else a list separated by commas or blanks: names with or without "cap_" in any case, numbers ("cap_bpf,63";
//     alone: "cap_63"), "all", "none", and the names of Defaults;
//   - a word with a sign adds (+) or takes away (-, or U+2212) all that its commas join: "docker +net_admin -mknod,kill".
//     So what Cell prints is read back, but for a single capability without a name, which reads as a mask.
//
// An error names the term that was not understood.
func ParseSetIn(text string, full Set) (Set, error) {
	if len(text) > maxText {
		return 0, fmt.Errorf("capability set of %d bytes: want at most %d", len(text), maxText)
	}
	words := strings.Fields(text)
	if len(words) == 0 {
		return 0, errors.New(`no capabilities named: write "none" for the empty set`)
	}
	if len(words) == 1 {
		if s, err := ParseHex(words[0]); err == nil {
			return s, nil
		}
	}
	var s Set
	for _, w := range words {
		list, less := cutSign(w)
		t, err := parseList(list, full)
		if err != nil {
			return 0, err
		}
		if less {
			s &^= t
		} else {
			s |= t
		}
	}
	return s, nil
}

// cutSign takes a leading sign off a word; less is set for a minus.
func cutSign(w string) (list string, less bool) {
	for _, minus := range []string{"-", "−"} {
		if rest, ok := strings.CutPrefix(w, minus); ok {
			return rest, true
		}
	}
	return strings.TrimPrefix(w, "+"), false
}

// parseList reads terms joined by commas. An empty term is passed over, so that "a, b" and "a,b," read well.
func parseList(list string, full Set) (s Set, err error) {
	for term := range strings.SplitSeq(list, ",") {
		if term == "" {
			continue
		}
		t, err := parseTerm(term, full)
		if err != nil {
			return 0, err
		}
		s |= t
	}
	return s, nil
}

func parseTerm(term string, full Set) (Set, error) {
	word := lower(term)
	switch word {
	case "all":
		return full, nil
	case "none":
		return 0, nil
	}
	if s, ok := DefaultFor(word); ok {
		return s, nil
	}
	if strings.HasPrefix(word, "0x") {
		return ParseHex(word)
	}
	c, err := Parse(term)
	if err != nil {
		return 0, err
	}
	return Of(c), nil
}
