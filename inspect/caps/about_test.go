package caps

import (
	"math/rand/v2"
	"testing"
)

// A set is as dangerous as the most dangerous capability in it, known or not.
func TestDangerOfSets(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		s := Set(r.Uint64() & r.Uint64() & r.Uint64() & r.Uint64())
		most := 0
		for _, c := range s.List() {
			most = max(most, c.Danger())
			for least := -1; least <= 4; least++ {
				if s.Dangerous(least).Has(c) != (c.Danger() >= least) {
					t.Fatalf("%s: %d or more: %s", s.Hex(), least, s.Dangerous(least).Hex())
				}
			}
		}
		if s.Danger() != most {
			t.Fatalf("%s: %d, want %d", s.Hex(), s.Danger(), most)
		}
	}
}
