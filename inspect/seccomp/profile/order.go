package profile

import "cmp"

// order is where libseccomp's tree has a rule before another: negative for before, 0 for as they were added. Each level
// of the tree holds comparisons by falling argument, kind and value, for "less" by rising value (src/db.c, _db_chain_lt);
// a 64-bit comparison is two levels, of the upper halves and the lower.
func (r rule) order(other rule, wide bool) int {
	for i := range min(len(r.conditions), len(other.conditions)) {
		a, b := r.conditions[i], other.conditions[i]
		if c := cmp.Or(-cmp.Compare(a.Index, b.Index), -cmp.Compare(a.kind(), b.kind())); c != 0 {
			return c
		}
		aMask, aValue := a.masked()
		bMask, bValue := b.masked()
		if wide {
			if c := orderHalf(a, uint32(aValue>>32), uint32(bValue>>32)); c != 0 {
				return c
			}
			if aMask>>32 != bMask>>32 {
				return 0
			}
		}
		if c := orderHalf(a, uint32(aValue), uint32(bValue)); c != 0 {
			return c
		}
		if aMask != bMask || a.Op != b.Op {
			return 0
		}
	}
	return 0
}

func orderHalf(arg Arg, a, b uint32) int {
	if arg.kind() == kindLess {
		return cmp.Compare(a, b)
	}
	return -cmp.Compare(a, b)
}

// The kinds of comparisons, those that come first last.
const (
	kindGreater = iota + 1
	kindLess
	kindEqual
)

func (a Arg) kind() int {
	switch a.Op {
	case opGT, opGE:
		return kindGreater
	case opLT, opLE:
		return kindLess
	}
	return kindEqual
}

// masked is the bits that a condition looks at, and what it compares them with.
func (a Arg) masked() (mask, value uint64) {
	if a.Op == opMaskedEQ {
		return a.Value, a.ValueTwo
	}
	return ^uint64(0), a.Value
}
