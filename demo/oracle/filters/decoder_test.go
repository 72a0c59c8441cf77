package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/bpf"

	"capview/inspect/seccomp"
)

// Every instruction of every kind of filter is put into words that mean what golang.org/x/net/bpf, a decoder that shares
// nothing with ours, reads in the same bytes: operation, registers, constants, and where jumps lead.
func TestDisassemblyAgrees(t *testing.T) {
	stacks, err := realStacks("")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(*seed, 7))
	run := &runner{r: r}
	for range 300 {
		stacks = append(stacks, seccomp.Stack{anything(r), tests(r), chromium(r), corners[r.IntN(len(corners))](r), memory(r)})
	}
	for range 5 {
		long, _ := longest(run)
		stacks = append(stacks, long)
	}
	stacks = append(stacks, fromLibseccomp(t, run)...)
	filters, instructions, byName := 0, 0, 0
	for _, s := range stacks {
		for _, p := range s {
			if p.Check() != nil {
				continue
			}
			filters++
			for at, line := range p.Disassemble() {
				instructions++
				named, err := agrees(p, at, line)
				if err != nil {
					t.Fatalf("%s: %v", line, err)
				}
				if named {
					byName++
				}
			}
		}
	}
	if filters < 1000 || byName < 1000 {
		t.Errorf("only %d filters and %d names", filters, byName)
	}
	t.Logf("%d instructions of %d filters read alike; in %d a number stands as a name", instructions, filters, byName)
}

// fromLibseccomp is some filters of its making, where it is.
func fromLibseccomp(t *testing.T, run *runner) (stacks []seccomp.Stack) {
	dir := *helpers
	if _, err := os.Stat("/usr/include/seccomp.h"); dir == "" && err != nil {
		t.Log("without libseccomp's filters: libseccomp-dev is not installed")
		return nil
	}
	if dir == "" {
		dir = t.TempDir()
		if err := build(dir); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if run.library, err = startLibrary(dir); err != nil {
		t.Fatal(err)
	}
	defer run.library.stop()
	for i := range 100 {
		s, err := run.rules(1 + i%2)
		if err != nil {
			t.Fatal(err)
		}
		stacks = append(stacks, s)
	}
	return stacks
}

var columns = regexp.MustCompile(`^ (\d{4,}): 0x([0-9a-f]{2}) 0x([0-9a-f]{2}) 0x([0-9a-f]{2}) 0x([0-9a-f]{8})  (.+)$`)

// agrees compares one line with what the other decoder reads. Named tells that its number stands as a name.
func agrees(p seccomp.Program, at int, line seccomp.Line) (named bool, err error) {
	in := p[at]
	raw := bpf.RawInstruction{Op: in.Code, Jt: in.JT, Jf: in.JF, K: in.K}
	read := columns.FindStringSubmatch(line.String())
	if read == nil {
		return false, fmt.Errorf("does not have the columns of a line")
	}
	if want := fmt.Sprintf("%04d %02x %02x %02x %08x", at, raw.Op, raw.Jt, raw.Jf, raw.K); strings.Join(read[1:6], " ") != want {
		return false, fmt.Errorf("columns are not %s", want)
	}
	text := read[6]
	switch theirs := raw.Disassemble().(type) {
	case bpf.JumpIf:
		return comparison(text, at, theirs.Cond, fmt.Sprint(theirs.Val), theirs.SkipTrue, theirs.SkipFalse)
	case bpf.JumpIfX:
		return comparison(text, at, theirs.Cond, "X", theirs.SkipTrue, theirs.SkipFalse)
	case bpf.ALUOpConstant:
		if theirs.Op == bpf.ALUOpAnd {
			head, operand, ok := strings.Cut(text, " &= ")
			if !ok || head != "A" {
				return false, fmt.Errorf("is not %v", theirs)
			}
			return means(operand, fmt.Sprint(theirs.Val))
		}
		return false, same(text, fmt.Sprintf("A %s= %d", operators[theirs.Op], theirs.Val))
	case bpf.RetConstant:
		return true, returns(text, theirs.Val)
	case bpf.LoadAbsolute:
		if theirs.Size != 4 {
			return false, fmt.Errorf("loads %d bytes", theirs.Size)
		}
		return false, same(text, "A = "+fields[theirs.Off])
	case bpf.LoadExtension:
		register := "A"
		if raw.Op == ldxLen { // it does not say which
			register = "X"
		}
		if theirs.Num != bpf.ExtLen {
			return false, fmt.Errorf("is not %v", theirs)
		}
		return false, same(text, register+" = sizeof(seccomp_data)")
	default:
		return false, same(text, plain(at, theirs))
	}
}

// plain is the words for what has no names in it.
func plain(at int, theirs bpf.Instruction) string {
	register := map[bpf.Register]string{bpf.RegA: "A", bpf.RegX: "X"}
	switch theirs := theirs.(type) {
	case bpf.LoadConstant:
		return fmt.Sprintf("%s = %d", register[theirs.Dst], theirs.Val)
	case bpf.LoadScratch:
		return fmt.Sprintf("%s = mem[%d]", register[theirs.Dst], theirs.N)
	case bpf.StoreScratch:
		return fmt.Sprintf("mem[%d] = %s", theirs.N, register[theirs.Src])
	case bpf.ALUOpX:
		return fmt.Sprintf("A %s= X", operators[theirs.Op])
	case bpf.NegateA:
		return "A = -A"
	case bpf.Jump:
		return fmt.Sprintf("goto %04d", at+1+int(theirs.Skip))
	case bpf.RetA:
		return "return A"
	case bpf.TAX:
		return "X = A"
	case bpf.TXA:
		return "A = X"
	}
	return fmt.Sprintf("something else, as of %v", theirs)
}

var operators = map[bpf.ALUOp]string{bpf.ALUOpAdd: "+", bpf.ALUOpSub: "-", bpf.ALUOpMul: "*", bpf.ALUOpDiv: "/", bpf.ALUOpOr: "|",
	bpf.ALUOpAnd: "&", bpf.ALUOpShiftLeft: "<<", bpf.ALUOpShiftRight: ">>", bpf.ALUOpXor: "^"}

// fields is struct seccomp_data (linux/seccomp.h), of a little-endian machine.
var fields = map[uint32]string{0: "sys_number", 4: "arch", 8: "instruction_pointer", 12: "instruction_pointer >> 32",
	16: "args[0]", 20: "args[0] >> 32", 24: "args[1]", 28: "args[1] >> 32", 32: "args[2]", 36: "args[2] >> 32",
	40: "args[3]", 44: "args[3] >> 32", 48: "args[4]", 52: "args[4] >> 32", 56: "args[5]", 60: "args[5] >> 32"}

var numbers = regexp.MustCompile(`0x[0-9a-f]+`)

// same compares words, whatever the base of the numbers in them.
func same(ours, theirs string) error {
	decimal := numbers.ReplaceAllStringFunc(ours, func(hexadecimal string) string {
		n, _ := strconv.ParseUint(hexadecimal[2:], 16, 64)
		return fmt.Sprint(n)
	})
	if decimal != theirs {
		return fmt.Errorf("is not %q", theirs)
	}
	return nil
}

// means tells whether an operand is that number, or a name for it.
func means(operand, number string) (named bool, err error) {
	if same(operand, number) == nil {
		return false, nil
	}
	n, _ := strconv.ParseUint(number, 10, 32)
	if is, err := strconv.ParseUint(operand, 0, 32); number == "X" || err == nil {
		if number == "X" || is != n { // modes of files are octal
			return false, fmt.Errorf("its operand is not %s", number)
		}
		return false, nil
	}
	if audit, ok := audits[operand]; ok {
		if uint64(audit) != n {
			return true, fmt.Errorf("%s is not %s", operand, number)
		}
		return true, nil
	}
	if !regexp.MustCompile(`^[a-z0-9_]+$`).MatchString(operand) {
		return true, nil // flags: their names are held to their values elsewhere
	}
	for abi := range seccomp.Arches {
		if abi.Name(uint32(n)) == operand {
			return true, nil
		}
	}
	return true, fmt.Errorf("%s is %s on no architecture", operand, number)
}

// audits is AUDIT_ARCH_* (linux/audit.h).
var audits = map[string]uint32{"ARCH_X86_64": 0xc000003e, "ARCH_I386": 0x40000003, "ARCH_AARCH64": 0xc00000b7, "ARCH_ARM": 0x40000028}

var condition = regexp.MustCompile(`^if \((!?)\(?A (==|!=|>|>=|<|<=|&) ([^()]+|\(.+\))\)+ goto (\d{4,})(?: else goto (\d{4,}))?$`)

// comparison compares a conditional jump: what is tested, and where the two ways lead.
func comparison(text string, at int, test bpf.JumpTest, operand string, skipTrue, skipFalse uint8) (named bool, err error) {
	read := condition.FindStringSubmatch(text)
	if read == nil {
		return false, fmt.Errorf("is no comparison")
	}
	want := map[bpf.JumpTest]string{bpf.JumpEqual: "==", bpf.JumpNotEqual: "!=", bpf.JumpGreaterThan: ">", bpf.JumpLessThan: "<",
		bpf.JumpGreaterOrEqual: ">=", bpf.JumpLessOrEqual: "<=", bpf.JumpBitsSet: "&", bpf.JumpBitsNotSet: "!&"}[test]
	opposite := map[string]string{"==": "!=", "!=": "==", ">": "<=", "<=": ">", ">=": "<", "<": ">=", "&": "!&", "!&": "&"}
	yes, no := at+1+int(skipTrue), at+1+int(skipFalse)
	said, then, otherwise := read[1]+read[2], read[4], read[5]
	if otherwise == "" {
		otherwise = fmt.Sprintf("%04d", at+1)
	}
	if said == opposite[want] {
		said, yes, no = want, no, yes
	}
	if said != want || then != fmt.Sprintf("%04d", yes) || otherwise != fmt.Sprintf("%04d", no) {
		return false, fmt.Errorf("is not: %s %s, to %d, else %d", want, operand, yes, no)
	}
	return means(read[3], operand)
}

// returns compares an action with the meaning of the number (linux/seccomp.h).
func returns(text string, value uint32) error {
	name := map[uint32]string{0x80000000: "KILL_PROCESS", 0: "KILL_THREAD", 0x00030000: "TRAP", 0x00050000: "ERRNO", 0x7fc00000: "USER_NOTIF",
		0x7ff00000: "TRACE", 0x7ffc0000: "LOG", 0x7fff0000: "ALLOW"}[value&0xffff0000]
	if name == "" {
		name = "KILL_PROCESS"
	}
	said, data, _ := strings.Cut(strings.TrimPrefix(text, "return "), "(")
	if said != name {
		return fmt.Errorf("does not return %s", name)
	}
	number := value & 0xffff
	switch name {
	case "ERRNO":
		if errno, ok := seccomp.ErrnoNumber(strings.TrimSuffix(data, ")")); !ok || uint32(errno) != min(number, 4095) {
			return fmt.Errorf("does not return errno %d", number)
		}
	case "TRAP", "TRACE":
		if data != "" && data != fmt.Sprintf("%d)", number) || data == "" && number != 0 {
			return fmt.Errorf("does not have data %d", number)
		}
	}
	return nil
}
