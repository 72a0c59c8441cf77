package proc

import (
	"context"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/task"
)

// Procfs and the kernel's iterator list the same processes, but for those that begin or end meanwhile. One that only one
// of them shows is kept and marked.
const (
	onlyProcfsWhy = "procfs shows it, the kernel's task iterator does not: it is hidden from there"
	unlistedWhy   = "the kernel's task iterator shows it and procfs has it under its number, but does not list it"
	hiddenWhy     = "the kernel's task iterator shows it, procfs does not: it is hidden from there"
)

// judge is the PIDs of a scan: what procfs lists, and what only the kernel shows once it is certain that this is no race.
func (s *Source) judge(ctx context.Context, listed []int, k *kernelScan) ([]int, error) {
	extra := k.beyond(listed)
	if len(extra) == 0 {
		return listed, nil
	}
	born := 0
	for _, pid := range extra {
		if start := k.leader(pid).StartTime; start >= k.began && s.startsAt(pid, start/tick) {
			listed = append(listed, pid) // it began while procfs was listed
			born++
		}
	}
	if born > 0 {
		slices.Sort(listed)
	}
	if born == len(extra) {
		return listed, nil
	}
	extra = k.beyond(listed)
	again, err := s.list()
	if err != nil {
		return nil, err
	}
	extra = slices.DeleteFunc(extra, func(pid int) bool {
		_, now := slices.BinarySearch(again, pid)
		return now
	})
	var unseen []int
	for _, pid := range extra {
		if s.startsAt(pid, k.leader(pid).StartTime/tick) {
			k.odd[pid] = oddity(pid, "procfs", unlistedWhy)
		} else {
			unseen = append(unseen, pid)
		}
	}
	if len(unseen) > 0 {
		// What has ended is not in another pass; what began after the listing is, and procfs shows it by now.
		if err := s.kernel.Threads(ctx, func(r *task.Record) {
			if r.PID == r.TGID && slices.Contains(unseen, r.PID) && k.leader(r.PID).StartTime == r.StartTime && r.State != 'X' {
				k.odd[r.PID] = oddity(r.PID, "procfs", hiddenWhy)
			}
		}); err != nil {
			return nil, err
		}
		for _, pid := range unseen {
			if s.startsAt(pid, k.leader(pid).StartTime/tick) {
				delete(k.odd, pid)
			}
		}
	}
	pids := slices.Concat(listed, again)
	for pid := range k.odd {
		pids = append(pids, pid)
	}
	slices.Sort(pids)
	return slices.Compact(pids), nil
}

// beyond is the leaders that are not listed.
func (k *kernelScan) beyond(listed []int) (pids []int) {
	at := 0
	for i := range k.leaders {
		pid := k.leaders[i].PID
		for at < len(listed) && listed[at] < pid {
			at++
		}
		if at == len(listed) || listed[at] != pid {
			pids = append(pids, pid)
		}
	}
	return pids
}

// list is the PIDs that procfs lists, ascending.
func (s *Source) list() ([]int, error) {
	pids, err := readDirNumbers(int(s.root.Fd()), ".", s.entries, make([]int, 0, len(s.known)+len(s.known)/8))
	if !slices.IsSorted(pids) {
		slices.Sort(pids)
	}
	return pids, err
}

// startsAt tells whether procfs has a process of that number and start time, in clock ticks.
func (s *Source) startsAt(pid int, start uint64) bool {
	buf := make([]byte, 4096)
	text, err := readAt(int(s.root.Fd()), strconv.Itoa(pid)+"/stat", &buf, maxText)
	if err != nil {
		return err != unix.ENOENT && err != unix.ESRCH
	}
	st, err := parseStat(text)
	return err == nil && st.startTime == start
}

func oddity(pid int, what, why string) inspect.Gap {
	return inspect.Gap{Subject: "pid " + strconv.Itoa(pid), What: what, Why: why}
}

// beside completes a process that was read from procfs in a scan in which the kernel tells of threads. It is marked where
// the kernel's pass did not show it, although it began before that pass and has outlived it.
func (r *reader) beside(e *entry) {
	k := r.scan.kernel
	if k == nil || e.proc == nil {
		return
	}
	why := "it changed while it was read"
	if k.leader(e.proc.PID) == nil {
		why = "it began after the kernel's pass"
		if (e.proc.StartTime+1)*tick < k.began {
			why = onlyProcfsWhy
			e.gap("iterator", why)
		}
	}
	if k.enrich(e.proc) {
		return
	}
	e.gap("securebits", why)
	if s, _ := e.proc.Seccomp.Get(); s.Mode == inspect.SeccompFilter {
		e.gap("seccomp.stack", why)
	}
}
