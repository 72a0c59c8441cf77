package runtimes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"capview/inspect"
)

// The bounds on what an engine may answer, and on how long that may take.
const (
	maxList    = 16 << 20
	askTimeout = 3 * time.Second
)

var (
	errNotSocket = errors.New("not a socket")
	errUnknown   = errors.New("the engine does not know it")
	errSilent    = errors.New("it accepts and does not answer within " + askTimeout.String())
)

// engines asks container engines over their sockets: GET /containers/json and GET /containers/ID/json, nothing else.
type engines struct {
	files
	reader uint32 // who reads: its effective uid
}

// ask answers a request for what an engine says: of all its containers, or of one.
func (e *engines) ask(q request) *answer {
	a := &answer{trail: trail{volatile: q.id == ""}}
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	what, limit := "/containers/json?all=1", int64(maxList)
	if q.id != "" {
		what, limit = "/containers/"+q.id+"/json", maxFile
	}
	body, from, err := e.get(ctx, q.path, what, limit)
	if err == nil {
		a.from = from
		if q.id == "" {
			a.listed, err = parseList(body)
		} else {
			err = a.facts.parseInspect(body, q.id, q.path+": GET /containers/"+q.id+"/json")
		}
	}
	if q.id == "" {
		a.source(q.runtime, q.path, err)
		a.sources[0].Count = len(a.listed)
		if a.sources[0].State == SourceFailed {
			a.sources[0].Why = socketWhy(err)
		}
	}
	a.volatile = a.volatile || err == errUnknown // it may yet come to know
	if err != nil && !absent(err) && err != errUnknown {
		a.fail("containers", q.path, socketWhy(err))
	}
	return a
}

// get asks one thing. Redirections are not followed, and no connection is kept.
func (e *engines) get(ctx context.Context, socket, what string, limit int64) (body []byte, from endpoint, err error) {
	conn, from, err := e.connect(ctx, socket)
	if err != nil {
		return nil, from, err
	}
	defer conn.Close()
	transport := &http.Transport{
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: maxSmall,
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://engine"+what, nil)
	if err != nil {
		return nil, from, err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, from, silence(err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return nil, from, errUnknown
	case resp.StatusCode != http.StatusOK:
		return nil, from, fmt.Errorf("it answers %.60q", resp.Status)
	}
	body, err = io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = errors.New("it answers more than an engine has to say")
	}
	return body, from, silence(err)
}

func silence(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return errSilent
	}
	return err
}

// connect finds the socket, sees whose it is, and connects to that very one. Where root reads, no symbolic link is
// followed on the way: a user could have made it.
func (e *engines) connect(ctx context.Context, socket string) (conn net.Conn, from endpoint, err error) {
	if rest, ok := strings.CutPrefix(socket, "/var/run/"); ok {
		socket = "/run/" + rest // what every distribution makes of it by a link
	}
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	if e.reader == 0 {
		how.Flags |= unix.O_NOFOLLOW
		how.Resolve |= unix.RESOLVE_NO_SYMLINKS
	}
	root, err := e.root(place{})
	if err != nil {
		return nil, from, err
	}
	defer unix.Close(root)
	fd, err := openat2(root, socket, &how)
	if err != nil {
		return nil, from, err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, from, err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFSOCK:
	case unix.S_IFLNK:
		return nil, from, unix.ELOOP
	default:
		return nil, from, errNotSocket
	}
	conn, err = (&net.Dialer{}).DialContext(ctx, "unix", path.Join(e.proc, "self/fd", strconv.Itoa(fd)))
	if err != nil {
		return nil, from, err
	}
	from.owner = st.Uid
	if peer, ok := listener(conn); ok && st.Uid == 0 {
		from.owner = peer
	}
	from.claimed = from.owner != 0 && from.owner != e.reader
	deadline, _ := ctx.Deadline()
	conn.SetDeadline(deadline)
	return conn, from, nil
}

// listener is the uid of who listens at the other end (SO_PEERCRED, as of its listen(2)).
func listener(conn net.Conn) (uint32, bool) {
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, false
	}
	var cred *unix.Ucred
	if raw.Control(func(fd uintptr) { cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }) != nil || err != nil {
		return 0, false
	}
	return cred.Uid, true
}

func socketWhy(err error) string {
	switch {
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return "permission denied: it is for root and the engine's group"
	case errors.Is(err, unix.ECONNREFUSED):
		return "no one listens there"
	case errors.Is(err, unix.ELOOP):
		return "a symbolic link is on the way there, which root does not follow"
	}
	return why(err)
}

// hear asks the engines about the containers that files have told no name of. It waits for them once, for
// Options.Timeout at most; who does not answer is not waited for again.
func (r *Resolver) hear(j *join) {
	nameless := j.nameless()
	if len(nameless) == 0 || len(r.opt.Sockets) == 0 {
		r.engines.get(nil, nil)
		return
	}
	var lists, details []request
	for _, s := range r.opt.Sockets {
		lists = append(lists, request{kind: bySocket, runtime: s.Runtime, path: s.Path})
	}
	have := r.engines.get(lists, nil)
	for _, q := range lists {
		a := have[q]
		switch {
		case a == nil:
			j.s.Gaps = append(j.s.Gaps, inspect.Gap{Subject: q.runtime, What: "containers", Why: q.path + ": has not answered yet"})
			continue
		case len(a.gaps) > 0:
			j.s.Gaps = a.gapsInto(j.s.Gaps, q.runtime)
			continue
		case a.listed == nil:
			continue
		}
		for _, c := range nameless {
			detail := q
			detail.id = c.ID
			details = append(details, detail)
		}
	}
	if len(details) == 0 {
		return
	}
	for q, a := range r.engines.also(details) {
		have[q] = a
	}
	for _, c := range nameless {
		for _, q := range lists {
			if j.told(c, q, have) {
				break
			}
		}
	}
}

// told takes over what the engine at one socket says of a container, and tells whether that names it.
func (j *join) told(c *inspect.Container, list request, have map[request]*answer) (told bool) {
	detail := list
	detail.id = c.ID
	if a := have[detail]; a != nil && a.facts.id == c.ID {
		told = j.heard(c, &a.facts, &a.from)
	}
	if a := have[list]; a != nil { // which is asked for again and again: a name may change
		if l, ok := a.listed[c.ID]; ok {
			told = j.heard(c, &l.facts, &a.from) || told
		}
	}
	return told
}
