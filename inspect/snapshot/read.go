package snapshot

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"capview/inspect"
	"capview/nsinfo"
)

// Read reads a snapshot, compressed or not. Every error is one line that begins with "snapshot" and name and says what is wrong
// with it and after which byte (of the JSON). What is odd but can be lived with is put right and noted in Gaps with the
// Subject "snapshot".
//
// A file is refused once it is, uncompressed, larger than 1 GiB, has one element larger than 32 MiB, or would need more than
// 1 GiB of memory; no more than these is ever held. A snapshot is also refused if what has to be true of any node is not:
// see check.
func Read(r io.Reader, name string) (*inspect.Snapshot, error) {
	s, err := read(r)
	if err != nil {
		if text := err.Error(); len(text) > maxError {
			err = errors.New(strings.ToValidUTF8(text[:maxError], "") + "...") // it quotes the file
		}
		return nil, fmt.Errorf("snapshot %s: %w", name, err)
	}
	return s, nil
}

// maxError bounds what an error says, in bytes.
const maxError = 400

func read(r io.Reader) (*inspect.Snapshot, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	magic, err := buffered.Peek(2)
	switch {
	case len(magic) == 0 && err == io.EOF:
		return nil, errors.New("it is empty")
	case len(magic) == 0:
		return nil, err
	}
	var in io.Reader = buffered
	if string(magic) == "\x1f\x8b" {
		if in, err = gzip.NewReader(buffered); err != nil {
			return nil, explain(err, 0)
		}
	}
	return newReader(in).snapshot()
}

// reader reads a snapshot's JSON element by element.
type reader struct {
	in    *bounded
	json  *json.Decoder
	s     *inspect.Snapshot
	seen  map[string]bool
	cost  int64 // of memory
	notes []inspect.Gap
}

func newReader(in io.Reader) *reader {
	b := &bounded{in: in, left: maxBytes, element: maxElement}
	return &reader{in: b, json: json.NewDecoder(b), s: &inspect.Snapshot{}, seen: map[string]bool{}}
}

// errNotSnapshot begins the error for JSON that is something else.
var errNotSnapshot = errors.New("not a capview snapshot")

func (r *reader) snapshot() (*inspect.Snapshot, error) {
	err := r.object()
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return nil, explain(err, r.json.InputOffset())
	}
	if err := r.complete(); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	r.s.Gaps = append(r.s.Gaps, r.notes...)
	return r.s, nil
}

// object reads the outermost object.
func (r *reader) object() error {
	t, err := r.json.Token()
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return fmt.Errorf("%w: not a JSON object", errNotSnapshot)
	}
	for r.json.More() {
		t, err := r.json.Token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		if r.seen[key] {
			return fmt.Errorf("%q twice", short(key))
		}
		if err := r.member(key); err != nil {
			return err
		}
	}
	_, err = r.json.Token()
	return err
}

// member reads the value of a key of the outermost object.
func (r *reader) member(key string) error {
	s := r.s
	r.in.element = maxElement
	known := true
	var err error
	switch key {
	case "schema":
		if err = r.json.Decode(&s.Schema); err == nil {
			err = r.schema()
		}
	case "version":
		err = r.json.Decode(&s.Version)
	case "taken_at":
		err = r.json.Decode(&s.TakenAt)
	case "host":
		err = r.json.Decode(&s.Host)
	case "processes":
		s.Processes, err = r.processes()
	case "containers":
		s.Containers, err = elements[inspect.Container](r)
	case "user_namespaces":
		s.UserNamespaces, err = elements[nsinfo.User](r)
	case "namespaces":
		s.Namespaces, err = elements[nsinfo.Namespace](r)
	case "seccomp_filters":
		s.SeccompFilters, err = elements[inspect.FilterProgram](r)
	case "gaps":
		s.Gaps, err = elements[inspect.Gap](r)
	default:
		known = false
		err = r.skip()
	}
	if known {
		r.seen[key] = true
		err = within(key, err)
	}
	return err
}

// skip passes over a value of any size without holding it.
func (r *reader) skip() error {
	for depth := 0; ; {
		r.in.element = maxElement
		t, err := r.json.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth > maxDepth {
			return fmt.Errorf("nested deeper than %d", maxDepth)
		}
		if depth == 0 {
			return nil
		}
	}
}

// end makes sure that nothing follows the object.
func (r *reader) end() error {
	r.in.element = maxElement
	switch _, err := r.json.Token(); {
	case err == io.EOF:
		return nil
	case isSource(err):
		return err
	}
	return errors.New("something follows the snapshot's end")
}

// complete makes sure of the keys that any version has.
func (r *reader) complete() error {
	if !r.seen["schema"] {
		return fmt.Errorf(`%w: it has no "schema"`, errNotSnapshot)
	}
	for _, key := range []string{"host", "processes"} {
		if !r.seen[key] {
			return fmt.Errorf("it has no %q", key)
		}
	}
	return nil
}

// note says in Gaps what was put right.
func (r *reader) note(what, format string, args ...any) {
	r.notes = append(r.notes, inspect.Gap{Subject: "snapshot", What: what, Why: fmt.Sprintf(format, args...)})
}

// Notes is what Read noted in s, and what those wrote that read it before.
func Notes(s *inspect.Snapshot) (notes []inspect.Gap) {
	for _, g := range s.Gaps {
		if g.Subject == "snapshot" {
			notes = append(notes, g)
		}
	}
	return notes
}

// short bounds text of the file that stands in an error.
func short(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "..."
	}
	return s
}
