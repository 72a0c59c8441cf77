// Package snapshot keeps an inspect.Snapshot in a file and reads it back, on any system.
//
// A snapshot is one JSON object, compressed with gzip or not, as schema.json describes (JSON Schema, draft 2020-12). Its
// "schema" is "capview/snapshot/vMAJOR" or "capview/snapshot/vMAJOR.MINOR"; no minor is minor 0. A minor
// version adds keys, or values where only some were known, and changes the meaning of nothing: a reader opens a newer
// minor, ignores what it does not know and notes so. A major version may change anything: a reader refuses another.
//
// What a file says is not trusted. See Read for the bounds.
package snapshot
