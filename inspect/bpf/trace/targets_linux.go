package trace

import (
	"encoding/binary"

	"github.com/cilium/ebpf"

	"capview/inspect"
	"capview/inspect/bpf/load"
)

// kinds is by what targets are told.
type kinds struct{ processes, cgroups, users bool }

func targets(o Options) (k kinds) {
	for _, t := range o.Targets {
		k.processes = k.processes || len(t.Processes) > 0
		k.cgroups = k.cgroups || len(t.Cgroups) > 0
		k.users = k.users || len(t.UserNS) > 0
	}
	return k
}

// fillTargets puts targets into the maps, by their index.
func (m *maps) fillTargets(list []Target) error {
	for i, target := range list {
		if err := m.addTarget(i, target); err != nil {
			return err
		}
	}
	return nil
}

func (m *maps) addTarget(i int, target Target) error {
	if err := addProcesses(m.Members, i, target.Processes); err != nil {
		return err
	}
	for _, id := range target.Cgroups {
		if err := m.Cgroups.Put(id, uint64(i)); err != nil {
			return load.Refuse(err)
		}
	}
	for _, inode := range target.UserNS {
		if err := m.Users.Put(uint32(inode), uint64(i)); err != nil {
			return load.Refuse(err)
		}
	}
	return nil
}

// addProcesses makes processes members of target i: struct member of c/target.h.
func addProcesses(members *ebpf.Map, i int, list []inspect.ProcessID) error {
	for _, p := range list {
		value := binary.LittleEndian.AppendUint64(nil, p.StartTime)
		value = binary.LittleEndian.AppendUint64(value, uint64(i))
		if err := members.Put(uint32(p.PID), value); err != nil {
			return load.Refuse(err)
		}
	}
	return nil
}

// Follow adds to target i, of kinds that a target had when the tracer began. What a target's processes fork is followed
// by itself; this is for those that were forked before the tracer began, and for a container that was started again.
func (t *Tracer) Follow(i int, more Target) error { return t.addTarget(i, more) }

// Alive is how many of the processes that are followed have not ended.
func (t *Tracer) Alive() (n int, err error) {
	var pid uint32
	var member [16]byte
	all := t.Members.Iterate()
	for all.Next(&pid, &member) {
		n++
	}
	return n, all.Err()
}
