package inspect

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// FilterProgram is a filter's program as it was attached. Filters with the same program are the same.
type FilterProgram struct {
	Hash   string `json:"hash"`   // SHA-256 of Code, in hexadecimal
	Length int    `json:"length"` // instructions
	Code   []byte `json:"code"`   // an array of struct sock_filter (linux/filter.h), little-endian
}

// The bounds of a filter's program (linux/bpf_common.h): instructions, and bytes of each.
const (
	MaxFilterLength   = 4096
	FilterInstruction = 8
)

// NewFilterProgram is the filter of a program; false where code is none.
func NewFilterProgram(code []byte) (FilterProgram, bool) {
	n := len(code) / FilterInstruction
	if len(code)%FilterInstruction != 0 || n < 1 || n > MaxFilterLength {
		return FilterProgram{}, false
	}
	sum := sha256.Sum256(code)
	return FilterProgram{Hash: hex.EncodeToString(sum[:]), Length: n, Code: code}, true
}

// FilterStack is the filters of a thread by their hashes, the newest first, as the kernel runs them: apart by a space, so
// that stacks compare. In JSON it is a list.
type FilterStack string

// StackOf is the stack of these filters.
func StackOf(hashes ...string) FilterStack { return FilterStack(strings.Join(hashes, " ")) }

// Hashes is the filters, the newest first.
func (s FilterStack) Hashes() []string { return strings.Fields(string(s)) }

// MarshalJSON writes the list.
func (s FilterStack) MarshalJSON() ([]byte, error) {
	if s == "" {
		return []byte("[]"), nil
	}
	return json.Marshal(s.Hashes())
}

// UnmarshalJSON reads the list, whatever the strings are.
func (s *FilterStack) UnmarshalJSON(b []byte) error {
	var hashes []string
	if err := json.Unmarshal(b, &hashes); err != nil {
		return err
	}
	*s = StackOf(hashes...)
	return nil
}

// words is the start of each hash: enough to tell one from another.
func (s FilterStack) words() string {
	hashes := s.Hashes()
	for i, h := range hashes {
		hashes[i] = h[:min(len(h), 12)]
	}
	if len(hashes) == 0 {
		return "none"
	}
	return strings.Join(hashes, " ")
}
