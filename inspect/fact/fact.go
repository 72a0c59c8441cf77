// Package fact holds the three answers: a fact is known with its value, or unknown.
package fact

import (
	"bytes"
	"encoding/json"
	"reflect"
)

// Opt is a fact that could be read or not. The zero Opt is unknown; an unknown fact has a Gap that
// says why. Its value can only be reached through Get, so that "unknown" is never taken for "none".
type Opt[T any] struct {
	v  T
	ok bool
}

// Some is a known fact.
func Some[T any](v T) Opt[T] { return Opt[T]{v, true} }

// Get returns the fact, and whether it is known.
func (o Opt[T]) Get() (T, bool) { return o.v, o.ok }

// Known tells whether the fact could be read.
func (o Opt[T]) Known() bool { return o.ok }

// Or returns the fact, or def where it is unknown.
func (o Opt[T]) Or(def T) T {
	if o.ok {
		return o.v
	}
	return def
}

// MarshalJSON writes null for unknown, and for nothing else: a known nil slice is [], a known nil map {}.
func (o Opt[T]) MarshalJSON() ([]byte, error) {
	if !o.ok {
		return []byte("null"), nil
	}
	b, err := json.Marshal(o.v)
	if err == nil && bytes.Equal(b, []byte("null")) {
		switch reflect.TypeFor[T]().Kind() {
		case reflect.Slice:
			return []byte("[]"), nil
		case reflect.Map:
			return []byte("{}"), nil
		}
	}
	return b, err
}

// UnmarshalJSON reads null as unknown. What does not read leaves the fact unknown, and so does an object that lacks keys
// its type has a method Required for.
func (o *Opt[T]) UnmarshalJSON(b []byte) error {
	*o = Opt[T]{}
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	if err := checkWhole(&v, b); err != nil {
		return err
	}
	*o = Some(v)
	return nil
}

// Answer is one of the three answers to a question about a process.
type Answer int8

// The three answers. The zero Answer is Unknown.
const (
	Unknown Answer = iota
	No
	Yes
)

// Is is the answer to a question whose facts were all known.
func Is(b bool) Answer {
	if b {
		return Yes
	}
	return No
}

// Not negates: what cannot be told stays so.
func (a Answer) Not() Answer {
	switch a {
	case Yes:
		return No
	case No:
		return Yes
	}
	return Unknown
}

// And is No if either is, else Unknown if either is.
func (a Answer) And(b Answer) Answer {
	switch {
	case a == No || b == No:
		return No
	case a == Unknown || b == Unknown:
		return Unknown
	}
	return Yes
}

// Or is Yes if either is, else Unknown if either is.
func (a Answer) Or(b Answer) Answer { return a.Not().And(b.Not()).Not() }
