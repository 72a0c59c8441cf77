package ui

import (
	"strings"
	"testing"

	"capview/inspect"
	"capview/inspect/caps"
)

// left is the node without these processes.
func left(s *inspect.Snapshot, pids ...int) *inspect.Snapshot {
	after := *s
	after.Processes = nil
	for _, p := range s.Processes {
		gone := false
		for _, pid := range pids {
			gone = gone || p.PID == pid
		}
		if !gone {
			after.Processes = append(after.Processes, p)
		}
	}
	return &after
}

// refreshed lets the source give s, and the tick come.
func (u *user) refreshed(s *inspect.Snapshot) {
	u.node.snap = s
	u.due(tickMsg(0))
}

func TestCursorKeepsItsProcessThroughRefreshes(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("*")
	u.typed("800")
	u.keys("enter")
	u.on("800 sshd")
	u.refreshed(left(node7(), 4200, 4211, 4212, 5100)) // all above it
	u.on("800 sshd")
	u.refreshed(node7())
	u.on("800 sshd")
	u.refreshed(left(node7(), 800))
	u.on("900 ping") // the next of its group
	u.refreshed(left(node7(), 800, 900))
	u.on("4200 containerd") // what stood above, its group being gone too
}

func TestAReusedPIDIsAnotherProcess(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("*")
	u.typed("800")
	u.keys("enter", " ")
	u.sees("#     800 sshd")
	other := node7()
	for i := range other.Processes {
		if other.Processes[i].PID == 800 {
			other.Processes[i].StartTime = 99999
		}
	}
	u.refreshed(other)
	u.seesNot("#     800 sshd")
}

func TestWhatChangedIsMarkedUntilTheNextRefresh(t *testing.T) {
	u := newUser(t, 120, 24)
	u.keys("*")
	u.seesNot("*")
	after := left(node7(), 900)
	for i := range after.Processes {
		if after.Processes[i].PID == 4211 {
			after.Processes[i].Caps = inspect.Some(caps.Sets{Effective: allCaps, Permitted: allCaps, Bounding: allCaps})
		}
	}
	u.refreshed(after)
	u.sees("*    4211 nginx")
	u.sees("1 gone 1 changed")
	u.refreshed(after)
	u.seesNot("*    4211 nginx")
}

func TestFolding(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("down", "right")
	u.on("- web (docker) (3)")
	u.sees("4211 nginx")
	u.keys("right")
	u.on("4211")
	u.keys("left")
	u.on("- web (docker) (3)")
	u.keys("left")
	u.on("+ web (docker) (3)")
	u.seesNot("4211 nginx")
	u.keys("*")
	u.sees("7000")
	u.keys("*")
	u.seesNot("7000")
}

func TestContainerFilterIsOneKeyAndBack(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("down", "c")
	u.sees("/ container web  (hides 7)")
	u.sees("4211 nginx")
	u.seesNot("sshd")
	u.keys("c")
	u.seesNot("container web")
	u.sees("sshd")
}

func TestTagsNarrowTheList(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("#")
	u.sees("nothing is tagged")
	u.keys("down", " ")
	u.sees("\n #+ web (docker) (3)")
	u.keys("#")
	u.sees("tagged  (hides 7)")
	u.sees("3 tags")
	u.keys("esc")
	u.sees("sshd")
	u.keys("U", "up")
	u.seesNot("3 tags")
}

func TestFollowEndsWithTheProcess(t *testing.T) {
	u := newUser(t, 80, 24)
	u.typed("4211")
	u.keys("enter", "F")
	u.sees("follows 4211")
	u.refreshed(node7())
	u.on("4211")
	u.refreshed(left(node7(), 4211))
	u.sees("has ended")
	u.seesNot("follows")
}

func TestFindLooksIntoFoldedGroups(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("f")
	u.typed("ngin")
	u.seesNot("redis") // found by the first letter alone
	u.on("4211 nginx")
	u.keys("enter", "n")
	u.on("4212 nginx")
	u.keys("n")
	u.on("4211 nginx")
	u.keys("f")
	u.typed("nothing like it")
	u.sees("not found")
	u.keys("esc")
	u.on("4211 nginx")
}

func TestTypedAheadKeysAreSeparateKeys(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("jj") // read at once
	if u.m.table.Index() != 2 {
		t.Errorf("the cursor is on row %d", u.m.table.Index())
	}
}

func TestSortingByAColumnOrdersTheGroupsToo(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("s")
	u.typed("pid")
	u.keys("enter")
	u.sees("sort pid")
	if first := u.lines()[3]; !strings.Contains(first, "host") {
		t.Errorf("the group of PID 1 is not first: %q", first)
	}
	u.keys("I")
	u.sees("sort pid turned round")
	if first := u.lines()[3]; !strings.Contains(first, "host") { // it has PID 7000 too
		t.Errorf("the group of the last PID is not first: %q", first)
	}
}

func TestColumnsAreChosenAndOrdered(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("C", " ", "down", "left", "enter") // not user; userns before effective
	title := u.lines()[2]
	if strings.Contains(title, "USER ") || strings.Index(title, "USERNS") > strings.Index(title, "EFFECTIVE") {
		t.Errorf("titles are %q", title)
	}
}

func TestAStepOfTheCursorChangesThreeLines(t *testing.T) {
	for _, width := range []int{80, 200} {
		u := newUser(t, width, 24)
		u.keys("*")
		u.due(settleMsg(0))
		before := u.lines()
		for range 6 {
			u.keys("down")
			after := u.lines()
			changed := 0
			for i := range after {
				if after[i] != before[i] {
					changed++
				}
			}
			if changed > 3 {
				t.Errorf("at %d columns %d lines changed", width, changed)
			}
			before = after
		}
	}
}
