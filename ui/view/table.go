package view

import (
	"bytes"
	"io"
	"slices"
)

// Style gives a text the look of a role: theme.Theme.Style is one. A nil Style leaves it plain.
type Style func(Role, string) string

func (s Style) apply(r Role, text string) string {
	if s == nil || text == "" {
		return text
	}
	return s(r, text)
}

// gap is how many cells are between columns.
const gap = 2

// WriteTable writes a line of titles and a line for each row, columns aligned. Width is the terminal's: columns are
// narrowed towards their Min to fit, the widest first, and what still does not is cut on the right with "…". Width 0
// is no terminal: each column is as wide as its widest cell.
func WriteTable[T any](w io.Writer, cols []Column[T], rows []T, width int, style func(Role, string) string) error {
	g := grid{style: style, head: make([]Cell, len(cols)), min: make([]int, len(cols)), right: make([]bool, len(cols)), rows: make([][]Cell, len(rows))}
	for i, c := range cols {
		g.head[i] = Cell{c.Title, Heading}
		g.min[i] = max(c.Min, Width(c.Title))
		g.right[i] = c.Right
	}
	cells := make([]Cell, len(rows)*len(cols))
	for i, row := range rows {
		g.rows[i] = cells[i*len(cols) : (i+1)*len(cols) : (i+1)*len(cols)]
		for j, c := range cols {
			g.rows[i][j] = c.Cell(row)
		}
	}
	_, err := w.Write(g.append(nil, width))
	return err
}

// grid is cells to be aligned.
type grid struct {
	head   []Cell // nil: none
	rows   [][]Cell
	min    []int  // least widths; nil: any
	right  []bool // nil: all left
	indent int
	wrap   bool // a cell that is too wide goes on in the next line; else it is cut
	style  Style
}

func (g grid) append(b []byte, width int) []byte {
	widths := g.natural()
	if width > 0 {
		g.narrow(widths, width-g.indent)
	}
	if g.head != nil {
		b = g.appendLine(b, g.head, widths, width)
	}
	for _, row := range g.rows {
		for _, line := range g.lines(row, widths, width) {
			b = g.appendLine(b, line, widths, width)
		}
	}
	return b
}

// lines is a row in lines: more than one where cells are wrapped.
func (g grid) lines(row []Cell, widths []int, width int) [][]Cell {
	if !g.wrap || width <= 0 {
		return [][]Cell{row}
	}
	lines := [][]Cell{make([]Cell, len(row))}
	for i, c := range row {
		parts := []string{c.Text}
		if Width(c.Text) > widths[i] {
			parts = Wrap(c.Text, widths[i])
		}
		for n, part := range parts {
			if n == len(lines) {
				lines = append(lines, make([]Cell, len(row)))
			}
			lines[n][i] = Cell{part, c.Role}
		}
	}
	return lines
}

// natural is the width of the widest cell of each column.
func (g grid) natural() []int {
	var widths []int
	for _, row := range append([][]Cell{g.head}, g.rows...) {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], Width(c.Text))
		}
	}
	return widths
}

// least is what a column that is not the last may be narrowed to.
const least = 6

// narrow takes cells from the widest column, again and again, until the line fits or every column is at its least.
func (g grid) narrow(widths []int, width int) {
	floor := func(i int) int {
		if g.min != nil {
			return min(g.min[i], widths[i])
		}
		return min(least, widths[i])
	}
	total := gap * max(len(widths)-1, 0)
	for _, w := range widths {
		total += w
	}
	for over := total - width; over > 0; {
		widest := -1
		for i := range widths {
			if widths[i] > floor(i) && (widest < 0 || widths[i] >= widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		next := g.nextWidest(widths, widest, floor)
		step := min(over, max(widths[widest]-next, 1))
		widths[widest] -= step
		over -= step
	}
}

// nextWidest is what the widest column may be narrowed to at once.
func (g grid) nextWidest(widths []int, widest int, floor func(int) int) int {
	next := floor(widest)
	for i, w := range widths {
		if i != widest && w < widths[widest] && w > floor(i) {
			next = max(next, w)
		}
	}
	return next
}

// appendLine writes the cells of a line in widths, and nothing after the last one that has any text or past width.
func (g grid) appendLine(b []byte, row []Cell, widths []int, width int) []byte {
	last := len(row) - 1
	for last >= 0 && row[last].Text == "" {
		last--
	}
	b = appendSpaces(b, g.indent)
	left := width - g.indent
	for i := 0; i <= last; i++ {
		w := widths[i]
		if width > 0 {
			if i > 0 {
				left -= gap
			}
			if left <= 0 {
				break
			}
			w = min(w, left)
			left -= w
		}
		if i > 0 {
			b = appendSpaces(b, gap)
		}
		b = g.appendCell(b, row[i], w, g.right != nil && g.right[i], i == last)
	}
	return append(bytes.TrimRight(b, " "), '\n')
}

// appendCell pads outside the style, so that an underline or a background does not run on.
func (g grid) appendCell(b []byte, c Cell, width int, right, last bool) []byte {
	s := Fit(c.Text, width)
	pad := width - Width(s)
	if right {
		b = appendSpaces(b, pad)
	}
	b = append(b, g.style.apply(c.Role, s)...)
	if !right && !last {
		b = appendSpaces(b, pad)
	}
	return b
}

// Sort orders rows by the named column, greatest first if descending; equal ones stay as they are. It reports
// whether cols has such a column and it can be sorted by.
func Sort[T any](cols []Column[T], rows []T, key string, descending bool) bool {
	c, ok := Find(cols, key)
	if !ok || c.Less == nil {
		return false
	}
	slices.SortStableFunc(rows, func(a, b T) int {
		if descending {
			a, b = b, a
		}
		switch {
		case c.Less(a, b):
			return -1
		case c.Less(b, a):
			return 1
		}
		return 0
	})
	return true
}
