package cgroup

import "strings"

// Choose picks the path that says most: one that names a container, else a systemd unit, else a slice, else the
// deepest. Controllers disagree on v1 and hybrid nodes: not every runtime enters every hierarchy. "" for no paths.
func Choose(ps Paths) string {
	var best string
	var most [2]int
	for _, p := range ps.All {
		score := [2]int{says(Match(p.Path)), strings.Count(strings.TrimSuffix(p.Path, "/"), "/")}
		if best == "" || score[0] > most[0] || score[0] == most[0] && score[1] > most[1] {
			best, most = p.Path, score
		}
	}
	return best
}

// says ranks what a path tells. A container in a unit's delegated subtree is less than one nobody but the host's
// root can have named.
func says(id Identity) int {
	switch {
	case id.Contained() && id.Delegated == "":
		return 5
	case id.Contained():
		return 4
	case id.PodUID != "":
		return 3
	case id.Unit != "":
		return 2
	case id.Slice != "":
		return 1
	}
	return 0
}
