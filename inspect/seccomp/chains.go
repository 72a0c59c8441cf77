package seccomp

import "slices"

// chains finds fast where a run of comparisons of A with one number after the other ends, the way libseccomp's filters
// look for a system call: hundreds of them, each going on with the next where the number is another.
type chains struct {
	of    []int32 // for every instruction: its chain's index plus one, 0 for none
	chain []chain
}

// chain is a run of them.
type chain struct {
	end  int      // the instruction behind it
	keys []uint64 // number<<32 | instruction, ascending
}

// shortestChain is the length from which looking for the number pays.
const shortestChain = 8

func chainsOf(p Program) chains {
	c := chains{of: make([]int32, len(p))}
	for at := 0; at < len(p); at++ {
		from := at
		for at < len(p) && p[at].Code == classJMP|jumpJEQ && p[at].JF == 0 {
			at++
		}
		if at-from < shortestChain {
			continue
		}
		keys := make([]uint64, 0, at-from)
		for i := from; i < at; i++ {
			keys = append(keys, uint64(p[i].K)<<32|uint64(i))
		}
		slices.Sort(keys)
		c.chain = append(c.chain, chain{at, keys})
		for i := from; i < at; i++ {
			c.of[i] = int32(len(c.chain))
		}
	}
	return c
}

// skip is the instruction that follows with a number in A: at itself where no chain goes through it.
func (c *chains) skip(p Program, at int, a uint32) int {
	index := c.of[at]
	if index == 0 {
		return at
	}
	chain := &c.chain[index-1]
	i, _ := slices.BinarySearch(chain.keys, uint64(a)<<32|uint64(at))
	if i < len(chain.keys) && uint32(chain.keys[i]>>32) == a {
		hit := int(uint32(chain.keys[i]))
		return hit + 1 + int(p[hit].JT)
	}
	return chain.end
}
