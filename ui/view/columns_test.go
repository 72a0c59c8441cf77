package view

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/rules"
	"capview/nsinfo"
)

// Unknown never looks like none: where JSON has null the cell has "?", and nowhere else.
func TestUnknownIsSeen(t *testing.T) {
	ix := node(t)
	for _, r := range rowsOf(ix) {
		for _, c := range Processes() {
			cell := c.Cell(r)
			if unknownValue, seen := c.Value(r) == nil, cell == (Cell{"?", Gone}); unknownValue != seen {
				t.Errorf("%s of pid %d: null %v, cell %+v", c.Key, r.P.PID, unknownValue, cell)
			}
			if cell.Text == "" {
				t.Errorf("%s of pid %d is empty", c.Key, r.P.PID)
			}
		}
	}
	nothing := Row{Ix: inspect.NewIndex(&inspect.Snapshot{}), P: &inspect.Process{PID: 5}}
	known := "pid ppid name state threads gaps role"
	for _, c := range Processes() {
		if strings.Contains(known, c.Key) {
			continue
		}
		if cell := c.Cell(nothing); cell != (Cell{"?", Gone}) {
			t.Errorf("%s of a process of which nothing is known is %+v", c.Key, cell)
		}
	}
	for _, s := range ProcessSections(nothing.Ix, nothing.P) {
		if len(s.Blocks) == 0 {
			t.Errorf("section %s is empty", s.Key)
		}
	}
}

// A column is complete, and its title fits in its least width.
func TestColumnsAreComplete(t *testing.T) {
	check := func(key, title, doc string, min, max int, funcs ...bool) {
		if key == "" || title == "" || doc == "" || strings.Contains(doc, "\n") {
			t.Errorf("column %q lacks words", key)
		}
		if min < Width(title) || max != 0 && max < min {
			t.Errorf("column %q: width %d to %d for %q", key, min, max, title)
		}
		for _, has := range funcs {
			if !has {
				t.Errorf("column %q lacks a function", key)
			}
		}
	}
	seen := map[string]bool{}
	for _, c := range Processes() {
		check(c.Key, c.Title, c.Doc, c.Min, c.Max, c.Cell != nil, c.Less != nil, c.Value != nil, !seen[c.Key])
		seen[c.Key] = true
	}
	seen = map[string]bool{}
	for _, c := range Containers() {
		check(c.Key, c.Title, c.Doc, c.Min, c.Max, c.Cell != nil, c.Less != nil, c.Value != nil, !seen[c.Key])
		seen[c.Key] = true
	}
}

func TestKeysExist(t *testing.T) {
	for _, width := range []int{0, 80, 120, 200} {
		if _, err := Select(Processes(), DefaultKeys(width)); err != nil {
			t.Error(err)
		}
		if _, err := Select(Containers(), ContainerKeys(width)); err != nil {
			t.Error(err)
		}
	}
	if _, err := Select(Processes(), WideKeys()); err != nil {
		t.Error(err)
	}
	if _, err := Select(Processes(), []string{"pid", "colour"}); err == nil || !strings.Contains(err.Error(), `"colour"`) {
		t.Errorf("an unknown column: %v", err)
	}
	if cols, err := Select(Processes(), []string{"COMM", "args"}); err != nil || cols[0].Key != "name" || cols[1].Key != "cmdline" {
		t.Errorf("aliases: %v", err)
	}
}

// Every Less is a strict weak order as far as a small node can show: none is less than itself, no two than each other.
func TestLess(t *testing.T) {
	rows := rowsOf(node(t))
	for _, c := range Processes() {
		for _, a := range rows {
			for _, b := range rows {
				if c.Less(a, b) && c.Less(b, a) {
					t.Errorf("%s: %d and %d are less than each other", c.Key, a.P.PID, b.P.PID)
				}
			}
		}
	}
	if !Sort(Processes(), rows, "effective", true) || rows[0].P.PID != 1 || rows[len(rows)-1].P.PID != 7000 {
		t.Errorf("by effective, greatest first: %d is first, %d last; the unknown belongs there", rows[0].P.PID, rows[len(rows)-1].P.PID)
	}
	if Sort(Processes(), rows, "colour", false) {
		t.Error("sorted by a column that is not there")
	}
}

func TestSetRole(t *testing.T) {
	host, child, unread := place{hostNS, true, true}, place{aliceNS, false, true}, place{}
	for _, c := range []struct {
		set  caps.Set
		at   place
		want Role
	}{
		{0, host, Muted}, {allCaps, host, Bad}, {allCaps &^ caps.Of(caps.SysResource), host, Bad}, {allCaps, unread, Bad}, {allCaps, child, Notice},
		{caps.Of(caps.SysAdmin), host, Warn}, {caps.Of(caps.SysModule), unread, Warn}, {caps.Of(caps.SysAdmin), child, Notice},
		{caps.Of(caps.NetAdmin), host, Notice}, {dockerSet, host, Plain}, {caps.Of(caps.NetBindService), host, Plain}, {0, child, Muted},
	} {
		if got := setRole(c.set, allCaps, c.at); got != c.want {
			t.Errorf("%s at %+v: role %d, want %d", c.set.Cell(allCaps), c.at, got, c.want)
		}
	}
}

// rootOf is rootid_owns_currentns: root here, or in a namespace around.
func TestRootOf(t *testing.T) {
	s := *node(t).Snapshot
	s.UserNamespaces = append(s.UserNamespaces, user(50, 51, 2, 0), user(51, 50, 2, 0)) // a circle, as a forged snapshot may have
	ix := inspect.NewIndex(&s)
	for _, c := range []struct {
		ns   uint64
		uid  uint32
		want fact.Answer
	}{
		{hostNS, 0, fact.Yes}, {hostNS, 1000, fact.No}, {aliceNS, 1000, fact.Yes}, {aliceNS, 0, fact.Yes}, {aliceNS, 100000, fact.No},
		{nestNS, 1000, fact.Unknown}, {50, 7, fact.Unknown}, {77, 0, fact.Unknown},
	} {
		if got := rootOf(ix, place{c.ns, c.ns == hostNS, true}, c.uid); got != c.want {
			t.Errorf("uid %d in %d: %d, want %d", c.uid, c.ns, got, c.want)
		}
	}
	if got := rootOf(ix, place{}, 0); got != fact.Unknown {
		t.Errorf("in an unknown namespace: %d", got)
	}
	chainBlock(ix, 50) // ends
}

// Where a capability works from a user namespace of its own.
func TestWorks(t *testing.T) {
	s := *node(t).Snapshot
	s.Namespaces = append(s.Namespaces, nsinfo.Namespace{Type: "ipc", Inode: 4026531839, Owner: hostNS})
	s.Processes = slices.Clone(s.Processes)
	for i, p := range s.Processes {
		own := *p
		s.Processes[i] = &own
		s.Processes[i].Caps = inspect.Some(caps.Sets{Effective: allCaps})
	}
	ix := inspect.NewIndex(&s)
	reach := ix.Reach(ix.Process(5000)) // alice's: her network namespace, the host's IPC, a PID namespace of unknown owner
	for c, want := range map[caps.Cap]string{
		caps.SysModule: "nowhere", caps.SetUID: "self", caps.NetRaw: "net", caps.IPCOwner: "nowhere", caps.SysBoot: "?",
	} {
		if got := worksCell(reach, c, true).Text; got != want {
			t.Errorf("%s: %q, want %q", c, got, want)
		}
	}
	if got := worksCell(reach, caps.SetUID, false).Text; got != "." {
		t.Errorf("one that is not effective: %q", got)
	}
	nested := ix.Reach(ix.Process(5001)) // below alice, in her network namespace, which it does not own
	if got := worksCell(nested, caps.NetRaw, true).Text; got != "nowhere" {
		t.Errorf("nested: %q", got)
	}
	for w, want := range map[rules.Works]string{
		{Yes: rules.WhereHost | rules.WhereSelf | rules.WhereNet}:                       "host",
		{Yes: rules.WhereSelf | rules.WhereNet}:                                         "net,self",
		{Yes: rules.WhereSelf | rules.WhereNet | rules.WhereUTS}:                        "self +2",
		{Yes: rules.WhereSelf | rules.WhereNet | rules.WhereUTS, Maybe: rules.WhereIPC}: "self +2?",
	} {
		if got := worksText(w); got != want {
			t.Errorf("%+v: %q, want %q", w, got, want)
		}
	}
}

func TestDeviceText(t *testing.T) {
	for dev, want := range map[uint64]string{0: "0:0", 0x801: "8:1", 0xfe00: "254:0", 0x11032c: "259:300"} {
		if got := deviceText(dev); got != want {
			t.Errorf("%#x: %s, want %s", dev, got, want)
		}
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 59 * time.Second: "59s", time.Minute: "1m", 90 * time.Second: "1m 30s", 25 * time.Hour: "1d 1h", 48 * time.Hour: "2d", -time.Second: "0s",
	} {
		if got := Age(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestUserNSName(t *testing.T) {
	ix := node(t)
	for inode, want := range map[uint64]string{0: "?", hostNS: "host", aliceNS: "alice", nestNS: "4026532600", 9: "9"} {
		if got := UserNSName(ix, inode); got != want {
			t.Errorf("%d: %q, want %q", inode, got, want)
		}
	}
	s := inspect.Snapshot{UserNamespaces: []nsinfo.User{user(5, 4, 1, 1234)}}
	if got := UserNSName(inspect.NewIndex(&s), 5); got != "uid 1234" {
		t.Errorf("an owner without a name: %q", got)
	}
}

func TestDisarm(t *testing.T) {
	for in, want := range map[string]string{"=1+1": "'=1+1", "+x": "'+x", "-x": "'-x", "@x": "'@x", " =x": "' =x", "-": "-", "": "", "a=b": "a=b", "=ep": "'=ep"} {
		if got := disarm(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestWriteErrorsAreReported(t *testing.T) {
	ix := node(t)
	cols, rows := Processes(), rowsOf(ix)
	for name, err := range map[string]error{
		"table": WriteTable(full{}, cols, rows, 80, nil), "json": WriteJSON(full{}, cols, rows), "ndjson": WriteNDJSON(full{}, cols, rows),
		"csv": WriteCSV(full{}, cols, rows), "sections": WriteSections(full{}, ProcessSections(ix, rows[0].P), 80, nil),
	} {
		if err == nil {
			t.Errorf("%s: the error of the writer is lost", name)
		}
	}
}

func TestEmptyTables(t *testing.T) {
	var b bytes.Buffer
	if err := WriteJSON(&b, Processes(), nil); err != nil || b.String() != "[]\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
	b.Reset()
	if err := WriteTable(&b, []Column[Row](nil), []Row{{}}, 80, nil); err != nil || b.String() != "\n\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}

// A style goes around the text, never around the padding.
func TestStyledTable(t *testing.T) {
	var b bytes.Buffer
	style := func(r Role, s string) string { return "<" + s + ">" }
	cols, err := Select(Processes(), []string{"pid", "name", "nnp"})
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteTable(&b, cols, rowsOf(node(t))[:2], 0, style); err != nil {
		t.Fatal(err)
	}
	want := "<PID>  <NAME>      <NNP>\n  <1>  <systemd>   <no>\n  <2>  <kthreadd>  <no>\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestBoundedCutsAllButTheLastColumn(t *testing.T) {
	text := func(r string) Cell { return Cell{r, Warn} }
	cols := Bounded([]Column[string]{{Key: "a", Max: 4, Cell: text}, {Key: "b", Cell: text}, {Key: "c", Max: 4, Cell: text}})
	for i, want := range []Cell{{"abc…", Warn}, {"abcdefgh", Warn}, {"abcdefgh", Warn}} {
		if got := cols[i].Cell("abcdefgh"); got != want {
			t.Errorf("column %d: %v, want %v", i, got, want)
		}
	}
	if Bounded[string](nil) != nil {
		t.Error("columns out of nothing")
	}
}
