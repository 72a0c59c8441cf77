package proc

import (
	"bytes"
	"strconv"
)

// parseNumber reads a file that holds one number (memory.current, memory.usage_in_bytes).
func parseNumber(b []byte) (uint64, bool) {
	n, err := strconv.ParseUint(string(bytes.TrimSuffix(b, []byte("\n"))), 10, 64)
	return n, err == nil
}

// parseNanoseconds reads cpuacct.usage as microseconds.
func parseNanoseconds(b []byte) (uint64, bool) {
	n, ok := parseNumber(b)
	return n / 1000, ok
}

// parseCPUStat finds usage_usec in cpu.stat (cgroup-v2.rst, "CPU Interface Files").
func parseCPUStat(b []byte) (uint64, bool) {
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte("usage_usec ")); ok {
			return parseNumber(rest)
		}
	}
	return 0, false
}
