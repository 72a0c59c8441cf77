//go:build linux && (amd64 || arm64)

package bpf

import (
	"encoding/binary"
	"errors"

	"capview/inspect/task"
)

// The layout of struct cmdline (c/cmdline.bpf.c), and the length that stands for a text that is not there.
const (
	cmdlineHead = 32
	cmdlineMax  = 4096
	cmdlineNot  = 0xffffffff
)

// cmdlineSize is how long the command line is that b begins with, its head included.
func cmdlineSize(b []byte) (int, error) {
	if len(b) < cmdlineHead {
		return 0, nil
	}
	switch n := binary.LittleEndian.Uint32(b[28:]); {
	case n == cmdlineNot:
		return cmdlineHead, nil
	case n > cmdlineMax:
		return 0, errors.New("the kernel's program wrote a command line longer than it may")
	default:
		return cmdlineHead + int(n), nil
	}
}

// cmdlines hands out those that follow each other in b, each from an address that eight divides (c/args.bpf.c).
func cmdlines(b []byte, each func([]byte)) error {
	for len(b) > 0 {
		n, err := cmdlineSize(b)
		switch {
		case err != nil:
			return err
		case n == 0 || n > len(b):
			return errors.New("the kernel's program wrote less of a command line than it said")
		}
		each(b[:n])
		b = b[min((n+7)&^7, len(b)):]
	}
	return nil
}

// decodeCmdline reads one; false where its text is not there, or shows that the process has written over it: only procfs
// knows then what to show (fs/proc/base.c get_mm_cmdline).
func decodeCmdline(b []byte) (task.Cmdline, bool) {
	c := task.Cmdline{
		StartTime: binary.LittleEndian.Uint64(b), ExecID: binary.LittleEndian.Uint64(b[8:]), Args: binary.LittleEndian.Uint64(b[16:]),
		PID: int(binary.LittleEndian.Uint32(b[24:])), Text: b[cmdlineHead:],
	}
	if binary.LittleEndian.Uint32(b[28:]) == cmdlineNot {
		return c, false
	}
	return c, len(c.Text) == 0 || c.Text[len(c.Text)-1] == 0
}
