package snapshot

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"capview/inspect"
)

const schemaPrefix = "capview/snapshot/v"

// version is a schema's.
type version struct{ major, minor int }

// parseSchema reads "capview/snapshot/v1" and "capview/snapshot/v1.2".
func parseSchema(s string) (version, bool) {
	text, ok := strings.CutPrefix(s, schemaPrefix)
	major, minor, hasMinor := strings.Cut(text, ".")
	v := version{major: number(major)}
	if hasMinor {
		v.minor = number(minor)
	}
	return v, ok && v.major >= 0 && v.minor >= 0
}

// number is a decimal number without a sign, else -1.
func number(s string) int {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return -1
	}
	return int(n)
}

// errVersion marks the error for a major version that is not ours.
var errVersion = errors.New("another version")

type versionError struct{ schema string }

func (e versionError) Error() string {
	return fmt.Sprintf("it is %s, this capview reads %s: open it with the capview that wrote it, or a newer one", e.schema, inspect.Schema)
}
func (e versionError) Is(target error) bool { return target == errVersion }

// schema decides whether what follows can be read, and notes if it may hold more than is known here.
func (r *reader) schema() error {
	theirs, ok := parseSchema(r.s.Schema)
	if !ok {
		return fmt.Errorf("%w: its schema is %q", errNotSnapshot, short(r.s.Schema))
	}
	ours, _ := parseSchema(inspect.Schema)
	switch {
	case theirs.major != ours.major:
		return versionError{r.s.Schema}
	case theirs.minor > ours.minor:
		r.note("schema", "it is %s, newer than the %s this capview knows: what that adds is not shown", r.s.Schema, inspect.Schema)
	}
	return nil
}
