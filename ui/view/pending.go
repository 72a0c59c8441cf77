package view

import (
	"capview/inspect/caps"
	"capview/inspect/filecap"
)

func setCellText(s, full caps.Set, _ string) string {
	switch {
	case s == 0:
		return "none"
	case s == full:
		return "all"
	}
	text := ""
	s.Each(func(c caps.Cap) {
		if text != "" {
			text += ","
		}
		text += c.Short()
	})
	return text
}

func capDanger(caps.Cap) int               { return 1 }
func capAllows(caps.Cap) string            { return "" }
func defaultsUnion() caps.Set              { return 0xa80425fb }
func defaultFor(string) (caps.Set, bool)   { return 0, false }
func noFileCaps(f filecap.Caps) bool       { return f.Revision == 0 }
func fileCapsString(f filecap.Caps) string { return f.Text }
