package ptrace

import (
	"bytes"
	"errors"
	"strconv"
)

// status is what of /proc/TID/status says whether reading can work.
type status struct {
	state     byte   // R, S, D, T, t, Z, X, I
	seccomp   int    // 0 none, 1 strict, 2 filters
	tracer    int    // TID of the tracer, 0 for none
	effective uint64 // capability set
}

// parseStatus reads the text of a status file (proc(5)). The fields' order and the others do not matter; one that is
// missing or malformed is an error.
func parseStatus(text []byte) (s status, err error) {
	found := 0
	for line := range bytes.Lines(text) {
		key, value, _ := bytes.Cut(line, []byte(":"))
		word := string(bytes.TrimSpace(value))
		switch string(key) {
		case "State":
			s.state = (word + "?")[0]
		case "Seccomp":
			s.seccomp, err = strconv.Atoi(word)
		case "TracerPid":
			s.tracer, err = strconv.Atoi(word)
		case "CapEff":
			s.effective, err = strconv.ParseUint(word, 16, 64)
		default:
			continue
		}
		if err != nil {
			return status{}, err
		}
		found++
	}
	if found != 4 {
		return status{}, errors.New("status lacks State, Seccomp, TracerPid or CapEff, or has one twice")
	}
	return s, nil
}

// parseStart is the start time in a stat file, in clock ticks since boot: its 22nd field. The name before may contain
// anything, parentheses too.
func parseStart(text []byte) (uint64, error) {
	const after = 22 - 3 // the first field after the name is the third
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) <= after {
		return 0, errors.New("stat is cut short")
	}
	return strconv.ParseUint(string(fields[after]), 10, 64)
}
