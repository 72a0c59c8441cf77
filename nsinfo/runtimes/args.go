package runtimes

import (
	"bytes"
	"path"
	"slices"
	"strconv"
	"strings"
)

// shimArgs is what a containerd shim's arguments say.
type shimArgs struct{ namespace, id string }

func parseShim(args []string) (s shimArgs, ok bool) {
	for i := 1; i+1 < len(args); i++ {
		switch strings.TrimPrefix(args[i], "-") {
		case "-namespace", "namespace":
			s.namespace = args[i+1]
		case "-id", "id":
			s.id = args[i+1]
		default:
			continue
		}
		i++
	}
	return s, plainID(s.id) && plainID(s.namespace)
}

// conmonArgs is what conmon's arguments say (conmon(8)).
type conmonArgs struct{ id, name, bundle string }

// parseConmon takes the first of each option: the arguments of the command to run at the end come later.
func parseConmon(args []string) (c conmonArgs, ok bool) {
	set := func(to *string, value string) {
		if *to == "" {
			*to = value
		}
	}
	for i := 1; i < len(args); i++ {
		name, value, joined := strings.Cut(args[i], "=")
		if strings.HasPrefix(name, "--exit-command") {
			if !joined {
				i++
			}
			continue
		}
		if !joined {
			if i+1 == len(args) {
				break
			}
			value = args[i+1]
		}
		switch name {
		case "-c", "--cid":
			set(&c.id, value)
		case "-n", "--name":
			set(&c.name, value)
		case "-b", "--bundle":
			set(&c.bundle, value)
		default:
			continue
		}
		if !joined {
			i++
		}
	}
	return c, plainID(c.id) && path.IsAbs(c.bundle)
}

// plainID tells whether an id can be a file name: one component, neither "." nor "..".
func plainID(id string) bool {
	return id != "" && len(id) < 256 && id != "." && id != ".." && !strings.ContainsAny(id, "/\x00")
}

// parseMonitor reads the title that an LXC monitor gives itself: "[lxc monitor] /var/lib/lxc NAME".
func parseMonitor(args []string) (lxcpath, name string, ok bool) {
	title, ok := strings.CutPrefix(strings.TrimRight(strings.Join(args, " "), " \x00"), "[lxc monitor] ")
	i := strings.LastIndexByte(title, ' ')
	if !ok || i < 0 || !path.IsAbs(title[:i]) || !plainID(title[i+1:]) {
		return "", "", false
	}
	return title[:i], title[i+1:], true
}

// nspawnValues are the short options of systemd-nspawn(1) that take a value; the long ones have it after "=", or next.
const nspawnValues = "DiMuSZLpEP"

var nspawnLong = []string{"--directory", "--image", "--machine", "--user", "--slice", "--selinux-context", "--port", "--setenv", "--uuid", "--template",
	"--oci-bundle", "--root-hash", "--property", "--kill-signal", "--network-interface", "--network-bridge", "--network-zone", "--bind", "--bind-ro",
	"--tmpfs", "--overlay", "--overlay-ro", "--inaccessible", "--capability", "--drop-capability", "--chdir", "--pivot-root", "--personality",
	"--network-macvlan", "--network-ipvlan", "--network-veth-extra", "--network-namespace-path", "--rlimit", "--hostname", "--cpu-affinity"}

// parseNspawn tells the machine's name: as asked for, else after its directory or image.
func parseNspawn(args []string) (name string, ok bool) {
	var machine, place string
	take := func(option, value string) {
		switch option {
		case "-M", "--machine":
			machine = value
		case "-D", "--directory":
			place = path.Base(value)
		case "-i", "--image":
			place = strings.TrimSuffix(path.Base(value), ".raw")
		}
	}
	for i := 1; i < len(args); i++ {
		a := args[i]
		switch {
		case strings.HasPrefix(a, "--") && len(a) > 2:
			option, value, joined := strings.Cut(a, "=")
			if !joined && slices.Contains(nspawnLong, option) && i+1 < len(args) {
				i++
				value = args[i]
			}
			take(option, value)
		case len(a) > 1 && a[0] == '-' && a != "--":
			at := strings.IndexAny(a[1:], nspawnValues) + 1
			if at == 0 {
				continue
			}
			value := a[at+1:]
			if value == "" && i+1 < len(args) {
				i++
				value = args[i]
			}
			take("-"+a[at:at+1], value)
		default:
			i = len(args) // what follows is the command inside
		}
	}
	name = first(machine, place)
	return name, plainID(name)
}

// dockerdRoot is what a docker daemon's arguments say of where its files are: the data root, or the configuration
// that may move it.
func dockerdRoot(args []string) (root, config string) {
	for i := 1; i < len(args); i++ {
		option, value, joined := strings.Cut(args[i], "=")
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		switch option {
		case "--data-root", "--graph", "-g":
			root = value
		case "--config-file":
			config = value
		}
	}
	return root, config
}

// isHexID tells whether an id is a machine's choice.
func isHexID(id string) bool { return len(id) == 64 && strings.Trim(id, "0123456789abcdef") == "" }

// homeOf is the home of the first user with that uid in a passwd(5).
func homeOf(passwd []byte, uid uint32) string {
	for line := range bytes.Lines(passwd) {
		f := strings.Split(strings.TrimSpace(string(line)), ":")
		if n, err := strconv.ParseUint(f[min(2, len(f)-1)], 10, 32); err == nil && len(f) == 7 && uint32(n) == uid {
			return f[5]
		}
	}
	return ""
}
