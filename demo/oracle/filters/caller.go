package main

import (
	"math/rand/v2"

	"capview/inspect/seccomp"
)

// caller chooses calls that reach deep into a stack of filters: numbers and arguments that they compare with, and
// arguments that lead down a chosen path.
type caller struct {
	r       *rand.Rand
	hello   hello
	numbers []uint32 // constants of the programs
	decide  []call   // calls whose arguments decide
	decider *decider
}

func newCaller(r *rand.Rand, h hello, k kind, stack seccomp.Stack) *caller {
	c := &caller{r: r, hello: h, numbers: []uint32{0}, decider: newDecider(k, stack)}
	for _, p := range stack {
		for _, in := range p {
			if in.Code&7 == ja&7 || in.Code&7 == and&7 {
				c.numbers = append(c.numbers, in.K)
			}
		}
	}
	for range 60 { // finding all would take longer than what is done with them
		next := call{Nr: c.numbers[r.IntN(len(c.numbers))], ABI: uint32(r.IntN(1 + int(h.I386)))}
		if d, _ := c.decider.decide(next.abi(), next.Nr); len(d.Paths) > 1 {
			c.decide = append(c.decide, next)
		}
	}
	return c
}

// The numbers of calls that do nothing, by ABI (kernel/call.c). Those from 900 on no kernel has.
var (
	harmless64 = []uint32{39, 102, 104, 107, 108, 110}
	harmless32 = []uint32{20, 24, 47, 49, 50, 64, 199, 200, 201, 202}
)

// The calls that newer kernels do not filter, in x86_64's numbers (kernel/seccomp.c, seccomp_uprobe_exception). A
// uretprobe(2) that no probe made is a fault.
const uretprobe, uprobe = 335, 336

// call is the next.
func (c *caller) call(harmless bool) call {
	var next call
	x32 := false
	switch c.r.IntN(8) {
	case 0, 1:
		next.ABI = 1
	case 2:
		x32 = true
	}
	if c.hello.I386 == 0 {
		next.ABI = 0 // without the emulation, int $0x80 is a fault
	}
	if !harmless && len(c.decide) > 0 && c.r.IntN(4) == 0 {
		next, x32 = c.decide[c.r.IntN(len(c.decide))], false
	} else if harmless {
		next.Nr = c.harmless(next.ABI)
	} else {
		next.Nr = c.nr()
	}
	if next.ABI == 0 && (next.Nr == uretprobe || next.Nr == uprobe) {
		next.Nr = 0
	}
	if x32 && next.ABI == 0 {
		next.Nr |= 1 << 30
	}
	for i := range next.Args {
		next.Args[i] = uint64(c.word())<<32 | uint64(c.word())
		if c.r.IntN(2) == 0 {
			next.Args[i] &= 0xffffffff
		}
	}
	c.lead(&next)
	if next.Args[1]>>32 == loading {
		next.Args[1] = 0
	}
	return next
}

// lead chooses arguments for one of the ways on which the filters answer this number, if there are several.
func (c *caller) lead(next *call) {
	d, _ := c.decider.decide(next.abi(), next.Nr)
	if len(d.Paths) < 2 || c.r.IntN(4) == 0 {
		return
	}
	data, found, err := seccomp.Satisfy(d.Paths[c.r.IntN(len(d.Paths))].Tests)
	if found && err == nil {
		next.Args = data.Args
	}
}

func (c *caller) harmless(abi uint32) uint32 {
	known := harmless64
	if abi == 1 {
		known = harmless32
	}
	if c.r.IntN(4) == 0 {
		return 900 + c.r.Uint32N(100)
	}
	return known[c.r.IntN(len(known))]
}

func (c *caller) nr() uint32 {
	switch c.r.IntN(12) {
	case 0, 1, 2, 3:
		return c.near()
	case 4:
		return c.r.Uint32()
	case 5:
		return c.r.Uint32N(1100)
	case 6: // those that most filters look into: clone, socket, personality, mount, ioctl, …
		return []uint32{56, 41, 135, 165, 16, 10, 9, 72, 157, 59, 272, 435, 317, 101, 120, 358, 359, 136}[c.r.IntN(18)]
	}
	return c.r.Uint32N(475)
}

// near is a constant of the filters, or one beside it.
func (c *caller) near() uint32 {
	return c.numbers[c.r.IntN(len(c.numbers))] + uint32(c.r.IntN(3)) - 1
}

// word is a half of an argument.
func (c *caller) word() uint32 {
	switch c.r.IntN(8) {
	case 0:
		return c.r.Uint32()
	case 1:
		return 1 << c.r.IntN(32)
	case 2:
		return c.r.Uint32N(64)
	case 3:
		return 0
	case 4:
		one := c.near()
		return one ^ c.near()
	case 5:
		return 0xffffffff
	}
	return c.near()
}
