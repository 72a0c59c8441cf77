package rules

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"capview/inspect/fact"
	"capview/inspect/seccomp"
)

// String is the form as ParseAction reads it.
func (f SyscallForm) String() string {
	text := f.Name
	if f.ABI != "" {
		text = f.ABI + "/" + f.Name
	}
	last := 0
	for i, a := range f.Args {
		if a.Fixed {
			last = i + 1
		}
	}
	for _, a := range f.Args[:last] {
		if !a.Fixed {
			text += ",_"
			continue
		}
		text += "," + strconv.FormatUint(a.Value, 10)
	}
	return text
}

// parseSyscall reads "[ABI/]NAME[,ARG...]"; a number stands for its name, as does 0x1f for 31.
func parseSyscall(text string) (f SyscallForm, err error) {
	parts := strings.Split(text, ",")
	f.Name = parts[0]
	if abi, name, has := strings.Cut(parts[0], "/"); has {
		f.ABI, f.Name = abi, name
		if _, ok := seccomp.ParseArch(abi); !ok {
			return f, fmt.Errorf("no ABI %.20q: x86_64, i386, x32, aarch64 or arm", abi)
		}
	}
	if !namesCall(f) {
		return f, fmt.Errorf("no system call %.40q", f.Name)
	}
	if len(parts) > 7 {
		return f, errors.New("a system call takes six arguments at most")
	}
	for i, arg := range parts[1:] {
		if arg == "_" {
			continue
		}
		value, err := strconv.ParseUint(arg, 0, 64)
		if err != nil {
			return f, fmt.Errorf("argument %.20q: want a number, or _ for any", arg)
		}
		f.Args[i] = SyscallArg{true, value}
	}
	return f, nil
}

// namesCall tells whether the ABI, or where none is named any of them, has a system call of that name or it is a number.
func namesCall(f SyscallForm) bool {
	if nr, err := strconv.ParseUint(f.Name, 10, 32); err == nil {
		return strconv.FormatUint(nr, 10) == f.Name
	}
	for arch := range seccomp.Arches {
		if _, ok := arch.Number(f.Name); ok && (f.ABI == "" || f.ABI == arch.String()) {
			return true
		}
	}
	return false
}

// call is the form as filters see it.
func (f SyscallForm) call() call {
	c := call{name: f.Name}
	for i, a := range f.Args {
		if a.Fixed {
			c.args = append(c.args, argument{i, a.Value})
		}
	}
	return c
}

// number is the form's number in the ABI; false where that has no such system call.
func (f SyscallForm) number(arch seccomp.Arch) (uint32, bool) {
	if nr, err := strconv.ParseUint(f.Name, 10, 32); err == nil {
		return uint32(nr), true
	}
	return arch.Number(f.Name)
}

// syscall: kernel __secure_computing, and nothing of what the system call itself checks.
func (d *trial) syscall(a Action) {
	filters, known := d.f.Filters.Get()
	if !known {
		if filtered, ok := d.f.Filtered.Get(); ok && !filtered {
			d.step("seccomp-none", filterSource, "it has no seccomp filter: every system call reaches the kernel")
			return
		}
		d.gap("what its seccomp filters do")
		d.need(fact.Unknown, "")
		return
	}
	if a.Call.ABI != "" {
		filters.Arch, _ = seccomp.ParseArch(a.Call.ABI)
	}
	nr, there := a.Call.number(filters.Arch)
	if !there {
		d.step("no-syscall", "syscalls(2)", "%s has no system call %s", filters.Arch, a.Call.Name)
		d.need(fact.No, ENOSYS)
		return
	}
	if len(filters.Stack) == 0 && !filters.Strict {
		d.step("seccomp-none", filterSource, "it has no seccomp filter: every system call reaches the kernel")
		return
	}
	r := filters.number(nr, a.Call.call())
	d.step("seccomp-filter", filterSource, "by its seccomp filter %s", r.words)
	if r.answer == fact.Unknown {
		d.gap("%s", r.words)
	}
	d.need(r.answer, r.errno)
}
