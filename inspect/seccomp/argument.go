package seccomp

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"sync"
)

// argument is how an argument of a system call is written.
type argument struct {
	name   string
	kind   string // of names for its values: a key of constants, or "octal", "hex"
	narrow bool   // the kernel looks at its lower half only
	zero   bool   // the architecture has no upper half: filters see 0
}

// narrow tells the architectures whose arguments have 32 bits: filters see 0 in the upper halves.
func (a Arch) narrow() bool { return a == I386 || a == ARM }

// argument is how a field of the architecture's system call is written.
func (a Arch) argument(nr uint32, f field) argument {
	if f == 0 {
		return argument{name: "instruction_pointer", kind: "hex"}
	}
	arg := argument{name: fmt.Sprintf("arg%d", f-1)}
	if known := argumentsOf(a.Name(nr)); int(f) <= len(known) {
		arg = known[f-1]
	}
	arg.zero = a.narrow()
	arg.narrow = arg.narrow || arg.zero
	return arg
}

var parsedArguments sync.Map // by system call: []argument

// argumentsOf is the arguments of a system call that have names.
func argumentsOf(call string) []argument {
	if known, ok := parsedArguments.Load(call); ok {
		return known.([]argument)
	}
	var all []argument
	for _, word := range strings.Fields(arguments[call]) {
		word, narrow := strings.CutSuffix(word, "!")
		name, kind, _ := strings.Cut(word, ":")
		all = append(all, argument{name: name, kind: kind, narrow: narrow})
	}
	if len(all) > 0 {
		parsedArguments.Store(call, all)
	}
	return all
}

// number is a value of the argument: its name, or the number.
func (a argument) number(n uint64) string {
	names := constants[a.kind]
	if name := names.names[n]; name != "" {
		return name
	}
	switch {
	case names.flags && n != 0:
		return a.flags(n)
	case a.kind == "octal":
		return fmt.Sprintf("%#o", n)
	case a.kind == "hex" || n > 1<<16:
		return hexadecimal(n)
	}
	return strconv.FormatUint(n, 10)
}

// bits is number for what a mask leaves.
func (a argument) bits(n uint64) string {
	if names := constants[a.kind]; n > 9 && !names.flags && names.names[n] == "" && a.kind != "octal" {
		return hexadecimal(n)
	}
	return a.number(n)
}

// flags is a mask of the argument: its flags by name, what has none as a number.
func (a argument) flags(mask uint64) string {
	names := constants[a.kind]
	if a.kind == "octal" {
		return fmt.Sprintf("%#o", mask)
	}
	if !names.flags {
		return hexadecimal(mask)
	}
	var parts []string
	rest := mask
	for left := mask; left != 0; left &= left - 1 {
		flag := uint64(1) << bits.TrailingZeros64(left)
		if name := names.names[flag]; name != "" {
			parts = append(parts, name)
			rest &^= flag
		}
	}
	if rest != 0 || len(parts) == 0 {
		parts = append(parts, hexadecimal(rest))
	}
	return strings.Join(parts, "|")
}
