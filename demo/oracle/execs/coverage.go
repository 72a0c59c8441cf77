package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// branches is every rule that a step of an answer may name and this run can lead to.
var branches = []string{
	"noexec", "not-executable", "not-permitted", "dac-override", "too-many-scripts",
	"interpreter", "script-set-id", "script-caps",
	"nosuid", "foreign-mount", "foreign-filesystem",
	"set-id-no-new-privs", "set-id-unmapped", "set-user-id", "set-group-id", "set-group-id-alone",
	"no-file-caps", "file-caps-mount", "file-caps-root", "file-caps", "file-caps-incomplete", "file-caps-partial",
	"noroot", "root-file-caps", "root-real", "root",
	"unsafe-shared-fs", "unsafe-traced", "traced-capable", "unsafe-ids", "unsafe-ids-kept", "unsafe-caps",
	"ambient", "ambient-file-caps", "ambient-ids", "effective", "effective-ambient", "keep-caps", "secure-exec",
	"userns-own:yes", "userns-own:no", "userns-owner:yes", "userns-outside:no",
}

// elsewhere is those that it cannot: a parameter of the kernel at boot, and an attribute that no system call writes (for
// which there is a test of its own).
var elsewhere = []string{"file-caps-off", "file-caps-malformed"}

// report writes how often each branch was seen, and returns how many were seen less than least times.
func (t *tally) report(out io.Writer, least int) (rare int) {
	for _, branch := range branches {
		mark := ""
		if t.rules[branch] < least {
			rare++
			mark = "  too rare"
		}
		fmt.Fprintf(out, "%8d %s%s\n", t.rules[branch], branch, mark)
	}
	for _, outcome := range slices.Sorted(maps.Keys(t.outcomes)) {
		fmt.Fprintf(out, "%8d came out as %s\n", t.outcomes[outcome], outcome)
	}
	return rare
}
