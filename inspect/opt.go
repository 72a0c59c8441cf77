package inspect

import "capview/inspect/fact"

// Opt is a fact that is known or not: see package fact.
type Opt[T any] = fact.Opt[T]

// Some is a known fact.
func Some[T any](v T) Opt[T] { return fact.Some(v) }
