package trace

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/bpf/load"
)

// kinds is by what targets are told.
type kinds struct{ processes, cgroups, users bool }

func kindsOf(targets []Target) (k kinds) {
	for _, t := range targets {
		k.processes = k.processes || len(t.Processes) > 0
		k.cgroups = k.cgroups || len(t.Cgroups) > 0
		k.users = k.users || len(t.UserNS) > 0
	}
	return k
}

// word is it in c/target.h (BY_*).
func (k kinds) word() (w uint32) {
	for i, is := range []bool{k.processes, k.cgroups, k.users} {
		if is {
			w |= 1 << i
		}
	}
	return w
}

// followMaps is the maps of c/target.h.
type followMaps struct {
	Cgroups *ebpf.Map `ebpf:"cgroups"`
	Members *ebpf.Map `ebpf:"members"`
	Users   *ebpf.Map `ebpf:"users"`
	Recent  *ebpf.Map `ebpf:"recent"`

	Generation *ebpf.Variable `ebpf:"generation"`
}

// follower tells programs whom to look at.
type follower struct {
	followMaps
	root       string // where the kernel shows processes
	generation uint32 // of targets
}

func (m *follower) close() error {
	err := errors.Join(m.Cgroups.Close(), m.Members.Close(), m.Users.Close(), m.Recent.Close())
	m.followMaps = followMaps{}
	return err
}

// fillTargets puts targets into the maps, by their index.
func (m *follower) fillTargets(list []Target) error {
	for i, target := range list {
		if err := m.addTarget(i, target); err != nil {
			return err
		}
	}
	return nil
}

func (m *follower) addTarget(i int, target Target) error {
	if err := m.addProcesses(i, target.Processes); err != nil {
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

// addProcesses makes processes members of target i: struct member of c/target.h. One that has ended meanwhile is taken out
// again: the kernel will not tell of its end once more.
func (m *follower) addProcesses(i int, list []inspect.ProcessID) error {
	for _, p := range list {
		value := binary.LittleEndian.AppendUint64(nil, p.StartTime)
		value = binary.LittleEndian.AppendUint64(value, uint64(i))
		if err := m.Members.Put(uint32(p.PID), value); err != nil {
			return load.Refuse(err)
		}
		if start, err := startOf(m.root, p.PID); errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) || err == nil && start != p.StartTime {
			if err := m.Members.Delete(uint32(p.PID)); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
				return load.Refuse(err)
			}
		}
	}
	return nil
}

// startOf is a process's start time in clock ticks since boot (proc_pid_stat(5) field 22).
func startOf(root string, pid int) (uint64, error) {
	text, err := os.ReadFile(filepath.Join(root, strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 {
		return 0, errors.New("stat: too few fields")
	}
	return strconv.ParseUint(string(fields[19]), 10, 64)
}

// Follow adds to target i, of kinds that a target had when the tracer began. What a target's processes fork is followed
// by itself; this is for those that were forked before the tracer began, and for a container that was started again.
func (m *follower) Follow(i int, more Target) error {
	err := m.addTarget(i, more)
	// What the programs remember of tasks holds no more.
	m.generation++
	return errors.Join(err, m.Generation.Set(m.generation))
}

// Following is the processes that are followed one by one and have not ended: those that were named, and what they started.
func (m *follower) Following() (all []inspect.ProcessID, err error) {
	var pid uint32
	var member [16]byte
	members := m.Members.Iterate()
	for members.Next(&pid, &member) {
		all = append(all, inspect.ProcessID{PID: int(pid), StartTime: binary.LittleEndian.Uint64(member[:])})
	}
	return all, members.Err()
}

// Alive is how many of the processes that are followed have not ended.
func (m *follower) Alive() (n int, err error) {
	var pid uint32
	var member [16]byte
	all := m.Members.Iterate()
	for all.Next(&pid, &member) {
		n++
	}
	return n, all.Err()
}
