package prove

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// Timing is what the time of an answer tells of an id.
type Timing struct {
	Operation string `json:"operation"`
	// Pairs is how many pairs of requests were timed: one for a record of the other tenant's, one for none at all, in
	// an order drawn by lot.
	Pairs int `json:"pairs"`
	// Foreign and Never are the medians of both, Difference that of the pairs' differences.
	Foreign    time.Duration `json:"foreign_ns"`
	Never      time.Duration `json:"never_ns"`
	Difference time.Duration `json:"difference_ns"`
	// Z is the statistic of Wilcoxon's signed-rank test, normal where the id makes no difference.
	Z float64 `json:"z"`
}

// A difference is told where it is beyond what chance does once in a million runs, twice in a row on fresh pairs, and
// large enough to be measured through a network: so a run without a difference fails once in 10^12, while one of half the
// deviation that the times have by themselves is found in nearly every run.
const (
	timingPairs = 300
	timingZ     = 4.9 // two-sided, 1e-6
	timingShare = 0.01
)

// time asks whether the time of an answer tells a record of the victim's from one that never was.
func (e *engine) time(ctx context.Context) error {
	for _, op := range e.doc.ops {
		if op.method != "GET" || op.audience != tenants || !op.isItem() || len(op.keys) != 1 || e.b.first(op.last()) == nil {
			continue
		}
		t := &aim{op: op, target: e.b.first(op.last()), own: e.a.first(op.last())}
		timing, err := e.timed(ctx, t, timingPairs)
		if err != nil {
			return err
		}
		if timing.tells() { // by chance, or not
			if timing, err = e.timed(ctx, t, 3*timingPairs); err != nil {
				return err
			}
		}
		e.report.Timings = append(e.report.Timings, timing)
		if timing.tells() {
			e.report.found(Finding{
				Kind: Leak, Operation: op.id, Place: inTime, Actor: e.a.owner.name,
				Detail: fmt.Sprintf("A record of the other tenant's takes %s, one that never was %s (z = %.1f over %d pairs).",
					timing.Foreign, timing.Never, timing.Z, timing.Pairs),
			})
		}
	}
	return nil
}

func (t Timing) tells() bool {
	return math.Abs(t.Z) > timingZ && math.Abs(float64(t.Difference)) > timingShare*float64(t.Never)
}

func (e *engine) timed(ctx context.Context, t *aim, pairs int) (Timing, error) {
	foreign, never, differences := make([]time.Duration, 0, pairs), make([]time.Duration, 0, pairs), make([]time.Duration, 0, pairs)
	ask := func(ids []string, into *[]time.Duration) error {
		a, err := e.send(ctx, e.a.owner, e.reach(t, ids, 0))
		*into = append(*into, a.took)
		return err
	}
	for range pairs {
		both := []func() error{
			func() error { return ask(e.theirs(t), &foreign) },
			func() error { return ask(e.nobodys(t), &never) },
		}
		if random(2) == 1 {
			slices.Reverse(both)
		}
		for _, one := range both {
			if err := one(); err != nil {
				return Timing{}, err
			}
		}
		e.report.attempted(t.op, inTime)
		differences = append(differences, foreign[len(foreign)-1]-never[len(never)-1])
	}
	e.report.controlled(t.op, inTime) // that the record is there, the last control has shown
	return Timing{
		Operation: t.op.id, Pairs: pairs, Foreign: median(foreign), Never: median(never), Difference: median(differences), Z: signedRank(differences),
	}, nil
}

// signedRank returns the statistic of Wilcoxon's signed-rank test: how far the ranks of the differences above zero are
// from half of all ranks, in standard deviations.
func signedRank(differences []time.Duration) float64 {
	ranked := make([]time.Duration, 0, len(differences))
	for _, d := range differences {
		if d != 0 {
			ranked = append(ranked, d)
		}
	}
	slices.SortFunc(ranked, func(a, b time.Duration) int { return int(a.Abs() - b.Abs()) })
	n, above := float64(len(ranked)), 0.0
	for i := 0; i < len(ranked); {
		end := i
		for end < len(ranked) && ranked[end].Abs() == ranked[i].Abs() {
			end++
		}
		rank := float64(i+1+end) / 2 // equal ones share their ranks
		for ; i < end; i++ {
			if ranked[i] > 0 {
				above += rank
			}
		}
	}
	if n == 0 {
		return 0
	}
	return (above - n*(n+1)/4) / math.Sqrt(n*(n+1)*(2*n+1)/24)
}

func median(values []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)/2]
}
