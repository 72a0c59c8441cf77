package ui

import (
	"context"
	"io/fs"
	"testing"
	"time"

	"capview/inspect"
	"capview/ui/theme"
)

func TestAFailedScanKeepsTheLast(t *testing.T) {
	u := newUser(t, 80, 24)
	u.node.err = errDenied
	u.due(tickMsg(0))
	u.sees("scan failed: permission denied; this is from 12:00:00")
	u.sees("web (docker) (3)")
	u.node.err = nil
	u.due(tickMsg(0))
	u.seesNot("scan failed")
}

func TestAFirstScanThatFailsSaysSo(t *testing.T) {
	u := newUser(t, 80, 24, func(o *Options) { o.Source = &fakeNode{err: errDenied} })
	u.sees("nothing could be read: permission denied")
}

func TestPauseStopsScanningAndRefreshStillWorks(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("p")
	u.sees("paused at 12:00:00")
	u.refreshed(left(node7(), 800, 900))
	u.sees("sshd")
	u.keys("r")
	u.seesNot("sshd")
	u.keys("p")
	u.sees("live 2s")
}

func TestOneScanAtATime(t *testing.T) {
	u := newUser(t, 80, 24)
	first := u.m.scan()
	if first == nil || u.m.scan() != nil {
		t.Error("two scans are under way")
	}
	u.run(first)
	if len(u.later) == 0 {
		t.Error("no tick is armed")
	}
}

func TestAStaleTickDoesNothing(t *testing.T) {
	u := newUser(t, 80, 24)
	old := u.m.refresh.tick
	u.keys("r") // arms another
	if cmd := u.m.ticked(tickMsg(old)); cmd != nil {
		t.Error("a tick that was replaced scans")
	}
}

func TestASnapshotIsMarkedAsOne(t *testing.T) {
	u := newUser(t, 100, 24, func(o *Options) {
		o.Live, o.Origin = false, "node.json.gz"
		o.Now = func() time.Time { return noon.Add(75 * time.Hour) }
	})
	u.sees("snapshot node.json.gz, 3d old")
	u.keys("p")
	u.sees("this is a snapshot")
	if len(u.later) != 0 {
		t.Error("a snapshot ticks")
	}
}

func TestDetailFollowsTheProcessAndItsEnd(t *testing.T) {
	asked := 0
	u := newUser(t, 80, 24, func(o *Options) {
		o.Detail = func(_ context.Context, pid int, start uint64) (inspect.Process, error) {
			asked++
			for _, p := range node7().Processes {
				if p.PID == pid && p.StartTime == start {
					p.Status = "Name:\tfull\n"
					return *p, nil
				}
			}
			return inspect.Process{}, fs.ErrNotExist
		}
	})
	u.typed("4211")
	u.keys("enter", "enter")
	u.sees("> 4211 nginx")
	u.sees("[1 Overview]")
	u.refreshed(node7())
	if asked != 2 {
		t.Errorf("read %d times", asked)
	}
	u.refreshed(left(node7(), 4211))
	u.sees("this process has ended")
	u.sees("/usr/bin/nginx --serve")
	u.keys("tab", "esc")
	u.sees("group container")
	u.seesNot("[2 ")
}

func TestGroupDetail(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("down", "enter")
	u.sees("> web (docker) (3)")
	u.keys("esc")
	u.on("web (docker) (3)")
}

func TestDetailStandsBesideAndFollowsWhenTheCursorRests(t *testing.T) {
	u := newUser(t, 160, 40)
	u.due(settleMsg(0))
	u.sees("|   db (podman) (1)")
	u.keys("down")
	u.sees("|   db (podman) (1)")
	u.due(settleMsg(0))
	u.sees("|   web (docker) (3)")
	u.keys("tab")
	u.sees("| > web (docker) (3)")
	u.keys("esc", "w")
	u.seesNot("web (docker) (3)  |")
}

func TestDiffSinceTheMark(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("d")
	u.sees("Nothing changed.")
	u.keys("esc")
	u.refreshed(left(node7(), 900))
	u.keys("d")
	u.sees("Left")
	u.sees("ping")
	u.keys("esc", "m", "d")
	u.sees("Nothing changed.")
}

func TestStartOptions(t *testing.T) {
	u := newUser(t, 100, 24, func(o *Options) {
		o.Container, o.Filter, o.Sort, o.GroupBy = "web", "user:root", "pid", inspect.ByUser
		o.Notice = "without root: some facts are unknown (run with sudo)"
	})
	u.sees("container web")
	u.sees("user:root")
	u.sees("sort pid  group user")
	u.sees("run with sudo")
	u.seesNot("redis")
}

func TestABadFilterAtTheStartIsSaid(t *testing.T) {
	u := newUser(t, 80, 24, func(o *Options) { o.Filter = "nokey:x" })
	u.sees("nokey")
	u.sees("web (docker) (3)")
}

func TestASCIITerminal(t *testing.T) {
	u := newUser(t, 80, 24, func(o *Options) { o.ASCII, o.Theme = true, theme.Plain() })
	u.keys("*", "?")
	for _, r := range u.m.View() {
		if r > 126 {
			t.Errorf("%q is shown on a terminal that has ASCII only", r)
		}
	}
}

func TestAThreadOpensTheTabOfThreads(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("H", "*", "f")
	u.typed("nginx-io")
	u.keys("enter", "enter")
	u.sees("> 4212 nginx")
	u.sees("Threads]")
}

func TestTheDetailBesideLeavesAProcessThatEnded(t *testing.T) {
	u := newUser(t, 160, 40)
	u.typed("4211")
	u.keys("enter")
	u.due(settleMsg(0))
	u.sees("|   4211 nginx")
	u.refreshed(left(node7(), 4211))
	u.sees("|   4212 nginx")
}
