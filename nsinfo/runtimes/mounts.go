package runtimes

import (
	"bytes"
	"path"
	"strings"
)

// mounted is what a container's mounts tell of where its files are (proc_pid_mountinfo(5)): engines mount its hostname and
// the like from a folder named after it. Its root may have made these mounts itself: a claim.
type mounted struct {
	runtime string // docker, podman
	id      string
	dirs    []string // that may have docker's files on it, or its bundle; as their file system's own paths
}

// parseMounts reads mountinfo. An id other than "" is the one that is looked for.
func parseMounts(text []byte, id string) (m mounted) {
	var stores []string
	for line := range bytes.Lines(text) {
		f := strings.Fields(string(line))
		if len(f) < 7 {
			continue
		}
		root := unescapeMount(f[3])
		if f[4] == "/" {
			stores = append(stores, store(root), store(option(f, "upperdir")))
		}
		m.see(root, id)
	}
	if m.runtime != "podman" {
		return m
	}
	for _, s := range stores {
		if s != "" {
			for _, driver := range drivers {
				m.dirs = append(m.dirs, path.Join(s, driver+"-containers", m.id, "userdata"))
			}
		}
	}
	return m
}

// drivers are those of containers/storage.
var drivers = []string{"overlay", "vfs", "btrfs", "zfs"}

// see judges what one mount is of.
func (m *mounted) see(root, id string) {
	dir, file := path.Split(root)
	dir = path.Clean(dir)
	if m.runtime != "" || file != "hostname" && file != "resolv.conf" && file != "hosts" && file != ".containerenv" {
		return
	}
	base := path.Base(dir)
	switch above := path.Base(path.Dir(dir)); {
	case above == "containers" && isHexID(base) && (id == "" || base == id):
		*m = mounted{"docker", base, []string{dir}}
	case base == "userdata" && isHexID(above) && (id == "" || above == id) && strings.HasSuffix(path.Base(path.Dir(path.Dir(dir))), "-containers"):
		*m = mounted{"podman", above, []string{dir}}
	}
}

// store is the folder of containers/storage that a container's root file system lies in; "" where it lies elsewhere.
func store(p string) string {
	for _, layers := range []string{"/overlay/", "/vfs/dir/"} {
		if i := strings.Index(p, layers); i > 0 {
			return p[:i]
		}
	}
	return ""
}

// option is the value of one of the super block's options.
func option(fields []string, name string) string {
	for value := range strings.SplitSeq(fields[len(fields)-1], ",") {
		if v, ok := strings.CutPrefix(value, name+"="); ok {
			return unescapeMount(v)
		}
	}
	return ""
}

// unescapeMount undoes the octal escapes of blanks and backslashes.
func unescapeMount(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}
