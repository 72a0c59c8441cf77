package trace

import (
	"os"
	"path/filepath"

	"capview/inspect"
)

// kernelSymbols is the kernel's functions; none where their addresses are hidden.
func kernelSymbols(root string) []symbol {
	f, err := os.Open(filepath.Join(root, "kallsyms"))
	if err != nil {
		return nil
	}
	defer f.Close()
	list, err := parseKallsyms(f)
	if err != nil {
		return nil
	}
	return list
}

// symbols names the functions of stacks.
type symbols struct {
	kernel []symbol
	users  *userSymbols // nil: the user's part keeps its addresses
}

// name names the frames of e. What the kernel's part begins with is the tracing itself: it begins with the check.
func (s *symbols) name(e *inspect.Event) {
	for i := range e.Kernel {
		f := &e.Kernel[i]
		f.Symbol, f.Offset = nameOf(s.kernel, f.Address)
	}
	for i, f := range e.Kernel {
		if f.Symbol == "cap_capable" {
			e.Kernel = e.Kernel[i:]
			break
		}
	}
	if s.users == nil {
		return
	}
	s.users.name(inspect.ProcessID{PID: e.PID, StartTime: e.StartTime}, e.User)
}
