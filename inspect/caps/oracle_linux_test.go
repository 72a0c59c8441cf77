package caps

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Text and IAB are what getpcaps says of real threads with random sets, as the kernel keeps them.
func TestAgreesWithGetpcaps(t *testing.T) {
	const rounds, batch = 20, 100
	path := tool(t, "getpcaps")
	if own, err := ownSets(); err != nil || !own.Effective.Has(SetPCap) {
		t.Skip("needs cap_setpcap, to give threads bounding and inheritable sets")
	}
	last := lastCap(t)
	r := rand.New(rand.NewPCG(7, 8))
	compared, differ := 0, map[string]bool{}
	for range rounds {
		end := make(chan struct{})
		threads := startThreads(t, r, last, batch, end)
		texts, iabs := getpcaps(t, path, threads), getpcaps(t, path, threads, "--iab")
		close(end)
		for tid, s := range threads {
			if got := s.Text(last); got != texts[tid] {
				t.Fatalf("%+v: got %s, getpcaps %s", s, got, texts[tid])
			}
			// It puts the text in quotes before, and leaves out "=", empty brackets, and those of inheritable capabilities
			// alone, which the text has.
			var want string
			if i := strings.LastIndexByte(iabs[tid], '['); i >= 0 {
				want = strings.TrimSuffix(iabs[tid][i+1:], "]")
			}
			alone := want == "" && s.Ambient == 0 && s.Bounding == Full(last)
			if got := s.IAB(last); got != want && !alone {
				t.Fatalf("%+v: got [%s], getpcaps [%s]", s, got, want)
			}
			differ[texts[tid]+iabs[tid]] = true
			compared++
		}
	}
	t.Logf("compared %d threads (%d different answers) with getpcaps and getpcaps --iab", compared, len(differ))
}

// getpcaps is what it says of each thread.
func getpcaps(t *testing.T, path string, threads map[int]Sets, args ...string) map[int]string {
	for tid := range threads {
		args = append(args, strconv.Itoa(tid))
	}
	out, err := exec.Command(path, args...).CombinedOutput() // it prints to standard error
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	said := map[int]string{}
	for line := range strings.Lines(string(out)) {
		id, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		tid, err := strconv.Atoi(strings.TrimSuffix(id, ":"))
		if _, ours := threads[tid]; err != nil || !ours {
			t.Fatalf("unexpected line %q", line)
		}
		said[tid] = text
	}
	if len(said) != len(threads) {
		t.Fatalf("getpcaps told of %d threads out of %d", len(said), len(threads))
	}
	return said
}

// lastCap is the highest capability of this kernel.
func lastCap(t *testing.T) Cap {
	b, err := os.ReadFile("/proc/sys/kernel/cap_last_cap")
	if err != nil {
		t.Skip(err)
	}
	last, err := Parse(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	return last
}

// startThreads starts n threads that give themselves random sets and live until end is closed. It returns what
// /proc says of them, by thread id.
func startThreads(t *testing.T, r *rand.Rand, last Cap, n int, end <-chan struct{}) map[int]Sets {
	var (
		mu      sync.Mutex
		ready   sync.WaitGroup
		threads = map[int]Sets{}
	)
	for range n {
		want := Sets{sparse(r), sparse(r), sparse(r), sparse(r), sparse(r)}
		if r.IntN(2) == 0 {
			want.Effective = want.Permitted
		}
		ready.Add(1)
		go func() {
			runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
			err := restrict(want, last)
			s, readErr := ownSets()
			mu.Lock()
			threads[unix.Gettid()] = s
			mu.Unlock()
			if err != nil || readErr != nil {
				t.Error(err, readErr)
			}
			ready.Done()
			<-end
		}()
	}
	ready.Wait()
	return threads
}

// restrict gives the calling thread what it may have of the wanted sets.
func restrict(want Sets, last Cap) error {
	own, err := ownSets()
	if err != nil {
		return err
	}
	for c := Cap(0); c <= last; c++ {
		if own.Bounding.Has(c) && !want.Bounding.Has(c) {
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0); err != nil {
				return fmt.Errorf("drop %v: %w", c, err)
			}
		}
	}
	want.Permitted &= own.Permitted
	want.Effective &= want.Permitted
	want.Inheritable &= own.Inheritable | own.Bounding&want.Bounding
	if err := capset(want); err != nil {
		return fmt.Errorf("capset: %w", err)
	}
	ambient := want.Ambient & want.Permitted & want.Inheritable
	for _, c := range ambient.List() {
		if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, uintptr(c), 0, 0); err != nil {
			return fmt.Errorf("raise %v: %w", c, err)
		}
	}
	return nil
}

func capset(s Sets) error {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	for i := range data {
		word := func(s Set) uint32 { return uint32(s >> (32 * i)) }
		data[i] = unix.CapUserData{Effective: word(s.Effective), Permitted: word(s.Permitted), Inheritable: word(s.Inheritable)}
	}
	_, _, errno := unix.RawSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&head)), uintptr(unsafe.Pointer(&data[0])), 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// ownSets is what /proc says of the calling thread.
func ownSets() (s Sets, err error) {
	b, err := os.ReadFile("/proc/thread-self/status")
	if err != nil {
		return s, err
	}
	for line := range bytes.Lines(b) {
		key, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(":\t"))
		to := map[string]*Set{"CapInh": &s.Inheritable, "CapPrm": &s.Permitted, "CapEff": &s.Effective,
			"CapBnd": &s.Bounding, "CapAmb": &s.Ambient}[string(key)]
		if to == nil {
			continue
		}
		if *to, err = ParseHex(value); err != nil {
			return s, err
		}
	}
	return s, nil
}
