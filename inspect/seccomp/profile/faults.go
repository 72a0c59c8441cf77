package profile

// libseccomp to 2.6.1 makes filters of some rules for one system call that do not mean what the rules say. Two of its
// faults matter, both where rules compare one argument by order or inequality and so meet in its tree (src/db.c):
//   - What follows such a comparison is linked twice, and a rule that joins at one link joins at the other too.
//   - A comparison that goes on to its neighbour where it does not hold has the neighbour compare whatever was loaded
//     last, be it another argument or the other half (src/gen_bpf.c: the accumulator is set right for one way in only).

const faulty = "libseccomp's filters do not mean what such rules say"

// mistaken tells whether rules are such as libseccomp may get wrong. It says yes too often rather than too seldom.
func mistaken(rules []rule, wide bool) bool {
	if len(rules) < 2 {
		return false
	}
	for index := range uint32(6) {
		if mistakenAt(rules, index, wide) {
			return true
		}
	}
	return false
}

// mistakenAt is mistaken for the comparisons of one argument.
func mistakenAt(rules []rule, index uint32, wide bool) bool {
	compared, goesOn, less, highs := 0, false, false, map[uint64]bool{}
	for _, r := range rules {
		for i, arg := range r.conditions {
			if arg.Index != index {
				continue
			}
			compared++
			if arg.Op == opEQ || arg.Op == opMaskedEQ {
				continue
			}
			goesOn = goesOn || i < len(r.conditions)-1
			if arg.kind() != kindEqual {
				highs[arg.Value>>32] = true
				less = less || arg.kind() == kindLess
			}
		}
	}
	return compared > 1 && (goesOn || less && wide && len(highs) > 1)
}
