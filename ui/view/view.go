// Package view describes what capview shows as data: columns over rows, and sections of a detail page. The TUI,
// tables, JSON and CSV all render these. There are no colours and no escape sequences here, only Roles.
package view

import "capview/inspect"

// Role is what a piece of text means; package theme gives it a look. A Role never carries meaning that the text lacks.
type Role uint8

// The roles.
const (
	Plain  Role = iota
	Muted       // of little interest: none, host, headings' units
	Good        // confined
	Notice      // worth a look
	Warn        // powerful
	Bad         // powerful on the host
	Gone        // could not be read: shown as "?" or a word, never as empty
	Heading
	Accent              // names
	Changed             // differs from the last refresh
	Roles   = int(iota) // how many there are
)

// Cell is a piece of text, sanitised, without line breaks.
type Cell struct {
	Text string
	Role Role
}

// Column is one fact of a row of type T.
type Column[T any] struct {
	Key   string // as --columns and JSON name it: "effective"
	Title string // "EFFECTIVE"
	Doc   string // one line for the help and the man page
	Min   int    // least width in terminal cells; the title's at least
	Max   int    // most useful width; 0 no bound
	Flex  int    // share of what width is left over
	Right bool   // aligned right
	Cell  func(T) Cell
	Less  func(a, b T) bool // nil: not sortable
	Value func(T) any       // for JSON: nil is unknown
}

// Row is a process, or one thread of it.
type Row struct {
	Ix   *inspect.Index
	P    *inspect.Process
	T    *inspect.Thread // nil for the process itself
	Seen *inspect.Seen   // nil where nothing is traced
}

// Section is a tab of a detail page, or a part of `show`.
type Section struct {
	Key    string // "capabilities"
	Title  string
	Blocks []Block
}

// Block is a grid with aligned columns; Head is nil for key-value pairs. A row shorter than others is padded.
type Block struct {
	Title string
	Head  []string
	Rows  [][]Cell
	Picks []string // what each row is, where rows can be picked: the same in each reading; nil where they cannot
	Note  string   // a sentence below
}
