package proc

import (
	"bytes"
	"errors"
	"fmt"
)

// The flags of <linux/sched.h> that capview looks at.
const (
	pfKThread = 0x00200000
	pfExiting = 0x00000004
)

// stat is what capview needs of /proc/PID/stat (proc_pid_stat(5)).
type stat struct {
	ppid         int
	startTime    uint64 // clock ticks since boot
	kernelThread bool
	// image changes with every execve: where the program's text, stack and arguments were laid out. It is 0 where
	// the reader may not ptrace the process (the kernel prints 0 or 1 then), and for what has no memory.
	image uint64
}

// The fields of stat that parseStat keeps, by proc_pid_stat(5)'s numbers.
const (
	statPPID       = 4
	statFlags      = 9
	statStartTime  = 22
	statStartCode  = 26
	statStartStack = 28
	statArgStart   = 48
)

// parseStat reads the one line of a stat file. The command stands in parentheses and may hold any byte, so the fields
// are counted from the last ')'.
func parseStat(text []byte) (stat, error) {
	var s stat
	i := bytes.LastIndexByte(text, ')')
	if i < 0 || i+2 >= len(text) {
		return s, errors.New("stat: no command in parentheses")
	}
	rest := text[i+2:]
	field := 3
	for ; len(rest) > 0 && field <= statArgStart; field++ {
		end := bytes.IndexByte(rest, ' ')
		if end < 0 {
			end = len(rest)
		}
		if err := s.take(field, bytes.TrimRight(rest[:end], "\n")); err != nil {
			return stat{}, err
		}
		rest = rest[min(end+1, len(rest)):]
	}
	if field <= statStartTime {
		return stat{}, fmt.Errorf("stat: ends at field %d", field-1)
	}
	return s, nil
}

func (s *stat) take(field int, v []byte) error {
	switch field {
	case statPPID, statFlags, statStartTime, statStartCode, statStartStack, statArgStart:
	default:
		return nil
	}
	n, rest, ok := number(v)
	if !ok || len(rest) != 0 {
		return fmt.Errorf("stat: field %d: %.20q is no number", field, v)
	}
	switch field {
	case statPPID:
		s.ppid = int(n)
	case statFlags:
		s.kernelThread = n&pfKThread != 0
	case statStartTime:
		s.startTime = n
	default:
		if n > 1 {
			s.image = s.image*0x100000001b3 ^ n
		}
	}
	return nil
}
