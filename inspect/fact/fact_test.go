package fact

import (
	"encoding/json"
	"testing"
)

var answers = [...]Answer{Unknown, No, Yes}

func TestNot(t *testing.T) {
	for a, want := range map[Answer]Answer{Unknown: Unknown, No: Yes, Yes: No} {
		if got := a.Not(); got != want {
			t.Errorf("not %d = %d, want %d", a, got, want)
		}
	}
}

// The tables of Kleene's three-valued logic.
func TestAndOr(t *testing.T) {
	and := map[[2]Answer]Answer{
		{Unknown, Unknown}: Unknown, {Unknown, No}: No, {Unknown, Yes}: Unknown,
		{No, No}: No, {No, Yes}: No, {Yes, Yes}: Yes,
	}
	or := map[[2]Answer]Answer{
		{Unknown, Unknown}: Unknown, {Unknown, No}: Unknown, {Unknown, Yes}: Yes,
		{No, No}: No, {No, Yes}: Yes, {Yes, Yes}: Yes,
	}
	for _, a := range answers {
		for _, b := range answers {
			pair := [2]Answer{min(a, b), max(a, b)}
			if got := a.And(b); got != and[pair] {
				t.Errorf("%d and %d = %d, want %d", a, b, got, and[pair])
			}
			if got := a.Or(b); got != or[pair] {
				t.Errorf("%d or %d = %d, want %d", a, b, got, or[pair])
			}
		}
	}
}

func TestIs(t *testing.T) {
	if Is(true) != Yes || Is(false) != No {
		t.Error("a known fact has the wrong answer")
	}
	var zero Answer
	if zero != Unknown {
		t.Error("the zero Answer must be Unknown")
	}
}

func TestOpt(t *testing.T) {
	var unknown Opt[int]
	if v, ok := unknown.Get(); ok || v != 0 || unknown.Known() || unknown.Or(7) != 7 {
		t.Error("the zero Opt must be unknown")
	}
	if v, ok := Some(0).Get(); !ok || v != 0 || Some(0).Or(7) != 0 || !Some(0).Known() {
		t.Error("a known zero must stay known")
	}
}

func TestOptJSON(t *testing.T) {
	type facts struct {
		Number Opt[int]            `json:"number"`
		List   Opt[[]string]       `json:"list"`
		Map    Opt[map[string]int] `json:"map"`
		Text   Opt[string]         `json:"text"`
	}
	for want, f := range map[string]facts{
		`{"number":null,"list":null,"map":null,"text":null}`: {},
		`{"number":0,"list":[],"map":{},"text":""}`:          {Some(0), Some([]string(nil)), Some(map[string]int(nil)), Some("")},
		`{"number":5,"list":["a"],"map":{"b":1},"text":"c"}`: {Some(5), Some([]string{"a"}), Some(map[string]int{"b": 1}), Some("c")},
	} {
		b, err := json.Marshal(f)
		if err != nil || string(b) != want {
			t.Errorf("wrote %s, %v; want %s", b, err, want)
		}
		var back facts
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		if again, _ := json.Marshal(back); string(again) != want {
			t.Errorf("%s came back as %s", want, again)
		}
		if back.Number.Known() != f.Number.Known() || back.List.Known() != f.List.Known() || back.Map.Known() != f.Map.Known() {
			t.Errorf("%s: what is known changed on the way", want)
		}
	}
}

// What an Opt held before must not shine through what it reads.
func TestOptUnmarshalStartsAfresh(t *testing.T) {
	o := Some(map[string]int{"old": 1})
	if err := json.Unmarshal([]byte(`{"new":2}`), &o); err != nil || len(o.Or(nil)) != 1 {
		t.Errorf("got %v, %v", o.Or(nil), err)
	}
	if err := json.Unmarshal([]byte(`[]`), &o); err == nil || o.Known() {
		t.Errorf("a list read as a map: known %v, error %v", o.Known(), err)
	}
	o = Some(map[string]int{"old": 1})
	if err := json.Unmarshal([]byte(`null`), &o); err != nil || o.Known() {
		t.Errorf("null left it known, error %v", err)
	}
}

// pair means nothing in part.
type pair struct {
	A, B int
	C    []map[string]int
}

func (pair) Required() []string { return []string{"A", "B"} }

func TestOptReadsNothingInPart(t *testing.T) {
	for text, whole := range map[string]bool{
		`{"A":1,"B":2}`:                   true,
		` { "B" : 0 , "A" : 0 , "x":1 } `: true,
		`{"C":[{"A":1},{"B":2}],"A":3}`:   false,
		`{"A":1,"B": null}`:               false,
		`{"x\"":"\"B\":1","A":1}`:         false,
		`{"A":1,"B":2,"y":"\\"}`:          true,
		`{}`:                              false,
	} {
		var o Opt[pair]
		if err := json.Unmarshal([]byte(text), &o); (err == nil) != whole || o.Known() != whole {
			t.Errorf("%s: %v, known %v", text, err, o.Known())
		}
	}
}

func FuzzOptInPart(f *testing.F) {
	f.Add(`{"A":1,"B":2,"C":[{"A":1}]}`)
	f.Add(`{"A":"\\\"","B":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		var o Opt[pair]
		if err := json.Unmarshal([]byte(text), &o); err != nil || !o.Known() {
			return
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &members); err != nil || string(members["A"]) == "null" || members["A"] == nil || members["B"] == nil {
			t.Errorf("%s was read as %+v", text, o)
		}
	})
}
