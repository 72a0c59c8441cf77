package seccomp

import (
	"encoding/json"
	"fmt"
)

// actionJSON is an action in JSON: its name, of ERRNO the error's, of TRAP and TRACE what their receiver is told.
type actionJSON struct {
	Action string `json:"action"`
	Errno  string `json:"errno,omitempty"`
	Data   uint16 `json:"data,omitempty"`
}

func (a Action) json() actionJSON {
	a = a.Effective()
	out := actionJSON{Action: a.Name()}
	switch a.Kind() {
	case Errno:
		out.Errno = ErrnoName(a.Data())
	case Trap, Trace:
		out.Data = a.Data()
	}
	return out
}

// MarshalJSON is {"action": "ERRNO", "errno": "EPERM"}: the effective action.
func (a Action) MarshalJSON() ([]byte, error) { return json.Marshal(a.json()) }

type conditionJSON struct {
	If string `json:"if"`
	actionJSON
}

// MarshalJSON is an action where arguments do not matter, {"unknown": "why"} where nothing is known, else {"conditions":
// [{"if", "action", "errno"}], "otherwise": {"action", "errno"}} and "wide" where that is not empty.
func (c Conditions) MarshalJSON() ([]byte, error) {
	switch {
	case c.Unknown != "":
		return json.Marshal(struct {
			Unknown string `json:"unknown"`
		}{c.Unknown})
	case len(c.Cases) == 0:
		return json.Marshal(c.Otherwise)
	}
	out := struct {
		Conditions []conditionJSON `json:"conditions"`
		Otherwise  Action          `json:"otherwise"`
		Wide       []string        `json:"wide,omitempty"`
	}{Otherwise: c.Otherwise, Wide: c.Wide}
	for _, one := range c.Cases {
		out.Conditions = append(out.Conditions, conditionJSON{one.If, one.Action.json()})
	}
	return json.Marshal(out)
}

// MarshalJSON is {"default", "syscalls": {name: decision}}: the system calls that are not decided by default; numbers
// without a name, where they are decided otherwise, as "337" or "337-423", of x32 without bit 30. "rough" is
// Policy.Rough where that is not empty.
func (p *Policy) MarshalJSON() ([]byte, error) {
	out := struct {
		Default  Conditions            `json:"default"`
		Rough    string                `json:"rough,omitempty"`
		Syscalls map[string]Conditions `json:"syscalls"`
	}{p.Default.Conditions(p.Arch, noCall), p.Rough, map[string]Conditions{}}
	for _, call := range p.Differing() {
		out.Syscalls[call.Name] = call.Decision.Conditions(p.Arch, call.Nr)
	}
	for _, r := range p.Ranges {
		out.Syscalls[r.Name(p.Arch)] = r.Decision.Conditions(p.Arch, r.From)
	}
	return json.Marshal(out)
}

// noCall is a number without a name, for decisions that are no particular call's.
const noCall = 1<<32 - 1

// Name is the range in numbers, of x32 without bit 30: "337", "337-423".
func (r Range) Name(arch Arch) string {
	first := uint32(0)
	if arch == X32 {
		first = x32Bit
	}
	if r.From == r.To {
		return fmt.Sprint(r.From - first)
	}
	return fmt.Sprintf("%d-%d", r.From-first, r.To-first)
}

// Policies is the policies of a stack for the architectures it handles, by their names.
func (s Stack) Policies() map[string]*Policy {
	arches := map[string]*Policy{}
	for arch := range Arches {
		if policy := s.Policy(arch); policy.Handled() {
			arches[arch.String()] = policy
		}
	}
	return arches
}
