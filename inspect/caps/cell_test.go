package caps

import (
	"math/rand/v2"
	"testing"
	"unicode/utf8"
)

var (
	full   = Full(Last)
	docker = Defaults[0].Set
	podman = Defaults[2].Set
	crio   = Defaults[3].Set
)

func TestCell(t *testing.T) {
	for _, tt := range []struct {
		set     Set
		runtime string
		want    string
	}{
		{0, "", "none"},
		{0, "docker", "none"},
		{full, "", "all"},
		{full &^ Of(SysResource), "", "all −sys_resource"},
		{full &^ Of(SysResource, Mknod), "", "all −sys_resource,mknod"},
		{full | 1<<63, "", "all +63"},
		{full&^Of(Kill) | 1<<63, "", "all +63 −kill"},
		{docker, "", "docker"}, // containerd's is the same set
		{docker, "docker", "docker"},
		{docker, "containerd", "containerd"},
		{docker, "lxc", "docker"}, // a runtime without a default: any of them
		{podman, "", "podman"},
		{podman, "docker", "docker −net_raw,mknod,audit_write"}, // not podman's container
		{crio, "", "cri-o"},
		{crio, "cri-o", "cri-o"},
		{docker | Of(NetAdmin), "docker", "docker +net_admin"},
		{docker | Of(NetAdmin, SysTime), "", "docker +net_admin,sys_time"},
		{docker | Of(NetAdmin)&^Of(Mknod), "docker", "docker +net_admin"},
		{docker&^Of(Mknod) | Of(NetAdmin), "docker", "docker +net_admin −mknod"},
		{docker&^Of(Mknod) | Of(NetAdmin), "containerd", "containerd +net_admin −mknod"},
		{podman &^ Of(SetFCap), "", "podman −setfcap"},
		{crio | Of(SetFCap), "", "cri-o +setfcap"},
		{Of(NetBindService), "docker", "net_bind_service"},
		{Of(NetAdmin, NetRaw), "", "net_admin,net_raw"},
		{Of(SysPtrace, DACReadSearch), "", "dac_read_search,sys_ptrace"},
		{Of(41), "", "41"},
		{Of(Kill, 41, 63), "", "kill,41,63"},
		{docker | Of(50), "", "docker +50"},
	} {
		if got := tt.set.CellFor(full, tt.runtime); got != tt.want {
			t.Errorf("%s for %q: got %q, want %q", tt.set.Hex(), tt.runtime, got, tt.want)
		}
	}
}

// "all" is what the kernel at hand knows.
func TestCellAgainstAnotherKernel(t *testing.T) {
	old := Full(37)
	for _, tt := range []struct {
		set  Set
		want string
	}{
		{old, "all"},
		{old &^ Of(SysTime), "all −sys_time"},
		{old | Of(PerfMon), "all +perfmon"},
	} {
		if got := tt.set.Cell(old); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.set.Hex(), got, tt.want)
		}
	}
	if got := Set(1).Cell(0); got != "chown" {
		t.Errorf("with nothing known of the kernel: got %q", got)
	}
}

// Of equally long forms the names come first, then all, then the defaults in their order.
func TestCellTies(t *testing.T) {
	for _, tt := range []struct {
		set, full Set
		want      string
	}{
		{Of(Kill, FOwner), Of(Kill, FOwner, SetGID), "fowner,kill"}, // 11 columns, as has "all −setgid"
		{Of(Kill, FOwner), Of(Kill, FOwner, BPF), "all −bpf"},       // shorter
		{crio | Of(BPF), crio | Of(BPF, Kill, SysTime), "cri-o +bpf"},
		{docker &^ Of(NetRaw), full, "docker −net_raw"}, // containerd's is equal, and comes after
		{docker &^ Of(AuditWrite, NetRaw), full, "podman +mknod"},
		{docker | Of(BPF), docker | Of(BPF, Syslog), "all −syslog"}, // 11 columns, as has "docker +bpf"
	} {
		if got := tt.set.Cell(tt.full); got != tt.want {
			t.Errorf("%s of %s: got %q, want %q", tt.set.Hex(), tt.full.Hex(), got, tt.want)
		}
	}
}

// A cell tells the whole truth: it reads back as the set, and no other form is shorter.
func TestCellReadsBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	runtimes := []string{"", "docker", "containerd", "podman", "cri-o", "lxc"}
	for range 20000 {
		s, known := nearSet(r), Full(Cap(30+r.IntN(20)))
		runtime := runtimes[r.IntN(len(runtimes))]
		cell := s.CellFor(known, runtime)
		back, err := ParseSetIn(cell, known)
		if s.Count() == 1 && s > full { // a lone number reads as a mask
			back, err = ParseSetIn("cap_"+cell, known)
		}
		if err != nil || back != s {
			t.Fatalf("%s for %q: %q reads back as %s, %v", s.Hex(), runtime, cell, back.Hex(), err)
		}
		columns := utf8.RuneCountInString(cell)
		if names := utf8.RuneCountInString((form{more: s}).String()); s != 0 && columns > names {
			t.Fatalf("%s: %q is longer than its names", s.Hex(), cell)
		}
	}
}

// nearSet is a set that differs in a few capabilities from none, all or a default.
func nearSet(r *rand.Rand) Set {
	bases := []Set{0, full, docker, podman, crio, Set(r.Uint64())}
	s := bases[r.IntN(len(bases))]
	for range r.IntN(5) {
		s ^= Of(Cap(r.IntN(64)))
	}
	return s
}

// width must be what String has, or the wrong form wins.
func TestFormWidth(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		f := form{"docker", nearSet(r), nearSet(r)}
		if got, want := f.width(), utf8.RuneCountInString(f.String()); got != want {
			t.Fatalf("%q: width %d, want %d", f.String(), got, want)
		}
	}
}

func BenchmarkCell(b *testing.B) {
	s := docker&^Of(Mknod) | Of(NetAdmin)
	for b.Loop() {
		_ = s.CellFor(full, "")
	}
}
