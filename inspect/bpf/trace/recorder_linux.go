package trace

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"capview/inspect/bpf/load"
)

// Recorder records which system calls targets make. What is recorded grows until it is closed.
type Recorder struct {
	recorderMaps
	follower
	programs []*ebpf.Program
	links    []link.Link
	targets  int
	decoder  decoder
}

type recorderMaps struct {
	Groups   *ebpf.Map `ebpf:"groups"`
	Losses   *ebpf.Map `ebpf:"losses"`
	Records  *ebpf.Map `ebpf:"records"`
	Refusals *ebpf.Map `ebpf:"refusals"`
}

// RecordOptions is what a Recorder is to look for.
type RecordOptions struct {
	// Root is where the kernel shows processes ("/proc").
	Root string
	// Targets is whose calls to record, each for itself; at least one, or EveryGroup.
	Targets []Target
	// EveryGroup records every control group of the node for itself instead, from the first program on that is executed in
	// it: ReadGroups. So what is yet to be started is recorded from its first instruction.
	EveryGroup bool
	// Refused also looks at how calls end: what a seccomp filter refuses does not reach the kernel, and shows there alone.
	Refused bool
}

// NewRecorder starts recording. A *load.Refusal says why the kernel does not let it.
func NewRecorder(o RecordOptions) (*Recorder, error) {
	if (len(o.Targets) == 0) != o.EveryGroup {
		return nil, errors.New("no target to record, or both targets and everything")
	}
	spec, err := loadRecord()
	if err != nil {
		return nil, fmt.Errorf("capview's own object: %w", err)
	}
	by := kindsOf(o.Targets)
	if err := setTargets(spec, by, o.Root); err != nil {
		return nil, err
	}
	spec.Maps["records"].MaxEntries = uint32(max(len(o.Targets), 1))
	if err := spec.Variables["every_group"].Set(o.EveryGroup); err != nil {
		return nil, fmt.Errorf("capview's own object: %w", err)
	}
	shrink(spec, map[string]bool{"groups": o.EveryGroup})
	var objects struct {
		recorderMaps
		followMaps
		Enter *ebpf.Program `ebpf:"entered"`
		Leave *ebpf.Program `ebpf:"left"`
		Fork  *ebpf.Program `ebpf:"follow_fork"`
		Free  *ebpf.Program `ebpf:"forget_process"`
		Exec  *ebpf.Program `ebpf:"executed"`
	}
	if err := load.Into(spec, &objects); err != nil {
		return nil, err
	}
	r := &Recorder{
		recorderMaps: objects.recorderMaps, follower: follower{followMaps: objects.followMaps, root: o.Root}, targets: len(o.Targets),
		programs: []*ebpf.Program{objects.Enter, objects.Leave, objects.Fork, objects.Free, objects.Exec}, decoder: newDecoder(),
	}
	if err := r.begin(o, by); err != nil {
		r.Close()
		return nil, load.Refuse(err)
	}
	return r, nil
}

func (r *Recorder) begin(o RecordOptions, by kinds) error {
	if err := r.fillTargets(o.Targets); err != nil {
		return err
	}
	// Those that follow forks come first: then no child is missed.
	order := []*ebpf.Program{r.programs[0]}
	if o.Refused {
		order = append(order, r.programs[1])
	}
	if o.EveryGroup {
		order = append([]*ebpf.Program{r.programs[4]}, order...)
	}
	if by.processes {
		order = append([]*ebpf.Program{r.programs[2], r.programs[3]}, order...)
	}
	for _, p := range order {
		l, err := link.AttachTracing(link.TracingOptions{Program: p})
		if err != nil {
			return err
		}
		r.links = append(r.links, l)
	}
	return nil
}

// Read is what was recorded of each target so far, in the order in which they were given.
func (r *Recorder) Read() ([]Recorded, error) {
	list := make([]Recorded, r.targets)
	for i := range list {
		value, err := r.Records.LookupBytes(uint32(i))
		if err != nil {
			return nil, fmt.Errorf("cannot read what was recorded: %w", err)
		}
		if list[i], err = r.decoder.record(value); err != nil {
			return nil, err
		}
	}
	err := r.eachRefusal(func(target uint64, call RefusedCall) {
		if target < uint64(len(list)) {
			list[target].Refused = append(list[target].Refused, call)
		}
	})
	for i := range list {
		sortRefused(list[i].Refused)
	}
	return list, err
}

func (r *Recorder) eachRefusal(do func(whose uint64, call RefusedCall)) error {
	var key [refusedSize]byte
	var n uint64
	all := r.Refusals.Iterate()
	for all.Next(&key, &n) {
		whose, call, err := r.decoder.refused(key[:], n)
		if err != nil {
			return err
		}
		do(whose, call)
	}
	return all.Err()
}

// ReadGroups is what was recorded so far of control groups together, by their ids in the hierarchy that Hierarchy tells of. One
// that nothing was recorded of adds nothing.
func (r *Recorder) ReadGroups(ids []uint64) (Recorded, error) {
	var sets [recordSize]byte
	for _, id := range ids {
		value, err := r.Groups.LookupBytes(id)
		if err != nil {
			return Recorded{}, fmt.Errorf("cannot read what was recorded: %w", err)
		}
		for i := range min(len(value), recordSize) {
			sets[i] |= value[i]
		}
	}
	recorded, err := r.decoder.record(sets[:])
	if err != nil {
		return Recorded{}, err
	}
	err = r.eachRefusal(func(id uint64, call RefusedCall) {
		if slices.Contains(ids, id) {
			recorded.Refused = addRefused(recorded.Refused, call)
		}
	})
	sortRefused(recorded.Refused)
	return recorded, err
}

// Lost is how many calls had a number beyond those that are told apart, how many children were not followed and how many
// refusals were not counted.
func (r *Recorder) Lost() (calls, children, refusals uint64, err error) {
	for kind, n := range map[uint32]*uint64{lostNumber: &calls, lostMember: &children, lostKey: &refusals} {
		if *n, err = sum(r.Losses, kind); err != nil {
			return 0, 0, 0, err
		}
	}
	for _, p := range r.programs[:1] {
		stats, err := p.Stats()
		if err != nil {
			return 0, 0, 0, err
		}
		calls += stats.RecursionMisses
	}
	return calls, children, refusals, nil
}

// Stop ends the recording; what was recorded can still be read.
func (r *Recorder) Stop() error {
	var errs []error
	for _, l := range r.links {
		errs = append(errs, l.Close())
	}
	r.links = nil
	return errors.Join(errs...)
}

// Close ends the recording and gives everything back.
func (r *Recorder) Close() error {
	errs := []error{r.Stop(), r.follower.close()}
	for _, p := range r.programs {
		errs = append(errs, p.Close())
	}
	for _, m := range []*ebpf.Map{r.Losses, r.Records, r.Refusals, r.Groups} {
		errs = append(errs, m.Close())
	}
	r.programs, r.recorderMaps = nil, recorderMaps{}
	return errors.Join(errs...)
}

// setTargets sets the constants and the sizes of maps that c/target.h has.
func setTargets(spec *ebpf.CollectionSpec, by kinds, root string) error {
	controller, err := hierarchyOf(root).controller()
	if err != nil {
		return err
	}
	for name, value := range map[string]any{
		"targets": by.word(), "self_pid": uint32(os.Getpid()), "cgroup_controller": controller,
	} {
		v, ok := spec.Variables[name]
		if !ok {
			continue // the compiler left it out
		}
		if err := v.Set(value); err != nil {
			return fmt.Errorf("capview's own object: %s: %w", name, err)
		}
	}
	shrink(spec, map[string]bool{"members": by.processes, "cgroups": by.cgroups, "users": by.users})
	return nil
}
