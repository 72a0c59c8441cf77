package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"capview/inspect"
	"capview/ui/view"
)

// side names one of the two snapshots.
type side struct {
	Hostname string    `json:"hostname"`
	BootID   string    `json:"boot_id"`
	TakenAt  time.Time `json:"taken_at"`
}

// changedProcess is a process that is in both snapshots, as it is now, with what differs.
type changedProcess struct {
	PID       int          `json:"pid"`
	StartTime uint64       `json:"start_time"`
	Comm      string       `json:"comm"`
	Container string       `json:"container"`
	Changes   []factChange `json:"changes"`
}

type factChange struct {
	Fact   string `json:"fact"`
	Before string `json:"before"`
	After  string `json:"after"`
	Gained string `json:"gained,omitempty"`
	Lost   string `json:"lost,omitempty"`
}

func (a *app) writeChanges(form string, before, after *inspect.Index, c inspect.Changes) error {
	if form == "json" {
		return writeJSON(a.out, jsonChanges(before, after, c))
	}
	for _, left := range c.ContainersLeft {
		a.writeContainer("-", before, left)
	}
	for _, appeared := range c.ContainersAppeared {
		a.writeContainer("+", after, appeared)
	}
	for _, p := range c.Left {
		a.writeProcess("-", before, p)
	}
	for _, p := range c.Appeared {
		a.writeProcess("+", after, p)
	}
	for _, change := range c.Changed {
		a.writeProcess("~", after, change.After)
		for _, f := range change.Facts {
			fmt.Fprintf(a.out, "    %s\n", view.Clean(factText(f)))
		}
	}
	return nil
}

// writeContainer writes the line that names a group of processes.
func (a *app) writeContainer(mark string, ix *inspect.Index, c *inspect.Container) {
	about := string(c.Kind)
	if c.Runtime != "" {
		about += ", " + c.Runtime
	}
	fmt.Fprintf(a.out, "%s %s  (%s)\n", mark, called(ix, c), view.Clean(about))
}

// writeProcess writes the line that names a process: what, PID, name, user, effective set, group.
func (a *app) writeProcess(mark string, ix *inspect.Index, p *inspect.Process) {
	row, columns := view.Row{Ix: ix, P: p}, view.Processes()
	line := []string{mark + " " + strconv.Itoa(p.PID)}
	for _, key := range []string{"name", "user", "effective"} {
		c, _ := view.Find(columns, key)
		line = append(line, c.Cell(row).Text)
	}
	if c := ix.Container(p.Container); c != nil {
		line = append(line, "in "+called(ix, c))
	}
	fmt.Fprintln(a.out, strings.Join(line, "  "))
}

// factText words one difference.
func factText(f inspect.FactChange) string {
	text := f.Fact + "  " + strconv.Quote(f.Before) + " -> " + strconv.Quote(f.After)
	if f.Gained+f.Lost == "" {
		return text
	}
	text = f.Fact
	if f.Gained != "" {
		text += "  gained " + f.Gained
	}
	if f.Lost != "" {
		text += "  lost " + f.Lost
	}
	return text
}

type changesJSON struct {
	Before   side               `json:"before"`
	After    side               `json:"after"`
	Appeared []*inspect.Process `json:"appeared"`
	Left     []*inspect.Process `json:"left"`
	Changed  []changedProcess   `json:"changed"`
	SameBoot bool               `json:"same_boot"`

	ContainersAppeared []*inspect.Container `json:"containers_appeared"`
	ContainersLeft     []*inspect.Container `json:"containers_left"`
}

func jsonChanges(before, after *inspect.Index, c inspect.Changes) changesJSON {
	j := changesJSON{
		Before: side{before.Host.Hostname, before.Host.BootID, before.TakenAt}, After: side{after.Host.Hostname, after.Host.BootID, after.TakenAt},
		Appeared: append([]*inspect.Process{}, c.Appeared...), Left: append([]*inspect.Process{}, c.Left...), Changed: []changedProcess{},
		SameBoot:           c.SameBoot,
		ContainersAppeared: append([]*inspect.Container{}, c.ContainersAppeared...), ContainersLeft: append([]*inspect.Container{}, c.ContainersLeft...),
	}
	for _, ch := range c.Changed {
		p := changedProcess{PID: ch.After.PID, StartTime: ch.After.StartTime, Comm: ch.After.Comm, Container: ch.After.Container}
		for _, f := range ch.Facts {
			p.Changes = append(p.Changes, factChange(f))
		}
		j.Changed = append(j.Changed, p)
	}
	return j
}
