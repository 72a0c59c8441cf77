package inspect

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"capview/nsinfo"
)

// sameMap tells whether two id maps map the same ids: those inside, and those outside too where asked.
func sameMap(a, b []nsinfo.Range, outside bool) bool {
	return slices.Equal(joined(a, outside), joined(b, outside))
}

// joined is a map in order, ranges that continue each other made one; numbers outside left out unless asked for.
func joined(m []nsinfo.Range, outside bool) (all []nsinfo.Range) {
	m = slices.Clone(m)
	slices.SortFunc(m, func(a, b nsinfo.Range) int { return cmp.Compare(a.Inside, b.Inside) })
	for _, r := range m {
		if !outside {
			r.Outside = 0
		}
		if n := len(all); n > 0 {
			last := &all[n-1]
			if last.Inside+last.Count == r.Inside && (!outside || last.Outside+last.Count == r.Outside) {
				last.Count += r.Count
				continue
			}
		}
		all = append(all, r)
	}
	return all
}

// rangesText is a map as the kernel writes it, lines separated by commas.
func rangesText(m []nsinfo.Range) string {
	lines := make([]string, len(m))
	for i, r := range m {
		n := func(v uint32) string { return strconv.FormatUint(uint64(v), 10) }
		lines[i] = n(r.Inside) + " " + n(r.Outside) + " " + n(r.Count)
	}
	return strings.Join(lines, ", ")
}
