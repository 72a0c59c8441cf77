//go:build linux

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"capview/inspect"
	"capview/inspect/caps"
	opt "capview/inspect/fact"
	"capview/inspect/proc"
	"capview/inspect/rules"
	"capview/nsinfo"
)

// check is a line of capview trace -o json.
type check struct {
	TS                      time.Time
	PID, TID                int
	Comm, Cap, Verdict      string
	UID                     uint32
	Syscall, Container, Pod *string
	CurrentUserNS           uint64   `json:"current_userns"`
	TargetUserNS            uint64   `json:"target_userns"`
	Caps, Credentials       string   // effective, hexadecimal
	Probe                   bool     // made for the kernel's own sake
	Audit                   *bool    // null: not known
	Totals                  *[]total // of the last line alone
	Rung                    string
	Lost                    map[string]uint64
}

// total is a row of the last line.
type total struct {
	Checks                  uint64
	Cap, Verdict, Comm      string
	Syscall, Container, Pod *string
}

// checksOf reads what capview trace wrote: the checks, and the last line.
func checksOf(t *testing.T, path string) (list []check, last check) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var c check
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("%v: %.200s", err, lines.Text())
		}
		if c.Totals != nil {
			last = c
			continue
		}
		list = append(list, c)
	}
	if lines.Err() != nil || last.Totals == nil {
		t.Fatalf("%s has no last line: %v", path, lines.Err())
	}
	return list, last
}

// moment is the node as it was between two times.
type moment struct {
	from, to time.Time
	ix       *inspect.Index
}

// moments takes snapshots until done is closed.
func moments(t *testing.T, done <-chan struct{}) (list []moment) {
	src, err := proc.New(proc.Options{Root: "/proc"})
	if err != nil {
		t.Error(err)
		return nil
	}
	defer src.Close()
	for {
		from := time.Now()
		s, err := src.Snapshot(context.Background())
		if err != nil {
			t.Error(err)
			return list
		}
		list = append(list, moment{from, time.Now(), inspect.NewIndex(s)})
		select {
		case <-done:
			return list
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// between is what was so at two moments, and so from the end of the one to the begin of the other: an inode is given to
// another user namespace once the first has gone.
type between struct {
	from, to time.Time
	old, now *inspect.Index
	users    rules.Users
}

// betweens is from each moment to the next but one: they overlap, so that every time between the first and the last is in one.
func betweens(all []moment) (list []between) {
	for i := range all {
		if i+2 >= len(all) {
			break
		}
		b := between{all[i].to, all[i+2].from, all[i].ix, all[i+2].ix, rules.Users{}}
		old, now := b.old.Users(), b.now.Users()
		var both []nsinfo.User
		for _, u := range b.old.UserNamespaces {
			if v := now.Lookup(u.Inode); v != nil && v.OwnerUID == u.OwnerUID && v.Parent == u.Parent {
				both = append(both, u)
			}
		}
		b.users = rules.NewUsers(both, old.Initial(), b.old.Host.UserNamespace)
		list = append(list, b)
	}
	return list
}

// predictions counts how the rules' answers compare with the kernel's.
type predictions struct {
	right, denied, owner, above int // of these: denied, by an owner's right, over a user namespace that is not its own
	unknown                     int // over a user namespace that was not there before and after
	outside                     int // made before the node was looked at, or after
	processes                   int // also foretold from what procfs says of the process
	raced                       int // the process had become something else, as the check's own account says
	wrong                       int
}

// predict holds a check to what the rules say: of who made it, by its own account, and of the process.
func (p *predictions) predict(t *testing.T, c *check, all []between) {
	t.Helper()
	set, err := caps.ParseHex(c.Caps)
	if err != nil {
		t.Fatal(err)
	}
	bit, err := caps.Parse(c.Cap)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(b between) bool { return b.from.Before(c.TS) && c.TS.Before(b.to) })
	if i < 0 {
		p.outside++
		return
	}
	b := &all[i]
	task := rules.Task{UID: opt.Some(rules.IDs{Real: c.UID, Effective: c.UID, Saved: c.UID, FS: c.UID}), Caps: opt.Some(caps.Sets{Effective: set})}
	task.Namespaces[nsinfo.UserNS] = c.CurrentUserNS
	result := rules.Capable(&b.users, &task, bit, c.TargetUserNS)
	kernel := opt.Is(c.Verdict == "allow")
	switch result.Answer {
	case opt.Unknown:
		p.unknown++
	case kernel:
		p.right++
		p.classify(c, &result)
		p.ofProcess(t, c, set, bit, b)
	default:
		p.is(t, c, result.Answer)
	}
}

// is fails for a wrong answer, and says the first few.
func (p *predictions) is(t *testing.T, c *check, said opt.Answer) {
	t.Helper()
	if p.wrong++; p.wrong <= 10 {
		t.Errorf("%s: process %d (%s) with uid %d and %s in user namespace %d asked for %s over %d: the kernel says %s, the rules %v",
			c.TS.Format(time.RFC3339Nano), c.PID, c.Comm, c.UID, c.Caps, c.CurrentUserNS, c.Cap, c.TargetUserNS, c.Verdict, said)
	}
}

func (p *predictions) classify(c *check, result *rules.Result) {
	if c.Verdict == "deny" {
		p.denied++
	}
	switch {
	case result.Steps[0].Rule == "userns-owner":
		p.owner++
	case c.TargetUserNS != c.CurrentUserNS:
		p.above++
	}
}

// ofProcess holds it to what the rules foretell of the process, as procfs told of it before and after.
func (p *predictions) ofProcess(t *testing.T, c *check, set caps.Set, bit caps.Cap, b *between) {
	t.Helper()
	old, now := b.old.Process(c.PID), b.now.Process(c.PID)
	if c.Credentials != "own" || old == nil || now == nil || old.StartTime != now.StartTime {
		return
	}
	task := b.old.Task(old)
	said := rules.Capable(&b.users, &task, bit, c.TargetUserNS).Answer
	sets, known := task.Caps.Get()
	ids, _ := task.UID.Get()
	switch {
	case !known || said == opt.Unknown:
	case said == opt.Is(c.Verdict == "allow"):
		p.processes++
	case sets.Effective != set || ids.Effective != c.UID || task.Namespaces[nsinfo.UserNS] != c.CurrentUserNS:
		p.raced++
	default:
		p.is(t, c, said)
	}
}
