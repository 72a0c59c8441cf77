package snapshot

import (
	"compress/flate"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// within says in which part of the file err is.
func within(part string, err error) error {
	if err == nil || isSource(err) || errors.Is(err, errMemory) {
		return err
	}
	var p partError
	if !errors.As(err, &p) {
		return partError{part, err}
	}
	if !strings.HasPrefix(p.part, "[") {
		part += "."
	}
	return partError{part + p.part, p.err}
}

// partError is an error in a part of the file: "processes[3]".
type partError struct {
	part string
	err  error
}

func (e partError) Error() string { return e.part + ": " + e.err.Error() }
func (e partError) Unwrap() error { return e.err }

// explain puts into words what was wrong after so many bytes of JSON.
func explain(err error, after int64) error {
	var (
		syntax  *json.SyntaxError
		kind    *json.UnmarshalTypeError
		corrupt flate.CorruptInputError
		part    partError
	)
	in := ""
	if errors.As(err, &part) {
		in = " in " + part.part
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("cut short%s after byte %d", in, after)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return fmt.Errorf("damaged gzip data%s after byte %d: %s", in, after, innermost(err))
	case isSource(err), errors.Is(err, errMemory):
		return innermost(err)
	case errors.As(err, &syntax) && after == 0:
		return fmt.Errorf("%w: %s", errNotSnapshot, syntax)
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON%s after byte %d: %s", in, after, syntax)
	case errors.As(err, &kind):
		return fmt.Errorf("wrong%s before byte %d: %s is a %s, not a %s", in, after, field(kind), short(kind.Value), jsonKind(kind.Type))
	case errors.Is(err, errNotSnapshot), errors.Is(err, errVersion):
		return innermost(err)
	}
	return fmt.Errorf("wrong%s before byte %d: %s", in, after, innermost(err))
}

// field is the key of the value that has the wrong type.
func field(e *json.UnmarshalTypeError) string {
	if e.Field == "" {
		return "it"
	}
	return short(e.Field)
}

// jsonKind is what JSON calls a value of type t.
func jsonKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Slice, reflect.Array:
		return "array"
	}
	return fmt.Sprintf("number that fits %s", t)
}

// innermost is err without the part it is in and without its mark.
func innermost(err error) error {
	var part partError
	if errors.As(err, &part) {
		err = part.err
	}
	var source sourceError
	if errors.As(err, &source) {
		err = source.err
	}
	return err
}
