package table

import (
	"capview/ui/line"
	"capview/ui/view"
)

// Title is the line of column titles. `>` at its end, `<` at its start tell of columns out of view.
func (m *Model[K, T]) Title(b *line.Builder) string {
	head := m.style.Roles[view.Heading]
	b.Start(m.width, "")
	if m.first > 0 {
		b.Put(head, "<")
	}
	for _, p := range m.placed {
		b.To(p.at)
		m.title(b, p, head)
	}
	if last := len(m.placed); last > 0 && m.placed[last-1].col < len(m.cols)-1 {
		b.To(m.width - 1)
		b.Put(head, ">")
	}
	return b.String()
}

func (m *Model[K, T]) title(b *line.Builder, p placed, head string) {
	c := m.cols[p.col]
	text := c.Title
	if c.Key == m.sorted {
		text += m.sign
	}
	if c.Right {
		b.To(p.at + p.w - view.Width(text))
	}
	b.PutIn(head, text, max(p.w, view.Width(text)))
}

// View appends exactly as many lines as the table is high to lines, each at most as wide as it is.
func (m *Model[K, T]) View(b *line.Builder, lines []string) []string {
	for y := range m.height {
		if m.off+y < len(m.rows) {
			lines = append(lines, m.row(b, m.off+y))
		} else {
			b.Start(m.width, "")
			lines = append(lines, b.String())
		}
	}
	return lines
}

func (m *Model[K, T]) row(b *line.Builder, i int) string {
	r := &m.rows[i]
	m.marks(b, r, i == m.cursor)
	for _, p := range m.placed {
		c := m.cols[p.col].Cell(r.Item)
		at, w := p.at, p.w
		if p.col == 0 {
			at, w = m.tree(b, r, p)
		}
		after := ""
		if p.col == 0 && w > tail(r.Tail) {
			after = r.Tail
		}
		text := view.Fit(c.Text, w-tail(after))
		if m.cols[p.col].Right {
			at += w - view.Width(text)
		}
		b.To(at)
		b.PutIn(m.look(c.Role), text, w)
		if after != "" {
			b.To(b.Width() + 1)
			b.Put(m.style.Roles[view.Muted], after)
		}
	}
	return b.String()
}

// marks starts a row's line with its gutter.
func (m *Model[K, T]) marks(b *line.Builder, r *Row[K, T], cursor bool) {
	base := ""
	if cursor && m.blurred {
		base = m.style.Dim
	} else if cursor {
		base = m.style.Cursor
	}
	b.Start(m.width, base)
	if cursor {
		b.Put("", ">")
	}
	b.To(1)
	switch {
	case r.Lit:
		b.Put(m.style.Roles[view.Bad], "!")
	case r.Tag:
		b.Put(m.style.Roles[view.Notice], "#")
	case r.Fresh:
		b.Put(m.style.Roles[view.Changed], "*")
	}
}

// tree draws the fold before the first cell and gives what place is left of it.
func (m *Model[K, T]) tree(b *line.Builder, r *Row[K, T], p placed) (at, w int) {
	n := min(indent(r.Depth, r.Fold), p.w)
	if r.Fold != Leaf && n >= 2 {
		b.To(p.at + n - 2)
		b.Put(m.style.Roles[view.Muted], [...]string{Closed: "+", Open: "-"}[r.Fold])
	}
	return p.at + n, p.w - n
}

func (m *Model[K, T]) look(r view.Role) string {
	if int(r) < len(m.style.Roles) {
		return m.style.Roles[r]
	}
	return ""
}
