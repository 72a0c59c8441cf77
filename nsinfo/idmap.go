package nsinfo

import (
	"bytes"
	"fmt"
	"math"
)

// maxRanges is how many lines an id map has at most (UID_GID_MAP_MAX_EXTENTS, Linux 4.15 and later; 5 before).
const maxRanges = 340

// ParseIDMap reads /proc/PID/uid_map or gid_map (user_namespaces(7), "User and group ID mappings": uid_map): a line
// a range, each of three decimal numbers. A map that was not written yet is empty: known and without ranges.
//
// The first ids are exact, and checked as the kernel does when the map is written: no empty range, none past the last
// id, no two that overlap. The second are the kernel's translation of each range's first id into the reader's
// user namespace, 4294967295 where it is not mapped there; nothing more is certain of them. An error names the line.
func ParseIDMap(b []byte) ([]Range, error) {
	ranges := []Range{}
	for n := 1; len(b) > 0; n++ {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		b = rest
		if n > maxRanges {
			return nil, fmt.Errorf("id map: line %d: a map has at most %d", n, maxRanges)
		}
		r, err := parseRange(line)
		if err == nil {
			err = r.clear(ranges)
		}
		if err != nil {
			return nil, fmt.Errorf("id map: line %d: %w", n, err)
		}
		ranges = append(ranges, r)
	}
	return ranges, nil
}

func parseRange(line []byte) (r Range, err error) {
	var field []byte
	for i, to := range [...]*uint32{&r.Inside, &r.Outside, &r.Count} {
		field, line = nextField(line)
		if *to, err = parseID(field); err != nil {
			return Range{}, fmt.Errorf("number %d: %w", i+1, err)
		}
	}
	if rest, _ := nextField(line); len(rest) > 0 {
		return Range{}, fmt.Errorf("more than three numbers")
	}
	return r, nil
}

// nextField cuts the first run of what is not a blank off line.
func nextField(line []byte) (field, rest []byte) {
	line = bytes.TrimLeft(line, " ")
	if i := bytes.IndexByte(line, ' '); i >= 0 {
		return line[:i], line[i:]
	}
	return line, nil
}

func parseID(field []byte) (uint32, error) {
	const digits = 10 // of the largest
	var v uint64
	for _, c := range field {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("not a decimal number")
		}
		v = min(v*10+uint64(c-'0'), math.MaxUint32+1)
	}
	switch {
	case len(field) == 0:
		return 0, fmt.Errorf("missing")
	case len(field) > digits || v > math.MaxUint32:
		return 0, fmt.Errorf("larger than 4294967295")
	}
	return uint32(v), nil
}

// clear tells why r, with the ranges before it, cannot be part of one map.
func (r Range) clear(before []Range) error {
	if r.Count == 0 {
		return fmt.Errorf("an empty range")
	}
	end := uint64(r.Inside) + uint64(r.Count)
	if end > math.MaxUint32 {
		return fmt.Errorf("the range ends past the last id")
	}
	for i, o := range before {
		if uint64(o.Inside) < end && uint64(r.Inside) < uint64(o.Inside)+uint64(o.Count) {
			return fmt.Errorf("the range overlaps that of line %d", i+1)
		}
	}
	return nil
}
