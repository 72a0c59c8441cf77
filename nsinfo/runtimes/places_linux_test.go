package runtimes

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"capview/inspect"
	"capview/nsinfo"
)

func TestHomeOf(t *testing.T) {
	passwd := []byte("root:x:0:0:root:/root:/bin/sh\nbroken:x:5\n\n:::::::::\nalice:x:1000:1000::/home/alice:/bin/sh\nagain:x:1000:1000::/srv:/bin/sh\n")
	for uid, want := range map[uint32]string{0: "/root", 1000: "/home/alice", 5: "", 7: ""} {
		if got := homeOf(passwd, uid); got != want {
			t.Errorf("%d: %q", uid, got)
		}
	}
}

func TestUserManager(t *testing.T) {
	for unit, want := range map[string]uint32{"user@1000.service": 1000, "user@0.service": 0, "user@.service": 0, "x@1000.service": 0, "user@1000.scope": 0, "user@99999999999.service": 0} {
		if got, ok := userManager(unit); ok != (want != 0) || ok && got != want {
			t.Errorf("%s: %d %v", unit, got, ok)
		}
	}
}

// TestRootlessOrphan: a container in a user's systemd whose monitor has ended is named by the files in that user's home, as
// a claim; what lies there and is another's names nothing, and nobody names another's processes.
func TestRootlessOrphan(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("root alone can give files away")
	}
	const uid = 1000
	id := strings.Repeat("c", 64)
	for name, c := range map[string]struct {
		files, userns int
		named         bool
	}{
		"its user's":            {uid, uid, true},
		"root's files":          {0, uid, false},
		"another user's files":  {1001, uid, false},
		"another's user's ns":   {uid, 1001, false},
		"root's user namespace": {uid, 0, false},
	} {
		root := t.TempDir()
		storage := filepath.Join(root, "home/alice/.local/share/containers/storage/overlay-containers")
		config := filepath.Join(storage, id, "userdata/config.json")
		writeFile(t, filepath.Join(root, "etc/passwd"), "alice:x:1000:1000::/home/alice:/bin/sh\n")
		writeFile(t, config, fmt.Sprintf(testSpec, "x"))
		writeFile(t, filepath.Join(storage, "containers.json"), fmt.Sprintf(`[{"id":%q,"names":["blog"],"metadata":"{\"image-name\":\"press:1\"}"}]`, id))
		if err := os.Chown(config, c.files, -1); err != nil {
			t.Fatal(err)
		}
		s := idsOnly()
		k, p := &s.Containers[0], s.Processes[1]
		*k = inspect.Container{Kind: inspect.KindContainer, Runtime: "podman", ID: id, Claimed: true,
			Cgroup: "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id + ".scope"}
		k.Key = "user@1000.service/podman/" + id
		p.Container, p.Namespaces = k.Key, inspect.Some(nsinfo.Set{1, 2, 3, 4, 5, 6, 70, 8})
		for i, inode := range p.Namespaces.Or(nsinfo.Set{}) { // whichever of them is the user namespace
			if nsinfo.Type(i) == nsinfo.UserNS {
				s.UserNamespaces = []nsinfo.User{{Inode: inode + 100, Parent: inspect.Some[uint64](7), OwnerUID: inspect.Some(uint32(c.userns))}}
				set := p.Namespaces.Or(nsinfo.Set{})
				set[i] += 100
				p.Namespaces = inspect.Some(set)
			}
		}
		r := New(Options{Root: "/proc", Timeout: time.Minute})
		r.prober.hostRoot = root
		r.Join(context.Background(), s)
		got := s.Containers[0]
		if got.Key != k.Key || !got.Claimed {
			t.Errorf("%s: %+v", name, got)
		}
		if named := got.Name.Or("") == "blog" && got.Image.Or("") == "press:1" && got.Declared.Or(inspect.Declared{}).Claimed; named != c.named {
			t.Errorf("%s: named %v: %+v\n%+v", name, named, got, s.Gaps)
		}
	}
}

// TestOrphanByState: the runtime's own state leads to a storage that lies elsewhere.
func TestOrphanByState(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("what another than root owns is a claim")
	}
	id := strings.Repeat("d", 64)
	for name, c := range map[string]struct {
		file, text string
		owner      int
		named      bool
	}{
		"runc":         {"run/runc/" + id + "/state.json", `{"id":"` + id + `","init_process_pid":1,"config":{"labels":["bundle=/srv/store/vfs-containers/` + id + `/userdata"]}}`, 0, true},
		"crun":         {"run/crun/" + id + "/status", `{"pid":1,"bundle":"/srv/store/vfs-containers/` + id + `/userdata"}`, 0, true},
		"a user's":     {"run/crun/" + id + "/status", `{"pid":1,"bundle":"/srv/store/vfs-containers/` + id + `/userdata"}`, 1000, false},
		"another's":    {"run/runc/" + id + "/state.json", `{"id":"x","init_process_pid":1,"config":{"labels":["bundle=/srv/store/vfs-containers/` + id + `/userdata"]}}`, 0, false},
		"another path": {"run/crun/" + id + "/status", `{"pid":1,"bundle":"/srv/store/vfs-containers/other/userdata"}`, 0, false},
	} {
		root := t.TempDir()
		storage := filepath.Join(root, "srv/store/vfs-containers")
		writeFile(t, filepath.Join(storage, id, "userdata/config.json"), fmt.Sprintf(testSpec, "x"))
		writeFile(t, filepath.Join(storage, "containers.json"), fmt.Sprintf(`[{"id":%q,"names":["db"]}]`, id))
		writeFile(t, filepath.Join(root, c.file), c.text)
		if err := os.Chown(filepath.Join(root, c.file), c.owner, -1); err != nil {
			t.Fatal(err)
		}
		s := idsOnly()
		k := &s.Containers[0]
		*k = inspect.Container{Key: "podman/" + id, Kind: inspect.KindContainer, Runtime: "podman", ID: id, Cgroup: "/libpod_parent/libpod-" + id}
		s.Processes[1].Container = k.Key
		r := New(Options{Root: "/proc", Timeout: time.Minute})
		r.prober.hostRoot = root
		r.Join(context.Background(), s)
		if got := s.Containers[0]; got.Name.Or("") == "db" != c.named || got.Claimed {
			t.Errorf("%s: %+v\n%+v", name, got, s.Gaps)
		}
	}
}
