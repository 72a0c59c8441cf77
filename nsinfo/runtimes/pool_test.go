package runtimes

import (
	"strconv"
	"sync"
	"testing"
	"time"
)

// numbered is n requests.
func numbered(n int) (qs []request) {
	for i := range n {
		qs = append(qs, request{kind: byID, id: strconv.Itoa(i)})
	}
	return qs
}

// TestStuck: files that never answer keep no one from the others, and do not use up what there is.
func TestStuck(t *testing.T) {
	release := make(chan bool)
	var mu sync.Mutex
	asked := map[string]int{}
	p := newPool(40*time.Millisecond, func(q request) *answer {
		mu.Lock()
		asked[q.id]++
		mu.Unlock()
		if n, _ := strconv.Atoi(q.id); n < 100 {
			<-release
		}
		return &answer{facts: facts{name: q.id}}
	}, func([]watched) bool { return true })
	good := numbered(110)[100:]
	if got := p.get(numbered(8), nil); got[numbered(8)[0]] != nil {
		t.Error("an answer that never came")
	}
	for got := p.get(append(numbered(8), good...), nil); ; got = p.get(append(numbered(8), good...), nil) {
		n := 0
		for _, q := range good {
			if got[q] != nil {
				n++
			}
		}
		if n == len(good) {
			break
		}
	}
	p.get(numbered(100), nil)
	p.mu.Lock()
	running := len(p.running)
	p.mu.Unlock()
	if running > maxStuck+maxAtOnce {
		t.Errorf("%d goroutines wait for files", running)
	}
	close(release)
	for q := numbered(100)[99]; ; {
		if got := p.get([]request{q}, nil); got[q] != nil { // late, but it comes
			break
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if asked["0"] != 1 {
		t.Errorf("what does not answer was asked %d times", asked["0"])
	}
}

// TestRecheck: what has not changed is not read again; what has is, within the turns; what no one wants is forgotten.
func TestRecheck(t *testing.T) {
	var mu sync.Mutex
	asked, changed := 0, false
	p := newPool(time.Minute, func(request) *answer {
		mu.Lock()
		defer mu.Unlock()
		asked++
		return &answer{trail: trail{watch: []watched{{path: "/x"}}}, facts: facts{name: strconv.Itoa(asked)}}
	}, func([]watched) bool {
		mu.Lock()
		defer mu.Unlock()
		return !changed
	})
	qs := numbered(1)
	for range 3 * recheckTurns {
		p.get(qs, nil)
	}
	mu.Lock()
	if asked != 1 {
		t.Errorf("read %d times", asked)
	}
	changed = true
	mu.Unlock()
	if got := p.get(qs, qs)[qs[0]]; got.facts.name == "1" {
		t.Error("a change is not seen where it is asked for")
	}
	for range unusedFor + 2 {
		p.get(nil, nil)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.kept) != 0 {
		t.Errorf("%d answers are kept for no one", len(p.kept))
	}
}
