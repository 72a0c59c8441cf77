package runtimes

import (
	"hash/maphash"
	"reflect"
	"sync"
	"time"

	"capview/inspect/crash"
)

// The bounds on what reads beside a refresh. A file system that does not answer keeps its goroutine, and its thread,
// until it does.
const (
	maxAtOnce = 4  // that are getting on
	maxStuck  = 16 // that are not
)

// recheckTurns is how many refreshes pass until every answer was compared with its files again.
const recheckTurns = 8

// unusedFor is for how many refreshes an answer is kept that no one asks for.
const unusedFor = 16

// pool answers requests by goroutines of its own and keeps the answers.
type pool struct {
	probe     func(request) *answer
	unchanged func([]watched) bool
	timeout   time.Duration

	mu      sync.Mutex
	kept    map[request]*kept
	queue   []func()
	running map[*time.Time]bool // when each began
	arrived chan struct{}       // told after each answer; holds one
	turn    uint                // of the refresh
	round   uint                // of the last get
	wanted  [recheckTurns][]request
	news    bool // an answer has come, or is another, since the last get
}

// kept is a request and its answer, which is nil while it is waited for.
type kept struct {
	answer *answer
	turn   uint // the refresh that last wanted it
	round  uint // the get that last wanted it
	group  uint // the refreshes that compare it with its files
	busy   bool // being asked or compared
}

func newPool(timeout time.Duration, probe func(request) *answer, unchanged func([]watched) bool) *pool {
	return &pool{
		probe: probe, unchanged: unchanged, timeout: timeout,
		kept: map[request]*kept{}, running: map[*time.Time]bool{}, arrived: make(chan struct{}, 1),
	}
}

var seed = maphash.MakeSeed()

// get gives the answers to qs, nil for those that have not arrived in time. It waits only for requests that are new, and
// for the answers to those of now, which are compared with their files first.
func (p *pool) get(qs []request, now []request) map[request]*answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget()
	p.turn++
	p.round++
	for i := range p.wanted {
		p.wanted[i] = p.wanted[i][:0]
	}
	answers := p.want(qs, now)
	p.news = false
	return answers
}

// also gives the answers to more of what this refresh asks for.
func (p *pool) also(qs []request) map[request]*answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.want(qs, nil)
}

// want is get once the refresh has begun. The lock is held, but while it waits.
func (p *pool) want(qs []request, now []request) map[request]*answer {
	waiting := map[request]bool{}
	for _, q := range qs {
		k := p.kept[q]
		if k == nil {
			k = &kept{group: uint(maphash.Comparable(seed, q) % recheckTurns), busy: true}
			p.kept[q] = k
			p.queue = append(p.queue, func() { p.ask(q) })
			waiting[q] = true
		}
		k.turn, k.round = p.turn, p.round
		p.wanted[k.group] = append(p.wanted[k.group], q)
	}
	p.recheck(now, waiting)
	p.wait(waiting)
	answers := make(map[request]*answer, len(qs))
	for _, q := range qs {
		answers[q] = p.kept[q].answer
	}
	return answers
}

// steady has what the last get asked for wanted again, and tells whether the answers are still those that it gave.
func (p *pool) steady() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.news {
		return false
	}
	p.turn++
	p.compareDue()
	p.start()
	return true
}

// forget drops the answers that no one wants any more.
func (p *pool) forget() {
	for q, k := range p.kept {
		switch {
		case k.round == p.round:
			k.turn = p.turn // wanted until now
		case !k.busy && p.turn-k.turn > unusedFor:
			delete(p.kept, q)
		}
	}
}

// recheck has the answers of this turn compared with their files, and those to now at once.
func (p *pool) recheck(now []request, waiting map[request]bool) {
	for _, q := range now {
		if k := p.kept[q]; k != nil && (!k.busy || k.answer != nil) {
			waiting[q] = true
			if !k.busy {
				k.busy = true
				p.queue = append(p.queue, func() { p.compare(q) })
			}
		}
	}
	p.compareDue()
	p.start()
}

// compareDue has those compared whose turn it is.
func (p *pool) compareDue() {
	var batch []request
	for _, q := range p.wanted[p.turn%recheckTurns] {
		if k := p.kept[q]; !k.busy {
			k.busy = true
			batch = append(batch, q)
		}
	}
	if len(batch) > 0 {
		p.queue = append(p.queue, func() {
			for _, q := range batch {
				p.compare(q)
			}
		})
	}
}

// wait lets the others run until those waited for are answered or the time is up.
func (p *pool) wait(waiting map[request]bool) {
	if len(waiting) == 0 {
		return
	}
	deadline := time.NewTimer(p.timeout)
	defer deadline.Stop()
	stuck := time.NewTicker(p.stuckAfter())
	defer stuck.Stop()
	for {
		for q := range waiting {
			if !p.kept[q].busy {
				delete(waiting, q)
			}
		}
		if len(waiting) == 0 {
			return
		}
		p.mu.Unlock()
		late := false
		select {
		case <-p.arrived:
		case <-stuck.C:
		case <-deadline.C:
			late = true
		}
		p.mu.Lock()
		if late {
			return
		}
		p.start()
	}
}

// stuckAfter is how long a goroutine may take before others do not wait for it.
func (p *pool) stuckAfter() time.Duration { return max(p.timeout/4, time.Millisecond) }

// start runs as many goroutines as there may be. The lock is held.
func (p *pool) start() {
	stuck, latest := 0, time.Now().Add(-p.stuckAfter())
	for began := range p.running {
		if began.Before(latest) {
			stuck++
		}
	}
	for len(p.queue) > 0 && len(p.running)-stuck < maxAtOnce && stuck < maxStuck {
		began := new(time.Time)
		*began = time.Now()
		p.running[began] = true
		next := p.queue[0]
		p.queue = p.queue[1:]
		go p.work(began, next)
	}
}

// work does what is queued until nothing is, or until it was stuck itself and others took over.
func (p *pool) work(began *time.Time, next func()) {
	defer crash.Recover()
	for next != nil {
		next()
		p.mu.Lock()
		next = nil
		if len(p.queue) > 0 && time.Since(*began) < p.stuckAfter() {
			next, p.queue = p.queue[0], p.queue[1:]
		} else {
			delete(p.running, began)
			p.start()
		}
		p.mu.Unlock()
	}
}

// ask answers a request.
func (p *pool) ask(q request) {
	a := p.probe(q)
	p.mu.Lock()
	if k := p.kept[q]; k != nil {
		if k.busy = false; !reflect.DeepEqual(k.answer, a) {
			k.answer, p.news = a, true
		}
	}
	p.mu.Unlock()
	p.tell()
}

// compare asks again where a file has changed, or where one could not be read.
func (p *pool) compare(q request) {
	p.mu.Lock()
	var old *answer
	if k := p.kept[q]; k != nil {
		old = k.answer
	}
	p.mu.Unlock()
	if old == nil || len(old.gaps) > 0 || old.volatile || !p.unchanged(old.watch) {
		p.ask(q)
		return
	}
	p.mu.Lock()
	if k := p.kept[q]; k != nil {
		k.busy = false
	}
	p.mu.Unlock()
	p.tell()
}

func (p *pool) tell() {
	select {
	case p.arrived <- struct{}{}:
	default:
	}
}

// each calls f with every request and its answer, nil where it has not arrived.
func (p *pool) each(f func(request, *answer)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for q, k := range p.kept {
		if k.round == p.round {
			f(q, k.answer)
		}
	}
}
