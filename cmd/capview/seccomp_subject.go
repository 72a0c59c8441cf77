package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/ptrace"
	"capview/inspect/seccomp"
	"capview/inspect/seccomp/profile"
)

// filtered is filters that were asked about, of a process or of a file.
type filtered struct {
	pid     int    // 0 for a file
	name    string // "process 812 (nginx)", the file's path
	stack   seccomp.Stack
	decides profile.Decider
	native  seccomp.Arch
	known   bool // native is known
	arches  []seccomp.Arch
	subject profile.Subject
	oci     *profile.OCI // of a profile
	call    string       // the system call that alone is asked about; "" all
	notes   []string
}

// maxFilterFile bounds a file: a profile is tens of kilobytes, a filter 32.
const maxFilterFile = 4 << 20

// filtered finds what name means: a PID, a file, a container.
func (a *app) filtered(ctx context.Context, name string, stopping bool) (*filtered, error) {
	if _, err := strconv.Atoi(name); err != nil && isFile(name) {
		return a.filterFile(name)
	}
	ix, live, err := a.index(ctx, false)
	if err != nil {
		return nil, err
	}
	p, err := a.oneProcess(ctx, ix, live, name)
	if err != nil {
		return nil, err
	}
	return a.filtersOf(ctx, ix, p, stopping)
}

func isFile(name string) bool {
	if name == "-" || strings.Contains(name, "/") {
		return true
	}
	info, err := os.Stat(name)
	return err == nil && !info.IsDir()
}

// oneProcess is the process with the PID, or a container's first.
func (a *app) oneProcess(ctx context.Context, ix *inspect.Index, live node, name string) (*inspect.Process, error) {
	if pid, err := strconv.Atoi(name); err == nil {
		p := ix.Process(pid)
		if p == nil {
			return nil, a.noProcess(ctx, live, pid)
		}
		return p, canAct(p)
	}
	found := findContainers(ix, name)
	switch {
	case len(found) == 0:
		return nil, noContainer(ix, name)
	case len(found) > 1:
		return nil, ambiguous(ix, found, name)
	}
	for _, p := range groupOf(ix, found[0]).Processes {
		if p.Role != inspect.RoleHelper && canAct(p) == nil {
			return p, nil
		}
	}
	return nil, trouble("", "%s has no process of its own", called(ix, found[0]))
}

func (a *app) filtersOf(ctx context.Context, ix *inspect.Index, p *inspect.Process, stopping bool) (*filtered, error) {
	s := &filtered{pid: p.PID, name: fmt.Sprintf("process %d (%s)", p.PID, p.Comm)}
	s.native, s.known = ix.ABI()
	if state, ok := p.Seccomp.Get(); ok && state.Mode == inspect.SeccompStrict {
		return nil, trouble("", "%s is in seccomp's strict mode: read, write, _exit and sigreturn alone are allowed", s.name)
	}
	stack, ok := ix.Filters(&p.Creds)
	if !ok && stopping && a.flags.from == "" {
		var err error
		if stack, err = ptrace.Filters(ctx, procRoot, p.PID, p.StartTime); err != nil {
			return nil, trouble("", "the filters of %s could not be read by ptrace: %w", s.name, err)
		}
		ok = true
	}
	if !ok {
		return nil, &failure{code: exitUnknown, err: fmt.Errorf("what the filters of %s do is not known", s.name), hint: a.filterHint(ix, p)}
	}
	s.stack, s.decides = stack, stack
	if stack == nil {
		s.stack = seccomp.Stack{}
	}
	if !s.known && len(stack) > 0 {
		if handled := stack.Handles(); len(handled) > 0 {
			s.native = handled[0]
		}
	}
	s.arches = profile.Family(s.native)
	s.subject, _ = ix.FilterSubject(p)
	for _, t := range p.Threads {
		if t.Seccomp.Known() && t.Seccomp != p.Seccomp {
			s.notes = append(s.notes, "some of its threads have other filters")
			break
		}
	}
	return s, nil
}

// filterHint is how the filters could be had.
func (a *app) filterHint(ix *inspect.Index, p *inspect.Process) string {
	if a.flags.from != "" {
		return "the snapshot does not have them"
	}
	for _, g := range append(p.Gaps, ix.Gaps...) {
		if strings.HasPrefix(g.What, "seccomp") {
			return g.Why + "; --ptrace reads them, and stops the process for a moment"
		}
	}
	return "see 'capview doctor'; --ptrace reads them, and stops the process for a moment"
}

// filterFile reads a compiled filter or a profile.
func (a *app) filterFile(path string) (*filtered, error) {
	text, err := a.readFilterFile(path)
	if err != nil {
		return nil, trouble("", "%s: %w", path, cause(err))
	}
	s := &filtered{name: path, native: ownABI(), known: true, arches: profile.Family(ownABI())}
	if looksLikeJSON(text) {
		in := profile.Context{Caps: dockerCaps(), Arch: s.native}
		s.oci, s.decides, err = modelOf(text, in)
		s.notes = append(s.notes, "for a container with docker's default capabilities, by runc with a current libseccomp")
		if err != nil {
			return nil, trouble("", "%s: %w", path, err)
		}
		return s, nil
	}
	program, err := seccomp.Decode(text)
	if err == nil {
		err = program.Check()
	}
	if err != nil {
		return nil, trouble("a filter is an array of struct sock_filter, a profile is JSON", "%s: not a seccomp filter: %w", path, err)
	}
	s.stack = seccomp.Stack{program}
	s.decides = s.stack
	return s, nil
}

func (a *app) readFilterFile(path string) ([]byte, error) {
	in := a.stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxFilterFile+1))
	if err == nil && len(text) > maxFilterFile {
		err = fmt.Errorf("larger than %d MiB: neither a filter nor a profile", maxFilterFile>>20)
	}
	return text, err
}

func looksLikeJSON(text []byte) bool {
	trimmed := strings.TrimLeft(string(text[:min(len(text), 64)]), " \t\r\n")
	return strings.HasPrefix(trimmed, "{")
}

// modelOf is what a current runtime makes of a profile's text.
func modelOf(text []byte, in profile.Context) (*profile.OCI, profile.Decider, error) {
	parsed, err := profile.Parse(text)
	if err != nil {
		return nil, nil, err
	}
	oci, err := parsed.Resolve(in)
	if err != nil {
		return nil, nil, err
	}
	model, err := oci.Filter(in.Arch, profile.Runtime{Library: profile.Newest})
	return oci, model, err
}

func dockerCaps() caps.Set {
	s, _ := caps.DefaultFor("docker")
	return s
}

// ownABI is that of the machine capview was built for, or x86_64 where package seccomp has none for it.
func ownABI() seccomp.Arch {
	return map[string]seccomp.Arch{"386": seccomp.I386, "arm64": seccomp.AArch64, "arm": seccomp.ARM}[runtime.GOARCH]
}
