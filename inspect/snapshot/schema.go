package snapshot

import _ "embed"

// SchemaJSON is the JSON Schema (draft 2020-12) of a snapshot. Every snapshot that Write writes of a live node is
// valid by it.
//
//go:embed schema.json
var SchemaJSON []byte
