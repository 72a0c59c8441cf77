// Package theme gives every view.Role a look: the only colours there are. A look is an SGR sequence built once, so that
// drawing a cell is appending bytes. Only the 16 ANSI colours are used, which the terminal's user chose to be legible,
// and of those only the ones that are so on black and on white; nothing is ever asked of the terminal.
//
// Colour carries severity only, and the text always says the same without it.
package theme

import "capview/ui/view"

// Profile is how much a terminal may be told.
type Profile uint8

// The profiles.
const (
	NoAttributes Profile = iota // no escape sequences: TERM=dumb, a file
	NoColour                    // NO_COLOR: bold, faint, underline and reverse, no colours
	Colours                     // the 16 ANSI colours too
)

// Look is what is written before and after a text. Both are empty for plain text.
type Look struct{ Before, After string }

// Append appends s in its look.
func (l Look) Append(b []byte, s string) []byte {
	b = append(b, l.Before...)
	b = append(b, s...)
	return append(b, l.After...)
}

// Render is s in its look.
func (l Look) Render(s string) string {
	if l.Before == "" || s == "" {
		return s
	}
	return l.Before + s + l.After
}

// Theme is a look for every role and for what the cursor is on. The zero Theme is Plain.
type Theme struct {
	roles    [view.Roles]Look
	cursor   Look
	bar      Look
	match    Look
	reversed bool
}

// New is the theme of a profile.
func New(p Profile) Theme {
	if p == NoAttributes {
		return Theme{}
	}
	t := Theme{cursor: sgr("7"), bar: sgr("7"), match: sgr("4"), reversed: true}
	t.roles[view.Muted] = sgr("2")
	t.roles[view.Heading] = sgr("1")
	t.roles[view.Accent] = sgr("1")
	t.roles[view.Changed] = sgr("1;4")
	t.roles[view.Gone] = sgr("4")
	t.roles[view.Bad] = sgr("1")
	if p == Colours {
		t.roles[view.Good] = sgr("32")
		t.roles[view.Notice] = sgr("35")
		t.roles[view.Warn] = sgr("31")
		t.roles[view.Bad] = sgr("1;31")
	}
	return t
}

// Plain has no attributes at all.
func Plain() Theme { return New(NoAttributes) }

// NoColor has attributes and no colours, as NO_COLOR asks.
func NoColor() Theme { return New(NoColour) }

// Look is a role's look.
func (t Theme) Look(r view.Role) Look {
	if int(r) < len(t.roles) {
		return t.roles[r]
	}
	return Look{}
}

// Style is s in the look of r: the function that view's writers take.
func (t Theme) Style(r view.Role, s string) string { return t.Look(r).Render(s) }

// Cursor is the look of the whole line that the cursor is on: reverse, without the roles' colours, which would make a
// patchwork of it. Where it is plain only the mark before the line shows the cursor.
func (t Theme) Cursor() Look { return t.cursor }

// Bar is the look of the line at the top and of the keys at the bottom.
func (t Theme) Bar() Look { return t.bar }

// Match is the look of what a search found.
func (t Theme) Match() Look { return t.match }

// Attributes tells whether the theme writes escape sequences.
func (t Theme) Attributes() bool { return t.reversed }

// sgr is the look of a select graphic rendition with these parameters (ECMA-48 8.3.117).
func sgr(params string) Look { return Look{"\x1b[" + params + "m", "\x1b[0m"} }
