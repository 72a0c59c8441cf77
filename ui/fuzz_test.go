package ui

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"capview/inspect"
	"capview/ui/theme"
	"capview/ui/view"
)

// presses are what a byte of a fuzzed session stands for, besides the printable characters themselves.
var presses = []tea.KeyMsg{
	{Type: tea.KeyUp}, {Type: tea.KeyDown}, {Type: tea.KeyLeft}, {Type: tea.KeyRight}, {Type: tea.KeyEnter}, {Type: tea.KeyEsc},
	{Type: tea.KeyTab}, {Type: tea.KeyShiftTab}, {Type: tea.KeyHome}, {Type: tea.KeyEnd}, {Type: tea.KeyPgUp}, {Type: tea.KeyPgDown},
	{Type: tea.KeyBackspace}, {Type: tea.KeyDelete}, {Type: tea.KeyCtrlU}, {Type: tea.KeyCtrlD}, {Type: tea.KeyCtrlW},
	{Type: tea.KeyCtrlN}, {Type: tea.KeyShiftRight}, {Type: tea.KeyF1},
	{Type: tea.KeyRunes, Runes: []rune("[A")}, {Type: tea.KeyRunes, Runes: []rune("jjk")},
	{Type: tea.KeyRunes, Runes: []rune("\u202e\x1b世界"), Paste: true}, {Type: tea.KeyRunes, Runes: []rune("x"), Alt: true},
}

// FuzzSession sends any keys, sizes, clicks and refreshes: nothing panics, and every frame is exactly as high as the
// screen and no wider.
func FuzzSession(f *testing.F) {
	f.Add([]byte("*jj\x04qj"), uint16(80), uint16(24))
	f.Add([]byte("/cap:x\x04\x05?s\x04C \x04w"), uint16(200), uint16(60))
	f.Add([]byte("e\x06\x04d\x05m4211\x04\x04\x066\xf1\xf2\xf3"), uint16(140), uint16(1))
	f.Add([]byte("HKggTcuF\xf0f\x16n\xf4\xf5"), uint16(1), uint16(1))
	f.Fuzz(func(t *testing.T, session []byte, width, height uint16) {
		u := newUser(t, int(width)%500+1, int(height)%200+1, func(o *Options) {
			asking(o)
			o.Theme, o.Notice = theme.New(theme.Colours), "without root"
			o.Export = func(context.Context, string, *inspect.Snapshot, func(int, int)) (string, error) { return "x", nil }
		})
		for _, b := range session[:min(len(session), 60)] {
			u.byte(b)
			u.checkFrame()
		}
	})
}

// byte does what b stands for.
func (u *user) byte(b byte) {
	switch {
	case int(b) < len(presses):
		u.send(presses[b])
	case b >= ' ' && b < 0x7f:
		u.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{rune(b)}})
	case b == 0xf0:
		u.due(escapeMsg(0))
	case b == 0xf1:
		u.due(settleMsg(0))
	case b == 0xf2:
		u.refreshed(left(node7(), 4200, 4211, 4212))
	case b == 0xf3:
		u.refreshed(node7())
	case b == 0xf4:
		u.refreshed(&inspect.Snapshot{})
	case b == 0xf5:
		u.send(tea.MouseMsg{X: 5, Y: 6, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
	case b == 0xf6:
		u.send(tea.MouseMsg{Button: tea.MouseButtonWheelDown})
	default:
		u.send(tea.WindowSizeMsg{Width: int(b) * 2 % 500, Height: int(b) % 77})
	}
}

func (u *user) checkFrame() {
	u.t.Helper()
	text := u.m.View()
	if u.m.width <= 0 || u.m.height <= 0 {
		if text != "" {
			u.t.Fatalf("a screen of no size shows %q", text)
		}
		return
	}
	lines := strings.Split(text, "\n")
	if len(lines) != u.m.height {
		u.t.Fatalf("%d lines on a screen of %d", len(lines), u.m.height)
	}
	for i, l := range lines {
		plain := stripSGR(l)
		if w := view.Width(plain); w > u.m.width {
			u.t.Fatalf("line %d is %d wide on a screen of %d: %q", i, w, u.m.width, l)
		}
		for _, r := range plain {
			if r < ' ' || r == 0x7f || r == '\u202e' {
				u.t.Fatalf("line %d holds %q", i, r)
			}
		}
	}
}

// stripSGR takes out the sequences that a frame may hold: select graphic rendition, and nothing else.
func stripSGR(s string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "\x1b[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		rest := strings.TrimLeft(after, "0123456789;")
		if !strings.HasPrefix(rest, "m") {
			b.WriteString("\x1b[")
			s = after
			continue
		}
		s = rest[1:]
	}
}

func TestEverySizeGivesItsLines(t *testing.T) {
	for _, size := range [][2]int{{0, 0}, {1, 1}, {1, 24}, {2, 2}, {3, 3}, {5, 4}, {10, 5}, {20, 6}, {39, 7}, {79, 15}, {80, 24},
		{99, 16}, {100, 30}, {139, 40}, {140, 1}, {140, 2}, {141, 40}, {500, 200}, {500, 1}, {1, 200}} {
		for _, keys := range [][]string{nil, {"*"}, {"enter"}, {"?"}, {"s"}, {"C"}, {"/", "x", "x"}, {"e"}, {"d"}, {"down", "enter", "tab"}} {
			u := newUser(t, size[0], size[1], func(o *Options) { o.Notice = "notice" }, asking)
			u.keys(keys...)
			u.due(settleMsg(0))
			u.checkFrame()
		}
	}
}

func TestRandomSessions(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 150 {
		u := newUser(t, random.IntN(260)+1, random.IntN(70)+1, asking)
		session := make([]byte, 80)
		for i := range session {
			session[i] = byte(random.IntN(256))
			u.byte(session[i])
			u.checkFrame()
		}
	}
}
