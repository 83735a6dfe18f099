package limit

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/limit/redistest"
)

// TestTheScriptComputesWhatGoDoes moves buckets of odd rates many times and compares every moment, to the last rest.
func TestTheScriptComputesWhatGoDoes(t *testing.T) {
	t.Parallel()
	s, err := newServer(redistest.New(t), 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.close() }()
	random := rand.New(rand.NewPCG(3, 4))
	for round := range 60 {
		rate := Rate{Count: 1 + random.Int64N(1+random.Int64N([]int64{MaxCount, 1000}[round%2])), Per: time.Duration(1000+random.Int64N(31*86400-1000)) * time.Second}
		one := []Bucket{{Key: NewKey("x", strconv.Itoa(round)), Rate: rate}}
		if err := s.change(t.Context(), 20*time.Second, look, one); err != nil {
			t.Fatal(err)
		}
		// Where a unit takes longer than the test, no bucket can become full in between and begin anew.
		slow := rate.Per/time.Duration(rate.Count) > time.Minute
		var before moment
		for step := range int(min(rate.Count, 30)) {
			if err := s.change(t.Context(), 20*time.Second, charge, one); err != nil {
				t.Fatal(err)
			}
			after, want := one[0].end, rate.plus(before, rate.unit())
			if step > 0 && (slow && after != want || after.before(want)) {
				t.Fatalf("%s: from %+v to %+v, want %+v", rate, before, after, want)
			}
			before = after
		}
		if err := s.change(t.Context(), 20*time.Second, refund, one); err != nil {
			t.Fatal(err)
		}
		if slow && rate.Count > 1 && one[0].end != rate.minus(before, rate.unit()) {
			t.Errorf("%s: back from %+v to %+v, want %+v", rate, before, one[0].end, rate.minus(before, rate.unit()))
		}
	}
}

// TestTheScriptGivesBackWhatTimeHasNotRepaid is the late refund of the tests in memory.
func TestTheScriptGivesBackWhatTimeHasNotRepaid(t *testing.T) {
	t.Parallel()
	s, err := newServer(redistest.New(t), 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.close() }()
	change := func(what action, b []Bucket) {
		if err := s.change(t.Context(), 20*time.Second, what, b); err != nil {
			t.Fatal(err)
		}
	}
	held, more := []Bucket{{Key: NewKey("x"), Rate: Rate{10, time.Minute}}}, []Bucket{{Key: NewKey("x"), Rate: Rate{10, time.Minute}}}
	change(charge, held)
	began := held[0].end.micros - 6_000_000
	change(charge, more)
	time.Sleep(100 * time.Millisecond)
	change(refund, held)
	if repaid := held[0].end.micros - began - 6_000_000; repaid < 100_000 || repaid > 6_000_000 {
		t.Errorf("%d us of the charge were repaid by time and not by the refund, want at least 100,000", repaid)
	}
}
