package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"capview/inspect/caps"
	"capview/inspect/seccomp"
	"capview/inspect/seccomp/profile"
	"capview/ui/view"
)

const seccompLong = `Seccomp tells what the seccomp filters of a process really do, found by working through their programs: which system calls
they allow, refuse with which error, log or kill for, and on which arguments that hangs.

A number is a PID; a FILE is a compiled filter (an array of struct sock_filter) or a profile (JSON, in the form of the OCI
runtime specification or of docker and podman); anything else is a container, whose first process is meant.

Exit status: 0; with --against 0 the same, 1 differs, 3 cannot tell.`

// seccompFlags is what seccomp is asked for.
type seccompFlags struct {
	syscall string
	arch    string
	disasm  bool
	profile bool
	against string
	ptrace  bool
}

func (a *app) seccompCommand() *cobra.Command {
	var f seccompFlags
	cmd := &cobra.Command{
		Use:   "seccomp PID|FILE|CONTAINER",
		Short: "What its seccomp filters really do",
		Long:  seccompLong,
		Example: "  capview seccomp 812\n  capview seccomp web --syscall mount\n  capview seccomp 812 --against docker\n" +
			"  capview seccomp 812 --profile > profile.json\n  capview seccomp profile.json --against podman",
		Args:              exactlyOne("a PID, a file or a container"),
		ValidArgsFunction: a.completeContainers,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.runSeccomp(cmd, args[0], f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.syscall, "syscall", "", "only the system call `NAME`, or a number")
	flags.StringVar(&f.arch, "arch", "", "only the `ABI`: x86_64, i386, x32, aarch64 or arm")
	flags.BoolVar(&f.disasm, "disasm", false, "the instructions of each filter")
	flags.BoolVar(&f.profile, "profile", false, "an OCI profile that means the same, as JSON")
	flags.StringVar(&f.against, "against", "", "compare with `WHAT`: docker, podman, containerd, crio, a file or a PID")
	flags.BoolVar(&f.ptrace, "ptrace", false, "read the filters by ptrace(2) where the kernel's iterator cannot: this stops the process for a moment, and\n"+
		"takes CAP_SYS_ADMIN and no seccomp filter on capview itself")
	cmd.MarkFlagsMutuallyExclusive("disasm", "profile", "against")
	cmd.MarkFlagsMutuallyExclusive("syscall", "disasm", "profile")
	return cmd
}

func (a *app) runSeccomp(cmd *cobra.Command, name string, f seccompFlags) error {
	if err := refuse(cmd, "filter", "container"); err != nil {
		return err
	}
	form, err := a.form(cmd, "table", "json")
	if err != nil {
		return err
	}
	if f.arch != "" {
		if _, ok := seccomp.ParseArch(f.arch); !ok {
			return usage(cmd, fmt.Errorf("no ABI %q: x86_64, i386, x32, aarch64 or arm", f.arch))
		}
	}
	if f.ptrace {
		a.needs = caps.Of(caps.SysPtrace, caps.SysAdmin)
	}
	s, err := a.filtered(cmd.Context(), name, f.ptrace)
	if err != nil {
		return err
	}
	if err := s.narrow(f); err != nil {
		return err
	}
	switch {
	case f.disasm:
		return a.writeDisassembly(form, s)
	case f.profile:
		return a.writeProfile(s)
	case f.against != "":
		return a.compareFilters(cmd, form, s, f)
	case form == "json":
		return writeJSON(a.out, s.json())
	}
	return view.WriteSections(a.out, s.sections(), a.width(), a.style())
}

// narrow leaves the ABI and the system call that were asked for.
func (s *filtered) narrow(f seccompFlags) error {
	if f.arch != "" {
		arch, _ := seccomp.ParseArch(f.arch)
		s.arches = []seccomp.Arch{arch}
	}
	if f.syscall == "" {
		return nil
	}
	s.call = f.syscall
	if !slices.ContainsFunc(s.arches, func(arch seccomp.Arch) bool { _, ok := s.number(arch); return ok }) {
		return trouble("", "no system call %q of %s", f.syscall, abiNames(s.arches))
	}
	return nil
}

func abiNames(arches []seccomp.Arch) string {
	names := make([]string, len(arches))
	for i, arch := range arches {
		names[i] = arch.String()
	}
	return strings.Join(names, ", ")
}

// number is the number of the system call that was asked for, as filters see it.
func (s *filtered) number(arch seccomp.Arch) (uint32, bool) {
	if nr, err := strconv.ParseUint(s.call, 10, 32); err == nil {
		return uint32(nr), true
	}
	return arch.Number(s.call)
}

func (a *app) writeDisassembly(form string, s *filtered) error {
	if s.stack == nil {
		return trouble("compile it, or name a process that runs under it", "%s is a profile: it has no instructions", s.name)
	}
	if form == "json" {
		type line struct {
			Line int    `json:"line"`
			Code uint16 `json:"code"`
			JT   uint8  `json:"jt"`
			JF   uint8  `json:"jf"`
			K    uint32 `json:"k"`
			Text string `json:"text"`
		}
		all := make([][]line, len(s.stack))
		for i, p := range s.stack {
			for _, l := range p.Disassemble() {
				in := l.Instruction
				all[i] = append(all[i], line{l.Number, in.Code, in.JT, in.JF, in.K, l.Text})
			}
		}
		return writeJSON(a.out, all)
	}
	for i, p := range s.stack {
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		fmt.Fprintf(a.out, "filter %d of %d, %d instructions, %s\n%s\n", i+1, len(s.stack), len(p), p.Hash(), seccomp.LineHeader)
		for _, l := range p.Disassemble() {
			fmt.Fprintln(a.out, view.Clean(l.String()))
		}
	}
	return nil
}

// writeProfile exports; what a profile cannot say goes to standard error.
func (a *app) writeProfile(s *filtered) error {
	if s.stack == nil {
		return trouble("", "%s is a profile already", s.name)
	}
	if len(s.stack) == 0 {
		return trouble("", "%s has no filter: there is nothing to write a profile of", s.name)
	}
	if !s.known {
		return trouble("", "the machine's system call ABI is not known")
	}
	e := profile.FromPolicy(s.stack, s.native)
	text, err := e.Profile.JSON()
	if err != nil {
		return err
	}
	for _, n := range e.Notes {
		fmt.Fprintln(a.stderr, "capview: "+view.Clean(n.String()))
	}
	_, err = a.out.Write(append([]byte(strings.TrimRight(string(text), "\n")), '\n'))
	return errors.Join(err)
}
