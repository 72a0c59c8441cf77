package caps

import "testing"

// Each want is what cap_to_text(3) of libcap 2.66 says on a kernel whose last capability is 40, but for the last block.
func TestTextForm(t *testing.T) {
	for _, tt := range []struct {
		e, i, p Set
		last    Cap
		want    string
	}{
		{0, 0, 0, Last, "="},
		{full, 0, full, Last, "=ep"},
		{full, full, full, Last, "=eip"},
		{0, 0, full, Last, "=p"},
		{1, 0, 1, Last, "cap_chown=ep"},
		{1, 0, 3, Last, "cap_chown=ep cap_dac_override+p"},
		{3, 0, 1, Last, "cap_chown=ep cap_dac_override+e"},
		{0, 4, 3, Last, "cap_dac_read_search=i cap_chown,cap_dac_override+p"},
		{1, 3, 5, Last, "cap_chown=eip cap_dac_override+i cap_dac_read_search+p"},
		{full &^ 1, 0, full &^ 1, Last, "=ep cap_chown-ep"},
		{full &^ 1, 1, full &^ 1, Last, "=ep cap_chown+i-ep"},
		{full &^ 3, 1, full &^ 1, Last, "=ep cap_chown+i-ep cap_dac_override-e"},
		// Capabilities this kernel does not have come last.
		{1<<45 | 1, 0, 1<<45 | 1, Last, "cap_chown=ep 45+ep"},
		{1 << 50, 0, 0, Last, "= 50+e"},
		{full, 0, full | 1<<50, Last, "=ep 50+p"},
		{full&^2 | 1<<50, 0, full, Last, "=ep cap_dac_override-e 50+e"},
		{0, 8, 7 | 1<<60, Last, "cap_fowner=i cap_chown,cap_dac_override,cap_dac_read_search+p 60+p"},
		// With libcap told that the last capability is 37 and 42.
		{Full(37), 0, Full(37), 37, "=ep"},
		{Full(37) | Of(PerfMon), 0, Full(37), 37, "=ep cap_perfmon+e"},
		{Full(42), 0, Full(42), 42, "=ep"},
		{Full(41), 0, Full(41), 42, "=ep 42-ep"},
	} {
		if got := TextForm(tt.e, tt.i, tt.p, tt.last); got != tt.want {
			t.Errorf("e %s i %s p %s last %d: got %q, want %q", tt.e.Hex(), tt.i.Hex(), tt.p.Hex(), tt.last, got, tt.want)
		}
	}
}

// As cap_iab_to_text(3) of libcap 2.66.
func TestIAB(t *testing.T) {
	for _, tt := range []struct {
		i, a, dropped Set
		want          string
	}{
		{0, 0, 0, ""},
		{1, 0, 0, "cap_chown"},
		{1, 1, 0, "^cap_chown"},
		{0, 0, 1, "!cap_chown"},
		{1, 0, 1, "!%cap_chown"},
		{1, 1, 1, "!^cap_chown"},
		{1<<40 | 1, 2, 4, "cap_chown,^cap_dac_override,!cap_dac_read_search,cap_checkpoint_restore"},
		{1 << 45, 1 << 46, 1 << 47, ""},
	} {
		s := Sets{Inheritable: tt.i, Ambient: tt.a, Bounding: full &^ tt.dropped}
		if got := s.IAB(Last); got != tt.want {
			t.Errorf("%+v: got %q, want %q", s, got, tt.want)
		}
	}
}
