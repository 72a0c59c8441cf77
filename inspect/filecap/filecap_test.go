package filecap

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"capview/inspect/caps"
)

func TestParse(t *testing.T) {
	netBind := caps.Of(caps.NetBindService)
	for name, tt := range map[string]struct {
		hex, want string // want is String
		caps      Caps
	}{
		"revision 2": {"0100000200040000000000000000000000000000", "cap_net_bind_service=ep",
			Caps{Revision: 2, Effective: true, Permitted: netBind}},
		"revision 3": {"0100000300040000000000000000000000000000a0860100", "cap_net_bind_service=ep [rootid=100000]",
			Caps{Revision: 3, RootID: 100000, Effective: true, Permitted: netBind}},
		"revision 3 of root": {"010000030004000000000000000000000000000000000000", "cap_net_bind_service=ep",
			Caps{Revision: 3, Effective: true, Permitted: netBind}},
		"revision 1": {"010000010004000000000000", "cap_net_bind_service=ep",
			Caps{Revision: 1, Effective: true, Permitted: netBind}},
		"not effective": {"0000000200040000000000000000000000000000", "cap_net_bind_service=p",
			Caps{Revision: 2, Permitted: netBind}},
		"upper words": {"0000000200000000010000000001000000000000", "cap_chown=i cap_checkpoint_restore+p",
			Caps{Revision: 2, Permitted: caps.Of(caps.CheckpointRestore), Inheritable: caps.Of(caps.Chown)}},
		"nothing in it":         {"0000000200000000000000000000000000000000", "=", Caps{Revision: 2}},
		"effective without any": {"0100000200000000000000000000000000000000", "=", Caps{Revision: 2, Effective: true}},
		"unknown flags": {"feffff0200040000000000000000000000000000", "cap_net_bind_service=p",
			Caps{Revision: 2, Permitted: netBind}},
		"unknown capability": {"0100000200000000000000000000008000000000", "= 63+ep",
			Caps{Revision: 2, Effective: true, Permitted: caps.Of(63)}},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := hex.DecodeString(tt.hex)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Parse(b)
			if err != nil || got.String() != tt.want || got.None() {
				t.Fatalf("got %q, %v; want %q", got, err, tt.want)
			}
			tt.caps.Text = strings.Split(tt.want, " [")[0]
			if got != tt.caps {
				t.Errorf("got %+v, want %+v", got, tt.caps)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	for attribute, want := range map[string]string{
		"":                         "0 bytes, too short for a revision",
		"010000":                   "3 bytes, too short for a revision",
		"01000002":                 "revision 2 in 4 bytes, want 20",
		"010000020004000000000000": "revision 2 in 12 bytes, want 20",
		"0100000200040000000000000000000000000000a0860100": "revision 2 in 24 bytes, want 20",
		"0100000300040000000000000000000000000000":         "revision 3 in 20 bytes, want 24",
		"01000001":                 "revision 1 in 4 bytes, want 12",
		"010000000004000000000000": "revision 0 is not known",
		"010000040004000000000000": "revision 4 is not known",
		"010000ff0004000000000000": "revision 255 is not known",
	} {
		b, err := hex.DecodeString(attribute)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(b)
		if err == nil || got != (Caps{}) || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got %+v, %v; want %s", attribute, got, err, want)
		}
	}
}

func TestNone(t *testing.T) {
	var none Caps
	if !none.None() || none.String() != "" || none.TextFor(caps.Last) != "" {
		t.Errorf("none reads %q", none)
	}
}

func TestBytesErrors(t *testing.T) {
	for _, c := range []Caps{{}, {Revision: 4}, {Revision: -1}, {Revision: 1, Permitted: caps.Of(caps.BPF)}} {
		if b, err := c.Bytes(); !errors.Is(err, ErrNotEncodable) {
			t.Errorf("%+v: got %x, %v", c, b, err)
		}
	}
}

func TestJSON(t *testing.T) {
	for want, c := range map[string]Caps{
		`{"revision":0,"text":"","rootid":0,"effective":false,"permitted":"0000000000000000","inheritable":"0000000000000000"}`: {},
		`{"revision":3,"text":"cap_chown=ep","rootid":100000,"effective":true,"permitted":"0000000000000001","inheritable":"0000000000000000"}`: {
			Revision: 3, Text: "cap_chown=ep", RootID: 100000, Effective: true, Permitted: 1},
	} {
		b, err := json.Marshal(c)
		if err != nil || string(b) != want {
			t.Errorf("wrote %s, %v; want %s", b, err, want)
		}
		var back Caps
		if err := json.Unmarshal(b, &back); err != nil || back != c {
			t.Errorf("%s came back as %+v, %v", b, back, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse(b)
		if err != nil {
			if c != (Caps{}) || !strings.HasPrefix(err.Error(), "file capabilities: ") {
				t.Errorf("%x: got %+v with %v", b, c, err)
			}
			return
		}
		again, err := c.Bytes()
		if err != nil {
			t.Fatalf("%x: %+v: %v", b, c, err)
		}
		if back, err := Parse(again); err != nil || back != c {
			t.Errorf("%x: %+v came back as %+v, %v", b, c, back, err)
		}
	})
}
