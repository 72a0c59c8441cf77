package table

// Move moves the cursor by n rows, as far as there are some. A single step out of the window moves the window by a
// third: every line of the screen is sent then, and so only every so many steps.
func (m *Model[K, T]) Move(n int) {
	at := m.cursor + n
	switch {
	case n == 1 && at >= m.off+m.height:
		m.off = at - m.height + 1 + m.height/3
	case n == -1 && at < m.off:
		m.off = at - m.height/3
	}
	m.MoveTo(at)
}

// MoveTo puts the cursor on row i, or the nearest there is.
func (m *Model[K, T]) MoveTo(i int) {
	m.cursor = i
	m.show()
}

// Select puts the cursor on the row with that identity; false if there is none.
func (m *Model[K, T]) Select(id K) bool {
	i := index(m.rows, id)
	if i < 0 {
		return false
	}
	m.MoveTo(i)
	return true
}

// Parent puts the cursor on the row its row hangs below; false if it hangs below none.
func (m *Model[K, T]) Parent() bool {
	for i := m.cursor - 1; i >= 0; i-- {
		if m.rows[i].Depth < m.rows[m.cursor].Depth {
			m.MoveTo(i)
			return true
		}
	}
	return false
}

// Scroll moves the window by n rows, the cursor only as far as it must to stay inside.
func (m *Model[K, T]) Scroll(n int) {
	m.off = clamp(m.off+n, 0, max(len(m.rows)-m.height, 0))
	m.cursor = clamp(m.cursor, m.off, m.off+max(m.height-1, 0))
	m.show()
}

// ScrollColumns moves the columns after the first by n, as far as there are some.
func (m *Model[K, T]) ScrollColumns(n int) {
	m.first = clamp(m.first+n, 0, max(len(m.cols)-2, 0))
	m.place()
}

// Cursor is the row the cursor is on; false if there are no rows.
func (m *Model[K, T]) Cursor() (Row[K, T], bool) {
	if m.cursor >= len(m.rows) {
		return Row[K, T]{}, false
	}
	return m.rows[m.cursor], true
}

// At is the row shown on line y of the window; false if there is none.
func (m *Model[K, T]) At(y int) (Row[K, T], bool) {
	if y < 0 || y >= m.height || m.off+y >= len(m.rows) {
		return Row[K, T]{}, false
	}
	return m.rows[m.off+y], true
}

// Index is the cursor's row, counted from 0, and Len how many rows there are.
func (m *Model[K, T]) Index() int { return m.cursor }

// Len is how many rows there are.
func (m *Model[K, T]) Len() int { return len(m.rows) }

// Height is how many rows the window holds.
func (m *Model[K, T]) Height() int { return m.height }

// Rows are the rows as given: to be read only.
func (m *Model[K, T]) Rows() []Row[K, T] { return m.rows }

// show moves the window as little as possible for the cursor to be in it, and leaves no blank below the last row.
func (m *Model[K, T]) show() {
	m.cursor = clamp(m.cursor, 0, max(len(m.rows)-1, 0))
	m.off = clamp(m.off, m.cursor-m.height+1, m.cursor)
	m.off = clamp(m.off, 0, max(len(m.rows)-m.height, 0))
}

func clamp(n, lo, hi int) int { return max(lo, min(n, hi)) }
