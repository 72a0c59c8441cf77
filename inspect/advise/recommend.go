package advise

import (
	"capview/inspect"
	"capview/inspect/caps"
)

// nearest is the runtime's own default, or of all the one that differs least.
func nearest(s caps.Set, runtime string) Nearest {
	of := func(d caps.Default) Nearest { return Nearest{d.Name, s &^ d.Set, d.Set &^ s} }
	if d, ok := caps.DefaultFor(runtime); ok {
		return of(caps.Default{Name: runtime, Set: d})
	}
	best := of(caps.Defaults[0])
	for _, d := range caps.Defaults[1:] {
		if n := of(d); n.More.Count()+n.Less.Count() < best.More.Count()+best.Less.Count() {
			best = n
		}
	}
	return best
}

// recommend is the five sets for the first process: what is kept, and what cannot be told. A capability is ambient where it
// is so now, or where the process is not root, has it effective and its file does not give it.
func (a *Advice) recommend(ix *inspect.Index, all []*holder, first *inspect.Process) {
	set := a.Group.Keep | a.Group.Unknown
	r := &a.Recommended
	r.Caps = caps.Sets{Bounding: set, Permitted: set, Effective: set}
	r.NoNewPrivs = commonNNP(all)
	for _, h := range all {
		sets, known := h.sets()
		if h.p == nil || !known || h.Apart != "" {
			continue
		}
		if f, ok := fileCaps(h.p); ok && h.nonRoot(ix) {
			r.FromFile |= f.Permitted & sets.Permitted &^ sets.Ambient & set
		}
	}
	sets, known := first.Caps.Get()
	if ids, ok := first.UID.Get(); ok {
		r.UID = inspect.Some(ids.Effective)
	}
	if inside, ok := insideUID(ix, first); ok {
		r.UID = inspect.Some(inside)
	}
	if !known || r.UID.Or(0) == 0 {
		return
	}
	r.Caps.Ambient = set & sets.Ambient
	r.Caps.Inheritable = r.Caps.Ambient
	r.Powerless = set & sets.Ambient &^ r.FromFile
}

// nonRoot tells of a credential that is known not to be root's in its user namespace.
func (h *holder) nonRoot(ix *inspect.Index) bool {
	uid, ok := insideUID(ix, h.p)
	return ok && uid != 0
}

// insideUID is p's effective uid as its own user namespace numbers it.
func insideUID(ix *inspect.Index, p *inspect.Process) (uint32, bool) {
	ids, read := p.UID.Get()
	if host, known := ix.InHostUserNS(p); read && known && host {
		return ids.Effective, true
	}
	return ix.InsideUID(p)
}

// commonNNP is no_new_privs where all its own processes agree.
func commonNNP(all []*holder) (common inspect.Opt[bool]) {
	for i, h := range all {
		switch {
		case h.Gone || h.Apart != "":
		case !h.NNP.Known() || i > 0 && common.Known() && common != h.NNP:
			return inspect.Opt[bool]{}
		default:
			common = h.NNP
		}
	}
	return common
}
