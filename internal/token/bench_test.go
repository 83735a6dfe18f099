package token_test

import (
	"strconv"
	"testing"

	"github.com/tenantry/tenantry/internal/token"
)

// TestVerifyAllocatesNothingForAKnownToken holds the hot path to its budget.
func TestVerifyAllocatesNothingForAKnownToken(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts everybody's
	a, _ := ring(t)
	for _, f := range forgers(t) {
		raw := f.forge(t, f.header, minted())
		allocs := testing.AllocsPerRun(1000, func() {
			if _, err := a.Verify(raw, token.Access); err != nil {
				t.Fatal(err)
			}
		})
		if allocs > 0 {
			t.Errorf("%s: %v allocations, the budget is 0", f.name, allocs)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	a, _ := setup(b)
	raw, err := a.SignAccess(claims())
	if err != nil {
		b.Fatal(err)
	}
	b.Run("known", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := a.Verify(raw, token.Access); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("new", func(b *testing.B) {
		fresh := make([]string, 20_000)
		for i := range fresh {
			fresh[i] = forge(b, secret, plain(), minted().with("jti", strconv.Itoa(i)))
		}
		b.ReportAllocs()
		b.ResetTimer()
		for i := range b.N {
			if _, err := a.Verify(fresh[i%len(fresh)], token.Access); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSignAccess(b *testing.B) {
	a, _ := setup(b)
	c := claims()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.SignAccess(c); err != nil {
			b.Fatal(err)
		}
	}
}
