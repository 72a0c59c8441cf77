package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"capview/inspect/seccomp"
)

// The bounds of a profile's text. The largest default profile has 30 kB; a runtime's bundle holds mounts besides.
const (
	maxSize  = 1 << 20
	maxNames = 20_000
	maxName  = 64
	maxArgs  = 64
)

// ErrNone is what Parse gives for a bundle that has no profile.
var ErrNone = errors.New("the bundle has no seccomp profile")

// Parse reads a profile in the runtimes' or the engines' format, or out of a bundle's config.json. Words that are no
// action, operator or architecture fail with the word. Names that are no system call's do not: runtimes pass over them
// (runc, libcontainer/seccomp matchCall; crun, libcrun_generate_seccomp); Unknown lists them.
func Parse(data []byte) (*Profile, error) {
	if len(data) > maxSize {
		return nil, fmt.Errorf("seccomp profile: %d bytes, at most %d are read", len(data), maxSize)
	}
	text, err := ofBundle(data)
	if err != nil {
		return nil, err
	}
	p := new(Profile)
	if err := decode(text, p); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("seccomp profile: %w", err)
	}
	return p, nil
}

// ofBundle is linux.seccomp where data is an OCI bundle's configuration, else data.
func ofBundle(data []byte) ([]byte, error) {
	var bundle struct {
		Version string `json:"ociVersion"`
		Linux   *struct {
			Seccomp json.RawMessage `json:"seccomp"`
		} `json:"linux"`
	}
	if err := decode(data, &bundle); err != nil {
		return nil, err
	}
	if bundle.Version == "" && bundle.Linux == nil {
		return data, nil
	}
	if bundle.Linux == nil || len(bundle.Linux.Seccomp) == 0 || bytes.Equal(bundle.Linux.Seccomp, []byte("null")) {
		return nil, ErrNone
	}
	return bundle.Linux.Seccomp, nil
}

// decode reads one JSON value and gives an error on one line.
func decode(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	if err == nil {
		return nil
	}
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fmt.Errorf("seccomp profile: %s: %s does not fit", quote(kind.Field), kind.Value)
	}
	return fmt.Errorf("seccomp profile: %s", strings.ReplaceAll(err.Error(), "\n", " "))
}

func (p *Profile) check() error {
	switch {
	case p.DefaultAction == "":
		return errors.New("no defaultAction")
	case len(p.Architectures) > 0 && len(p.ArchMap) > 0:
		return errors.New("both architectures and archMap: engines take one of them")
	}
	if err := checkAction(p.DefaultAction, p.DefaultErrnoRet, p.DefaultErrno); err != nil {
		return fmt.Errorf("defaultAction: %w", err)
	}
	for _, word := range p.Architectures {
		if !knownArch(word) {
			return fmt.Errorf("unknown architecture %s", quote(word))
		}
	}
	for _, m := range p.ArchMap {
		for _, word := range append([]string{m.Architecture}, m.SubArchitectures...) {
			if !knownArch(word) {
				return fmt.Errorf("archMap: unknown architecture %s", quote(word))
			}
		}
	}
	names := 0
	for i := range p.Syscalls {
		rule := &p.Syscalls[i]
		if names += len(rule.Names) + 1; names > maxNames {
			return fmt.Errorf("more than %d names", maxNames)
		}
		if err := rule.check(); err != nil {
			return fmt.Errorf("rule %d: %w", i+1, err)
		}
	}
	return nil
}

func (r *EngineRule) check() error {
	if r.Name != "" && len(r.Names) > 0 {
		return errors.New("both name and names: engines take one of them")
	}
	if r.Name != "" {
		r.Names, r.Name = []string{r.Name}, ""
	}
	for _, name := range r.Names {
		if name == "" || len(name) > maxName {
			return fmt.Errorf("%s is no system call's name", quote(name))
		}
	}
	if err := checkAction(r.Action, r.ErrnoRet, r.Errno); err != nil {
		return err
	}
	if len(r.Args) > maxArgs {
		return fmt.Errorf("%d conditions, at most %d are read", len(r.Args), maxArgs)
	}
	for _, arg := range r.Args {
		if !operators[arg.Op] {
			return fmt.Errorf("unknown operator %s", quote(arg.Op))
		}
		if arg.Index > 5 {
			return fmt.Errorf("argument %d: system calls have 0 to 5", arg.Index)
		}
	}
	return nil
}

func checkAction(word string, number *uint32, name string) error {
	if _, ok := actionWords[word]; !ok {
		return fmt.Errorf("unknown action %s", quote(word))
	}
	if number != nil && *number > 0xffff {
		return fmt.Errorf("errnoRet %d: the action's data has 16 bits", *number)
	}
	_, err := errno(name, number)
	return err
}

// Unknown is the names that no architecture has a system call of, as far as the package knows, each once and in order.
func (p *Profile) Unknown() []string {
	var unknown []string
	for _, rule := range p.Syscalls {
		for _, name := range rule.Names {
			if !isSyscall(name) && !slices.Contains(unknown, name) {
				unknown = append(unknown, name)
			}
		}
	}
	return unknown
}

func isSyscall(name string) bool {
	for arch := range seccomp.Arches {
		if _, ok := known[arch]()[name]; ok {
			return true
		}
	}
	_, behind := multiplexed[name]
	return behind
}

// quote is %q, cut to what fits in a line: the text may be hostile.
func quote(s string) string {
	const most = 40
	if len(s) > most {
		return fmt.Sprintf("%q...", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
