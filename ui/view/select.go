package view

import (
	"fmt"
	"slices"
	"strings"
)

// Select is the columns with the given keys, in their order. Its error names the key and those there are.
func Select[T any](cols []Column[T], keys []string) ([]Column[T], error) {
	picked := make([]Column[T], 0, len(keys))
	for _, k := range keys {
		c, ok := Find(cols, k)
		if !ok {
			return nil, fmt.Errorf("no column %q; there are %s", k, strings.Join(Keys(cols), " "))
		}
		picked = append(picked, c)
	}
	return picked, nil
}

// Find is the column that key names, in any case; "command" and "comm" are other words for cmdline and name.
func Find[T any](cols []Column[T], key string) (Column[T], bool) {
	key = strings.ToLower(key)
	if a, ok := aliases[key]; ok {
		key = a
	}
	for _, c := range cols {
		if c.Key == key {
			return c, true
		}
	}
	return Column[T]{}, false
}

var aliases = map[string]string{
	"comm": "name", "command": "cmdline", "args": "cmdline", "file_caps": "filecaps", "no_new_privs": "nnp",
	"eff": "effective", "per": "permitted", "prm": "permitted", "inh": "inheritable", "bnd": "bounding", "amb": "ambient",
}

// Bounded is cols with every cell but the last column's cut to its column's Max, so that one long cell does not make
// all rows as wide.
func Bounded[T any](cols []Column[T]) []Column[T] {
	bounded := slices.Clone(cols)
	for i := range max(len(cols)-1, 0) {
		most, cell := cols[i].Max, cols[i].Cell
		if most == 0 {
			continue
		}
		bounded[i].Cell = func(row T) Cell {
			c := cell(row)
			c.Text = Fit(c.Text, most)
			return c
		}
	}
	return bounded
}

// Keys is the keys of cols, in their order.
func Keys[T any](cols []Column[T]) []string {
	keys := make([]string, len(cols))
	for i, c := range cols {
		keys[i] = c.Key
	}
	return keys
}
