package trace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"

	"capview/inspect"
	"capview/inspect/bpf/load"
)

// Tracer watches capability checks (inspect.Tracer). Run may go beside Drain; Close ends both.
type Tracer struct {
	rung    Rung
	refused []Refused
	*programs
	follower
	ring    *ringbuf.Reader // nil without single events
	symbols *symbols        // nil without stacks

	mu      sync.Mutex // of what follows: the decoder, and whose turn it is to be drained
	decoder decoder
	totals  pair
	hot     uint32 // which of the CPUs' tables is in use
	buffers drainBuffers
}

// checkMaps is what every rung has.
type checkMaps struct {
	Asks          *ebpf.Map `ebpf:"asks"`
	Hot           *ebpf.Map `ebpf:"hot"`
	CurrentTotals *ebpf.Map `ebpf:"current_totals"`
	Events        *ebpf.Map `ebpf:"events"`
	Losses        *ebpf.Map `ebpf:"losses"`
	Overflow      *ebpf.Map `ebpf:"overflow"`
	Shown         *ebpf.Map `ebpf:"shown"`

	WhichHot *ebpf.Variable `ebpf:"current_hot"`
}

// programs is a rung in the kernel.
type programs struct {
	checkMaps
	follow followMaps
	watch  []*ebpf.Program // those that see the checks
	closed []interface{ Close() error }
	links  []link.Link
	// stopping is held by the one who ends the links.
	stopping sync.Mutex
}

// New starts watching. A *NoRung says why it cannot be done here.
func New(o Options) (*Tracer, error) {
	symbols := sync.OnceValue(func() []symbol { return kernelSymbols(o.Root) })
	var refused []Refused
	for _, rung := range Rungs {
		if o.Rung != "" && rung != o.Rung {
			continue
		}
		t, err := start(rung, o, symbols)
		if err == nil {
			t.refused = refused
			return t, nil
		}
		var why *load.Refusal
		if !errors.As(err, &why) {
			return nil, err
		}
		refused = append(refused, Refused{rung, why.Why})
	}
	if len(refused) == 0 {
		return nil, fmt.Errorf("no way %q to see capability checks", o.Rung)
	}
	return nil, &NoRung{refused}
}

// Rung is the way that was taken.
func (t *Tracer) Rung() Rung { return t.rung }

// Refused is the better ways that could not be had, and why.
func (t *Tracer) Refused() []Refused { return t.refused }

func start(rung Rung, o Options, kernel func() []symbol) (*Tracer, error) {
	spec, err := specOf(rung)
	if err != nil {
		return nil, fmt.Errorf("capview's own object: %w", err)
	}
	var quietly []addressRange
	if rung == Tracepoint {
		quietly = rangesOf(kernel(), quiet)
	}
	inner := spec.Maps["current_totals"].InnerMap
	if err := configure(spec, o, quietly); err != nil {
		return nil, err
	}
	p, err := loadRung(rung, spec)
	if err != nil {
		return nil, err
	}
	t := &Tracer{rung: rung, programs: p, follower: follower{followMaps: p.follow, root: o.Root}, decoder: newDecoder()}
	switch {
	case o.Stack:
		t.symbols = &symbols{kernel: kernel(), users: newUserSymbols(o.Root)}
	case o.FirstStack:
		t.symbols = &symbols{kernel: kernel()}
	}
	if err := t.prepare(o, inner); err != nil {
		t.Close()
		return nil, err
	}
	if err := t.attach(rung, kindsOf(o.Targets).processes); err != nil {
		t.Close()
		return nil, load.Refuse(err)
	}
	return t, nil
}

func specOf(rung Rung) (*ebpf.CollectionSpec, error) {
	switch rung {
	case Fexit:
		return loadCheckFexit()
	case Tracepoint:
		return loadCheckTracepoint()
	}
	return loadCheckKprobe()
}

// configure sets the program's constants and the sizes of its maps.
func configure(spec *ebpf.CollectionSpec, o Options, quiet []addressRange) error {
	if err := setTargets(spec, kindsOf(o.Targets), o.Root); err != nil {
		return err
	}
	var from, to [quietRoom]uint64
	for i, r := range quiet {
		from[i], to[i] = r.from, r.to
	}
	for name, value := range map[string]any{
		"want_events": o.Events, "only_denied": o.Denied, "only_first": o.Unique, "want_hidden": o.Hidden,
		"want_stack": o.Stack || o.FirstStack, "first_stack": o.FirstStack && !o.Stack,
		"quiet_from": from, "quiet_to": to, "probed": uint64(probed),
	} {
		if err := spec.Variables[name].Set(value); err != nil {
			return fmt.Errorf("capview's own object: %s: %w", name, err)
		}
	}
	if o.Keys > 0 {
		spec.Maps["current_totals"].InnerMap.MaxEntries = uint32(o.Keys)
	}
	if o.RingBytes > 0 {
		spec.Maps["events"].MaxEntries = uint32(o.RingBytes)
	}
	if o.self {
		if err := spec.Variables["self_pid"].Set(uint32(0)); err != nil {
			return err
		}
	}
	shrink(spec, map[string]bool{"shown": o.Unique})
	if !o.Events {
		spec.Maps["events"].MaxEntries = uint32(os.Getpagesize())
	}
	return nil
}

// shrink gives maps that are not needed no memory.
func shrink(spec *ebpf.CollectionSpec, needed map[string]bool) {
	for name, is := range needed {
		if !is {
			spec.Maps[name].MaxEntries = 1
		}
	}
}

// loadRung brings a rung's programs into the kernel.
func loadRung(rung Rung, spec *ebpf.CollectionSpec) (*programs, error) {
	p := &programs{}
	if rung == Kprobe {
		var o struct {
			checkMaps
			followMaps
			Enter  *ebpf.Program `ebpf:"cap_capable_enter"`
			Return *ebpf.Program `ebpf:"cap_capable_return"`
			Fork   *ebpf.Program `ebpf:"follow_fork"`
			Free   *ebpf.Program `ebpf:"forget_process"`
		}
		if err := load.Into(spec, &o); err != nil {
			return nil, err
		}
		p.checkMaps, p.follow, p.watch = o.checkMaps, o.followMaps, []*ebpf.Program{o.Enter, o.Return, o.Fork, o.Free}
		return p, nil
	}
	var o struct {
		checkMaps
		followMaps
		Check *ebpf.Program `ebpf:"cap_capable"`
		Fork  *ebpf.Program `ebpf:"follow_fork"`
		Free  *ebpf.Program `ebpf:"forget_process"`
	}
	if err := load.Into(spec, &o); err != nil {
		return nil, err
	}
	p.checkMaps, p.follow, p.watch = o.checkMaps, o.followMaps, []*ebpf.Program{o.Check, o.Fork, o.Free}
	return p, nil
}

// prepare fills the maps, before anything runs.
func (t *Tracer) prepare(o Options, inner *ebpf.MapSpec) (err error) {
	for slot, value := range askingTable(t.decoder.abis) {
		if err := t.Asks.Put(slot, value); err != nil {
			return load.Refuse(err)
		}
	}
	for _, m := range []**ebpf.Map{&t.totals.active, &t.totals.spare} {
		if *m, err = ebpf.NewMap(inner); err != nil {
			return load.Refuse(err)
		}
		t.closed = append(t.closed, *m)
	}
	if err := t.CurrentTotals.Put(uint32(0), t.totals.active); err != nil {
		return load.Refuse(err)
	}
	if err := t.fillTargets(o.Targets); err != nil {
		return err
	}
	if o.Events {
		if t.ring, err = ringbuf.NewReader(t.Events); err != nil {
			return load.Refuse(err)
		}
	}
	return nil
}

// attach lets the programs run. Those that follow forks come first: then no child is missed.
func (t *Tracer) attach(rung Rung, follow bool) error {
	check, more := t.watch[:len(t.watch)-2], t.watch[len(t.watch)-2:]
	if follow {
		for _, p := range more {
			if err := t.attached(link.AttachTracing(link.TracingOptions{Program: p})); err != nil {
				return err
			}
		}
	}
	if rung != Kprobe {
		return t.attached(link.AttachTracing(link.TracingOptions{Program: check[0]}))
	}
	if _, err := os.Stat("/sys/bus/event_source/devices/kprobe"); errors.Is(err, fs.ErrNotExist) {
		return &load.Refusal{Why: "the kernel has no kprobes (CONFIG_KPROBES)", Err: err}
	}
	// The return first: a call whose return alone is seen is told from one that is missed.
	if err := t.attached(link.Kretprobe("cap_capable", check[1], nil)); err != nil {
		return err
	}
	return t.attached(link.Kprobe("cap_capable", check[0], nil))
}

func (t *Tracer) attached(l link.Link, err error) error {
	if err == nil {
		t.links = append(t.links, l)
	}
	return err
}

// Stop ends the watching; what was seen until then can still be had. Anyone may call it, at any time.
func (t *Tracer) Stop() error {
	t.stopping.Lock()
	defer t.stopping.Unlock()
	var errs []error
	for _, l := range t.links {
		errs = append(errs, l.Close())
	}
	t.links = nil
	return errors.Join(errs...)
}

// Close ends the watching and gives everything back.
func (t *Tracer) Close() error {
	errs := []error{t.Stop(), t.follower.close()}
	if t.ring != nil {
		errs = append(errs, t.ring.Close())
	}
	for _, p := range t.watch {
		errs = append(errs, p.Close())
	}
	for _, c := range t.closed {
		errs = append(errs, c.Close())
	}
	m := &t.checkMaps
	for _, c := range []*ebpf.Map{m.Asks, m.Hot, m.CurrentTotals, m.Events, m.Losses, m.Overflow, m.Shown} {
		errs = append(errs, c.Close())
	}
	t.watch, t.closed, t.checkMaps = nil, nil, checkMaps{}
	return errors.Join(errs...)
}

var _ inspect.Tracer = (*Tracer)(nil)
