package inspect

import "context"

// Source gives the state of a node: a live one, or a recorded one. A Snapshot's slices are the
// caller's to read and never written again by the source, so a Snapshot may be kept and compared.
type Source interface {
	Snapshot(context.Context) (*Snapshot, error)
}
