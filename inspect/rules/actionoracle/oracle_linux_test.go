//go:build amd64 || arm64

package actionoracle

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"capview/inspect/fact"
	"capview/inspect/rules"
)

var (
	seed   = flag.Uint64("seed", 1, "the worlds, states and actions that the oracle tries")
	worlds = flag.Int("worlds", defaultWorlds, "how many worlds of user namespaces the oracle makes")
	states = flag.Int("states", 50, "how many threads in random states it makes in each")
)

const stageKey = "CAPVIEW_ACTION_STAGE"

// A process that this program starts changes its leader, and no other thread: only what init locks is sure to be the leader.
func init() {
	for _, key := range []string{workerKey, targetKey, holderKey} {
		if os.Getenv(key) != "" {
			runtime.LockOSThread()
		}
	}
}

func TestMain(m *testing.M) {
	for key, run := range map[string]func(string){workerKey: worker, targetKey: target} {
		if text := os.Getenv(key); text != "" {
			run(text)
			os.Exit(0)
		}
	}
	if os.Getenv(holderKey) != "" {
		holder()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestActions tries actions and compares what the kernel does with what rules.May said before.
func TestActions(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("root is needed to make threads in random states")
	}
	if os.Getenv(stageKey) == "" {
		stage(t)
		return
	}
	runtime.LockOSThread() // workers end with the thread that started them
	set(t)
	o := &oracle{t: t, cover: map[string]int{}, errnos: map[string]int{}}
	for i := range *worlds {
		o.world(*seed*1_000_000 + uint64(i))
		if t.Failed() {
			return
		}
	}
	o.report()
}

// stage runs the test again in namespaces of its own: what is mounted or named there nobody else sees.
func stage(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestActions$", "-test.v",
		fmt.Sprint("-seed=", *seed), fmt.Sprint("-worlds=", *worlds), fmt.Sprint("-states=", *states))
	cmd.Env = append(os.Environ(), stageKey+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC, Pdeathsig: syscall.SIGKILL,
	}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if errors.Is(err, syscall.EPERM) {
		t.Skip("making namespaces is not permitted here: CAP_SYS_ADMIN is needed")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// set builds the stage: a tmpfs with what workers need.
func set(t *testing.T) {
	for _, err := range []error{
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		unix.Mount("capview", tree, "tmpfs", 0, "mode=755"),
		os.Mkdir(publicDir, 0o777), os.Chmod(publicDir, 0o1777),
		os.Mkdir(mountPoint, 0o755), os.Mkdir(otherRoot, 0o755),
		unix.Mount("/", otherRoot, "", unix.MS_BIND|unix.MS_REC, ""),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// oracle counts what was tried.
type oracle struct {
	t             *testing.T
	cases, hidden int
	cover         map[string]int // by verb and rule
	errnos        map[string]int
}

// world makes one, and threads in it.
func (o *oracle) world(seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0))
	w := chooseWorld(rng, seed)
	files, undo := o.files(w, rng)
	defer undo()
	text, _ := json.Marshal(w)
	cmd := inLevel(level{}, workerKey+"="+string(text))
	input, _ := cmd.StdinPipe()
	output, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		o.t.Fatal(err)
	}
	c := &colony{oracle: o, w: w, files: files, in: json.NewEncoder(input), out: json.NewDecoder(output), reader: newReader(), rng: rng}
	err := c.run(cmd.Process.Pid, seed)
	input.Close()
	if err == nil {
		_, err = io.ReadAll(output)
	}
	if err != nil {
		cmd.Process.Kill()
	}
	if wait := cmd.Wait(); err == nil {
		err = wait
	}
	if err != nil {
		o.t.Fatalf("world %d (%+v): %v", seed, w, err)
	}
}

// colony is a world whose worker runs.
type colony struct {
	*oracle
	w       world
	files   []string
	in      *json.Encoder
	out     *json.Decoder
	reader  *reader
	rng     *rand.Rand
	pid     int // of the worker
	system  rules.System
	targets []rules.TargetTask
	inside  []int // their PIDs to the worker
}

func (c *colony) run(pid int, seed uint64) (err error) {
	var h hello
	if err := c.out.Decode(&h); err != nil {
		return fmt.Errorf("the worker did not start: %w", err)
	}
	if c.pid, err = innermost(pid, len(c.w.Levels)); err != nil {
		return err
	}
	c.system = system()
	for _, t := range h.Targets {
		at, err := child(c.pid, t.PID)
		if err != nil {
			return err
		}
		task, err := c.reader.task(fmt.Sprintf("/proc/%d", at))
		if err != nil {
			return err
		}
		c.targets = append(c.targets, rules.TargetTask{Task: task, Same: fact.Some(false), Visible: fact.Yes,
			KernelThread: fact.Some(false), Exited: fact.Some(false), Dumpable: fact.Some(t.Dumpable),
			ProgramNS: fact.Some(task.UserNS())})
		c.inside = append(c.inside, t.PID)
	}
	for i := range *states {
		if err := c.state(seed*1000+uint64(i), h.PID); err != nil {
			return fmt.Errorf("state %d: %w", i, err)
		}
	}
	return nil
}

// state makes one thread, foretells each action and lets it try.
func (c *colony) state(seed uint64, worker int) error {
	if err := c.in.Encode(seed); err != nil {
		return err
	}
	var r ready
	if err := c.out.Decode(&r); err != nil {
		return err
	}
	if r.Error != "" {
		return errors.New(r.Error)
	}
	dir, err := thread(c.pid, r.TID)
	if err != nil {
		return err
	}
	task, err := c.reader.task(dir)
	if err != nil {
		return err
	}
	users := c.reader.tree()
	facts := rules.Facts{System: c.system, Self: rules.Self{
		Nice: fact.Some(r.Nice), NiceLimit: niceLimit(c.pid), Chrooted: fact.Some(r.Chrooted), Filtered: fact.Some(len(r.Filters) > 0),
	}, Filters: filters(r.Filters)}
	if err := c.reader.network(dir, &facts.System); err != nil {
		return err
	}
	plans := c.plans(task, facts, worker)
	if len(r.Filters) > 0 { // a capability is asked about for itself: no filter bears on that
		plans = slices.DeleteFunc(plans, func(p plan) bool { return p.action.Verb == rules.HasCap })
	}
	jobs := make([]job, len(plans))
	for i, p := range plans {
		jobs[i] = p.job
	}
	if err := c.in.Encode(jobs); err != nil {
		return err
	}
	var got []int
	if err := c.out.Decode(&got); err != nil {
		return err
	}
	for i, p := range plans {
		c.compare(&users, &task, p, syscall.Errno(got[i]), seed)
		if p.undo != nil {
			p.undo()
		}
	}
	return nil
}

// compare holds an answer, and the answers without some of the facts, to what the kernel did.
func (c *colony) compare(users *rules.Users, task *rules.Task, p plan, got syscall.Errno, seed uint64) {
	want := fact.Is(got == 0)
	r := rules.May(users, task, &p.facts, p.action)
	c.cases++
	c.errnos[string(p.action.Verb)+" "+cmp.Or(errName(got), "ok")]++
	for _, s := range r.Steps {
		c.cover[string(p.action.Verb)+" "+s.Rule]++
	}
	wrong := r.Answer != want
	if r.Answer == fact.Unknown && p.mayBeUnknown {
		wrong = false
	}
	if r.Answer == fact.No && p.action.Verb != rules.HasCap && r.Errno != "" && string(r.Errno) != errName(got) {
		wrong = true
	}
	if wrong {
		c.t.Errorf("seed %d: %s: the kernel says %q, the rules say %s %q\n task %+v\n facts %+v\n steps %s\n gaps %q",
			seed, p.action, cmp.Or(errName(got), "ok"), answer(r.Answer), r.Errno, task, p.facts, steps(r), r.Gaps)
	}
	for range 2 {
		t, f := hide(c.rng, *task, p.facts)
		c.hidden++
		if h := rules.May(users, &t, &f, p.action); h.Answer != fact.Unknown && h.Answer != want {
			c.t.Errorf("seed %d: %s, facts hidden: the kernel says %q, the rules say %s\n task %+v\n facts %+v\n steps %s",
				seed, p.action, cmp.Or(errName(got), "ok"), answer(h.Answer), t, f, steps(h))
		}
	}
}

func answer(a fact.Answer) string {
	return [...]string{fact.Unknown: "unknown", fact.No: "no", fact.Yes: "yes"}[a]
}

func errName(e syscall.Errno) string {
	if e == 0 {
		return ""
	}
	return unix.ErrnoName(e)
}

func steps(r rules.Result) string {
	var b strings.Builder
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "\n  %s: %s", s.Rule, s.Because)
	}
	return b.String()
}

// report prints what was tried, and fails where a rule was hardly tried.
func (o *oracle) report() {
	fmt.Printf("%d actions tried, %d answers more with facts hidden; seed %d\n", o.cases, o.hidden, *seed)
	for _, key := range slices.Sorted(maps.Keys(o.errnos)) {
		fmt.Printf("%6d  %s\n", o.errnos[key], key)
	}
	fmt.Println("rules:")
	for _, key := range slices.Sorted(maps.Keys(o.cover)) {
		fmt.Printf("%6d  %s\n", o.cover[key], key)
	}
	o.judge()
}
