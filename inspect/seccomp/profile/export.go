package profile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"capview/inspect/seccomp"
)

// Note is a system call that an exported profile does not decide as the filters do, or that a runtime may not, and why.
type Note struct {
	Arch seccomp.Arch
	Name string // of the system call, "" for all of the architecture, or its numbers without a name
	Why  string
}

// String is the note on a line.
func (n Note) String() string {
	if n.Name == "" {
		return fmt.Sprintf("%s: %s", n.Arch, n.Why)
	}
	return fmt.Sprintf("%s %s: %s", n.Arch, n.Name, n.Why)
}

// Export is an exported profile and where it falls short. Without notes it means the same, if a runtime has a libseccomp of
// that generation: an older one passes over names, a newer one may know a name on more architectures.
type Export struct {
	Profile *OCI
	Notes   []Note
	Library Library
}

// FromPolicy writes what filters do as a profile that runtimes accept. It is for the given architectures of a machine whose
// native one is the first; with none given, for all that the filters handle. That it means the same is checked by the
// model of what runtimes make of it (Filter): every system call that differs has a note.
func FromPolicy(stack seccomp.Stack, native seccomp.Arch, arches ...seccomp.Arch) Export {
	e := exporter{native: native}
	for _, arch := range Family(native) {
		policy := stack.Policy(arch)
		e.family = append(e.family, policy)
		if arch == native || len(arches) == 0 && len(leftOut(policy)) > 0 || slices.Contains(arches, arch) {
			e.policies = append(e.policies, policy)
		}
	}
	e.chooseDefault()
	for _, policy := range e.policies {
		for _, call := range policy.Syscalls {
			e.add(policy.Arch, call)
		}
	}
	e.anchor()
	e.write()
	library := e.verify()
	return Export{e.profile, e.notes, library}
}

// exporter is a profile in the making.
type exporter struct {
	native   seccomp.Arch
	family   []*seccomp.Policy // of every architecture of the machine
	policies []*seccomp.Policy // of those in the profile
	fallback seccomp.Action
	// stub: ENOSYS above the last system call of an architecture is left to runc, whose filters these are.
	stub    bool
	last    [seccomp.Arches]uint32
	names   []string // in the order they were first seen
	rules   map[string][]rule
	why     map[string]string
	profile *OCI
	notes   []Note
}

func (e *exporter) note(arch seccomp.Arch, name, why string) {
	e.notes = append(e.notes, Note{arch, name, why})
}

// chooseDefault takes what becomes of the native architecture's numbers without a name. Where those beyond the last get
// ENOSYS and those in the gaps another action, it is runc's stub that answers beyond, and will again.
func (e *exporter) chooseDefault() {
	policy := e.policies[0]
	e.fallback = e.constant(policy, policy.Default)
	if e.fallback != seccomp.Errno|enosys {
		return
	}
	widest := uint32(0)
	for _, r := range policy.Ranges {
		if a, ok := r.Decision.Constant(); ok && !permissive(a) && r.To-r.From >= widest {
			widest, e.fallback = r.To-r.From, a
		}
	}
	if e.stub = e.fallback != seccomp.Errno|enosys; !e.stub {
		return
	}
	for _, policy := range e.policies {
		for _, call := range policy.Syscalls {
			if a, ok := call.Decision.Constant(); !ok || a != seccomp.Errno|enosys {
				e.last[policy.Arch] = call.Nr
			}
		}
	}
}

func (e *exporter) constant(policy *seccomp.Policy, d seccomp.Decision) seccomp.Action {
	a, ok := d.Constant()
	if ok {
		return e.sayable(policy.Arch, "", a)
	}
	e.note(policy.Arch, "", "what becomes of numbers without a name depends on arguments or is not known; the profile says ERRNO")
	return seccomp.Errno | eperm
}

// sayable is an action in the words of profiles, with a note where they lack one.
func (e *exporter) sayable(arch seccomp.Arch, name string, a seccomp.Action) seccomp.Action {
	switch a = a.Effective(); {
	case a.Kind() == seccomp.Trap && a.Data() != 0:
		e.note(arch, name, "profiles have no data for TRAP")
		return seccomp.Trap
	case a == seccomp.UserNotify && name == "":
		e.note(arch, name, "runc takes no SCMP_ACT_NOTIFY as the default action")
	case a == seccomp.UserNotify && name == "write":
		e.note(arch, name, "runc takes no SCMP_ACT_NOTIFY for write")
	}
	return a
}

// add takes a system call's decision for the rules of its name. One that another architecture gave stays: rules are for all
// of them.
func (e *exporter) add(arch seccomp.Arch, call seccomp.Syscall) {
	if _, done := e.rules[call.Name]; done || e.stub && call.Nr > e.last[arch] {
		return
	}
	if e.rules == nil {
		e.rules, e.why = map[string][]rule{}, map[string]string{}
	}
	e.names = append(e.names, call.Name)
	if a, ok := call.Decision.Constant(); ok {
		e.rules[call.Name] = nil
		if a != e.fallback {
			e.rules[call.Name] = []rule{{nil, e.sayable(arch, call.Name, a)}}
		}
		return
	}
	rules, why := conditional(call.Decision, e.fallback, !wide(arch))
	for i := range rules {
		rules[i].action = e.sayable(arch, call.Name, rules[i].action)
	}
	e.rules[call.Name], e.why[call.Name] = rules, why
}

// anchor has the profile name the newest system calls, too, with the default action: runc's stub begins above the last
// that a profile names, and must not answer for them.
func (e *exporter) anchor() {
	if permissive(e.fallback) || e.fallback == seccomp.Errno|enosys {
		return
	}
	for _, policy := range e.policies {
		named := uint32(0)
		for _, call := range policy.Syscalls {
			if len(e.rules[call.Name]) > 0 {
				named = call.Nr
			}
		}
		for _, call := range policy.Syscalls {
			rules, known := e.rules[call.Name]
			if call.Nr > named && (!e.stub || call.Nr <= e.last[policy.Arch]) && known && rules == nil {
				e.rules[call.Name] = []rule{{nil, e.fallback}}
			}
		}
	}
}

// write groups the names whose rules are the same: those without conditions first, the largest group first.
func (e *exporter) write() {
	e.profile = &OCI{}
	e.profile.DefaultAction, e.profile.DefaultErrnoRet = words(e.fallback)
	for _, policy := range e.policies {
		e.profile.Architectures = append(e.profile.Architectures, archWord(policy.Arch))
	}
	groups := map[string][]string{}
	for _, name := range e.names {
		if rules := e.rules[name]; len(rules) > 0 {
			text, _ := json.Marshal(written(rules))
			groups[string(text)] = append(groups[string(text)], name)
		}
	}
	var plain, others []Rule
	for _, names := range groups {
		slices.Sort(names)
		for _, r := range written(e.rules[names[0]]) {
			r.Names = names
			if len(r.Args) == 0 {
				plain = append(plain, r)
			} else {
				others = append(others, r)
			}
		}
	}
	slices.SortFunc(plain, func(a, b Rule) int {
		return cmp.Or(-cmp.Compare(len(a.Names), len(b.Names)), strings.Compare(a.Names[0], b.Names[0]))
	})
	slices.SortStableFunc(others, func(a, b Rule) int { return strings.Compare(a.Names[0], b.Names[0]) })
	e.profile.Syscalls = append(plain, others...)
}

// written is rules in the profile's words, without their names.
func written(rules []rule) []Rule {
	var all []Rule
	for _, r := range rules {
		word, number := words(r.action)
		all = append(all, Rule{Action: word, ErrnoRet: number, Args: r.conditions})
	}
	return all
}

// words is an action in the profile's words.
func words(a seccomp.Action) (word string, number *uint32) {
	for w, known := range actionWords {
		if known == a.Kind() && w != "SCMP_ACT_KILL" {
			word = w
		}
	}
	if a.Kind() == seccomp.Errno || a.Kind() == seccomp.Trace {
		data := uint32(a.Data())
		number = &data
	}
	return word, number
}

// verify notes every system call that runc's filter of the profile would not decide as the filters do, with the
// generation of libseccomp that comes nearest.
func (e *exporter) verify() (best Library) {
	before := e.notes
	for l := libraries; l > 0 && (l == libraries || len(e.notes) > len(before)); l-- {
		notes := e.verifyWith(l - 1)
		if l == libraries || len(before)+len(notes) < len(e.notes) {
			best, e.notes = l-1, slices.Concat(before, notes)
		}
	}
	return best
}

func (e *exporter) verifyWith(library Library) (notes []Note) {
	filter, err := e.profile.Filter(e.native, Runtime{Library: library})
	if err != nil {
		return []Note{{e.native, "", err.Error()}}
	}
	for _, policy := range e.family {
		if !filter.Handles(policy.Arch) {
			notes = append(notes, leftOut(policy)...)
			continue
		}
		for _, call := range policy.Syscalls {
			theirs := filter.Decide(policy.Arch, call.Nr)
			if same, known := seccomp.Same(call.Decision, theirs); !same || !known {
				notes = append(notes, Note{policy.Arch, call.Name, e.reason(call, policy.Arch)})
			}
		}
		beyond := policy.Syscalls[len(policy.Syscalls)-1].Nr + 1000
		theirs := filter.Decide(policy.Arch, beyond)
		if same, known := seccomp.Same(policy.Default, theirs); !same || !known {
			a, _ := theirs.Constant()
			notes = append(notes, Note{policy.Arch, "", fmt.Sprintf("numbers that no system call has yet get %s by runc", a)})
		}
	}
	return notes
}

// leftOut looks at an architecture that is not in the profile, and whose threads are so killed.
func leftOut(policy *seccomp.Policy) []Note {
	for _, call := range policy.Syscalls {
		if a, ok := call.Decision.Constant(); !ok || a != seccomp.KillThread {
			return []Note{{policy.Arch, "", "the profile leaves it out, which kills its threads; the filters do otherwise"}}
		}
	}
	return nil
}

// reason is why a system call is not decided alike.
func (e *exporter) reason(call seccomp.Syscall, arch seccomp.Arch) string {
	if why := e.why[call.Name]; why != "" {
		return why
	}
	for _, policy := range e.policies {
		if policy.Arch == arch {
			break
		}
		if _, ok := policy.Arch.Number(call.Name); ok {
			return fmt.Sprintf("a rule is for all architectures, and on %s the filters decide otherwise", policy.Arch)
		}
	}
	if _, behind := multiplexed[call.Name]; behind || call.Name == "socketcall" || call.Name == "ipc" {
		return "libseccomp has rules for the system calls behind it apply to it"
	}
	for _, rules := range e.rules[call.Name] {
		for _, arg := range rules.conditions {
			if arg.Value > math.MaxUint32 {
				return "x32 and i386 compare only the low halves of arguments"
			}
		}
	}
	return "profiles have no words for it"
}

// JSON is the profile as a file for an engine or runtime: stable, an indent a level as the engines' own.
func (o *OCI) JSON() ([]byte, error) {
	text, err := json.MarshalIndent(o, "", "\t")
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}
