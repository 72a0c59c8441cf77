package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"capview/inspect"
	"capview/ui/view"
)

// listing is list's own flags.
type listing struct {
	containers bool
	threads    bool
	columns    []string
	sort       []string
	group      choice
}

const listLong = `List prints a row a process, or a row a group with --containers.

Rows stand together by what --group says, processes by PID within; --sort orders them all, most significant key first,
"-" before a key turns it round; power orders the most powerful first. The wide table and csv have every fact that decides
over capabilities, json and ndjson every column; --columns chooses. The table cuts long cells (…) unless --columns is given;
the other forms never do. See 'capview help columns' and 'capview help filter'.`

func (a *app) listCommand() *cobra.Command {
	var l listing
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ps"},
		Short:   "A row a process, or a row a container",
		Long:    listLong,
		Example: "  capview list -F 'has:sys_admin !userns:host'\n" +
			"  capview list -c web --threads -o wide\n" +
			"  capview list --containers --sort power\n" +
			"  capview list -o json | jq '.[].effective'",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runList(cmd, l) },
	}
	f := cmd.Flags()
	f.BoolVar(&l.containers, "containers", false, "a row a container, or a row a group of --group")
	f.BoolVar(&l.threads, "threads", false, "every thread, below its process")
	f.StringSliceVar(&l.columns, "columns", nil, "the columns to show: `KEY,...`")
	f.StringSliceVar(&l.sort, "sort", nil, "order by columns: `KEY,-KEY,...`")
	choiceVar(cmd, false, &l.group, "group", "", groupings, "what stands together")
	return cmd
}

// groupings is the values of --group.
var groupings = []string{
	string(inspect.ByContainer), string(inspect.ByUserNS), string(inspect.ByUser), string(inspect.ByUnit), string(inspect.ByNone),
}

func (a *app) runList(cmd *cobra.Command, l listing) error {
	form, err := a.form(cmd, outputs...)
	if err != nil {
		return err
	}
	if _, err := a.keep(); err != nil {
		return err
	}
	if l.containers && l.threads {
		return usage(cmd, fmt.Errorf("--containers and --threads ask for different rows"))
	}
	if l.containers {
		return a.listGroups(cmd, l, form)
	}
	return a.listProcesses(cmd, l, form)
}

func (a *app) listProcesses(cmd *cobra.Command, l listing, form string) error {
	t, err := layOut(view.Processes(), l, form, a.processKeys(form))
	if err != nil {
		return err
	}
	a.hurry()
	ix, live, err := a.index(cmd.Context(), l.threads)
	if err != nil {
		return err
	}
	kept, err := a.selected(ix)
	if err != nil {
		return err
	}
	if len(l.sort) == 0 || cmd.Flags().Changed("group") {
		kept = together(ix, kept, inspect.GroupBy(l.group))
	}
	rows := make([]view.Row, 0, len(kept))
	for _, p := range kept {
		rows = append(rows, view.Row{Ix: ix, P: p})
		for i := range p.Threads {
			if l.threads {
				rows = append(rows, view.Row{Ix: ix, P: p, T: &p.Threads[i]})
			}
		}
	}
	order(view.Processes(), rows, t.sort)
	if err := writeRows(a, t.columns, rows, form); err != nil {
		return err
	}
	a.notice(live)
	return nil
}

// processKeys is the columns of a form where --columns does not say; nil is all.
func (a *app) processKeys(form string) []string {
	switch form {
	case "table":
		return view.DefaultKeys(a.width())
	case "wide", "csv":
		return view.WideKeys()
	}
	return nil
}

// groupKeys is processKeys for groups.
func (a *app) groupKeys(form string) []string {
	if form == "table" {
		return view.ContainerKeys(a.width())
	}
	return nil
}

// together puts the processes of a group beside each other.
func together(ix *inspect.Index, ps []*inspect.Process, by inspect.GroupBy) []*inspect.Process {
	if by == inspect.ByNone {
		return ps
	}
	out := make([]*inspect.Process, 0, len(ps))
	for _, g := range inspect.GroupProcesses(ix, ps, by) {
		out = append(out, g.Processes...)
	}
	return out
}

func (a *app) listGroups(cmd *cobra.Command, l listing, form string) error {
	t, err := layOut(view.Containers(), l, form, a.groupKeys(form))
	if err != nil {
		return err
	}
	a.hurry()
	ix, live, err := a.index(cmd.Context(), false)
	if err != nil {
		return err
	}
	kept, err := a.selected(ix)
	if err != nil {
		return err
	}
	var rows []view.GroupRow
	for _, g := range inspect.GroupProcesses(ix, kept, inspect.GroupBy(l.group)) {
		rows = append(rows, view.NewGroupRow(ix, g))
	}
	order(view.Containers(), rows, t.sort)
	if err := writeRows(a, t.columns, rows, form); err != nil {
		return err
	}
	a.notice(live)
	return nil
}

// layout is the columns of a table and the order of its rows.
type layout[T any] struct {
	columns []view.Column[T]
	sort    []string // the least significant key first
}

// layOut chooses the columns: those of --columns, else keys, else all; and checks the keys of --sort. The cells of a
// table are bounded unless someone asked for these very columns.
func layOut[T any](all []view.Column[T], l listing, form string, keys []string) (layout[T], error) {
	t := layout[T]{columns: all}
	if len(l.columns) > 0 {
		keys = l.columns
	}
	if keys != nil {
		t.columns = nil
	}
	for _, key := range keys {
		c, err := columnOf(all, key)
		if err != nil {
			return t, err
		}
		t.columns = append(t.columns, c)
	}
	if form == "table" && len(l.columns) == 0 {
		t.columns = view.Bounded(t.columns)
	}
	for _, key := range l.sort {
		c, err := columnOf(all, strings.TrimPrefix(key, "-"))
		if err != nil {
			return t, err
		}
		if c.Less == nil {
			return t, trouble("", "rows cannot be ordered by %q", c.Key)
		}
		t.sort = append([]string{key}, t.sort...)
	}
	return t, nil
}

func columnOf[T any](all []view.Column[T], key string) (view.Column[T], error) {
	c, ok := view.Find(all, key)
	if !ok {
		return c, trouble("columns: "+strings.Join(view.Keys(all), " "), "no column %q", key)
	}
	return c, nil
}

// order sorts rows by the keys of --sort; rows that are equal in all keep their order.
func order[T any](all []view.Column[T], rows []T, keys []string) {
	for _, key := range keys {
		name, reverse := strings.CutPrefix(key, "-")
		view.Sort(all, rows, name, reverse != (name == "power"))
	}
}

// writeRows writes a table in the form of --output.
func writeRows[T any](a *app, cols []view.Column[T], rows []T, form string) error {
	switch form {
	case "json":
		return view.WriteJSON(a.out, cols, rows)
	case "ndjson":
		return view.WriteNDJSON(a.out, cols, rows)
	case "csv":
		return view.WriteCSV(a.out, cols, rows)
	}
	return view.WriteTable(a.out, cols, rows, a.width(), a.style())
}
