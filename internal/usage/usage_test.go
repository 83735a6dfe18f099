package usage_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/usage"
)

// store adds up what it is given, unless it is told to fail.
type store struct {
	mu    sync.Mutex
	sums  map[tenant.ID]storage.UsageCount
	calls int
	err   error
}

func (s *store) Add(_ context.Context, counts []storage.UsageCount) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.err != nil {
		return s.err
	}
	for _, c := range counts {
		sum := s.sums[c.Tenant]
		sum.Requests, sum.Writes, sum.Limited = sum.Requests+c.Requests, sum.Writes+c.Writes, sum.Limited+c.Limited
		s.sums[c.Tenant] = sum
	}
	return nil
}

func TestNothingIsLostOrCountedTwice(t *testing.T) {
	t.Parallel()
	s := &store{sums: map[tenant.ID]storage.UsageCount{}}
	m := usage.New(s, time.Now)
	one, two := tenant.NewID(), tenant.NewID()
	s.err = errors.New("the database is away")
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			for i := range 100 {
				m.Note(one, i%2 == 0, false)
				m.Note(two, false, i%4 == 0)
			}
			_ = m.Flush(context.Background())
		})
	}
	all.Wait()
	s.err = nil
	if err := m.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.sums[one]; got.Requests != 1000 || got.Writes != 500 || got.Limited != 0 {
		t.Errorf("the first tenant: %+v", got)
	}
	if got := s.sums[two]; got.Requests != 1000 || got.Writes != 0 || got.Limited != 250 {
		t.Errorf("the second tenant: %+v", got)
	}
	calls := s.calls
	if err := m.Flush(t.Context()); err != nil || s.calls != calls {
		t.Errorf("a flush of nothing: %v, %d calls", err, s.calls-calls)
	}
}

func TestTheLastCountsAreWrittenAtTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{sums: map[tenant.ID]storage.UsageCount{}}
		m := usage.New(s, time.Now)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			m.Run(ctx, time.Minute, func(err error) { t.Error(err) })
		}()
		one := tenant.NewID()
		m.Note(one, true, false)
		time.Sleep(61 * time.Second)
		m.Note(one, true, false)
		stop()
		<-done
		if got := s.sums[one]; got.Requests != 2 || s.calls != 2 {
			t.Errorf("%+v after %d calls", got, s.calls)
		}
	})
}
