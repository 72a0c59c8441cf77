package view

import (
	"strconv"

	"capview/inspect"
)

const (
	cpuDoc    = "CPU time of the container's control group since the scan before, in % of one CPU; ? in a first scan"
	memoryDoc = "memory of the container's control group, page cache included"
)

// groupUsage is what a group's control group uses; only containers are asked.
func groupUsage() []Column[GroupRow] {
	cpu := func(g GroupRow) inspect.Opt[uint64] { return usageOf(g.G.Container).CPURate }
	memory := func(g GroupRow) inspect.Opt[uint64] { return usageOf(g.G.Container).Memory }
	return []Column[GroupRow]{
		{Key: "cpu", Title: "CPU%", Doc: cpuDoc, Min: 5, Max: 7, Right: true, Less: byOpt(cpu),
			Cell:  func(g GroupRow) Cell { return usageCell(g, cpu(g), percent) },
			Value: func(g GroupRow) any { return value(cpu(g)) }},
		{Key: "memory", Title: "MEM", Doc: memoryDoc, Min: 5, Max: 7, Right: true, Less: byOpt(memory),
			Cell:  func(g GroupRow) Cell { return usageCell(g, memory(g), Bytes) },
			Value: func(g GroupRow) any { return value(memory(g)) }},
	}
}

// GroupOnly is the columns of Containers that a list of groups with their processes may show too: in a process's row
// they are empty, and order it by its container.
func GroupOnly() []Column[Row] {
	nothing := func(Row) Cell { return Cell{} }
	cpu := func(r Row) inspect.Opt[uint64] { return usageOf(r.container()).CPURate }
	memory := func(r Row) inspect.Opt[uint64] { return usageOf(r.container()).Memory }
	return []Column[Row]{
		{Key: "cpu", Title: "CPU%", Doc: cpuDoc, Min: 5, Max: 7, Right: true, Cell: nothing, Less: byOpt(cpu), Value: func(r Row) any { return value(cpu(r)) }},
		{Key: "memory", Title: "MEM", Doc: memoryDoc, Min: 5, Max: 7, Right: true, Cell: nothing, Less: byOpt(memory), Value: func(r Row) any { return value(memory(r)) }},
	}
}

func usageOf(c *inspect.Container) inspect.Usage {
	if c == nil {
		return inspect.Usage{}
	}
	return c.Usage
}

func usageCell(g GroupRow, o inspect.Opt[uint64], text func(uint64) string) Cell {
	n, ok := o.Get()
	switch {
	case ok:
		return Cell{text(n), Plain}
	case g.contained():
		return gone()
	}
	return absent()
}

// percent is microseconds in a second as a share of one CPU: "0.3", "150".
func percent(usec uint64) string {
	tenths := (usec + 500) / 1000
	if tenths >= 1000 {
		return strconv.FormatUint((usec+5000)/10000, 10)
	}
	return strconv.FormatUint(tenths/10, 10) + "." + strconv.FormatUint(tenths%10, 10)
}

// Bytes is a size in its greatest binary unit, with a tenth where that is less than ten: "512", "1.5K", "12M".
func Bytes(n uint64) string {
	if n < 1024 {
		return strconv.FormatUint(n, 10)
	}
	unit := 0
	whole := n
	rest := uint64(0)
	for whole >= 1024 {
		whole, rest = whole/1024, whole%1024
		unit++
	}
	s := strconv.FormatUint(whole, 10)
	if whole < 10 {
		s += "." + strconv.FormatUint(rest*10/1024, 10)
	}
	return s + "KMGTPE"[unit-1:unit]
}
