package proc

import (
	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/nsinfo"
)

var nsLinks = func() (names [nsinfo.Types]string) {
	for t := range nsinfo.Type(nsinfo.Types) {
		names[t] = "ns/" + t.String()
	}
	return names
}()

// readNamespaces reads the links below ns. The user namespace, where capabilities count, is read each time; the
// others when an execve or new credentials make a change likely, and in turn.
func (r *reader) readNamespaces(dir int, e, old *entry, same bool) {
	var was nsinfo.Set
	all := true
	if same {
		was, _ = old.proc.Namespaces.Get()
		all = was[nsinfo.UserNS] == 0
	}
	set, err := r.readNSLinks(dir, was, all)
	if !all && set[nsinfo.UserNS] != was[nsinfo.UserNS] {
		set, err = r.readNSLinks(dir, was, true)
	}
	if set != (nsinfo.Set{}) {
		e.proc.Namespaces = inspect.Some(set)
	}
	if err == nil {
		return
	}
	if e.proc.State == "Z" && ended(err) {
		e.gap("namespaces", "a zombie has given its namespaces back")
		return
	}
	r.failed(e, "namespaces", err)
}

// readNSLinks reads the user namespace's link, or all of them, into a copy of was. The error is the last link's that
// could not be read; what the kernel was not built with is none.
func (r *reader) readNSLinks(dir int, was nsinfo.Set, all bool) (nsinfo.Set, error) {
	set := was
	if !all {
		err := r.readNSLink(dir, nsLinks[nsinfo.UserNS], nsinfo.UserNS, &set)
		return set, err
	}
	ns, err := retry(func() (int, error) { return unix.Openat(dir, "ns", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0) })
	if err != nil {
		return nsinfo.Set{}, err
	}
	defer unix.Close(ns)
	var failed error
	for t := range nsinfo.Type(nsinfo.Types) {
		if !r.src.host.hasNS[t] {
			continue
		}
		err := r.readNSLink(ns, t.String(), t, &set)
		if err == unix.EACCES || err == unix.EPERM {
			return nsinfo.Set{}, err
		}
		if err != nil {
			failed = err
		}
	}
	return set, failed
}

// readNSLink reads the link name below dir into set.
func (r *reader) readNSLink(dir int, name string, t nsinfo.Type, set *nsinfo.Set) error {
	set[t] = 0
	link, err := readlinkAt(dir, name, r.link[:])
	if err == nil {
		set[t], err = parseNSLink(link, t)
	}
	return err
}
