package snapshot

import (
	"fmt"

	"capview/inspect"
)

// checkFilters refuses a filter that is not what its hash and length say. A stack of which a filter is not there becomes
// unknown, with a note.
func (r *reader) checkFilters() error {
	known := make(map[string]bool, len(r.s.SeccompFilters))
	for i := range r.s.SeccompFilters {
		f := &r.s.SeccompFilters[i]
		is, ok := inspect.NewFilterProgram(f.Code)
		switch {
		case !ok:
			return fmt.Errorf("seccomp_filters[%d]: %d bytes are no filter: it has 1 to %d instructions of %d", i, len(f.Code), inspect.MaxFilterLength, inspect.FilterInstruction)
		case is.Length != f.Length:
			return fmt.Errorf("seccomp_filters[%d]: length is %d, the code has %d instructions", i, f.Length, is.Length)
		case is.Hash != f.Hash:
			return fmt.Errorf("seccomp_filters[%d]: the hash %q is not that of the code", i, short(f.Hash))
		case known[f.Hash]:
			return fmt.Errorf("seccomp_filters[%d]: %s is in it twice", i, f.Hash)
		}
		known[f.Hash] = true
	}
	for _, p := range r.s.Processes {
		r.checkStack(p.PID, &p.Creds, known)
		for j := range p.Threads {
			r.checkStack(p.PID, &p.Threads[j].Creds, known)
		}
	}
	return nil
}

func (r *reader) checkStack(pid int, c *inspect.Creds, known map[string]bool) {
	s, _ := c.Seccomp.Get()
	stack, _ := s.Stack.Get()
	for _, hash := range stack.Hashes() {
		if !known[hash] {
			r.note("seccomp.stack", "process %d has a filter that is not in it: %s", pid, short(hash))
			s.Stack = inspect.Opt[inspect.FilterStack]{}
			c.Seccomp = inspect.Some(s)
			return
		}
	}
}
