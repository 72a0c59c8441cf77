package seccomp

import (
	"os"
	"testing"
)

// real reads a filter of testdata; testdata/README.md says where each comes from.
func real(t testing.TB, name string) Program {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name + ".bpf")
	if err != nil {
		t.Fatal(err)
	}
	program, err := Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Check(); err != nil {
		t.Fatal(err)
	}
	return program
}

// BenchmarkPolicy is one real filter evaluated for all system calls of one architecture.
func BenchmarkPolicy(b *testing.B) {
	for _, name := range []string{"docker", "podman"} {
		for _, arch := range []Arch{X86_64, I386, X32} {
			b.Run(name+"/"+arch.String(), func(b *testing.B) {
				stack := Stack{real(b, name)}
				b.ReportAllocs()
				for b.Loop() {
					stack.Policy(arch)
				}
			})
		}
	}
}

// BenchmarkDecide is one system call that real filters tell apart by its arguments, decided and put into words.
func BenchmarkDecide(b *testing.B) {
	stack := Stack{real(b, "docker")}
	nr, _ := X86_64.Number("personality")
	b.Run("paths", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			stack.Decide(X86_64, nr)
		}
	})
	decision := stack.Decide(X86_64, nr)
	b.Run("words", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = decision.Conditions(X86_64, nr).String()
		}
	})
}
