package rules

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"capview/inspect/caps"
)

// ActionError tells what is wrong with the text of an action.
type ActionError struct {
	Text string // as given
	Near string // the form that was probably meant
	Why  string // "" where there is no such action
}

func (e *ActionError) Error() string {
	text := e.Text
	if len(text) > 60 {
		text = text[:60] + "..."
	}
	if e.Why == "" {
		return fmt.Sprintf("no action %q: %s is the nearest", text, e.Near)
	}
	return fmt.Sprintf("action %q: %s (%s)", text, e.Why, e.Near)
}

// Hint lists every form there is.
func (e *ActionError) Hint() string {
	forms := make([]string, len(ActionForms))
	for i, f := range ActionForms {
		forms[i] = f.Form
	}
	return "actions: " + strings.Join(forms, " ")
}

// ParseAction reads an action: a verb of ActionForms and, after a colon, what it acts on. An error is an *ActionError.
func ParseAction(text string) (Action, error) {
	verb, arg, has := strings.Cut(text, ":")
	i := slices.IndexFunc(ActionForms, func(f ActionForm) bool { return string(f.Verb) == verb })
	if i < 0 {
		return Action{}, &ActionError{Text: text, Near: nearest(verb).Form}
	}
	form := ActionForms[i]
	a := Action{Verb: form.Verb}
	wants := strings.Contains(form.Form, ":")
	var err error
	switch {
	case !wants && has:
		err = errors.New("it takes nothing after a colon")
	case wants && arg == "":
		err = errors.New("what it acts on is missing")
	case wants:
		err = a.parse(arg)
	}
	if err != nil {
		return Action{}, &ActionError{Text: text, Near: form.Form, Why: err.Error()}
	}
	return a, nil
}

// parse reads what comes after the colon.
func (a *Action) parse(arg string) (err error) {
	switch a.Verb {
	case Bind:
		return a.parsePort(arg)
	case HasCap:
		return a.parseCap(arg)
	case Nice:
		var n int64
		n, err = number(arg, -20, 19)
		a.Nice = int(n)
	case SetUID, SetGID:
		var id int64
		id, err = number(arg, 0, math.MaxUint32-1) // (uid_t)-1 is no id: setresuid(2)
		a.ID = uint32(id)
	case Ptrace, Kill:
		var pid int64
		pid, err = number(arg, 1, math.MaxInt32)
		a.PID = int(pid)
	case Chown, Read:
		a.Path, err = arg, checkPath(arg)
	case Syscall:
		a.Call, err = parseSyscall(arg)
	}
	return err
}

func (a *Action) parsePort(arg string) error {
	port, protocol, has := strings.Cut(arg, "/")
	if has && protocol != "udp" && protocol != "tcp" {
		return errors.New("the protocol is tcp or udp")
	}
	n, err := number(port, 0, math.MaxUint16)
	a.Port, a.UDP = uint16(n), protocol == "udp"
	return err
}

func (a *Action) parseCap(arg string) error {
	name, place, has := strings.Cut(arg, "@")
	c, err := caps.Parse(name)
	if err != nil {
		return err
	}
	a.Cap, a.Over = c, Place(place)
	if _, told := a.Over.inode(); has && !told && !slices.Contains(Places, a.Over) {
		return errors.New("over whom? @host, @net, @self, @mnt, @uts, @ipc, @pid or a user namespace's inode")
	}
	return nil
}

// number reads a decimal number without a plus sign or leading zeros, so that a number is written in one way.
func number(text string, low, high int64) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text {
		return 0, errors.New("not a number")
	}
	if n < low || n > high {
		return 0, fmt.Errorf("want a number from %d to %d", low, high)
	}
	return n, nil
}

// maxPath is the longest path a system call takes, its NUL included (PATH_MAX, limits.h).
const maxPath = 4096

func checkPath(path string) error {
	switch {
	case path[0] != '/':
		return errors.New("the path must be absolute, as the process sees it")
	case len(path) >= maxPath:
		return errors.New("the path is too long")
	case strings.IndexByte(path, 0) >= 0:
		return errors.New("a path has no NUL in it")
	}
	return nil
}

// nearest is the form whose verb takes the fewest changes to become word.
func nearest(word string) ActionForm {
	const most = 32
	word = word[:min(len(word), most)]
	return slices.MinFunc(ActionForms, func(a, b ActionForm) int {
		return distance(word, string(a.Verb)) - distance(word, string(b.Verb))
	})
}

// distance is how many bytes must be inserted, deleted or replaced to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			above := row[j+1]
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(diagonal+cost, above+1, row[j]+1)
			diagonal = above
		}
	}
	return row[len(b)]
}
