package profile

import (
	"slices"

	"capview/inspect/caps"
)

// match is a profile that is near.
type match struct {
	engine, versions, origin string
	vector                   *vector
	library                  Library
	differ                   int
	caps                     caps.Set
}

// naming is the result.
func (s *search) naming() Naming {
	best := s.best
	if best.vector == nil {
		return Naming{}
	}
	naming := Naming{
		Profile: best.engine, Versions: best.versions, Origin: best.origin, Names: best.differ, Caps: best.caps,
		Runtime: Runtime{best.vector.crun, best.library},
	}
	if best.differ == 0 {
		naming.Also = slices.DeleteFunc(s.exact, func(name string) bool { return name == best.engine })
	} else {
		naming.Differs = s.namer.differences(s.ours, best)
	}
	return naming
}

// search goes through profiles for the nearest.
type search struct {
	namer *Namer
	ours  []outcome
	of    Subject
	most  int // names that may differ
	best  match
	exact []string
}

func (s *search) try(m match) {
	library, differ, ok := m.vector.nearest(s.namer.calls, s.ours, min(s.best.differ, s.most))
	if !ok {
		return
	}
	if differ == 0 {
		s.exact = append(s.exact, m.engine)
	}
	if m.library, m.differ = library, differ; differ < s.best.differ || differ == s.best.differ && m.preferred(s.best, s.of) {
		s.best = m
	}
}

// tryEngine tries every generation of an engine's.
func (s *search) tryEngine(engine string) {
	screen, ok := s.namer.screens[engine]
	if !ok {
		screen = screenOf(s.namer.calls, engine)
		s.namer.screens[engine] = screen
	}
	if screen.far(s.ours, min(s.best.differ, s.most)) {
		return
	}
	for i := range Defaults() {
		if Defaults()[i].Engine == engine {
			s.tryDefault(i)
		}
	}
}

// tryDefault tries one generation of an engine's, unless the engine has an exact one already.
func (s *search) tryDefault(i int) {
	d := &Defaults()[i]
	sets := append([]caps.Set{s.of.Caps}, s.of.Created...)
	for at, set := range sets {
		if slices.Contains(sets[:at], set) {
			continue
		}
		for _, v := range s.namer.defaultVectors(i, Context{set, s.namer.native, s.of.Kernel}) {
			if slices.Contains(s.exact, d.Engine) {
				return
			}
			s.try(match{engine: d.Engine, versions: d.Versions, origin: d.Origin, vector: v, caps: set})
		}
	}
}

// preferred decides between a profile and an earlier one that is as near: the container's own wins where neither is exact.
func (m match) preferred(other match, of Subject) bool {
	return m.engine == Declared && m.differ > 0 && other.engine != of.Engine
}
