package inspect

import (
	"maps"
	"reflect"
	"slices"

	"capview/nsinfo"
)

// steady tells whether two snapshots, whose processes are steady, are so in all else: see Changes.Steady.
func steady(a, b *Snapshot) bool {
	return a.Schema == b.Schema && a.Version == b.Version && a.Host == b.Host &&
		slices.EqualFunc(a.Containers, b.Containers, steadyContainer) &&
		slices.EqualFunc(a.UserNamespaces, b.UserNamespaces, sameUserNS) && slices.EqualFunc(a.Namespaces, b.Namespaces, sameNS) &&
		slices.EqualFunc(a.SeccompFilters, b.SeccompFilters, func(f, g FilterProgram) bool { return f.Hash == g.Hash }) &&
		slices.Equal(a.Gaps, b.Gaps)
}

func sameUserNS(a, b nsinfo.User) bool {
	return a.Inode == b.Inode && a.Device == b.Device && a.Parent == b.Parent && a.Level == b.Level && a.OwnerUID == b.OwnerUID &&
		sameList(a.UIDMap, b.UIDMap) && sameList(a.GIDMap, b.GIDMap)
}

func sameNS(a, b nsinfo.Namespace) bool {
	return a.Type == b.Type && a.Inode == b.Inode && a.Device == b.Device && a.Owner == b.Owner && maps.Equal(a.Sysctl, b.Sysctl)
}

func steadyProcess(a, b *Process) bool {
	return a == b || sameComm(a, b) && (a.State == b.State || !dead(a) && !dead(b)) &&
		a.Creds == b.Creds && slices.Equal(a.Threads, b.Threads) && a.Placement() == b.Placement() && steadyFacts(a, b)
}

// steadyFacts compares what a source reads, but for state and name.
func steadyFacts(a, b *Process) bool {
	return a.PID == b.PID && a.StartTime == b.StartTime && a.PPID == b.PPID && a.KernelThread == b.KernelThread &&
		a.Creds.Unnamed() == b.Creds.Unnamed() && a.UID == b.UID && a.GID == b.GID && a.User == b.User && a.Namespaces == b.Namespaces &&
		a.Exe == b.Exe && a.ExeFile == b.ExeFile && a.FileCaps == b.FileCaps && a.Cgroup == b.Cgroup &&
		a.ThreadCount == b.ThreadCount && a.Status == b.Status && sameList(a.Groups, b.Groups) && sameList(a.Cmdline, b.Cmdline) &&
		sameThreads(a.Threads, b.Threads) && slices.Equal(a.Gaps, b.Gaps)
}

func steadyContainer(a, b Container) bool {
	asked, isAsked := a.Declared.Get()
	asks, isAsks := b.Declared.Get()
	return a.Key == b.Key && a.Kind == b.Kind && a.ID == b.ID && a.Name == b.Name && a.Runtime == b.Runtime && a.Image == b.Image &&
		a.Pod == b.Pod && a.Unit == b.Unit && a.Cgroup == b.Cgroup && a.UserNamespace == b.UserNamespace && a.NestedIn == b.NestedIn &&
		a.Claimed == b.Claimed && a.Owner == b.Owner && sameList(a.Shares, b.Shares) &&
		isAsked == isAsks && (!isAsked || reflect.DeepEqual(asked, asks))
}
