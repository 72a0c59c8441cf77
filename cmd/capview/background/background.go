// Package background tells lipgloss that the terminal's background is dark, before anything can ask the terminal.
//
// bubbletea v1 asks in its package initialisation (tea_init.go): it writes OSC 11 and a cursor position request to the
// terminal and waits up to five seconds for the answer, even for "capview --help". It does not ask where lipgloss has
// been told already. Go initialises packages whose imports are ready in the order of their paths, so this works because
// this package needs nothing but lipgloss, and its path sorts before github.com/charmbracelet/bubbletea.
// capview uses no adaptive colours, so the answer decides nothing.
package background

import "github.com/charmbracelet/lipgloss"

func init() { lipgloss.SetHasDarkBackground(true) }
