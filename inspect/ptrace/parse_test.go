package ptrace

import "testing"

func TestParseStart(t *testing.T) {
	const rest = " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20\n"
	for _, name := range []string{"(cat)", "(a) S 1 (b))", "(\n)", "()"} {
		if got, err := parseStart([]byte("12 " + name + rest)); got != 4711 || err != nil {
			t.Errorf("%q: %d, %v", name, got, err)
		}
	}
	for _, text := range []string{"", "12 (cat) S 1 2", "12 (cat) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 -1"} {
		if got, err := parseStart([]byte(text)); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
}

func TestParseStatus(t *testing.T) {
	const good = "Name:\tcat\nState:\tS (sleeping)\nTracerPid:\t7\nCapEff:\t000001ffffffffff\nSeccomp:\t2\nSeccomp_filters:\t3\n"
	if got, err := parseStatus([]byte(good)); err != nil || got != (status{'S', 2, 7, 1<<41 - 1}) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, text := range []string{"", "State:\tS\nTracerPid:\t7\nCapEff:\t0\n", good + "Seccomp:\t0\n", "State:\nSeccomp:\tx\nTracerPid:\t7\nCapEff:\t0\n"} {
		if got, err := parseStatus([]byte(text)); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("12 (cat) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20\n"))
	f.Add([]byte("State:\tS (sleeping)\nTracerPid:\t7\nCapEff:\t000001ffffffffff\nSeccomp:\t2\n"))
	f.Fuzz(func(_ *testing.T, text []byte) {
		_, _ = parseStart(text)
		_, _ = parseStatus(text)
	})
}
