package proc

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

func TestInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for n := range 300 {
		list := make([]cmdline, n)
		for i, pid := range r.Perm(n) {
			list[i] = cmdline{cmdlineID{pid: pid}, []string{strconv.Itoa(pid)}}
		}
		if n%3 == 0 && n > 0 { // PIDs came round
			slices.SortFunc(list, func(a, b cmdline) int { return a.pid - b.pid })
			list = slices.Concat(list[n/2:], list[:n/2])
		}
		inOrder(list, func(c *cmdline) int { return c.pid })
		for i := range list {
			if list[i].pid != i || list[i].text[0] != strconv.Itoa(i) {
				t.Fatalf("of %d: place %d has %v", n, i, list[i])
			}
		}
	}
}

// A pass over the command lines may take as long as it comes on; one that does not is given up.
func TestCmdlinePassIsGivenUp(t *testing.T) {
	for _, c := range []struct {
		name  string
		every time.Duration // a command line comes
		lines int
		ends  bool
	}{
		{"quick", time.Millisecond, 10, true},
		{"slow", patience * 9 / 10, 30, true},
		{"none at all", 0, 0, false},
		{"stops", patience / 2, 5, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pass := &cmdlinePass{found: make(chan []cmdline, 1)}
				begin := time.Now()
				go func() {
					for range c.lines {
						time.Sleep(c.every)
						pass.told.Add(1)
					}
					if c.ends {
						pass.found <- []cmdline{{cmdlineID{pid: 1}, []string{"init"}}}
					}
				}()
				found, ended := pass.wait(patience)
				if ended != c.ends || (len(found) == 1) != c.ends {
					t.Errorf("ended %v, %d found", ended, len(found))
				}
				if took, most := time.Since(begin), time.Duration(c.lines)*c.every+2*patience; took > most {
					t.Errorf("took %v, at most %v wanted", took, most)
				}
			})
		})
	}
}
