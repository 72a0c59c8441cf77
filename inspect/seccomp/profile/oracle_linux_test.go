package profile

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"capview/inspect/caps"
	"capview/inspect/seccomp"
)

// made is a filter, or the error for which there is none.
type made struct {
	program seccomp.Program
	err     int32
}

// oracle is the helper that has libseccomp answer.
type oracle struct{ path string }

func newOracle(t testing.TB) oracle {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("the oracle for profiles is written for an x86_64 host")
	}
	path := filepath.Join(t.TempDir(), "libseccomp")
	if out, err := exec.Command("gcc", "-Wall", "-o", path, "testdata/libseccomp.c", "-lseccomp").CombinedOutput(); err != nil {
		t.Fatalf("compiling the oracle takes the packages gcc, libc6-dev and libseccomp-dev: %v\n%s", err, out)
	}
	return oracle{path}
}

func (o oracle) run(t testing.TB, input string) *bufio.Reader {
	t.Helper()
	// libseccomp takes for ever over some dozens of rules for one system call, none of which are asked of it here.
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, o.path)
	c.Stdin = strings.NewReader(input)
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	return bufio.NewReader(bytes.NewReader(out))
}

// filters has libseccomp make a filter of every profile.
func (o oracle) filters(t testing.TB, profiles []*OCI) (all []made) {
	t.Helper()
	var input strings.Builder
	for _, p := range profiles {
		p.forHelper(&input)
	}
	r := o.run(t, input.String())
	for range profiles {
		size := number(t, r)
		if size < 0 {
			all = append(all, made{err: size})
			continue
		}
		raw := make([]byte, size)
		if _, err := io.ReadFull(r, raw); err != nil {
			t.Fatal(err)
		}
		program, err := seccomp.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, made{program: program})
	}
	return all
}

func number(t testing.TB, r io.Reader) (n int32) {
	t.Helper()
	if err := binary.Read(r, binary.NativeEndian, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// numbers is what libseccomp has for every name.
func (o oracle) numbers(t testing.TB, arch seccomp.Arch, names []string) map[string]int32 {
	t.Helper()
	var input strings.Builder
	for _, name := range names {
		fmt.Fprintf(&input, "name %s %s\n", helperArch(archWord(arch)), name)
	}
	r := o.run(t, input.String())
	all := map[string]int32{}
	for _, name := range names {
		all[name] = number(t, r)
	}
	return all
}

// generation is the library's by the names it knows: Debian adds to its versions.
func (o oracle) generation(t testing.TB) Library {
	t.Helper()
	last := Library250
	known := o.numbers(t, seccomp.X86_64, slices.Collect(maps.Keys(since)))
	for name, nr := range known {
		if nr != -1 {
			last = max(last, since[name])
		}
	}
	for name, nr := range known {
		if since[name] <= last && nr == -1 {
			t.Errorf("libseccomp knows system calls of generation %s but not %s", last, name)
		}
	}
	return last
}

// Names have the numbers that libseccomp gives them.
func TestNumbersOracle(t *testing.T) {
	o := newOracle(t)
	last := o.generation(t)
	compared := 0
	for arch := range seccomp.Arches {
		var names []string
		for other := range seccomp.Arches {
			for _, nr := range other.Numbers() {
				names = append(names, other.Name(nr))
			}
		}
		for name, theirs := range o.numbers(t, arch, names) {
			if _, behind := multiplexed[name]; behind && arch == seccomp.I386 {
				continue
			}
			ours, ok := last.number(arch, name)
			if ok != (theirs >= 0) || ok && ours != uint32(theirs) {
				t.Errorf("%s %s: we say %d, %v; libseccomp %d", arch, name, ours, ok, theirs)
			}
			compared++
		}
	}
	t.Logf("libseccomp of generation %s: %d numbers compared", last, compared)
}

func helperArch(word string) string {
	return strings.ToLower(strings.TrimPrefix(word, "SCMP_ARCH_"))
}

// forHelper is the profile in the helper's words.
func (o *OCI) forHelper(w io.Writer) {
	ops := map[string]int{opNE: 1, opLT: 2, opLE: 3, opEQ: 4, opGE: 5, opGT: 6, opMaskedEQ: 7}
	fmt.Fprintf(w, "profile %d\n", action(o.DefaultAction, o.DefaultErrnoRet))
	for _, word := range o.Architectures {
		fmt.Fprintf(w, "arch %s\n", helperArch(word))
	}
	for _, rule := range o.Syscalls {
		for _, name := range rule.Names {
			fmt.Fprintf(w, "rule %s %d", name, action(rule.Action, rule.ErrnoRet))
			for _, arg := range rule.Args {
				fmt.Fprintf(w, " %d %d %d %d", arg.Index, ops[arg.Op], arg.Value, arg.ValueTwo)
			}
			fmt.Fprintln(w)
		}
	}
	fmt.Fprintln(w, "end")
}

// compareFilter holds the model to a filter, for every named system call of the x86 architectures and some numbers
// beyond, and gives how many decisions it compared. What it says of the first few that differ goes to report.
func compareFilter(model *Filter, real seccomp.Program, report func(string)) (compared, unknown int) {
	stack := seccomp.Stack{real}
	for _, arch := range []seccomp.Arch{seccomp.X86_64, seccomp.I386, seccomp.X32} {
		numbers := slices.Clone(arch.Numbers())
		numbers = append(numbers, numbers[len(numbers)-1]+1, numbers[len(numbers)-1]+1000)
		for _, nr := range numbers {
			ours, theirs := model.Decide(arch, nr), stack.Decide(arch, nr)
			data, differ, known := seccomp.Difference(ours, theirs)
			if !known {
				unknown++
				continue
			}
			compared++
			if differ {
				data.Nr, data.Arch = nr, arch.Audit()
				a, _ := ours.At(&data)
				report(fmt.Sprintf("%s %s(%d)%x: the model says %v, libseccomp's filter %v", arch, arch.Name(nr), nr, data.Args, a, real.Eval(&data)))
			}
		}
	}
	return compared, unknown
}

// Every default profile, for several sets of capabilities, means what libseccomp's filter of it does.
func TestDefaultsOracle(t *testing.T) {
	var names []string
	var profiles []*OCI
	for _, d := range Defaults() {
		for _, set := range []caps.Set{0, dockerCaps, caps.Full(caps.Last)} {
			oci, err := d.Profile.Resolve(Context{Caps: set})
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, fmt.Sprintf("%s %s with %s", d.Engine, d.Versions, set.Hex()))
			profiles = append(profiles, oci)
		}
	}
	if unknown := compareAll(t, profiles, func(i int) string { return names[i] }); unknown > 0 {
		t.Errorf("%d decisions of default profiles are unknown", unknown)
	}
}

// compareAll models every profile, has libseccomp make the filters, and holds the one to the other.
func compareAll(t *testing.T, profiles []*OCI, name func(int) string) (unknown int) {
	t.Helper()
	o := newOracle(t)
	generation := o.generation(t)
	real := o.filters(t, profiles)
	compared, refused := 0, 0
	for i, oci := range profiles {
		if real[i].err != 0 {
			refused++
			continue
		}
		model, err := oci.Filter(seccomp.X86_64, Runtime{Library: generation})
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range model.arches {
			if part != nil {
				part.last = 0 // runc's stub is no part of libseccomp's filter
			}
		}
		reports := 0
		n, m := compareFilter(model, real[i].program, func(s string) {
			if reports++; reports <= 3 {
				t.Errorf("%s: %s", name(i), s)
			}
		})
		compared, unknown = compared+n, unknown+m
	}
	t.Logf("libseccomp of generation %s: %d profiles, %d decisions compared, %d unknown; %d profiles refused by libseccomp",
		generation, len(profiles), compared, unknown, refused)
	if compared == 0 || unknown > compared/100 {
		t.Errorf("%d decisions compared, %d unknown", compared, unknown)
	}
	return unknown
}

// Random profiles mean what libseccomp's filters of them do.
func TestRandomOracle(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, uint64(len(t.Name()))))
	profiles := make([]*OCI, 400)
	for i := range profiles {
		profiles[i] = randomProfile(rng)
		if i%2 == 1 { // half of them have rules of two actions, which then meet
			for at := range profiles[i].Syscalls[1:] {
				if rng.IntN(2) == 0 {
					profiles[i].Syscalls[1+at].Action = "SCMP_ACT_LOG"
				}
			}
		}
	}
	compareAll(t, profiles, func(i int) string {
		var text strings.Builder
		profiles[i].forHelper(&text)
		return text.String()
	})
}

// randomProfile has rules for few system calls, so that several meet on one.
func randomProfile(rng *rand.Rand) *OCI {
	actions := []string{"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP", "SCMP_ACT_LOG", "SCMP_ACT_TRACE"}
	pick := func(from []string) string { return from[rng.IntN(len(from))] }
	number := func() *uint32 {
		if rng.IntN(2) == 0 {
			return nil
		}
		n := uint32(rng.IntN(40))
		return &n
	}
	all := append([]string{"no_such_call", "socketcall", "ipc"}, "socket", "connect", "shmat", "semop", "recvmmsg", "accept")
	for _, arch := range []seccomp.Arch{seccomp.X86_64, seccomp.I386, seccomp.X32} {
		for range 6 {
			numbers := arch.Numbers()
			all = append(all, arch.Name(numbers[rng.IntN(len(numbers))]))
		}
	}
	o := &OCI{DefaultAction: pick(actions), DefaultErrnoRet: number()}
	for _, word := range []string{"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"} {
		if rng.IntN(3) > 0 {
			o.Architectures = append(o.Architectures, word)
		}
	}
	one := pick(actions)
	// libseccomp to 2.5.4 forgets to load the number where of x86_64 and x32 together the first rule by weight is for a
	// system call that neither has (src/gen_bpf.c, _gen_bpf_syscalls): no profile that is used is so small.
	o.Syscalls = append(o.Syscalls, Rule{Names: []string{"read"}, Action: one})
	for range 1 + rng.IntN(10) {
		rule := Rule{Action: one, ErrnoRet: nil}
		for range 1 + rng.IntN(4) {
			rule.Names = append(rule.Names, pick(all))
		}
		for range rng.IntN(3) {
			rule.Args = append(rule.Args, randomArg(rng))
		}
		o.Syscalls = append(o.Syscalls, rule)
	}
	return o
}

func randomArg(rng *rand.Rand) Arg {
	values := []uint64{0, 1, 2, 5, 38, 39, 1 << 31, 1<<32 - 1, 1 << 32, 1<<32 + 5, 1 << 63, ^uint64(0), rng.Uint64()}
	ops := []string{opNE, opLT, opLE, opEQ, opGE, opGT, opMaskedEQ}
	value := func() uint64 { return values[rng.IntN(len(values))] }
	arg := Arg{Index: uint32(rng.IntN(6)), Op: ops[rng.IntN(len(ops))], Value: value()}
	if arg.Op == opMaskedEQ {
		arg.ValueTwo = value()
	}
	return arg
}

// What is exported of a real filter gives, compiled again, a real filter that decides alike, but for what has a note.
func TestExportOracle(t *testing.T) {
	var profiles []*OCI
	for _, d := range Defaults() {
		oci, err := d.Profile.Resolve(Context{Caps: dockerCaps})
		if err != nil {
			t.Fatal(err)
		}
		profiles = append(profiles, oci)
	}
	defaults := len(profiles)
	rng := rand.New(rand.NewPCG(7, 7))
	for range 150 {
		profiles = append(profiles, randomProfile(rng))
	}
	o := newOracle(t)
	first := o.filters(t, profiles)
	var exports []Export
	var again []*OCI
	var sources []seccomp.Stack
	for i, made := range first {
		if made.err != 0 {
			continue
		}
		e := FromPolicy(seccomp.Stack{made.program}, seccomp.X86_64)
		for _, n := range e.Notes {
			// The library's filters have no stub, as runc's of the profile will. Of x32 see TestNumbersOracle.
			if i < defaults && n.Name != "" && n.Name != "map_shadow_stack" {
				t.Errorf("default profile %d: %v", i, n)
			}
		}
		exports, again, sources = append(exports, e), append(again, e.Profile), append(sources, seccomp.Stack{made.program})
	}
	compared, noted := 0, 0
	for i, made := range o.filters(t, again) {
		if made.err != 0 {
			t.Errorf("libseccomp refuses an exported profile: %d", made.err)
			continue
		}
		n, m := compareExport(t, sources[i], seccomp.Stack{made.program}, exports[i])
		compared, noted = compared+n, noted+m
	}
	t.Logf("%d filters exported and compiled again: %d decisions compared, %d differ and have a note", len(again), compared, noted)
	if noted > compared/50 {
		t.Errorf("too many notes: %d", noted)
	}
}

func compareExport(t *testing.T, was, is seccomp.Stack, e Export) (compared, noted int) {
	has := map[string]string{}
	for _, n := range e.Notes {
		has[n.Arch.String()+" "+n.Name] = n.Why
	}
	for _, arch := range Family(seccomp.X86_64) {
		for _, d := range Compare(was, is, arch) {
			if has[arch.String()+" "+d.Name] == "" {
				t.Errorf("%s %s: was %v, is %v for %x %s", arch, d.Name, d.OurAnswer, d.TheirAnswer, d.Example.Args, d.Unknown)
			}
			noted++
		}
		compared += len(arch.Numbers())
	}
	return compared, noted
}
