package fact

import "errors"

var answerTexts = [...]string{Unknown: "unknown", No: "no", Yes: "yes"}

// String is "yes", "no" or "unknown".
func (a Answer) String() string {
	if int(a) < len(answerTexts) && a >= 0 {
		return answerTexts[a]
	}
	return answerTexts[Unknown]
}

// MarshalText writes what String gives.
func (a Answer) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (a *Answer) UnmarshalText(b []byte) error {
	for i, text := range answerTexts {
		if string(b) == text {
			*a = Answer(i)
			return nil
		}
	}
	return errors.New("an answer is yes, no or unknown")
}
