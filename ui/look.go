package ui

import (
	"strings"

	"capview/ui/line"
	"capview/ui/table"
	"capview/ui/theme"
	"capview/ui/view"
)

// looks is the theme as the SGR sequences that start each look; line.Builder ends them all alike.
type looks struct {
	table.Style
	bar string
}

func newLooks(t theme.Theme) looks {
	l := looks{bar: t.Bar().Before}
	for r := range view.Roles {
		l.Roles[r] = t.Look(view.Role(r)).Before
	}
	l.Cursor = t.Cursor().Before
	l.Dim = t.Look(view.Heading).Before
	return l
}

// end is what ends a role's look.
func (l looks) end(r view.Role) string {
	if l.Roles[r] == "" {
		return ""
	}
	return line.Reset
}

func (l looks) of(r view.Role) string { return l.Roles[r] }

// glyphs replaces what a terminal without them would show as a box.
var glyphs = strings.NewReplacer("−", "-", "…", "~", "—", "-", "·", ".", "→", ">", "←", "<", "↑", "^", "↓", "v")
