package main

import (
	"io"
	"os"

	"golang.org/x/term"

	"capview/ui/theme"
	"capview/ui/view"
)

// terminalOf is w as a terminal, or nil.
func terminalOf(w io.Writer) *os.File {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return f
}

// width is the output's width in terminal cells; 0, without bound, where it is not a terminal.
func (a *app) width() int {
	f := terminalOf(a.stdout)
	if f == nil {
		return 0
	}
	w, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return w
}

// profile is how much the terminal may be told. NO_COLOR counts unless it is empty (https://no-color.org), and forbids
// colours, not attributes.
func (a *app) profile() theme.Profile {
	switch a.flags.color {
	case "always":
		return theme.Colours
	case "never":
		return theme.NoColour
	}
	switch {
	case terminalOf(a.stdout) == nil, a.env["TERM"] == "dumb", a.env["TERM"] == "":
		return theme.NoAttributes
	case a.env["NO_COLOR"] != "":
		return theme.NoColour
	}
	return theme.Colours
}

// theme is the looks of the terminal program.
func (a *app) theme() theme.Theme { return theme.New(a.profile()) }

// style is the looks of a printed table: colours or nothing, since a table is often cut up or kept.
func (a *app) style() func(view.Role, string) string {
	if a.profile() != theme.Colours {
		return nil
	}
	return a.theme().Style
}
