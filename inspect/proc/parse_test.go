package proc

import (
	"os"
	"slices"
	"strings"
	"testing"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/nsinfo"
)

const sampleStatus = "Name:\ta\\nb\\\\c\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t7\nNgid:\t0\nPid:\t7\nPPid:\t1\nTracerPid:\t0\n" +
	"Uid:\t1000\t1001\t1002\t1003\nGid:\t1\t2\t3\t4\nFDSize:\t64\nGroups:\t4 24 1000 \nThreads:\t3\nSigQ:\t0/1\n" +
	"CapInh:\t0000000000000001\nCapPrm:\t000001fffeffffff\nCapEff:\t0000000000000003\nCapBnd:\t000001ffffffffff\nCapAmb:\t0000000000000000\n" +
	"NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\nCpus_allowed:\t3\n"

func TestParseStatus(t *testing.T) {
	var st status
	if err := parseStatus([]byte(sampleStatus), &st); err != nil {
		t.Fatal(err)
	}
	sets, ok := st.creds.Caps.Get()
	want := caps.Sets{Inheritable: 1, Permitted: 0x1fffeffffff, Effective: 3, Bounding: 0x1ffffffffff}
	if !ok || sets != want {
		t.Errorf("caps = %+v, %v", sets, ok)
	}
	if got := unescapeName(st.name); got != "a\nb\\c" {
		t.Errorf("name = %q", got)
	}
	ids, _ := st.uid.Get()
	if ids != (inspect.IDs{Real: 1000, Effective: 1001, Saved: 1002, FS: 1003}) {
		t.Errorf("uid = %+v", ids)
	}
	if g, err := parseGroups(st.groups); err != nil || !slices.Equal(g, []uint32{4, 24, 1000}) {
		t.Errorf("groups = %v, %v", g, err)
	}
	sec, _ := st.creds.Seccomp.Get()
	if sec.Mode != inspect.SeccompFilter || sec.Filters != inspect.Some(3) {
		t.Errorf("seccomp = %+v", sec)
	}
	if st.creds.NoNewPrivs != inspect.Some(true) || st.threads != 3 || st.ppid != 1 || st.state != 'S' {
		t.Errorf("status = %+v", st)
	}
}

// What an old kernel does not print is unknown, never none.
func TestParseStatusUnknown(t *testing.T) {
	for _, drop := range []string{"CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters", "Uid", "Groups"} {
		var text []string
		for _, line := range strings.SplitAfter(sampleStatus, "\n") {
			if !strings.HasPrefix(line, drop+":") {
				text = append(text, line)
			}
		}
		var st status
		if err := parseStatus([]byte(strings.Join(text, "")), &st); err != nil {
			t.Fatalf("without %s: %v", drop, err)
		}
		sec, _ := st.creds.Seccomp.Get()
		known := map[string]bool{
			"CapAmb": st.creds.Caps.Known(), "NoNewPrivs": st.creds.NoNewPrivs.Known(), "Seccomp": st.creds.Seccomp.Known(),
			"Seccomp_filters": sec.Filters.Known(), "Uid": st.uid.Known(), "Groups": st.groups != nil,
		}
		for fact, k := range known {
			if k != (fact != drop && !(drop == "Seccomp" && fact == "Seccomp_filters")) {
				t.Errorf("without %s: %s known = %v", drop, fact, k)
			}
		}
	}
}

func TestParseStatusMalformed(t *testing.T) {
	for line, want := range map[string]string{
		"CapEff:\t00000000000000000":      "CapEff",
		"CapEff:\tzz":                     "CapEff",
		"CapEff:\t":                       "CapEff",
		"Uid:\t1\t2\t3":                   "Uid",
		"Uid:\t1\t2\t3\t4294967296":       "Uid",
		"Seccomp:\t9":                     "unknown mode",
		"Pid:\t99999999999999999999":      "Pid",
		"NoNewPrivs:\tyes":                "NoNewPrivs",
		"State:\t":                        "State",
		"no colon here":                   "colon",
		"Seccomp_filters:\t-1":            "Seccomp_filters",
		"Threads:\t18446744073709551616 ": "Threads",
	} {
		var st status
		if err := parseStatus([]byte(line+"\n"), &st); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one that names %q", line, err, want)
		}
	}
}

func TestParseStat(t *testing.T) {
	tail := " S 5 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 3694 5124096 930 18446744073709551615 94252835553280 94252836342685 140735080155072 0 0 0 65536 4 1132560123 1 0 0 17 1 0 0 0 0 0 1 2 3 140735080160095 1 1 1 0\n"
	for _, comm := range []string{"bash", "a) R 1 (b", ")", "", "x\ny", "(sd-pam)"} {
		st, err := parseStat([]byte("7 (" + comm + ")" + tail))
		if err != nil || st.ppid != 5 || st.startTime != 3694 || st.kernelThread || st.image == 0 {
			t.Errorf("%q: %+v, %v", comm, st, err)
		}
	}
	for _, bad := range []string{"", "7 (x", "7 (x)", "7 (x) S 1", "7 (x) S x 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 3694 1"} {
		if _, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q parses", bad)
		}
	}
}

func TestSplitCmdline(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                      {},
		"\x00\x00":                              {},
		"sleep\x0060\x00":                       {"sleep", "60"},
		"a\x00\x00b":                            {"a", "", "b"},
		"nginx: master process\x00\x00\x00\x00": {"nginx: master process"},
	} {
		if got := splitCmdline([]byte(text)); !slices.Equal(got, want) || got == nil {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestParseNSLink(t *testing.T) {
	if n, err := parseNSLink([]byte("net:[4026531840]"), nsinfo.Net); err != nil || n != 4026531840 {
		t.Errorf("%d, %v", n, err)
	}
	for _, bad := range []string{"", "net:[]", "net:[0]", "pid:[1]", "net:[1", "net:[1]x", "net:[99999999999999999999]"} {
		if _, err := parseNSLink([]byte(bad), nsinfo.Net); err == nil {
			t.Errorf("%q parses", bad)
		}
	}
}

func FuzzParseStatus(f *testing.F) {
	f.Add([]byte(sampleStatus))
	if own, err := os.ReadFile("/proc/self/status"); err == nil {
		f.Add(own)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var st status
		if parseStatus(text, &st) == nil && st.groups != nil {
			parseGroups(st.groups)
		}
		unescapeName(st.name)
		if s := stateName(st.state); len(s) > 1 {
			t.Errorf("state %q", s)
		}
	})
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("1 (init) S 0 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 33 0 0 0 1 1 0"))
	f.Add([]byte("7 (a) R 1 (b) S 5 1"))
	f.Fuzz(func(_ *testing.T, text []byte) { parseStat(text) })
}

func FuzzSplitCmdline(f *testing.F) {
	f.Add([]byte("sleep\x0060\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if got := strings.Join(splitCmdline(text), "\x00"); got != strings.TrimRight(string(text), "\x00") {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}

func FuzzParseNSLink(f *testing.F) {
	f.Add([]byte("user:[4026531837]"))
	f.Fuzz(func(_ *testing.T, link []byte) { parseNSLink(link, nsinfo.UserNS) })
}
