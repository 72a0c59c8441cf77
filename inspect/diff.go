package inspect

// Changes is what differs from one Snapshot to a later one of the same node, or between two nodes.
type Changes struct {
	Appeared, Left []*Process
	Changed        []Change
}

// Change is a process that is in both, with what differs.
type Change struct {
	Before, After *Process
	Facts         []FactChange
}

// FactChange is one fact that differs: its JSON key ("caps.effective"), gained and lost in words.
type FactChange struct {
	Fact   string
	Before string
	After  string
	Gained string // for sets: the names gained, "cap_" left out; else ""
	Lost   string
}

// Diff compares; processes are the same where PID and start time are (and the boot id).
func Diff(before, after *Index) Changes { return Changes{} }
