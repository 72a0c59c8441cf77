// Package table shows a window of many rows: it scrolls, keeps a cursor and draws a tree over view.Columns. The
// rows are given whole, sorted, filtered and flattened; it never looks at more of them than the window holds,
// except to find where its cursor's row went.
package table

import "capview/ui/view"

// Fold tells whether a row has rows below it, and whether they are among the table's.
type Fold uint8

// The folds.
const (
	Leaf Fold = iota
	Closed
	Open
)

// Row is one line of the flattened tree. ID stays the same from refresh to refresh.
type Row[K comparable, T any] struct {
	ID    K
	Item  T
	Tail  string // stands behind the first cell's text, which is cut for it; clean
	Depth uint8
	Fold  Fold
	Tag   bool // marked by the user
	Fresh bool // differs from the last refresh
	Lit   bool // something has just happened to it that is worth a look
}

// Style is the SGR sequences of the looks, "" for none.
type Style struct {
	Roles  [view.Roles]string
	Cursor string // of the cursor's row; text alone marks it too
	Dim    string // of the cursor's row while another pane has the keys
}

// Model is the table. The zero Model is empty; it has no height until SetSize.
type Model[K comparable, T any] struct {
	cols    []view.Column[T]
	rows    []Row[K, T]
	cursor  int
	off     int
	width   int
	height  int
	first   int   // the first column shown after the frozen column 0
	natural []int // what the cells measured so far need
	placed  []placed
	style   Style
	blurred bool
	sorted  string // key of the column sorted by
	sign    string
}

// SetStyle sets the looks.
func (m *Model[K, T]) SetStyle(s Style) { m.style = s }

// SetFocus tells whether the table has the keys: its cursor looks it.
func (m *Model[K, T]) SetFocus(on bool) { m.blurred = !on }

// SetSorted names the column whose title shows sign: "v" for descending, "^" for ascending.
func (m *Model[K, T]) SetSorted(key, sign string) { m.sorted, m.sign = key, sign }

// SetSize sets how many cells a line and how many lines the rows have, the title's not counted.
func (m *Model[K, T]) SetSize(width, height int) {
	m.width, m.height = max(width, 0), max(height, 0)
	m.place()
	m.show()
}

// SetColumns sets the columns; the first stays in view when the others scroll. Widths are measured anew.
func (m *Model[K, T]) SetColumns(cols []view.Column[T]) {
	m.cols, m.natural, m.first = cols, nil, 0
	m.place()
}

// Grow widens the columns to the widths Measure found. They never shrink at a refresh, so nothing jitters.
func (m *Model[K, T]) Grow(widths []int) {
	if len(widths) != len(m.cols) {
		return
	}
	if m.natural == nil {
		m.natural = make([]int, len(m.cols))
	}
	for i, w := range widths {
		m.natural[i] = max(m.natural[i], w)
	}
	m.place()
}

// SetRows replaces the rows. The cursor stays on its row, and that row where it is on the screen; if the row is
// gone, on the nearest of its old neighbours.
func (m *Model[K, T]) SetRows(rows []Row[K, T]) {
	old, at := m.rows, m.cursor
	m.rows = rows
	next := find(rows, old, at)
	m.off += next - at
	m.cursor = next
	m.show()
}

// find is where in rows the cursor goes that was at old[at].
func find[K comparable, T any](rows, old []Row[K, T], at int) int {
	if at >= len(old) {
		return 0
	}
	if i := index(rows, old[at].ID); i >= 0 {
		return i
	}
	where := make(map[K]int, len(rows))
	for i := range rows {
		where[rows[i].ID] = i
	}
	for i := at + 1; i < len(old) && old[i].Depth >= old[at].Depth; i++ { // siblings below
		if j, ok := where[old[i].ID]; ok {
			return j
		}
	}
	for i := at - 1; i >= 0; i-- { // those above, the parent among them
		if j, ok := where[old[i].ID]; ok {
			return j
		}
	}
	return min(at, max(len(rows)-1, 0))
}

func index[K comparable, T any](rows []Row[K, T], id K) int {
	for i := range rows {
		if rows[i].ID == id {
			return i
		}
	}
	return -1
}
