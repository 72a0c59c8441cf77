package fact

import "fmt"

var answerTexts = [...]string{Unknown: "unknown", No: "no", Yes: "yes"}

// String is "yes", "no" or "unknown".
func (a Answer) String() string {
	if a >= 0 && int(a) < len(answerTexts) {
		return answerTexts[a]
	}
	return answerTexts[Unknown]
}

// MarshalText writes String.
func (a Answer) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what MarshalText writes, and nothing else.
func (a *Answer) UnmarshalText(b []byte) error {
	for i, text := range answerTexts {
		if text == string(b) {
			*a = Answer(i)
			return nil
		}
	}
	return fmt.Errorf("answer %.20q: want yes, no or unknown", b)
}
