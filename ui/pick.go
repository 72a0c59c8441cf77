package ui

import (
	"maps"
	"slices"
	"strings"

	"capview/ui/line"
)

// picker is which of a page's rows is picked, where rows can be: it stays on its row when the page is drawn anew.
type picker struct {
	picks  map[int]string // what the lines' rows are, by the line's number; nil where none can be picked
	pick   string
	at     int  // the line of pick
	chosen bool // by a key; else it is the first, whatever that is
	active bool // the page has the keys
	look   looks
}

// find looks for what is picked among the page's new lines, and tells how far down it went. Where it is no more, the row
// that is nearest is picked.
func (p *picker) find() (moved int) {
	switch {
	case len(p.picks) == 0:
		return 0
	case !p.chosen:
		p.choose(p.first())
		return 0
	}
	for at, pick := range p.picks {
		if pick == p.pick {
			moved, p.at = at-p.at, at
			return moved
		}
	}
	p.choose(p.nearest(p.at))
	return 0
}

func (p *picker) choose(at int) { p.at, p.pick = at, p.picks[at] }

// lines is the lines that can be picked, in order.
func (p *picker) order() []int { return slices.Sorted(maps.Keys(p.picks)) }

func (p *picker) first() int { return p.order()[0] }

// nearest is the line that can be picked nearest to one.
func (p *picker) nearest(line int) int {
	order := p.order()
	best := order[0]
	for _, at := range order {
		if max(at-line, line-at) < max(best-line, line-best) {
			best = at
		}
	}
	return best
}

// step picks the nth row below; false where there are none to pick.
func (p *picker) step(n int) (at int, ok bool) {
	if len(p.picks) == 0 {
		return 0, false
	}
	order := p.order()
	i := slices.Index(order, p.at)
	p.choose(order[max(0, min(i+n, len(order)-1))])
	p.chosen = p.at != order[0]
	return p.at, true
}

// keepInSight picks another row where the one that is picked has gone out of the window.
func (p *picker) keepInSight(off, height int) {
	if len(p.picks) == 0 || p.at >= off && p.at < off+height {
		return
	}
	target := off
	if p.at >= off+height {
		target = off + height - 1
	}
	if at := p.nearest(target); at >= off && at < off+height {
		p.choose(at)
		p.chosen = at != p.first()
	}
}

// marked is a line as it is shown: the one that is picked has the cursor's mark and look.
func (p *picker) marked(b *line.Builder, text string, at, width int) string {
	if !p.active || len(p.picks) == 0 || at != p.at {
		return text
	}
	b.Start(width, p.look.Cursor)
	b.Put("", ">"+strings.TrimPrefix(bare(text), " "))
	return b.String()
}

// bare is a line without the sequences that line.Builder puts into it.
func bare(text string) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "\x1b[")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		_, text, _ = strings.Cut(after, "m")
	}
}
