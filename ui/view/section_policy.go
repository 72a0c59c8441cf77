package view

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"capview/inspect"
	"capview/inspect/seccomp"
	"capview/inspect/seccomp/profile"
)

// PolicyBlocks is what filters do with the system calls of an architecture, grouped by action, the strictest first.
func PolicyBlocks(p *seccomp.Policy) []Block {
	byAction := map[seccomp.Action][]string{}
	var conditional [][]Cell
	add := func(name string, nr uint32, d seccomp.Decision) {
		if action, ok := d.Constant(); ok {
			byAction[action.Effective()] = append(byAction[action.Effective()], name)
			return
		}
		conditional = append(conditional, conditionRow(name, d.Conditions(p.Arch, nr)))
	}
	for _, call := range p.Syscalls {
		add(call.Name, call.Nr, call.Decision)
	}
	for _, r := range p.Ranges {
		add(r.Name(p.Arch), r.From, r.Decision)
	}
	b := Block{Title: p.Arch.String(), Head: []string{"ACTION", "CALLS", "SYSTEM CALLS"}}
	for _, action := range strictestFirst(byAction) {
		names := byAction[action]
		slices.Sort(names)
		b.Rows = append(b.Rows, []Cell{actionCell(action), number(len(names)), text(Clean(strings.Join(names, " ")))})
	}
	other := Cell{"?", Gone}
	if action, ok := p.Default.Constant(); ok {
		other = actionCell(action)
	}
	b.Rows = append(b.Rows, []Cell{other, {"", Muted}, {"any other number", Muted}})
	if p.Rough != "" {
		b.Note = "Numbers without a name may be decided otherwise: " + p.Rough + "."
	}
	blocks := []Block{b}
	if len(conditional) > 0 {
		blocks = append(blocks, Block{Title: p.Arch.String() + ", by arguments", Rows: conditional})
	}
	return blocks
}

func conditionRow(name string, c seccomp.Conditions) []Cell {
	if c.Unknown != "" {
		return []Cell{{Clean(name), Heading}, {"? " + Clean(c.Unknown), Gone}}
	}
	words := Clean(c.String())
	if len(c.Wide) > 0 {
		words += "; the upper half of " + strings.Join(c.Wide, ", ") + " is compared too, which the kernel ignores: setting it gets around this"
	}
	return []Cell{{Clean(name), Heading}, text(words)}
}

// strictestFirst orders actions as their precedence does (seccomp(2)).
func strictestFirst(by map[seccomp.Action][]string) []seccomp.Action {
	actions := make([]seccomp.Action, 0, len(by))
	for a := range by {
		actions = append(actions, a)
	}
	slices.SortFunc(actions, func(a, b seccomp.Action) int {
		return cmp.Or(cmp.Compare(int32(a.Kind()), int32(b.Kind())), cmp.Compare(a.Data(), b.Data()))
	})
	return actions
}

func actionCell(a seccomp.Action) Cell {
	c := Cell{Clean(a.String()), Good}
	switch a.Effective().Kind() {
	case seccomp.Allow:
		c.Role = Plain
	case seccomp.Log, seccomp.UserNotify, seccomp.Trace:
		c.Role = Notice
	}
	return c
}

// FilterBlocks is the filters by number, the newest first, with their length and hash.
func FilterBlocks(stack seccomp.Stack) Block {
	b := Block{Head: []string{"FILTER", "INSTRUCTIONS", "SHA-256"}}
	for i, p := range stack {
		when := ""
		switch {
		case len(stack) > 1 && i == 0:
			when = " (newest)"
		case len(stack) > 1 && i == len(stack)-1:
			when = " (first)"
		}
		b.Rows = append(b.Rows, []Cell{{strconv.Itoa(i+1) + when, Plain}, number(len(p)), {p.Hash(), Muted}})
	}
	return b
}

// DifferenceBlock is the system calls that two policies do not decide alike; theirs is the other one's name.
func DifferenceBlock(all []profile.Difference, theirs string) Block {
	b := Block{Title: "Differs from " + Clean(theirs), Head: []string{"ABI", "SYSTEM CALL", "HERE", "THERE"}}
	for _, d := range all {
		here, there := Clean(d.Ours.Conditions(d.Arch, d.Nr).String()), Clean(d.Theirs.Conditions(d.Arch, d.Nr).String())
		if d.Unknown != "" {
			here = "? " + Clean(d.Unknown)
		}
		b.Rows = append(b.Rows, []Cell{{d.Arch.String(), Muted}, {Clean(d.Name), Heading}, text(here), text(there)})
	}
	if len(all) == 0 {
		b.Note = "In no system call."
	}
	return b
}

// policyBlocks is what a process's filters do; where they are not known, the gaps say why.
func policyBlocks(r Row) []Block {
	stack, known := r.Ix.Filters(r.creds())
	if !known {
		return []Block{{Title: "What they do", Rows: [][]Cell{{gone()}}, Note: filtersUnknown(r.Ix)}}
	}
	if len(stack) == 0 {
		return nil
	}
	blocks := []Block{FilterBlocks(stack)}
	arch, ok := r.Ix.ABI()
	if !ok {
		return append(blocks, Block{Note: "The machine's system call ABI is not known: what they do cannot be told."})
	}
	blocks = append(blocks, PolicyBlocks(stack.Policy(arch))...)
	for _, other := range profile.Family(arch)[1:] {
		blocks = append(blocks, otherABI(stack, other))
	}
	if s, _ := r.creds().Seccomp.Get(); strings.Contains(s.Profile.Or(""), " +") && r.T == nil {
		if of, ok := r.Ix.FilterSubject(r.P); ok {
			n := profile.NewNamer(arch).Name(stack, of)
			blocks = append(blocks, DifferenceBlock(n.Differs, n.Profile))
		}
	}
	return append(blocks, InstructionBlocks(stack)...)
}

// InstructionBlocks is the filters' programs, a line an instruction.
func InstructionBlocks(stack seccomp.Stack) (blocks []Block) {
	for i, p := range stack {
		b := Block{Title: fmt.Sprintf("Instructions of filter %d", i+1), Head: []string{"LINE", "CODE", "JT", "JF", "K", ""}}
		for _, l := range p.Disassemble() {
			in := l.Instruction
			b.Rows = append(b.Rows, []Cell{{fmt.Sprintf("%04d", l.Number), Muted}, text(fmt.Sprintf("0x%02x", in.Code)), number(int(in.JT)), number(int(in.JF)),
				text(fmt.Sprintf("0x%08x", in.K)), text(Clean(l.Text))})
		}
		blocks = append(blocks, b)
	}
	return blocks
}

// otherABI sums up an ABI that is not the native one.
func otherABI(stack seccomp.Stack, arch seccomp.Arch) Block {
	p := stack.Policy(arch)
	b := Block{Title: arch.String()}
	if action, ok := p.Default.Constant(); ok && !p.Handled() {
		b.Rows = [][]Cell{{actionCell(action), {"every system call", Muted}}}
		return b
	}
	counts := map[seccomp.Action][]string{}
	byArguments := 0
	for _, call := range p.Syscalls {
		if action, ok := call.Decision.Constant(); ok {
			counts[action.Effective()] = append(counts[action.Effective()], call.Name)
		} else {
			byArguments++
		}
	}
	for _, action := range strictestFirst(counts) {
		b.Rows = append(b.Rows, []Cell{actionCell(action), {fmt.Sprintf("%d system calls", len(counts[action])), Plain}})
	}
	if byArguments > 0 {
		b.Rows = append(b.Rows, []Cell{{"by arguments", Notice}, {fmt.Sprintf("%d system calls", byArguments), Plain}})
	}
	return b
}

// filtersUnknown is why no filter's program is there.
func filtersUnknown(ix *inspect.Index) string {
	for _, g := range ix.Gaps {
		if g.What == "seccomp.stack" || g.What == "seccomp.profile" {
			return "What its filters do is not known: " + Clean(g.Why) + "."
		}
	}
	return "What its filters do is not known: the programs were not read."
}

// DecisionBlocks is what becomes of each system call, one by one.
func DecisionBlocks(p *seccomp.Policy) []Block {
	b := Block{}
	for _, call := range p.Syscalls {
		if action, ok := call.Decision.Constant(); ok {
			b.Rows = append(b.Rows, []Cell{{Clean(call.Name), Heading}, actionCell(action)})
		} else {
			b.Rows = append(b.Rows, conditionRow(call.Name, call.Decision.Conditions(p.Arch, call.Nr)))
		}
	}
	if len(b.Rows) == 0 {
		b.Note = "It has no such system call."
	}
	return []Block{b}
}
