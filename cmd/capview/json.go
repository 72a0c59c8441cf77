package main

import (
	"encoding/json"
	"io"

	"capview/ui/view"
)

// writeJSON writes v indented, as a person and jq read it alike. Strings keep their bytes, written so that printing them
// cannot drive a terminal.
func writeJSON(w io.Writer, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(view.PlainJSON(b), '\n'))
	return err
}

// writeLines writes each of vs on a line of its own.
func writeLines[T any](w io.Writer, vs []T) error {
	for _, v := range vs {
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if _, err := w.Write(append(view.PlainJSON(b), '\n')); err != nil {
			return err
		}
	}
	return nil
}
