package tty

import (
	"errors"
	"fmt"
	"os"
	"testing"
)

// process is one line of a made-up process table.
type process struct{ parent, pgrp, session int }

func TestContinuable(t *testing.T) {
	for _, test := range []struct {
		name  string
		table map[int]process // this process is 10, in group 10 and session 5
		want  bool
	}{
		{"a job of a shell", map[int]process{10: {5, 10, 5}, 5: {1, 5, 5}}, true},
		{"sudo in the group", map[int]process{10: {9, 9, 5}, 9: {5, 9, 5}, 5: {1, 5, 5}}, true},
		{"sudo started by sshd", map[int]process{10: {9, 9, 9}, 9: {3, 9, 9}, 3: {1, 3, 3}}, false},
		{"the leader of a session", map[int]process{10: {3, 10, 10}, 3: {1, 3, 3}}, false},
		{"the parent is gone", map[int]process{10: {4, 10, 5}}, false},
		{"the first of a container", map[int]process{10: {0, 10, 10}}, false},
		{"a table that turns in a circle", map[int]process{10: {9, 10, 5}, 9: {10, 10, 5}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			find := func(pid int) (process, error) {
				p, ok := test.table[pid]
				if !ok {
					return p, os.ErrNotExist
				}
				return p, nil
			}
			self := test.table[10]
			got := continuable(self.parent, group{
				pgrp: self.pgrp, session: self.session,
				pgrpOf:    func(pid int) (int, error) { p, err := find(pid); return p.pgrp, err },
				sessionOf: func(pid int) (int, error) { p, err := find(pid); return p.session, err },
				parentOf:  func(pid int) (int, error) { p, err := find(pid); return p.parent, err },
			})
			if got != test.want {
				t.Errorf("continuable: %v", got)
			}
		})
	}
}

func TestParseParent(t *testing.T) {
	for stat, want := range map[string]int{
		"12 (sh) S 7 12 12 0": 7, "12 (a) b (c) 1 2) R 0 1": 0, "12 (\n) \x1b) S 3 12": 3,
		"": -1, "12 (sh) S": -1, "12 (sh) S x": -1, "12 (sh) S -4": -1, ")": -1,
	} {
		got, err := parseParent([]byte(stat))
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %d, %v, want %d", stat, got, err, want)
		}
	}
	if got, err := parentOf(os.Getpid()); err != nil || got != os.Getppid() {
		t.Errorf("own parent %d, %v, want %d", got, err, os.Getppid())
	}
}

func FuzzParseParent(f *testing.F) {
	f.Add("sh", 7)
	f.Add(") S 1 (", 0)
	f.Fuzz(func(t *testing.T, comm string, parent int) {
		got, err := parseParent(fmt.Appendf(nil, "12 (%s) S %d 12", comm, parent))
		if parent < 0 {
			if !errors.Is(err, errStat) {
				t.Errorf("%d, %v", got, err)
			}
		} else if err != nil || got != parent {
			t.Errorf("%d, %v, want %d", got, err, parent)
		}
	})
}
