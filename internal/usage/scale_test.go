package usage_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/usage"
)

// sizes are tenants to measure, each of which may be claimed from a time on.
type sizes struct {
	mu      sync.Mutex
	waiting []tenant.ID
	due     map[tenant.ID]time.Time
	kept    map[tenant.ID][]int64
	err     error
}

func (s *sizes) Claim(_ context.Context, now, until time.Time) (storage.Measurement, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.waiting {
		if s.err == nil && !s.due[t].After(now) {
			s.due[t] = until
			return storage.Measurement{Tenant: t, Writes: 7}, true, nil
		}
	}
	return storage.Measurement{}, false, s.err
}

func (s *sizes) Keep(_ context.Context, m storage.Measurement, until time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.Writes != 7 {
		return errors.New("that is not what was claimed")
	}
	s.kept[m.Tenant] = append(s.kept[m.Tenant], m.Bytes)
	s.due[m.Tenant] = until
	return nil
}

// bundle is a scale in a bubble of time, whose tenants take turns.
type bundle struct {
	t        *testing.T
	sizes    *sizes
	one, two tenant.ID
	measure  func(ctx context.Context, t tenant.ID) (int64, error)
	reports  []error
}

func bubble(t *testing.T, test func(b *bundle)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &bundle{t: t, one: tenant.NewID(), two: tenant.NewID()}
		b.sizes = &sizes{waiting: []tenant.ID{b.one, b.two}, due: map[tenant.ID]time.Time{}, kept: map[tenant.ID][]int64{}}
		test(b)
	})
}

// run lets the scale work for so long.
func (b *bundle) run(d time.Duration) {
	b.t.Helper()
	scale := usage.NewScale(b.sizes, func(ctx context.Context, t tenant.ID) (int64, error) { return b.measure(ctx, t) }, time.Now)
	ctx, stop := context.WithTimeout(b.t.Context(), d)
	defer stop()
	scale.Run(ctx, time.Second, func(err error) { b.reports = append(b.reports, err) })
}

func (b *bundle) want(one, two []int64, reports int) {
	b.t.Helper()
	for id, want := range map[tenant.ID][]int64{b.one: one, b.two: two} {
		if !slices.Equal(b.sizes.kept[id], want) {
			b.t.Errorf("kept %v, want %v", b.sizes.kept[id], want)
		}
	}
	if len(b.reports) != reports {
		b.t.Errorf("%d reports: %v", len(b.reports), b.reports)
	}
}

func TestTenantsAreMeasuredOneAtATimeAndThenRest(t *testing.T) {
	bubble(t, func(b *bundle) {
		at, n := 0, int64(0)
		b.measure = func(context.Context, tenant.ID) (int64, error) {
			if at++; at > 1 {
				t.Error("two at once")
			}
			defer func() { at-- }()
			time.Sleep(3 * time.Second)
			n += 10
			return n, nil
		}
		b.run(4 * time.Minute)
		b.want([]int64{10}, []int64{20}, 0)
		b.run(4 * time.Minute)
		b.want([]int64{10, 30}, []int64{20, 40}, 0)
	})
}

func TestWhoTakesLongToMeasureRestsLonger(t *testing.T) {
	bubble(t, func(b *bundle) {
		b.measure = func(_ context.Context, id tenant.ID) (int64, error) {
			if id == b.one {
				time.Sleep(20 * time.Second)
				return 1, nil
			}
			return 2, nil
		}
		b.run(6 * time.Minute)
		b.want([]int64{1}, []int64{2, 2}, 0)
		b.run(2 * time.Minute)
		b.want([]int64{1, 1}, []int64{2, 2}, 0)
	})
}

func TestAFailureKeepsWhatWasMeasuredAndStopsNobody(t *testing.T) {
	bubble(t, func(b *bundle) {
		failing := true
		b.measure = func(ctx context.Context, id tenant.ID) (int64, error) {
			if id == b.one && failing {
				<-ctx.Done() // it is not left to run for good
				return 99, ctx.Err()
			}
			return 2, nil
		}
		b.run(2 * time.Minute)
		b.want(nil, []int64{2}, 1)
		if err := b.reports[0]; !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		failing = false
		b.run(10 * time.Minute)
		b.want([]int64{2}, []int64{2, 2, 2}, 1)
	})
}

func TestNobodyIsMeasuredWhileThereIsNoDatabase(t *testing.T) {
	bubble(t, func(b *bundle) {
		b.measure = func(context.Context, tenant.ID) (int64, error) { return 5, nil }
		b.sizes.err = errors.New("the database is away")
		b.run(3*time.Second + time.Millisecond)
		if len(b.sizes.kept) > 0 || len(b.reports) != 3 {
			t.Errorf("%v, %v", b.sizes.kept, b.reports)
		}
		b.sizes.err = nil
		b.run(3 * time.Second)
		b.want([]int64{5}, []int64{5}, 3)
	})
}
