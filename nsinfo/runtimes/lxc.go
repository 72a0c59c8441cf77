package runtimes

import (
	"bytes"
	"fmt"
	"path"
	"strconv"
	"strings"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/nsinfo"
)

// parseLXC reads an LXC container's config (lxc.container.conf(5)); full is every capability the kernel has. Where the
// file includes others, what they would add to the capabilities is not known.
func parseLXC(b []byte, full caps.Set) (inspect.Declared, error) {
	var d inspect.Declared
	var drop, keep caps.Set
	var included, keeps bool
	uids, gids := []nsinfo.Range{}, []nsinfo.Range{}
	mounts := spec{}
	seccomp, keys := "none", 0
	for line := range bytes.Lines(b) {
		key, value, ok := lxcLine(string(line))
		if !ok {
			continue
		}
		keys++
		switch key {
		case "lxc.include":
			included = true
		case "lxc.cap.drop":
			drop |= lxcCaps(value)
			if value == "" {
				drop = 0
			}
		case "lxc.cap.keep":
			keep, keeps = keep|lxcCaps(value), true
		case "lxc.no_new_privs":
			d.NoNewPrivs = inspect.Some(value == "1")
		case "lxc.seccomp.profile":
			seccomp = first(path.Base(value), "none")
		case "lxc.idmap", "lxc.id_map":
			lxcMap(value, &uids, &gids)
		case "lxc.mount.entry":
			mounts.lxcMount(value)
		}
	}
	if keys == 0 && len(bytes.TrimSpace(b)) > 0 {
		return d, fmt.Errorf("not an LXC configuration")
	}
	d.UIDMap, d.GIDMap = inspect.Some(uids), inspect.Some(gids)
	d.Mounts = inspect.Some(mounts.risks())
	if !included {
		d.Seccomp = inspect.Some(seccomp)
		if !d.NoNewPrivs.Known() {
			d.NoNewPrivs = inspect.Some(false)
		}
		bounding := full &^ drop
		if keeps {
			bounding = keep
		}
		// Its first process is root's and gets what the bounding set leaves (capabilities(7)).
		d.Caps = inspect.Some(caps.Sets{Permitted: bounding, Effective: bounding, Bounding: bounding})
	}
	return d, nil
}

func lxcLine(line string) (key, value string, ok bool) {
	line = strings.TrimSpace(line)
	if strings.HasPrefix(line, "#") {
		return "", "", false
	}
	key, value, ok = strings.Cut(line, "=")
	key = strings.TrimSpace(key)
	return key, strings.TrimSpace(value), ok && strings.HasPrefix(key, "lxc.")
}

// lxcCaps reads names without "cap_", apart by blanks; "none" is none.
func lxcCaps(value string) caps.Set { return capSet(strings.Fields(value)) }

// lxcMap reads "u 0 100000 65536"; u, g or b for both.
func lxcMap(value string, uids, gids *[]nsinfo.Range) {
	f := strings.Fields(value)
	if len(f) != 4 || len(*uids)+len(*gids) > 1000 {
		return
	}
	var n [3]uint32
	for i := range n {
		v, err := strconv.ParseUint(f[i+1], 10, 32)
		if err != nil {
			return
		}
		n[i] = uint32(v)
	}
	r := nsinfo.Range{Inside: n[0], Outside: n[1], Count: n[2]}
	if f[0] == "u" || f[0] == "b" {
		*uids = append(*uids, r)
	}
	if f[0] == "g" || f[0] == "b" {
		*gids = append(*gids, r)
	}
}

// lxcMount reads a line as fstab(5) has them: source, destination, type, options.
func (s *spec) lxcMount(value string) {
	f := strings.Fields(value)
	if len(f) < 4 || len(s.Mounts) > 1000 {
		return
	}
	s.Mounts = append(s.Mounts, specMount{Source: f[0], Destination: path.Join("/", f[1]), Type: f[2], Options: strings.Split(f[3], ",")})
}
