package view

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/fact"
)

func declaredOf(t *testing.T, sections []Section) Section {
	t.Helper()
	for _, s := range sections {
		if s.Key == "declared" {
			return s
		}
	}
	t.Fatal("no section declared")
	return Section{}
}

func TestDeclared(t *testing.T) {
	ix := node(t)
	sections := map[string]Section{}
	for _, pid := range []int{1, 1999, 2001, 2100, 7000} {
		sections[fmt.Sprint(pid)] = declaredOf(t, ProcessSections(ix, ix.Process(pid)))
	}
	sections["web"] = declaredOf(t, GroupSections(ix, groupsOf(ix)[0].G))
	for name, s := range sections {
		var b bytes.Buffer
		if err := WriteSections(&b, []Section{s}, 140, nil); err != nil {
			t.Fatal(err)
		}
		fits(t, b.Bytes(), 140)
		golden(t, "declared-"+name+".txt", b.Bytes())
	}
}

func TestDriftCell(t *testing.T) {
	found := func(sort inspect.FindingSort, g inspect.Gravity) inspect.Finding {
		return inspect.Finding{Kind: inspect.FoundMore, Sort: sort, Gravity: g, Brief: "+sys_time"}
	}
	drift := found(inspect.SortDrift, inspect.GravityDanger)
	for _, c := range []struct {
		asked fact.Answer
		found []inspect.Finding
		want  Cell
	}{
		{fact.No, nil, Cell{"-", Muted}}, {fact.Yes, nil, Cell{"none", Muted}}, {fact.Unknown, nil, Cell{"?", Gone}},
		{fact.Yes, []inspect.Finding{drift}, Cell{"+sys_time", Bad}}, {fact.Yes, []inspect.Finding{drift, drift}, Cell{"+sys_time (2)", Bad}},
		{fact.Yes, []inspect.Finding{found(inspect.SortUnknown, inspect.GravityNotice)}, Cell{"?", Gone}},
		{fact.Yes, []inspect.Finding{drift, found(inspect.SortUnknown, inspect.GravityNotice)}, Cell{"+sys_time", Bad}},
		{fact.Yes, []inspect.Finding{found(inspect.SortUnknown, inspect.GravityInfo)}, Cell{"none", Muted}},
		{fact.Yes, []inspect.Finding{found(inspect.SortRisk, inspect.GravityDanger), found(inspect.SortNote, inspect.GravityInfo)}, Cell{"none", Muted}},
	} {
		d := sumDrift(c.asked, c.found)
		if got := d.cell(); got != c.want || (d.value() == nil) != (got.Role == Gone) {
			t.Errorf("%v %v: %+v, value %v; want %+v", c.asked, c.found, got, d.value(), c.want)
		}
	}
}

// What no specification says is "?", never "none".
func TestDeclaredUnknown(t *testing.T) {
	s := inspect.Snapshot{Host: inspect.Host{CapLastCap: caps.Last}, Containers: []inspect.Container{{Key: "k", Kind: inspect.KindContainer, Declared: inspect.Some(inspect.Declared{})}},
		Processes: []*inspect.Process{{PID: 1, Container: "k"}}}
	ix := inspect.NewIndex(&s)
	for _, b := range declaredOf(t, ProcessSections(ix, ix.Process(1))).Blocks {
		for _, row := range b.Rows {
			for _, c := range row[1:] {
				if strings.Contains("none no absent", c.Text) && c.Text != "" {
					t.Errorf("%s: %+v", b.Title, row)
				}
			}
		}
	}
}
