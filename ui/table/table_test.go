package table

import (
	"fmt"
	"strings"
	"testing"

	"capview/ui/line"
	"capview/ui/view"
)

type item struct{ name, user, caps string }

func columns() []view.Column[item] {
	return []view.Column[item]{
		{Key: "name", Title: "NAME", Min: 10, Flex: 2, Cell: func(i item) view.Cell { return view.Cell{Text: i.name, Role: view.Accent} }},
		{Key: "user", Title: "USER", Min: 6, Cell: func(i item) view.Cell { return view.Cell{Text: i.user} }},
		{Key: "caps", Title: "EFFECTIVE", Max: 20, Flex: 1, Cell: func(i item) view.Cell { return view.Cell{Text: i.caps, Role: view.Bad} }},
		{Key: "n", Title: "N", Min: 3, Right: true, Cell: func(i item) view.Cell { return view.Cell{Text: fmt.Sprint(len(i.name))} }},
	}
}

func rows(n int) []Row[int, item] {
	rs := make([]Row[int, item], n)
	for i := range rs {
		rs[i] = Row[int, item]{ID: i, Item: item{fmt.Sprintf("process-%d", i), "root", "all −sys_resource"}}
	}
	return rs
}

func table(width, height, n int) *Model[int, item] {
	m := &Model[int, item]{}
	m.SetColumns(columns())
	m.SetSize(width, height)
	rs := rows(n)
	m.Grow(Measure(columns(), rs, 100))
	m.SetRows(rs)
	return m
}

func frame(m *Model[int, item]) []string { return m.View(&line.Builder{}, nil) }

func TestViewIsExactlyAsHighAndNoWider(t *testing.T) {
	for _, size := range [][2]int{{0, 0}, {1, 1}, {2, 5}, {3, 3}, {9, 2}, {20, 4}, {80, 24}, {500, 200}} {
		for _, n := range []int{0, 1, 3, 1000} {
			m := table(size[0], size[1], n)
			m.MoveTo(n / 2)
			lines := append(frame(m), m.Title(&line.Builder{}))
			if len(lines) != size[1]+1 {
				t.Errorf("%v: %d lines", size, len(lines))
			}
			for _, l := range lines {
				if view.Width(l) > size[0] {
					t.Errorf("%v: %q is too wide", size, l)
				}
			}
		}
	}
}

func TestTheCursorShowsWithoutAttributes(t *testing.T) {
	m := table(60, 5, 10)
	m.Move(2)
	for i, l := range frame(m) {
		if strings.HasPrefix(l, ">") != (i == 2) {
			t.Errorf("line %d is %q", i, l)
		}
	}
}

func TestTheCursorsRowHasOneLook(t *testing.T) {
	m := table(60, 2, 2)
	s := Style{Cursor: "\x1b[7m"}
	s.Roles[view.Bad] = "\x1b[31m"
	m.SetStyle(s)
	lines := frame(m)
	if strings.Count(lines[0], "\x1b") != 2 || !strings.HasPrefix(lines[0], "\x1b[7m") || !strings.HasSuffix(lines[0], line.Reset) {
		t.Errorf("the cursor's row is %q", lines[0])
	}
	if !strings.Contains(lines[1], "\x1b[31mall −sys_resource\x1b[0m") {
		t.Errorf("the other row is %q", lines[1])
	}
}

func TestColumnsDoNotJitter(t *testing.T) {
	m := table(80, 5, 10)
	before := m.Title(&line.Builder{})
	m.Grow([]int{3, 1, 2, 1}) // a refresh with less in it
	if after := m.Title(&line.Builder{}); after != before {
		t.Errorf("titles moved from %q to %q", before, after)
	}
}

func TestColumnsScrollBesideTheFirst(t *testing.T) {
	m := table(27, 2, 2)
	if title := m.Title(&line.Builder{}); !strings.HasSuffix(title, ">") || strings.Contains(title, "N ") {
		t.Errorf("the title is %q", title)
	}
	m.ScrollColumns(1)
	if title := m.Title(&line.Builder{}); !strings.HasPrefix(title, "< NAME") || strings.Contains(title, "USER") || !strings.Contains(title, "EFFECTIVE") {
		t.Errorf("the title is %q", title)
	}
	m.ScrollColumns(99)
	m.ScrollColumns(-99)
	if title := m.Title(&line.Builder{}); !strings.Contains(title, "USER") {
		t.Errorf("the title is %q", title)
	}
}

func without(rs []Row[int, item], ids ...int) []Row[int, item] {
	var out []Row[int, item]
	for _, r := range rs {
		keep := true
		for _, id := range ids {
			keep = keep && r.ID != id
		}
		if keep {
			out = append(out, r)
		}
	}
	return out
}

func TestTheCursorFollowsIdentity(t *testing.T) {
	m := table(80, 10, 100)
	m.MoveTo(50)
	y := m.cursor - m.off
	m.SetRows(without(rows(100), 1, 2, 3))
	if r, _ := m.Cursor(); r.ID != 50 || m.cursor-m.off != y {
		t.Errorf("the cursor is on %d, line %d", r.ID, m.cursor-m.off)
	}
	m.SetRows(without(rows(100), 50, 51))
	if r, _ := m.Cursor(); r.ID != 52 {
		t.Errorf("the cursor is on %d, not on the next that is left", r.ID)
	}
	m.SetRows(rows(10)) // none of those below
	if r, _ := m.Cursor(); r.ID != 9 {
		t.Errorf("the cursor is on %d, not on the nearest above", r.ID)
	}
	m.SetRows(nil)
	if _, ok := m.Cursor(); ok {
		t.Error("there is a cursor without rows")
	}
}

func TestAVanishedChildLeavesTheCursorInItsGroup(t *testing.T) {
	tree := func(ids ...int) []Row[int, item] {
		var rs []Row[int, item]
		for _, id := range ids {
			r := Row[int, item]{ID: id, Depth: 1}
			if id%10 == 0 {
				r.Depth, r.Fold = 0, Open
			}
			rs = append(rs, r)
		}
		return rs
	}
	m := table(80, 10, 0)
	m.SetRows(tree(10, 11, 12, 20, 21))
	m.Select(12)
	m.SetRows(tree(10, 11, 20, 21))
	if r, _ := m.Cursor(); r.ID != 11 {
		t.Errorf("the cursor is on %d, in another group", r.ID)
	}
	m.Parent()
	if r, _ := m.Cursor(); r.ID != 10 {
		t.Errorf("the parent is %d", r.ID)
	}
}

func TestAStepChangesTwoLines(t *testing.T) {
	m := table(120, 40, 10000)
	m.MoveTo(5020)
	for range 10 {
		before := frame(m)
		m.Move(-1)
		changed := 0
		for i, l := range frame(m) {
			if l != before[i] {
				changed++
			}
		}
		if changed != 2 {
			t.Errorf("%d lines changed", changed)
		}
	}
}

func TestStepsOutOfTheWindowMoveItByAThird(t *testing.T) {
	m := table(80, 30, 1000)
	for range 30 {
		m.Move(1)
	}
	if m.cursor != 30 || m.off != 11 {
		t.Errorf("the cursor is on %d, the window begins at %d", m.cursor, m.off)
	}
	for range 20 {
		m.Move(-1)
	}
	if m.cursor != 10 || m.off != 0 {
		t.Errorf("the cursor is on %d, the window begins at %d", m.cursor, m.off)
	}
	m.MoveTo(999)
	m.Move(1)
	if m.cursor != 999 || m.off != 970 {
		t.Errorf("at the end the cursor is on %d, the window begins at %d", m.cursor, m.off)
	}
}

// What a frame allocates depends on the window, not on the rows.
func TestAllocationsAreBoundedByTheWindow(t *testing.T) {
	count := func(n int) float64 {
		m := table(140, 50, n)
		b, lines := &line.Builder{}, make([]string, 0, 50)
		return testing.AllocsPerRun(20, func() { m.View(b, lines) })
	}
	few, many := count(100), count(10000)
	if many > few+50 || many > 50*4 {
		t.Errorf("%v allocations at 100 rows, %v at 10,000", few, many)
	}
}

func BenchmarkFrame10000(b *testing.B) {
	m := table(140, 50, 10000)
	m.MoveTo(5000)
	builder, lines := &line.Builder{}, make([]string, 0, 50)
	b.ReportAllocs()
	for b.Loop() {
		m.View(builder, lines)
	}
}

func BenchmarkSetRows10000(b *testing.B) {
	m := table(140, 50, 10000)
	m.MoveTo(9999)
	rs := rows(10000)
	b.ReportAllocs()
	for b.Loop() {
		m.SetRows(rs)
	}
}

func TestATailStaysWhereItsTextIsCut(t *testing.T) {
	m := &Model[int, item]{}
	m.SetColumns(columns())
	m.SetSize(26, 3)
	rs := rows(3)
	rs[0].Item.name, rs[0].Tail = "docker 2df56abf314600c6", "(12)"
	rs[1].Item.name, rs[1].Tail, rs[1].Fold = "docker 2df56abf314600c6", "(3)", Closed
	rs[2].Item.name, rs[2].Tail = "box", "(7)"
	m.SetRows(rs)
	for i, want := range []string{"> dock… (12)", "  + doc… (3)", "  box (7)"} {
		if l := frame(m)[i]; !strings.HasPrefix(l, want) {
			t.Errorf("%q, want %q", l, want)
		}
	}
	if w := Measure(columns(), rs, 10)[0]; w != 2+len("docker 2df56abf314600c6 (3)") {
		t.Errorf("the first column needs %d", w)
	}
}

func TestAColumnTakesNoMoreThanItNeedsWhileAnotherIsCut(t *testing.T) {
	m := table(36, 1, 0)
	rs := rows(1)
	rs[0].Item.name = "a"
	m.SetColumns(columns())
	m.Grow(Measure(columns(), rs, 10))
	m.SetRows(rs)
	if l := frame(m)[0]; l != "> a    root all −sys_resource 1" {
		t.Errorf("%q", l)
	}
}
