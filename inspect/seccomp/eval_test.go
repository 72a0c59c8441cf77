package seccomp

import "testing"

// Numbers as the kernel computes them.
func TestEval(t *testing.T) {
	data := Data{Nr: 56, Arch: X86_64.Audit(), IP: 0x1122334455667788, Args: [6]uint64{0xaabbccdd00000003, 1, 2, 3, 4, 0x5500000006}}
	for _, c := range []struct {
		name string
		p    Program
		want uint32
	}{
		{"A and X begin at 0", Program{{Code: classALU | aluADD | sourceX}, {Code: opReturnA}}, 0},
		{"the number", Program{load(WordNr), {Code: opReturnA}}, 56},
		{"the architecture", Program{load(WordArch), {Code: opReturnA}}, 0xc000003e},
		{"the instruction pointer's halves", Program{load(WordIP), {Code: opTAX}, load(WordIP + 1), {Code: classALU | aluSUB | sourceX}, {Code: opReturnA}}, 0xbbbbbbbc},
		{"an argument's lower half", Program{load(WordArgs), {Code: opReturnA}}, 3},
		{"its upper half", Program{load(WordArgs + 1), {Code: opReturnA}}, 0xaabbccdd},
		{"the last upper half", Program{load(WordArgs + 11), {Code: opReturnA}}, 0x55},
		{"the length", Program{{Code: opLoadLen}, {Code: opReturnA}}, 64},
		{"the length in X", Program{{Code: opLoadXLen}, {Code: opTXA}, {Code: opReturnA}}, 64},
		{"a product that wraps", Program{load(WordArgs + 1), {Code: classALU | aluMUL, K: 0x10001}, {Code: opReturnA}}, 0xaabbccdd * 0x10001 & 0xffffffff},
		{"a shift by 35", Program{load(WordArgs), {Code: opLoadXImm, K: 35}, {Code: classALU | aluLSH | sourceX}, {Code: opReturnA}}, 24},
		{"a division by zero", Program{load(WordNr), {Code: opLoadXImm}, {Code: classALU | aluDIV | sourceX}, returns(Allow)}, 0},
		{"a negation", Program{{Code: opLoadImm, K: 1}, {Code: opNeg}, {Code: opReturnA}}, 0xffffffff},
		{"memory", Program{load(WordNr), {Code: opStore, K: 3}, {Code: opLoadImm, K: 9}, {Code: opLoadXMem, K: 3}, {Code: opTXA}, {Code: opReturnA}}, 56},
		{"unsigned comparison", Program{{Code: opLoadImm, K: 0x80000000}, jump(jumpJGT, 1, 0, 1), returns(Trap), returns(Allow)}, uint32(Trap)},
		{"comparison with X", Program{{Code: opLoadXImm, K: 5}, {Code: opLoadImm, K: 5}, {Code: classJMP | jumpJGE | sourceX, JF: 1}, returns(Trap), returns(Allow)}, uint32(Trap)},
		{"bits", Program{load(WordArgs), jump(jumpJSET, 4, 0, 1), returns(Trap), returns(Allow)}, uint32(Allow)},
	} {
		if err := c.p.Check(); err != nil {
			t.Fatal(c.name, err)
		}
		if have := c.p.Eval(&data); uint32(have) != c.want {
			t.Errorf("%s: %#x, want %#x", c.name, uint32(have), c.want)
		}
	}
}

// Which of several filters' values the kernel takes.
func TestStackEval(t *testing.T) {
	for _, c := range []struct {
		newestFirst []Action
		want        Action
	}{
		{nil, Allow},
		{[]Action{Allow | 7}, Allow}, // no filter's value is below ALLOW: ALLOW itself
		{[]Action{Errno | 1, Errno | 2}, Errno | 1},
		{[]Action{Allow, Errno | 2}, Errno | 2},
		{[]Action{Trace | 3, Trap | 9, Log}, Trap | 9},
		{[]Action{KillThread, KillProcess | 5}, KillProcess | 5},
		{[]Action{0x80010000, KillThread}, 0x80010000}, // none of the actions, but negative
		{[]Action{0x7fff0000 - 1<<16, Log}, Log},
	} {
		var s Stack
		for _, a := range c.newestFirst {
			s = append(s, Program{returns(a)})
		}
		if have := s.Eval(&Data{}); have != c.want {
			t.Errorf("%#x: %#x, want %#x", c.newestFirst, uint32(have), uint32(c.want))
		}
	}
}

func TestActions(t *testing.T) {
	for action, want := range map[Action][2]string{
		Allow | 3: {"ALLOW", "ALLOW"}, Errno | 1: {"ERRNO(EPERM)", "EPERM"}, Errno: {"ERRNO(0)", "ERRNO(0)"},
		Errno | 0xffff: {"ERRNO(4095)", "ERRNO(4095)"}, Trap | 5: {"TRAP(5)", "TRAP(5)"}, Trace: {"TRACE", "TRACE"}, Log | 1: {"LOG", "LOG"},
		UserNotify: {"USER_NOTIF", "USER_NOTIF"}, KillThread | 9: {"KILL_THREAD", "KILL_THREAD"}, KillProcess: {"KILL_PROCESS", "KILL_PROCESS"},
		0x12340000: {"KILL_PROCESS", "KILL_PROCESS"}, 0x80010000: {"KILL_PROCESS", "KILL_PROCESS"},
	} {
		if action.String() != want[0] || action.Short() != want[1] {
			t.Errorf("%#x: %s, %s, want %s", uint32(action), action, action.Short(), want)
		}
	}
	for _, name := range []string{"EPERM", "ENOSYS", "EAGAIN", "EHWPOISON", "0", "4095"} {
		if number, ok := ErrnoNumber(name); !ok || ErrnoName(number) != name {
			t.Errorf("%s is %d, that is %s", name, number, ErrnoName(number))
		}
	}
	if _, ok := ErrnoNumber("ENOTHING"); ok {
		t.Error("ENOTHING is known")
	}
}
