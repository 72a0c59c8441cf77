package seccomp

import "slices"

// breaks is where, among an architecture's numbers, filters begin to decide otherwise: between two breaks a filter takes
// the same way whatever the number.
type breaks struct {
	arch  Arch
	at    []uint32 // the first number of each stretch, not sorted
	rough string   // why there may be more
}

// domain is the first and the last number that are the architecture's. A negative number is no system call's.
func (a Arch) domain() (first, last uint32) {
	switch a {
	case X86_64:
		return 0, x32Bit - 1
	case X32:
		return x32Bit, 1<<31 - 1
	}
	return 0, 1<<31 - 1
}

// breaksOf finds the breaks of all filters.
func breaksOf(s Stack, arch Arch) breaks {
	b := breaks{arch: arch}
	for _, p := range s {
		b.scan(p)
	}
	return b
}

// origin is what a register may hold, as a set.
type origin uint8

const (
	fromNr       origin = 1 << iota // the number
	fromLow                         // the number without bit 30
	fromComputed                    // what was computed from it in other ways
	fromArch                        // the architecture
	fromElse                        // anything that has nothing to do with the number

	ofNr = fromNr | fromLow | fromComputed
)

// origins is what the registers and the memory may hold before an instruction, on any way to it; all is empty where there
// is no way to it for the architecture.
type origins struct {
	a, x   origin
	memory [memoryWords]origin
}

func (o *origins) merge(other *origins) {
	o.a |= other.a
	o.x |= other.x
	for i := range o.memory {
		o.memory[i] |= other.memory[i]
	}
}

// scan goes through a program once: jumps go forward only.
func (b *breaks) scan(p Program) {
	before := make([]origins, len(p)+1)
	before[0] = origins{a: fromElse, x: fromElse}
	for at, in := range p {
		now := before[at]
		if now.a == 0 {
			continue
		}
		switch in.class() {
		case classALU:
			now.a = b.computed(in, &now)
		case classJMP:
			b.jump(in, &now)
			yes, no := b.skips(in, &now)
			before[at+1+yes].merge(&now)
			before[at+1+no].merge(&now)
			continue
		case classRET:
			if in.Code == opReturnA && now.a&ofNr != 0 {
				b.rough = "a filter returns what it computed from the number"
			}
			continue
		default:
			now.move(in)
		}
		before[at+1].merge(&now)
	}
}

func (o *origins) move(in Instruction) {
	switch in.Code {
	case opLoad:
		switch Word(in.K / 4) {
		case WordNr:
			o.a = fromNr
		case WordArch:
			o.a = fromArch
		default:
			o.a = fromElse
		}
	case opLoadLen, opLoadImm:
		o.a = fromElse
	case opLoadMem:
		o.a = o.memory[in.K]
	case opLoadXLen, opLoadXImm:
		o.x = fromElse
	case opLoadXMem:
		o.x = o.memory[in.K]
	case opStore:
		o.memory[in.K] = o.a
	case opStoreX:
		o.memory[in.K] = o.x
	case opTAX:
		o.x = o.a
	case opTXA:
		o.a = o.x
	}
}

// computed is what arithmetic leaves in A. To take bit 30 off is not counted as computing.
func (b *breaks) computed(in Instruction, o *origins) origin {
	from := o.a
	if in.usesX() {
		from |= o.x
	}
	first, last := b.arch.domain()
	varying := last &^ first
	switch {
	case from&ofNr == 0:
		return fromElse
	case in.Code == classALU|aluAND && in.K&varying == varying && from&fromComputed == 0:
		if first == 0 || in.K&x32Bit != 0 {
			return from
		}
		return from&^fromNr | fromLow
	}
	return from | fromComputed
}

// skips is how far a jump may go, both times the same where it goes one way: where it compares the architecture.
func (b *breaks) skips(in Instruction, o *origins) (yes, no int) {
	switch {
	case in.operation() == jumpJA:
		return int(in.K), int(in.K)
	case o.a == fromArch && !in.usesX():
		skip := in.skip(b.arch.Audit(), in.K)
		return skip, skip
	}
	return int(in.JT), int(in.JF)
}

// jump notes where a comparison changes its answer.
func (b *breaks) jump(in Instruction, o *origins) {
	if !in.conditional() || o.a&ofNr == 0 && (!in.usesX() || o.x&ofNr == 0) {
		return
	}
	if in.usesX() || o.a&fromComputed != 0 {
		b.rough = "a filter compares what it computed from the number"
		return
	}
	first, last := b.arch.domain()
	for _, offset := range []struct {
		from origin
		add  uint32
	}{{fromNr, 0}, {fromLow, first}} {
		if o.a&offset.from == 0 {
			continue
		}
		k := in.K + offset.add
		switch in.operation() {
		case jumpJEQ:
			b.at = append(b.at, k, k+1)
		case jumpJGT:
			b.at = append(b.at, k+1)
		case jumpJGE:
			b.at = append(b.at, k)
		case jumpJSET:
			if in.K&(last&^first) != 0 {
				b.rough = "a filter tests bits of the number"
			}
		}
	}
}

// stretches is the first numbers of all stretches in the domain, ascending, the domain's first among them.
func (b *breaks) stretches() []uint32 {
	first, last := b.arch.domain()
	starts := []uint32{first}
	for _, at := range b.at {
		if first < at && at <= last {
			starts = append(starts, at)
		}
	}
	slices.Sort(starts)
	return slices.Compact(starts)
}
