//go:build amd64 || arm64

package bpf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"capview/inspect/bpf/load"
	"capview/inspect/task"
)

// walkerHere is a walker on this kernel, where there can be one.
func walkerHere(t *testing.T) *walker {
	t.Helper()
	spec, err := loadPass()
	if err != nil {
		t.Fatal(err)
	}
	w, err := loadWalker(spec, load.Into)
	if err != nil {
		if os.Geteuid() != 0 {
			t.Skip("needs root: CAP_BPF and CAP_PERFMON")
		}
		if kernelIs(6, 10) {
			t.Fatalf("%v\n%v", err, errors.Unwrap(err))
		}
		t.Skipf("needs Linux 6.10 (bpf_iter_task_new in a program that a system call runs): %v", err)
	}
	t.Cleanup(w.close)
	return w
}

// kernelIs tells whether this kernel is of that version or a later one.
func kernelIs(major, minor int) bool {
	var name unix.Utsname
	var is [2]int
	if unix.Uname(&name) == nil {
		fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &is[0], &is[1])
	}
	return is[0] > major || is[0] == major && is[1] >= minor
}

// A process with more threads than one walk has room for is told of thread by thread, each once.
func TestWalkGoesOnWithinAProcess(t *testing.T) {
	w := walkerHere(t)
	const threads = 5000
	var begun, ended sync.WaitGroup
	release := make(chan struct{})
	begun.Add(threads)
	ended.Add(threads)
	ids := make([]uint32, threads)
	for i := range threads {
		go func() {
			defer ended.Done()
			runtime.LockOSThread()
			ids[i] = uint32(unix.Gettid())
			begun.Done()
			<-release
		}()
	}
	begun.Wait()
	defer func() { close(release); ended.Wait() }()
	if room := len(w.room) / recordSize; room >= threads {
		t.Fatalf("a walk has room for %d", room)
	}
	seen := map[uint32]int{}
	if err := w.pass(t.Context(), func(b []byte) { seen[idOf(b).pid]++ }); err != nil {
		t.Fatal(err)
	}
	for _, id := range append(ids, uint32(os.Getpid()), 2) {
		if seen[id] != 1 {
			t.Errorf("thread %d is told of %d times", id, seen[id])
		}
	}
}

// The walk tells of a thread what the task iterator does.
func TestWalkAndIteratorAreAlike(t *testing.T) {
	w := walkerHere(t)
	records, err := loadRecords(load.Into)
	if err != nil {
		t.Fatal(err)
	}
	defer records.close()
	e := Engine{decoder: newRecordDecoder(), walk: w}
	f := Engine{decoder: e.decoder, records: records}
	pass := func(e *Engine) map[int]task.Record {
		all := map[int]task.Record{}
		if err := e.Threads(t.Context(), func(r *task.Record) {
			r.Exe.Key, r.State = 0, 0 // mixed with another secret; changes all the time
			all[r.PID] = *r
		}); err != nil {
			t.Fatal(err)
		}
		return all
	}
	before, told, after := pass(&f), pass(&e), pass(&f)
	compared := 0
	for pid, r := range before {
		if now, ok := after[pid]; !ok || !same(r, now) {
			continue // it changed, or ended
		}
		compared++
		if got, ok := told[pid]; !ok || !same(r, got) {
			t.Errorf("the walk told (%v)\n%+v, the iterator\n%+v", ok, got, r)
		}
	}
	if compared < 10 {
		t.Errorf("only %d threads of %d stayed as they were", compared, len(before))
	}
	t.Logf("%d threads are told of alike", compared)
}

func same(a, b task.Record) bool {
	if !slices.Equal(a.Groups, b.Groups) {
		return false
	}
	a.Groups, b.Groups = nil, nil
	a.Comm, b.Comm = comm(&a), comm(&b)
	return a.PID == b.PID && a.TGID == b.TGID && a.PPID == b.PPID && a.StartTime == b.StartTime && a.ExecID == b.ExecID && a.Args == b.Args &&
		a.Flags&^volatile == b.Flags&^volatile && a.Comm == b.Comm && a.UID == b.UID && a.GID == b.GID && a.GroupCount == b.GroupCount &&
		a.Caps == b.Caps && a.SecureBits == b.SecureBits && a.NoNewPrivs == b.NoNewPrivs && a.SeccompMode == b.SeccompMode &&
		a.Filters == b.Filters && a.Threads == b.Threads && a.Namespaces == b.Namespaces && a.User == b.User && a.CgroupID == b.CgroupID &&
		a.Cgroups == b.Cgroups && a.Exe == b.Exe
}

// volatile is the flags that say what a thread does just now (PF_MEMALLOC*, PF_USED_ASYNC, PF_WQ_WORKER's and the like).
const volatile = 0xffffffff &^ (pfKThread | 0x4)

const pfKThread = 0x00200000

// comm is a name, but that of a kernel's worker, which tells what it works at.
func comm(r *task.Record) string {
	if r.Flags&pfKThread != 0 {
		return ""
	}
	return r.Comm
}

// list is the kernel's, as a walk goes over it: new threads come at its end.
type list struct {
	ids  []threadID
	rand *rand.Rand
	next uint32
	last threadID // that was written down
	room []byte
}

// walk is what the program does (c/pass.bpf.c).
func (l *list) walk(p *passPass) error {
	on := p.After == 0
	p.Count, p.More = 0, 0
	for _, id := range l.ids {
		if !on {
			on = id.pid == p.After && id.start == p.AfterStart
			continue
		}
		if int(p.Count) == len(l.room)/recordSize {
			p.More = 1
			break
		}
		record := l.room[int(p.Count)*recordSize:]
		binary.LittleEndian.PutUint32(record[unsafe.Offsetof(taskRecord{}.Pid):], id.pid)
		binary.LittleEndian.PutUint64(record[unsafe.Offsetof(taskRecord{}.StartBoottime):], id.start)
		p.Count++
		l.last = id
	}
	p.Found = 0
	if on {
		p.Found = 1
	}
	return nil
}

// live ends some threads, those told of last above all, and begins others.
func (l *list) live(told []threadID) {
	if l.rand.IntN(4) == 0 { // fewer than a walk tells of, or it would never end
		l.ids = slices.Insert(l.ids, len(l.ids), threadID{l.next, uint64(l.next) / 3})
		l.next++
	}
	dies := func(id threadID) bool {
		recent := id == l.last || slices.Contains(told[max(0, len(told)-3):], id)
		return l.rand.IntN(20) == 0 || recent && l.rand.IntN(3) > 0
	}
	l.ids = slices.DeleteFunc(l.ids, dies)
}

// Whoever lives throughout is told of once, whoever else ends meanwhile.
func TestWalkGoesOnBehindWhatEnded(t *testing.T) {
	passes, back := 0, 0
	for seed := range uint64(2000) {
		l := &list{rand: rand.New(rand.NewPCG(seed, 1)), next: 1}
		w := &walker{room: make([]byte, (1+l.rand.IntN(6))*recordSize)}
		l.room = w.room
		for range l.rand.IntN(60) {
			l.ids = append(l.ids, threadID{l.next, uint64(l.next) / 3})
			l.next++
		}
		stay := map[threadID]bool{}
		for _, id := range l.ids {
			stay[id] = true
		}
		w.run = func(p *passPass) error {
			err := l.walk(p)
			if p.Found == 0 {
				back++
			}
			l.live(w.told)
			return err
		}
		told := map[threadID]int{}
		if err := w.pass(t.Context(), func(b []byte) { told[idOf(b)]++ }); err != nil {
			t.Fatal(err)
		}
		passes++
		for _, id := range l.ids {
			if stay[id] && told[id] == 0 {
				t.Fatalf("seed %d: %v lived throughout and is not told of", seed, id)
			}
		}
		for id, n := range told {
			if n > 1 {
				t.Fatalf("seed %d: %v is told of %d times", seed, id, n)
			}
		}
	}
	if back < passes {
		t.Errorf("only %d times in %d passes had the last one ended", back, passes)
	}
	t.Logf("%d passes, of which threads ended %d times where the next walk was to begin", passes, back)
}
