package table

import (
	"capview/ui/view"
)

// gutter is the cells before the first column: the cursor's `>`, then `#` of a tag or `*` of what is fresh.
const gutter = 2

// core is how many columns are shown if they fit at all. Those after them come only where nothing is squeezed for them.
const core = 7

// enough is what a column may claim before those after the core are left out for it.
const enough = 24

// gap is the cells between columns: a narrow screen has none to spare.
func (m *Model[K, T]) gap() int {
	if m.width < 100 {
		return 1
	}
	return 2
}

// placed is a column that is on the screen: from cell at, w cells wide.
type placed struct{ col, at, w int }

// Measure is how many cells each column's widest cell takes, tree and all, over at most limit rows spread evenly.
// It may run beside the program: it only reads.
func Measure[K comparable, T any](cols []view.Column[T], rows []Row[K, T], limit int) []int {
	widths := make([]int, len(cols))
	step := max(1, (len(rows)+limit-1)/max(limit, 1))
	for r := 0; r < len(rows); r += step {
		for c := range cols {
			w := view.Width(cols[c].Cell(rows[r].Item).Text)
			if c == 0 {
				w += indent(rows[r].Depth, rows[r].Fold) + tail(rows[r].Tail)
			}
			widths[c] = max(widths[c], w)
		}
	}
	return widths
}

// indent is the cells of tree before a row's first cell: two for each level, two for the fold's sign.
func indent(depth uint8, fold Fold) int {
	if depth == 0 && fold == Leaf {
		return 0
	}
	return 2*int(depth) + 2
}

// tail is the cells that a row's tail takes, the space before it too.
func tail(s string) int {
	if s == "" {
		return 0
	}
	return 1 + view.Width(s)
}

// place chooses the columns that fit at their least width, then widens them towards what they need.
func (m *Model[K, T]) place() {
	gap := m.gap()
	left := m.choose(gap)
	m.widen(left)
	at := gutter
	for i := range m.placed {
		m.placed[i].at = at
		at += m.placed[i].w + gap
	}
}

// choose places columns at their least width and returns how many cells that leaves.
func (m *Model[K, T]) choose(gap int) int {
	left, claims := m.width-gutter, 0
	m.placed = m.placed[:0]
	for c := range m.cols {
		if c > 0 && c <= m.first {
			continue
		}
		w := m.least(c)
		claims += max(w, min(m.need(c), enough)) + gap
		if c > 0 && (left < w+gap || len(m.placed) >= core && claims > m.width) {
			break
		}
		if c > 0 {
			left -= gap
		}
		w = max(min(w, left), 0)
		left -= w
		m.placed = append(m.placed, placed{col: c, w: w})
	}
	return left
}

// widen gives away left cells: a column gets no more than it needs; first those that need very few, then those with
// more Flex sooner.
func (m *Model[K, T]) widen(left int) {
	for i := range m.placed {
		if n := m.need(m.placed[i].col) - m.placed[i].w; n <= 2 && n <= left {
			m.placed[i].w += n
			left -= n
		}
	}
	for given := true; left > 0 && given; {
		given = false
		for i := range m.placed {
			p := &m.placed[i]
			n := min(max(m.cols[p.col].Flex, 1), m.need(p.col)-p.w, left)
			if n > 0 {
				p.w += n
				left -= n
				given = true
			}
		}
	}
}

// least is what a column may be squeezed to: its title, and what it asks for at least if its cells need that much.
func (m *Model[K, T]) least(c int) int {
	w := m.cols[c].Min
	if m.natural != nil {
		w = min(w, m.natural[c])
	}
	return max(w, view.Width(m.cols[c].Title))
}

func (m *Model[K, T]) need(c int) int {
	n := m.least(c)
	if m.natural != nil {
		n = max(n, m.natural[c])
	}
	if most := m.cols[c].Max; most > 0 {
		n = max(min(n, most), m.least(c))
	}
	return n
}
