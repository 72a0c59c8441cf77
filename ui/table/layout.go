package table

import (
	"capview/ui/view"
)

// gutter is the cells before the first column: the cursor's `>`, the tag's `#`, the `*` of what is fresh.
const gutter = 3

// gap is the cells between columns.
const gap = 2

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
				w += indent(rows[r].Depth, rows[r].Fold)
			}
			widths[c] = max(widths[c], w)
		}
	}
	return widths
}

// indent is the cells of tree before a row's first cell.
func indent(depth uint8, fold Fold) int {
	n := 2 * int(depth)
	if fold != Leaf {
		n += 2
	}
	return n
}

// place chooses the columns that fit at their least width, then widens them towards what they need.
func (m *Model[K, T]) place() {
	m.placed = m.placed[:0]
	left := m.width - gutter
	for c := range m.cols {
		if c > 0 && c <= m.first {
			continue
		}
		w := m.least(c)
		if c > 0 && left < w+gap {
			break
		}
		if c > 0 {
			left -= gap
		}
		w = max(min(w, left), 0)
		left -= w
		m.placed = append(m.placed, placed{col: c, w: w})
	}
	m.widen(left)
	at := gutter
	for i := range m.placed {
		m.placed[i].at = at
		at += m.placed[i].w + gap
	}
}

// widen gives away left cells: a column gets no more than it needs, those with more Flex sooner.
func (m *Model[K, T]) widen(left int) {
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

func (m *Model[K, T]) least(c int) int {
	return max(m.cols[c].Min, view.Width(m.cols[c].Title))
}

func (m *Model[K, T]) need(c int) int {
	n := m.least(c)
	if m.natural != nil {
		n = max(n, m.natural[c])
	}
	if most := m.cols[c].Max; most > 0 && c > 0 {
		n = max(min(n, most), m.least(c))
	}
	return n
}
