package view

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"capview/inspect"
)

// Checks is those of a process or group, as a tracer gives them.
type Checks struct {
	Counts []inspect.CheckCount
	Events []inspect.Event // single checks, the oldest first
	Left   uint64          // how many checks are left out, for they are hidden ones
	Loose  uint64          // how many checks are of nobody known: there was no more room to tell them apart
	// Elsewhere is why these may not be all: it is not among what is traced; "" where it is.
	Elsewhere string
}

// TraceBlocks is the checks, counted by capability, verdict and target, denials first; and the last ones, the newest first.
// picks has each row's check by its Block.Picks.
func TraceBlocks(ix *inspect.Index, c *Checks) (blocks []Block, picks map[string]inspect.CheckCount) {
	picks = map[string]inspect.CheckCount{}
	if c.Elsewhere != "" {
		blocks = append(blocks, Block{Note: Clean(c.Elsewhere)})
	}
	blocks = append(blocks, countsBlock(ix, c, picks))
	if c.Loose > 0 {
		blocks = append(blocks, Block{Note: strconv.FormatUint(c.Loose, 10) + " more checks on the node are counted by capability alone: there were too many kinds to tell whose they are."})
	}
	if len(c.Events) > 0 {
		blocks = append(blocks, eventsBlock(ix, c.Events, picks))
	}
	return blocks, picks
}

// checkKind is what checks have in common that are one row.
type checkKind struct {
	cap    string
	denied bool
	target uint64 // 0 is its own, which is not the host's: each of its programs may have made itself one
	creds  inspect.CheckCreds
	probe  bool
}

func kindOf(ix *inspect.Index, c *inspect.CheckCount) checkKind {
	target := c.TargetUserNS
	if target == c.CurrentUserNS && target != ix.Host.UserNamespace {
		target = 0
	}
	return checkKind{c.Cap.Short(), c.Denied, target, c.Creds, c.Probe}
}

// mergeChecks makes a row of each kind: of the latest of them it has all but the count.
func mergeChecks(ix *inspect.Index, counts []inspect.CheckCount) []inspect.CheckCount {
	at := map[checkKind]int{}
	var rows []inspect.CheckCount
	for i := range counts {
		c := counts[i]
		kind := kindOf(ix, &c)
		n, known := at[kind]
		if !known {
			at[kind] = len(rows)
			rows = append(rows, c)
			continue
		}
		c.Count += rows[n].Count
		if c.Last.Before(rows[n].Last) {
			rows[n].Count = c.Count
			continue
		}
		rows[n] = c
	}
	slices.SortStableFunc(rows, func(a, b inspect.CheckCount) int {
		if a.Denied != b.Denied {
			if a.Denied {
				return -1
			}
			return 1
		}
		return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Cap, b.Cap), cmp.Compare(a.TargetUserNS, b.TargetUserNS))
	})
	return rows
}

func countsBlock(ix *inspect.Index, c *Checks, picks map[string]inspect.CheckCount) Block {
	b := Block{Title: "Checks", Head: []string{"ANSWER", "CAPABILITY", "CHECKS", "OVER", "LAST IN", "LAST BY"}}
	for _, r := range mergeChecks(ix, c.Counts) {
		b.Rows = append(b.Rows, []Cell{answerCell(&r.Check), capCell(&r.Check), {strconv.FormatUint(r.Count, 10), Plain},
			overCell(ix, r.TargetUserNS, r.CurrentUserNS), callCell(r.Syscall), {Clean(fmt.Sprintf("%s (%d)", r.Comm, r.PID)), Plain}})
		pick := fmt.Sprint(kindOf(ix, &r))
		b.Picks = append(b.Picks, pick)
		picks[pick] = r
	}
	switch {
	case len(b.Rows) == 0 && c.Left == 0:
		b.Head, b.Note = nil, "No capability was asked for."
		if c.Loose > 0 {
			b.Note = "No check is known to be its own."
		}
	case len(b.Rows) == 0:
		b.Head = nil
	}
	if len(b.Rows) > 0 {
		b.Note = "enter: why it was decided so. "
	}
	if c.Left > 0 {
		b.Note += strconv.FormatUint(c.Left, 10) + " left out: probes of the kernel's own, and checks with other credentials put in place of the program's; * shows them."
	}
	return b
}

func eventsBlock(ix *inspect.Index, events []inspect.Event, picks map[string]inspect.CheckCount) Block {
	b := Block{Title: "The last ones", Head: []string{"TIME", "ANSWER", "CAPABILITY", "OVER", "IN", "BY"}}
	for i := len(events) - 1; i >= 0; i-- {
		e := &events[i]
		b.Rows = append(b.Rows, []Cell{{e.Time.Format("15:04:05.000"), Muted}, answerCell(&e.Check), capCell(&e.Check),
			overCell(ix, e.TargetUserNS, e.CurrentUserNS), callCell(e.Syscall), {Clean(fmt.Sprintf("%s (%d)", e.Comm, e.PID)), Plain}})
		pick := fmt.Sprint(e.Time.UnixNano(), e.TID, e.Cap, e.TargetUserNS)
		b.Picks = append(b.Picks, pick)
		picks[pick] = inspect.CheckCount{Check: e.Check, Count: 1, First: e.Time, Last: e.Time, Comm: e.Comm, PPID: e.PPID, UID: e.UID,
			CurrentUserNS: e.CurrentUserNS, Effective: e.Effective}
	}
	return b
}

func answerCell(c *inspect.Check) Cell {
	if c.Denied {
		return Cell{"deny", Warn}
	}
	return Cell{"allow", Plain}
}

// capCell is the capability, and what is to be said of a check that is hidden most often.
func capCell(c *inspect.Check) Cell {
	switch {
	case c.Probe:
		return Cell{c.Cap.Short() + " (probe)", Muted}
	case c.Creds != inspect.CredsOwn:
		return Cell{c.Cap.Short() + " (" + string(c.Creds) + " credentials)", Muted}
	}
	return Cell{c.Cap.Short(), Accent}
}

// overCell is the user namespace that was asked about; its own is "own", the host's own too.
func overCell(ix *inspect.Index, target, current uint64) Cell {
	name := UserNSName(ix, target)
	if target == current && target != ix.Host.UserNamespace {
		return Cell{name + " (own)", Plain}
	}
	if target != current {
		return Cell{name, Notice}
	}
	return Cell{name, Muted}
}

func callCell(s inspect.Syscall) Cell {
	if name := s.Name(); name != "" {
		return Cell{name, Plain}
	}
	return absent()
}

// CheckBlock is a check that a question is about.
func CheckBlock(ix *inspect.Index, c *inspect.CheckCount, as string) Block {
	by := fmt.Sprintf("%s (%d), uid %d", c.Comm, c.PID, c.UID)
	call := c.Syscall.Name()
	if call == "" {
		call = "no system call"
	}
	said := Cell{"allow", Good}
	if c.Denied {
		said = Cell{"deny", Warn}
	}
	rows := [][]Cell{
		pair("asked by", Cell{Clean(by), Plain}),
		pair("in", Cell{Clean(call), Plain}),
		pair("at", Cell{c.Last.Format(time.TimeOnly), Plain}),
		pair("over", overCell(ix, c.TargetUserNS, c.CurrentUserNS)),
		pair("the kernel said", said),
	}
	if as != "" {
		rows = append(rows, pair("judged by", Cell{Clean(as), Muted}))
	}
	return Block{Title: "The check", Rows: rows}
}
