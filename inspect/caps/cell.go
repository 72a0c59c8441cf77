package caps

import "unicode/utf8"

// Cell is s in as few columns as tell it in full: "none", "all", "docker", "all −sys_resource",
// "docker +net_admin −mknod", or its names without "cap_". See CellFor.
func (s Set) Cell(full Set) string { return s.CellFor(full, "") }

// CellFor is Cell for a process of the named runtime. full is what the kernel knows (Full(cap_last_cap)).
//
// The rules:
//   - the empty set is "none";
//   - every other set may be told by its names, or as a base with what it has more (+) and less (−, U+2212);
//   - bases are "all", which is full, and the runtime's default; where the runtime has none (or is not known, ""),
//     every one of Defaults. A docker container that happens to hold podman's default is no podman container,
//     so it is told as docker's less three;
//   - the form with the fewest columns is taken; of equally long ones the names, then "all", then Defaults
//     in their order ("docker" stands for containerd's equal set too, unless the runtime is containerd);
//   - a capability without a name is its number, also one above full: "all +63".
//
// ParseSetIn reads each of these forms back.
func (s Set) CellFor(full Set, runtime string) string {
	if s == 0 {
		return "none"
	}
	best := form{more: s}
	try := func(base string, set Set) {
		f := form{base, s &^ set, set &^ s}
		if f.width() < best.width() {
			best = f
		}
	}
	try("all", full)
	if set, ok := DefaultFor(runtime); ok {
		try(runtime, set)
		return best.String()
	}
	for _, d := range Defaults {
		try(d.Name, d.Set)
	}
	return best.String()
}

// form is one way to tell a set: a named base (or none), more and less.
type form struct {
	base       string
	more, less Set
}

// width is the columns of String.
func (f form) width() int {
	w := len(f.base)
	for _, s := range [2]Set{f.more, f.less} {
		if s != 0 {
			w += listWidth(s)
		}
	}
	if f.base != "" {
		const sign = len(" +")
		w += sign * (min(1, f.more.Count()) + min(1, f.less.Count()))
	}
	return w
}

// listWidth is the columns of the short names of s, joined by commas.
func listWidth(s Set) int {
	w := s.Count() - 1
	s.Each(func(c Cap) { w += utf8.RuneCountInString(c.Short()) })
	return w
}

func (f form) String() string {
	if f.base == "" {
		return string(f.more.appendNames(nil, Cap.Short))
	}
	b := []byte(f.base)
	if f.more != 0 {
		b = f.more.appendNames(append(b, " +"...), Cap.Short)
	}
	if f.less != 0 {
		b = f.less.appendNames(append(b, " −"...), Cap.Short)
	}
	return string(b)
}
