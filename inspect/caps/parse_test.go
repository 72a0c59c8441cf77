package caps

import (
	"strings"
	"testing"
)

func TestParseSet(t *testing.T) {
	for text, want := range map[string]Set{
		"00000000a80425fb":         docker,
		"0xA80425FB":               docker,
		"45":                       0x45, // as for capsh --decode, no number 45
		"cap_45":                   Of(45),
		"45,46":                    Of(45, 46),
		"cap_bpf,63":               Of(BPF, 63),
		"chown":                    Of(Chown),
		"chown kill":               Of(Chown, Kill),
		" CAP_CHOWN, cap_kill\t":   Of(Chown, Kill),
		"chown,":                   Of(Chown),
		"all":                      full,
		"none":                     0,
		"docker":                   docker,
		"cri-o":                    crio,
		"all -sys_resource":        full &^ Of(SysResource),
		"all −sys_resource,mknod":  full &^ Of(SysResource, Mknod),
		"docker +net_admin -mknod": docker&^Of(Mknod) | Of(NetAdmin),
		"all -docker":              full &^ docker,
		"0x3,kill":                 3 | Of(Kill),
		"none +bpf":                Of(BPF),
		"bpf -kill":                Of(BPF), // taken away though not there
		"+bpf":                     Of(BPF),
	} {
		if got, err := ParseSet(text); err != nil || got != want {
			t.Errorf("%q: got %s, %v; want %s", text, got.Hex(), err, want.Hex())
		}
	}
	if got, err := ParseSetIn("all", 7); err != nil || got != 7 {
		t.Errorf("all of 7: got %x, %v", uint64(got), err)
	}
}

func TestParseSetErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "no capabilities named",
		" \t":                      "no capabilities named",
		"cap_nonsense":             `unknown capability "cap_nonsense"`,
		"chown,64":                 `unknown capability "64"`,
		"all --kill":               `unknown capability "-kill"`,
		"0x":                       `capability mask "0x"`,
		"12345678901234567":        `unknown capability "12345678901234567"`,
		"\x1b[31m":                 `unknown capability "\x1b[31m"`,
		strings.Repeat("a", 100):   `..."`,
		strings.Repeat("a,", 5000): "want at most",
	} {
		got, err := ParseSet(text)
		if want == `..."` {
			want = strings.Repeat("a", 40) + `"...`
		}
		if err == nil || got != 0 || !strings.Contains(err.Error(), want) {
			t.Errorf("%.50q: got %s, %v; want %s", text, got.Hex(), err, want)
		}
	}
}

func FuzzParseHex(f *testing.F) {
	f.Add("00000000a80425fb")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseHex(text)
		if err != nil {
			if len(err.Error()) > 300 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		if back, err := ParseHex(s.Hex()); err != nil || back != s {
			t.Errorf("%q: %s came back as %s, %v", text, s.Hex(), back.Hex(), err)
		}
	})
}

func FuzzParseSet(f *testing.F) {
	f.Add("docker +net_admin −mknod")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSet(text)
		if err != nil {
			if len(err.Error()) > 300 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		names := s.Names()
		if names == "" {
			names = "none"
		}
		if back, err := ParseSet(names + ",none"); err != nil || back != s {
			t.Errorf("%q: %q came back as %s, %v", text, names, back.Hex(), err)
		}
	})
}
