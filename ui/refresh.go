package ui

import (
	"fmt"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"capview/inspect"
	"capview/ui/view"
)

// refresh is the state of reading the source: at most one scan is under way, and the next tick is armed when it ends.
type refresh struct {
	scanning bool
	paused   bool
	tick     int           // the tick armed last: earlier ones are void
	took     time.Duration // the last scan
	at       time.Time     // when it ended
	err      error         // of the last scan; nil after one that succeeded
	changes  []string      // what the last one brought: in words, and in signs for where there is no room
	fresh    map[id]*change
}

type scannedMsg struct {
	ix      *inspect.Index
	changes inspect.Changes
	took    time.Duration
	at      time.Time
	err     error
}

type tickMsg int

// scan reads the source beside the program, and compares with what was read before.
func (m *Model) scan() tea.Cmd {
	if m.refresh.scanning || m.opt.Source == nil {
		return nil
	}
	m.refresh.scanning = true
	before, opt, ctx := m.ix, m.opt, m.ctx
	return func() tea.Msg {
		start := opt.Now()
		s, err := opt.Source.Snapshot(ctx)
		msg := scannedMsg{at: opt.Now(), err: err}
		msg.took = msg.at.Sub(start)
		if err != nil {
			return msg
		}
		msg.ix = inspect.NewIndex(s)
		if before != nil {
			msg.changes = inspect.Diff(before, msg.ix)
		}
		if msg.changes.Steady {
			msg.ix.TakeOver(before)
		}
		return msg
	}
}

// scanned takes a scan over. After a failed one the last good one stays, and that is said.
func (m *Model) scanned(msg scannedMsg) tea.Cmd {
	r := &m.refresh
	r.scanning, r.err = false, msg.err
	if msg.err != nil {
		return m.arm()
	}
	r.took, r.at = msg.took, msg.at
	steady := m.steady(msg.changes)
	r.fresh, r.changes = freshChanges(msg.changes), changeWords(msg.changes)
	was := m.ix
	m.ix = msg.ix
	m.tracing.look(m.ix)
	if steady {
		m.list.moveTo(m.ix)
		if m.gaps.of == was {
			m.gaps.of = m.ix
		}
		return tea.Batch(m.listShown(), m.arm())
	}
	if m.marked == nil {
		m.marked = m.ix
	}
	return tea.Batch(m.rebuild(), m.arm())
}

// changeWords counts what changed, in words and in signs; nil for nothing.
func changeWords(c inspect.Changes) []string {
	var words, signs []string
	for _, n := range []struct {
		count      int
		what, sign string
	}{{len(c.Appeared), "new", "+"}, {len(c.Left), "gone", "-"}, {len(c.Changed), "changed", "*"}} {
		if n.count > 0 {
			words = append(words, fmt.Sprintf("%d %s", n.count, n.what))
			signs = append(signs, fmt.Sprintf("%s%d", n.sign, n.count))
		}
	}
	if words == nil {
		return nil
	}
	return []string{strings.Join(words, " "), strings.Join(signs, " ")}
}

// arm waits for the next scan.
func (m *Model) arm() tea.Cmd {
	m.refresh.tick++
	if !m.opt.Live || m.refresh.paused {
		return nil
	}
	return m.after(m.opt.Interval, tickMsg(m.refresh.tick))
}

func (m *Model) ticked(msg tickMsg) tea.Cmd {
	if int(msg) != m.refresh.tick || m.refresh.paused {
		return nil
	}
	return m.scan()
}

// pause stops and starts the refreshing.
func (m *Model) pause() tea.Cmd {
	if !m.opt.Live {
		return m.onlyLive()
	}
	if m.refresh.paused = !m.refresh.paused; m.refresh.paused {
		return nil
	}
	return m.scan()
}

// again scans now, paused or not.
func (m *Model) again() tea.Cmd {
	if !m.opt.Live {
		return m.onlyLive()
	}
	return m.scan()
}

func (m *Model) onlyLive() tea.Cmd {
	m.say("this is a snapshot: there is nothing newer in it")
	return nil
}

// liveness says how fresh what is shown is. It changes with a key or a scan only, never by itself.
func (m *Model) liveness() string {
	switch {
	case !m.opt.Live && m.ix != nil:
		return fmt.Sprintf("snapshot %s, %s old", m.origin(), age(m.refresh.at.Sub(m.ix.TakenAt)))
	case !m.opt.Live:
		return "snapshot " + m.origin()
	case m.refresh.err != nil:
		return "scan failed"
	case m.refresh.paused && m.ix != nil:
		return "paused at " + m.refresh.at.Format(time.TimeOnly)
	case m.refresh.paused:
		return "paused"
	}
	return "live " + m.opt.Interval.String()
}

// origin is the file's name without its folders.
func (m *Model) origin() string {
	o := m.opt.Origin
	return view.Clean(o[strings.LastIndexAny(o, `/\`)+1:])
}

// age is d in its two largest units at most.
func age(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Minute:
		return d.Round(time.Second).String()
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}
