package runtimes

import (
	"bytes"
	"errors"
	"path"
	"strconv"
	"strings"

	"capview/inspect"
)

// prober answers requests. It holds nothing that changes but the cache of files that many containers share.
type prober struct {
	files
	shared *shared
}

// probe reads what a request asks for. It may take as long as a file system does.
func (pr *prober) probe(q request) *answer {
	a := new(answer)
	switch q.kind {
	case byShim, byChild:
		pr.shim(q, a)
	case byConmon:
		pr.conmon(q, a)
	case byLXC:
		pr.lxc(q, a)
	case byID:
		pr.byID(q, a)
	case byMounts:
		pr.byMounts(q, a)
	case byRoot:
		pr.states(q, a)
	}
	return a
}

// read reads a file and watches it from then on. A file that is not there is watched too: it may come.
func (pr *prober) read(a *answer, at place, p string, limit int64) (content, error) {
	c, err := pr.files.read(at, p, limit)
	a.watch = append(a.watch, watched{at, p, c.id})
	return c, err
}

// source notes how a directory of a runtime's was come by.
func (a *answer) source(runtime, dir string, err error) {
	s := SourceReport{Runtime: runtime, Path: dir, State: SourceRead, Count: 1}
	switch {
	case err == nil:
	case absent(err):
		s.State, s.Count = SourceAbsent, 0
	default:
		s.State, s.Why, s.Count = SourceFailed, why(err), 0
	}
	a.sources = append(a.sources, s)
}

// bundle reads dir's config.json, and whatever that leads to, for the container of that id.
func (pr *prober) bundle(a *answer, at place, dir, id, runtime string) (*spec, bool) {
	p := path.Join(dir, "config.json")
	c, err := pr.read(a, at, p, maxFile)
	var s *spec
	if err == nil {
		s, err = parseSpec(c.data)
	}
	root := path.Dir(dir)
	if path.Base(dir) == "userdata" {
		root = path.Dir(root)
	}
	a.source(runtime, root, err)
	if err != nil {
		a.fail("declared", p, why(err))
		return nil, false
	}
	d := s.declared()
	d.Source, d.Claimed = p, !c.trusted
	a.facts.id, a.facts.declared = id, &d
	a.facts.claimed = a.facts.claimed || !c.trusted
	a.facts.annotate(s.Annotations)
	return s, true
}

// shim follows a containerd shim: it works in the bundle of its container, beside which are those of its pod.
func (pr *prober) shim(q request, a *answer) {
	cwd, err := pr.workingDir(q.at)
	if err != nil {
		a.fail("name", "containerd shim "+strconv.Itoa(q.at.pid), why(err))
		return
	}
	tasks, id := path.Dir(cwd), q.id
	if q.kind == byChild {
		if id, err = pr.childID(q, tasks); err != nil {
			a.fail("name", tasks, why(err))
			return
		}
	}
	a.facts.id = id
	s, ok := pr.bundle(a, q.at, path.Join(tasks, id), id, "containerd")
	if !ok {
		return
	}
	if dir := dockerDir(s, id); dir != "" {
		pr.docker(a, q.at, dir, id)
	} else if a.facts.name == "" && !a.facts.sandbox && !isHexID(id) {
		a.facts.name = id // ctr: the id is the name
	}
}

// maxPod bounds how many bundles beside a shim's are looked at.
const maxPod = 256

var errNoInit = errors.New("no bundle there has this process as its first")

// childID finds the container whose first process is the shim's child: each bundle has its PID in init.pid.
func (pr *prober) childID(q request, tasks string) (string, error) {
	if pr.initPID(q.at, path.Join(tasks, q.id)) == q.pid {
		return q.id, nil
	}
	names, _, _, err := pr.list(q.at, tasks, maxPod)
	if err != nil {
		return "", err
	}
	for _, id := range names {
		if plainID(id) && pr.initPID(q.at, path.Join(tasks, id)) == q.pid {
			return id, nil
		}
	}
	return "", errNoInit
}

func (pr *prober) initPID(at place, bundle string) int {
	c, err := pr.files.read(at, path.Join(bundle, "init.pid"), maxSmall)
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(string(bytes.TrimSpace(c.data)))
	return pid
}

// docker reads docker's own files on a container: its name is nowhere else.
func (pr *prober) docker(a *answer, at place, dir, id string) {
	a.facts.runtime = "docker"
	p := path.Join(dir, "config.v2.json")
	c, err := pr.read(a, at, p, maxFile)
	if err == nil {
		err = a.facts.docker(c.data, id)
	}
	a.source("docker", path.Dir(dir), err)
	if err != nil {
		a.fail("name", p, why(err))
		return
	}
	a.facts.claimed = a.facts.claimed || !c.trusted
	p = path.Join(dir, "hostconfig.json")
	if c, err = pr.read(a, at, p, maxFile); err == nil {
		err = a.facts.dockerHost(c.data)
	}
	if err != nil && !absent(err) {
		a.fail("declared.privileged", p, why(err))
	}
}

// conmon follows the monitor of podman and CRI-O. The name is among its arguments; the image only in the storage's
// list.
func (pr *prober) conmon(q request, a *answer) {
	a.facts.runtime, a.facts.id, a.facts.name = "podman", q.id, q.name
	// The bundle is STORAGE/DRIVER-containers/ID/userdata.
	dir := path.Dir(path.Clean(q.path))
	list := path.Dir(dir)
	if _, ok := pr.bundle(a, q.at, q.path, q.id, "podman"); !ok || a.facts.runtime != "podman" || path.Base(dir) != q.id {
		return
	}
	pr.storage(a, q.at, list, q.id)
}

// storage takes name and image from containers/storage's lists.
func (pr *prober) storage(a *answer, at place, dir, id string) {
	for _, file := range []string{"containers.json", "volatile-containers.json"} {
		p := path.Join(dir, file)
		s, found, trusted, w, err := pr.shared.storage(&pr.files, at, p, id)
		a.watch = append(a.watch, w)
		switch {
		case err == nil && found:
			a.facts.name, a.facts.image = first(s.Name, a.facts.name), inspect.Some(s.Image)
			a.facts.claimed = a.facts.claimed || !trusted
			return
		case err != nil && !absent(err):
			a.fail("image", p, why(err))
		}
	}
}

// lxc reads a container's configuration: LXC's own, or what Incus and LXD make for it.
func (pr *prober) lxc(q request, a *answer) {
	a.facts.runtime, a.facts.id, a.facts.name, a.facts.image = "lxc", q.name, q.name, inspect.Some("")
	for _, manager := range []string{"incus", "lxd"} {
		if strings.HasSuffix(q.path, "/"+manager+"/containers") {
			a.facts.runtime, a.facts.image = manager, inspect.Opt[string]{}
		}
	}
	places := []string{path.Join(q.path, q.name, "config"), path.Join(path.Dir(q.path), "logs", q.name, "lxc.conf"), path.Join("/run/incus", q.name, "lxc.conf"), path.Join("/var/log/incus", q.name, "lxc.conf"),
		path.Join("/var/log/lxd", q.name, "lxc.conf")}
	for _, p := range places {
		c, err := pr.read(a, q.at, p, maxFile)
		if absent(err) {
			continue
		}
		var d inspect.Declared
		if err == nil {
			d, err = parseLXC(pr.include(a, q.at, c.data, maxIncludes), q.full)
		}
		a.source(a.facts.runtime, path.Dir(path.Dir(p)), err)
		if err != nil {
			a.fail("declared", p, why(err))
			return
		}
		d.Source, d.Claimed = p, !c.trusted
		a.facts.declared = &d
		a.facts.claimed = a.facts.claimed || !c.trusted
		return
	}
	a.fail("declared", places[0], "no such file")
}

// maxIncludes is how deep configurations include others, maxIncluded how many files there are in all.
const (
	maxIncludes = 4
	maxIncluded = 32
)

// include puts the files that an LXC configuration includes in the place of the lines that name them. A line stays where
// there is no such file, or where it names a folder.
func (pr *prober) include(a *answer, at place, text []byte, depth int) []byte {
	var whole []byte
	for line := range bytes.Lines(text) {
		key, value, _ := lxcLine(string(line))
		if key == "lxc.include" && path.IsAbs(value) && depth > 0 && len(a.watch) < maxIncluded {
			if c, err := pr.read(a, at, value, maxSmall); err == nil {
				whole = append(append(whole, pr.include(a, at, c.data, depth-1)...), '\n')
				continue
			}
		}
		whole = append(whole, line...)
	}
	return whole
}

// byID looks where runtimes keep containers by default: the process that led to the files has ended.
func (pr *prober) byID(q request, a *answer) {
	a.facts.id = q.id
	for _, dir := range pr.usual(q) {
		if !pr.has(q, dir) {
			continue
		}
		switch q.runtime {
		case "docker":
			pr.docker(a, q.at, dir, q.id)
		case "podman", "cri-o":
			pr.bundle(a, q.at, dir, q.id, q.runtime)
			if a.facts.runtime == "podman" {
				pr.storage(a, q.at, path.Dir(path.Dir(dir)), q.id)
			}
		default:
			pr.bundle(a, q.at, dir, q.id, q.runtime)
		}
		return
	}
	if q.pid != 0 {
		text, err := pr.mountinfo(place{pid: q.pid})
		if m := parseMounts(text, q.id); err == nil && m.id == q.id && m.runtime == q.runtime && pr.fromMounts(a, &m) {
			return
		}
	}
	a.gaps = append(a.gaps, failure{"name", "no shim or monitor could be read that leads to its files, and they are in none of the usual directories"})
}

// has tells whether a folder has the file that a request leads to; a user's storage has that user's own.
func (pr *prober) has(q request, dir string) bool {
	file := "config.json"
	if q.runtime == "docker" {
		file = "config.v2.json"
	}
	c, err := pr.files.read(q.at, path.Join(dir, file), maxFile)
	uid, owned := q.owner.Get()
	return err == nil && (!owned || c.owner == uid)
}

// byMounts is about a container that nothing but its namespaces and mounts tell of.
func (pr *prober) byMounts(q request, a *answer) {
	text, err := pr.mountinfo(q.at)
	if err != nil {
		return // its namespaces are a gap already
	}
	if m := parseMounts(text, ""); m.id != "" {
		a.facts.id, a.facts.runtime = m.id, m.runtime
		if m.runtime == "podman" {
			m.dirs = append(append(m.dirs, inStorages(q.path, m.id)...), pr.inHome(q, m.runtime, m.id)...)
		}
		if !pr.fromMounts(a, &m) {
			a.fail("name", m.runtime+" "+m.id, "its monitor has ended, and its files are not where its mounts come from")
		}
	}
}

// fromMounts reads the files in the first of the folders that has any. The container's root could have led here.
func (pr *prober) fromMounts(a *answer, m *mounted) bool {
	for _, dir := range m.dirs {
		file := "config.json"
		if m.runtime == "docker" {
			file = "config.v2.json"
		}
		if _, err := pr.files.read(place{}, path.Join(dir, file), maxFile); err != nil {
			continue
		}
		if m.runtime == "docker" {
			pr.docker(a, place{}, dir, m.id)
		} else if _, ok := pr.bundle(a, place{}, dir, m.id, m.runtime); ok {
			pr.storage(a, place{}, path.Dir(path.Dir(dir)), m.id)
		}
		a.facts.claimed = true
		if d := a.facts.declared; d != nil {
			d.Claimed = true
		}
		return true
	}
	return false
}
