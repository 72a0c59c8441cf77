package runtimes

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"capview/inspect"
	"capview/nsinfo"
)

const (
	dockerID = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	listOne  = `[{"Id":"` + dockerID + `","Names":["/other/alias","/web"],"Image":"shop:1","Labels":{}},{"Id":"short"}]`
	inspect1 = `{"Id":"` + dockerID + `","Name":"/web","Image":"sha256:1","Config":{"Image":"shop:1"},
"HostConfig":{"Privileged":false,"SecurityOpt":["no-new-privileges","seccomp=unconfined"]},"Mounts":[{"Type":"bind","Source":"/","Destination":"/host","RW":false}]}`
)

// listen is a socket in a folder that only root, or who runs the test, can write.
func listen(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "s") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	at := filepath.Join(dir, "docker.sock")
	l, err := net.Listen("unix", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go handle(c)
		}
	}()
	return at
}

// engine answers HTTP by a handler.
func engine(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(dir, "docker.sock")
	l, err := net.Listen("unix", at)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h}
	go s.Serve(l)
	t.Cleanup(func() { s.Close(); os.RemoveAll(dir) })
	return at
}

func answers(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method != http.MethodGet:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case r.URL.Path == "/containers/json":
		io.WriteString(w, listOne)
	case r.URL.Path == "/containers/"+dockerID+"/json":
		io.WriteString(w, inspect1)
	default:
		http.NotFound(w, r)
	}
}

// idsOnly is a node with a docker container of which no file tells anything, as a user sees it.
func idsOnly() *inspect.Snapshot {
	ns := nsinfo.Set{1, 2, 3, 4, 5, 6, 7, 8}
	return &inspect.Snapshot{
		Host: inspect.Host{UserNamespace: 7, CapLastCap: 40},
		Processes: []*inspect.Process{
			{PID: 1, Comm: "init", Container: "host", Role: inspect.RolePayload, Namespaces: inspect.Some(ns)},
			{PID: 99999999, PPID: 1, Comm: "app", Container: "docker/" + dockerID, Role: inspect.RolePayload, UID: inspect.Some(inspect.IDs{})},
		},
		Containers: []inspect.Container{
			{Key: "docker/" + dockerID, Kind: inspect.KindContainer, Runtime: "docker", ID: dockerID, Cgroup: "/docker/" + dockerID},
			{Key: "host", Kind: inspect.KindHost},
		},
	}
}

func joinWith(t *testing.T, sockets ...string) (*Resolver, *inspect.Snapshot) {
	t.Helper()
	o := Options{Root: "/proc", Timeout: time.Minute}
	for _, at := range sockets {
		o.Sockets = append(o.Sockets, Socket{"docker", at})
	}
	r, s := New(o), idsOnly()
	r.Join(context.Background(), s)
	return r, s
}

// TestSocket: what no file tells, an engine is asked for.
func TestSocket(t *testing.T) {
	r, s := joinWith(t, engine(t, answers))
	c := &s.Containers[0]
	if c.Name.Or("") != "web" || c.Image.Or("") != "shop:1" || c.Claimed {
		t.Errorf("%+v", c)
	}
	d := c.Declared.Or(inspect.Declared{})
	if d.Privileged.Or(true) || d.Seccomp.Or("") != "none" || !d.NoNewPrivs.Or(false) || len(d.Mounts.Or(nil)) != 1 || d.Caps.Known() {
		t.Errorf("declared %+v", d)
	}
	for _, g := range subjectGaps(s, c.Key) {
		if g.What == "name" {
			t.Errorf("a gap: %+v", g)
		}
	}
	found := false
	for _, src := range r.Sources() {
		found = found || src.State == SourceRead && strings.HasSuffix(src.Path, "docker.sock") && src.Count == 1
	}
	if !found {
		t.Errorf("sources %+v", r.Sources())
	}
}

// TestBadSockets: whoever listens there, there is a gap with the path, no hang and no wrong name, and a good one after
// it is heard.
func TestBadSockets(t *testing.T) {
	raw := func(text string) func(net.Conn) {
		return func(c net.Conn) {
			defer c.Close()
			c.Read(make([]byte, 4096))
			io.WriteString(c, text)
		}
	}
	say := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
	}
	file := filepath.Join(t.TempDir(), "docker.sock")
	writeFile(t, file, "")
	link := filepath.Join(t.TempDir(), "docker.sock")
	if err := os.Symlink(engine(t, answers), link); err != nil {
		t.Fatal(err)
	}
	stale := listen(t, func(net.Conn) {})
	at := map[string]string{
		"never answers":   listen(t, func(net.Conn) {}),
		"begins to":       listen(t, func(c net.Conn) { c.Read(make([]byte, 1)); io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Le") }),
		"drips":           listen(t, drip),
		"hangs up":        listen(t, func(c net.Conn) { c.Close() }),
		"is not HTTP":     listen(t, raw("SSH-2.0-x\r\n")),
		"truncated":       listen(t, raw("HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n[{")),
		"endless headers": listen(t, endless("HTTP/1.1 200 OK\r\n", "X: "+strings.Repeat("y", 1000)+"\r\n")),
		"endless":         listen(t, endless("HTTP/1.1 200 OK\r\n\r\n[", strings.Repeat(" ", 1<<16))),
		"not JSON":        engine(t, say("<html>")),
		"deep":            engine(t, say(strings.Repeat("[", 1<<20))),
		"another's list":  engine(t, say(`{"message":"no"}`)),
		"redirects": engine(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://elsewhere/", http.StatusFound)
		}),
		"an error":          engine(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }),
		"no socket":         file,
		"no one listens":    stale,
		"a link, for root":  link,
		"another container": engine(t, say(`{"Id":"bb","Name":"/forged"}`)),
	}
	kill(t, stale)
	if os.Geteuid() != 0 {
		delete(at, "a link, for root")
	}
	for name, socket := range at {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, s := joinWith(t, socket)
			if c := &s.Containers[0]; c.Name.Known() {
				t.Errorf("a name: %+v", c.Name)
			}
			why := ""
			for _, g := range s.Gaps {
				if strings.Contains(g.Why, socket) {
					why = g.Why
				}
			}
			if why == "" {
				t.Errorf("no gap: %+v", s.Gaps)
			}
			t.Log(strings.TrimPrefix(why, socket))
			if _, s = joinWith(t, socket, engine(t, answers)); s.Containers[0].Name.Or("") != "web" {
				t.Errorf("the next is not heard: %+v", s.Containers[0])
			}
		})
	}
	if _, s := joinWith(t, filepath.Join(t.TempDir(), "none.sock")); len(s.Gaps) != 1 { // of the files
		t.Errorf("one that is not there: %+v", s.Gaps)
	}
}

// kill makes a socket one at which no one listens any more.
func kill(t *testing.T, at string) {
	t.Helper()
	os.Remove(at)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: at, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
}

func drip(c net.Conn) {
	defer c.Close()
	io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n[")
	for {
		if _, err := io.WriteString(c, " "); err != nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func endless(begin, more string) func(net.Conn) {
	return func(c net.Conn) {
		defer c.Close()
		io.WriteString(c, begin)
		for {
			if _, err := io.WriteString(c, more); err != nil {
				return
			}
		}
	}
}

// TestSilentSocket: a refresh waits for a socket once, and never again; a name that comes late is taken.
func TestSilentSocket(t *testing.T) {
	release := make(chan bool)
	at := engine(t, func(w http.ResponseWriter, r *http.Request) { <-release; answers(w, r) })
	r := New(Options{Root: "/proc", Timeout: time.Millisecond, Sockets: []Socket{{"docker", at}}})
	for range 50 { // each would take for ever
		s := idsOnly()
		r.Join(context.Background(), s)
		if s.Containers[0].Name.Known() {
			t.Fatal("a name from nowhere")
		}
	}
	close(release)
	for until := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		s := idsOnly()
		if r.Join(context.Background(), s); s.Containers[0].Name.Or("") == "web" {
			return
		}
		if time.Now().After(until) {
			t.Fatal("the name never came")
		}
	}
}

// TestClaimedSocket: a user's socket names that user's own containers, as a claim, and no one else's.
func TestClaimedSocket(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("root alone can give sockets away")
	}
	at := engine(t, answers)
	if err := os.Chown(at, 1001, -1); err != nil {
		t.Fatal(err)
	}
	if _, s := joinWith(t, at); s.Containers[0].Name.Known() || s.Containers[0].Claimed {
		t.Errorf("a user names root's container: %+v", s.Containers[0])
	}
	r := New(Options{Root: "/proc", Timeout: time.Minute, Sockets: []Socket{{"docker", at}}})
	s := idsOnly()
	s.Containers[0].Owner = inspect.Some[uint32](1001)
	if r.Join(context.Background(), s); s.Containers[0].Name.Or("") != "web" || !s.Containers[0].Claimed || !s.Containers[0].Declared.Or(inspect.Declared{}).Claimed {
		t.Errorf("a user's own container: %+v", s.Containers[0])
	}
	s = idsOnly()
	s.Containers[0].Owner = inspect.Some[uint32](1002)
	if r.Join(context.Background(), s); s.Containers[0].Name.Known() {
		t.Errorf("another user's container: %+v", s.Containers[0])
	}
}

// TestSocketNames: a name is what the engine says, control characters included; who shows it escapes them.
func TestSocketNames(t *testing.T) {
	at := engine(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/containers/json" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, `[{"Id":%q,"Names":["/a\u001b]0;x\u0007\n"],"Image":"i"}]`, dockerID)
	})
	if _, s := joinWith(t, at); s.Containers[0].Name.Or("") != "a\x1b]0;x\x07\n" {
		t.Errorf("%+v", s.Containers[0].Name)
	}
}

func TestSockets(t *testing.T) {
	got := Sockets(map[string]string{"DOCKER_HOST": "unix:///srv/d.sock", "XDG_RUNTIME_DIR": "/run/user/5"})
	want := []Socket{{"docker", "/srv/d.sock"}, {"docker", "/run/docker.sock"}, {"podman", "/run/podman/podman.sock"},
		{"docker", "/run/user/5/docker.sock"}, {"podman", "/run/user/5/podman/podman.sock"}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v", got)
	}
	for _, host := range []string{"tcp://1.2.3.4:2375", "ssh://x", "unix://relative", ""} {
		if got := Sockets(map[string]string{"DOCKER_HOST": host, "XDG_RUNTIME_DIR": "x"}); len(got) != 2 {
			t.Errorf("%s: %v", host, got)
		}
	}
}

// FuzzSocket: an engine may answer anything.
func FuzzSocket(f *testing.F) {
	f.Add([]byte(listOne))
	f.Add([]byte(inspect1))
	f.Fuzz(func(t *testing.T, b []byte) {
		if all, err := parseList(b); err == nil {
			for id, l := range all {
				if !isHexID(id) || l.facts.id != id {
					t.Fatalf("%q: %+v", id, l)
				}
			}
		}
		var one facts
		if one.parseInspect(b, dockerID, "x") == nil && one.id != dockerID {
			t.Fatalf("%+v", one)
		}
	})
}
