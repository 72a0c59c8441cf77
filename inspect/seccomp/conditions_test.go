package seccomp

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

// What a decision says in words, read back, is what it decides.
func TestConditionsSayWhatIsDecided(t *testing.T) {
	g := newGenerator(21)
	sentences, compared := 0, 0
	for i := range 12000 {
		stack := Stack{g.program()}
		if g.IntN(4) == 0 {
			stack = append(stack, g.program())
		}
		arch, nr := X86_64, g.numberOf(stack)
		if i%6 == 0 {
			arch = I386
		}
		decision := stack.Decide(arch, nr)
		conditions := decision.Conditions(arch, noCall) // no names: arg0 is all 64 bits
		if decision.Unknown != "" || len(conditions.Cases) == 0 {
			continue
		}
		sentences++
		examples := []Data{}
		for _, path := range decision.Paths {
			if data, ok := Example(path); ok {
				examples = append(examples, data)
			}
		}
		for range 30 {
			examples = append(examples, g.data())
		}
		for _, data := range examples {
			if arch == I386 {
				for i := range data.Args {
					data.Args[i] &= math.MaxUint32
				}
			}
			want, _ := decision.At(&data)
			if have := conditions.at(t, &data); have != want.Effective() {
				t.Fatalf("%v: %+v: %v, words say %v: %v", decision.Paths, data, want, have, conditions)
			}
			compared++
		}
	}
	t.Logf("%d sentences, %d system calls compared", sentences, compared)
}

// at is the action that the words give.
func (c Conditions) at(t *testing.T, data *Data) Action {
	t.Helper()
	action, met := c.Otherwise, 0
	for _, one := range c.Cases {
		r := reader{t: t, data: data, words: strings.Fields(spaced.Replace(one.If)), text: one.If}
		if r.alternatives() {
			action = one.Action
			met++
		}
		if r.at != len(r.words) {
			t.Fatalf("%q: not read from word %d on", one.If, r.at)
		}
	}
	if met > 1 {
		t.Fatalf("%v: %+v meets %d", c, data, met)
	}
	return action
}

var spaced = strings.NewReplacer("(", " ( ", ")", " ) ", ",", " , ")

// reader reads a condition: what the package writes, in the precedence in which people read it.
type reader struct {
	t     *testing.T
	data  *Data
	words []string
	at    int
	text  string
}

func (r *reader) next() string {
	if r.at == len(r.words) {
		return ""
	}
	return r.words[r.at]
}

func (r *reader) take(word string) bool {
	if r.next() == word {
		r.at++
		return true
	}
	return false
}

func (r *reader) alternatives() bool {
	result := r.all()
	for r.take("or") {
		result = r.all() || result
	}
	return result
}

func (r *reader) all() bool {
	result := r.comparison()
	for r.take("and") {
		result = r.comparison() && result
	}
	return result
}

// comparison is one, or more in brackets: what stands in brackets is a number only before ">>" and "&" and such.
func (r *reader) comparison() bool {
	start := r.at
	if r.take("(") && !strings.HasPrefix(r.words[start+2], ">>") {
		result := r.alternatives()
		if !r.take(")") {
			r.t.Fatalf("%q: no closing bracket", r.text)
		}
		return result
	}
	r.at = start
	left := r.masked()
	switch op := r.next(); op {
	case "==", "!=", "<", "<=", ">", ">=":
		r.at++
		right := r.masked()
		result := compared(left, op, right)
		if r.next() == "<=" && op == "<=" { // a <= b <= c
			r.at++
			result = right <= r.masked() && result
		}
		return result
	case "in", "not":
		r.at++
		if op == "not" && !r.take("in") {
			r.t.Fatalf("%q: not what", r.text)
		}
		return r.listed(left) == (op == "in")
	}
	return left != 0
}

func compared(a uint64, op string, b uint64) bool {
	switch op {
	case "==":
		return a == b
	case "!=":
		return a != b
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	}
	return a >= b
}

func (r *reader) listed(n uint64) bool {
	found := false
	r.take("(")
	for !r.take(")") {
		found = r.number() == n || found
		r.take(",")
	}
	return found
}

func (r *reader) masked() uint64 {
	n := r.number()
	for {
		switch {
		case r.take("&"):
			n &= r.number()
		case r.take(">>"):
			n >>= r.number()
		default:
			return n
		}
	}
}

func (r *reader) number() uint64 {
	word := r.next()
	r.at++
	var arg int
	switch {
	case word == "(":
		n := r.masked()
		if !r.take(")") {
			r.t.Fatalf("%q: no closing bracket", r.text)
		}
		return n
	case word == "instruction_pointer":
		return r.data.IP
	case strings.HasPrefix(word, "arg"):
		if _, err := fmt.Sscanf(word, "arg%d", &arg); err != nil {
			r.t.Fatal(err)
		}
		return r.data.Args[arg]
	}
	n, err := strconv.ParseUint(word, 0, 64)
	if err != nil {
		r.t.Fatalf("%q: %v", r.text, err)
	}
	return n
}

// Names and flags of well-known system calls, as people write them.
func TestConditionsInWords(t *testing.T) {
	equal := func(w Word, mask, value uint32) Test { return Test{w, mask, Equal, value} }
	const all = math.MaxUint32
	arg := func(i int) Word { return WordArgs + 2*Word(i) }
	one := func(t Test, yes, no Action) Decision {
		return Decision{Paths: []Path{{[]Test{t}, yes}, {[]Test{t.not()}, no}}}
	}
	for _, c := range []struct {
		call     string
		decision Decision
		want     string
	}{
		{"clone", one(equal(arg(0), 0x10000000, 0x10000000), Errno|1, Allow), "EPERM if flags & CLONE_NEWUSER, otherwise ALLOW"},
		{"clone", one(equal(arg(0), 0x10020000, 0), Allow, Errno|1), "EPERM if flags & (CLONE_NEWNS|CLONE_NEWUSER), otherwise ALLOW"},
		{"unshare", one(equal(arg(0), 0x10000001, 0x10000001), Allow, Trap), "TRAP if flags & (CLONE_NEWUSER|0x1) != (CLONE_NEWUSER|0x1), otherwise ALLOW"},
		{"mprotect", one(equal(arg(2), 4, 0), Allow, KillProcess), "KILL_PROCESS if prot & PROT_EXEC, otherwise ALLOW"},
		{"ioctl", one(equal(arg(1), all, 0x5412), Errno|38, Allow), "ENOSYS if request == TIOCSTI, otherwise ALLOW"},
		{"read", one(equal(arg(0), all, 0x12345), Errno|38, Allow), "ENOSYS if fd == 0x12345, otherwise ALLOW"},
		{"read", one(equal(arg(2), all, 5), Errno|200, Log), "ERRNO(200) if count & 0xffffffff == 5, otherwise LOG"},
		{"chmod", one(equal(arg(1), 0o4000, 0), Allow, Errno|1), "EPERM if mode & 04000, otherwise ALLOW"},
		{"getpid", one(Test{WordIP + 1, all, Less, 5}, Allow, UserNotify), "USER_NOTIF if instruction_pointer >= 0x500000000, otherwise ALLOW"},
		{"getpid", Decision{Paths: []Path{{nil, Trace | 7}}}, "TRACE(7)"},
		{"getpid", Decision{Unknown: "why"}, "unknown: why"},
	} {
		nr, ok := X86_64.Number(c.call)
		if !ok {
			t.Fatal(c.call)
		}
		if have := c.decision.Conditions(X86_64, nr).String(); have != c.want {
			t.Errorf("%s: %s\nwant %s", c.call, have, c.want)
		}
	}
}
