// Package usage counts what each tenant asks of the service, by the hour, for the operators of the platform. It counts in
// memory and adds to the platform's own counters now and then, so that a request costs no work in a database; a node
// that dies takes the counts of its last seconds with it. Beside that it has the tenants that wrote measured, in the
// background and one at a time.
//
// It knows nothing of what is asked, and reads no tenant's data: whoever measures is handed in.
package usage

import (
	"context"
	"sync"
	"time"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Counters keep counts; storage.Usage does.
type Counters interface {
	Add(ctx context.Context, counts []storage.UsageCount) error
}

// Meter counts. Its methods may be called concurrently.
type Meter struct {
	store Counters
	clock func() time.Time

	mu     sync.Mutex
	counts map[slot]*storage.UsageCount
}

type slot struct {
	tenant tenant.ID
	hour   int64
}

// New returns a meter that adds to the store.
func New(store Counters, clock func() time.Time) *Meter {
	return &Meter{store: store, clock: clock, counts: map[slot]*storage.UsageCount{}}
}

// Note counts a request of the tenant: whether it changed something, and whether a limit refused it.
func (m *Meter) Note(t tenant.ID, wrote, limited bool) {
	hour := m.clock().UTC().Truncate(time.Hour)
	m.mu.Lock()
	defer m.mu.Unlock()
	at := slot{t, hour.Unix()}
	c := m.counts[at]
	if c == nil {
		c = &storage.UsageCount{ID: id.New(), Tenant: t, Hour: hour}
		m.counts[at] = c
	}
	c.Requests++
	if wrote {
		c.Writes++
	}
	if limited {
		c.Limited++
	}
}

// Flush adds what was counted to the store. What can't be added is kept for the next time.
func (m *Meter) Flush(ctx context.Context) error {
	m.mu.Lock()
	counts := make([]storage.UsageCount, 0, len(m.counts))
	for _, c := range m.counts {
		counts = append(counts, *c)
	}
	m.counts = map[slot]*storage.UsageCount{}
	m.mu.Unlock()
	if len(counts) == 0 {
		return nil
	}
	err := m.store.Add(ctx, counts)
	if err != nil {
		m.restore(counts)
	}
	return err
}

func (m *Meter) restore(counts []storage.UsageCount) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range counts {
		at := slot{c.Tenant, c.Hour.Unix()}
		if newer := m.counts[at]; newer != nil {
			c.Requests, c.Writes, c.Limited = c.Requests+newer.Requests, c.Writes+newer.Writes, c.Limited+newer.Limited
		}
		m.counts[at] = &c
	}
}

// Run flushes every interval until the context ends, and once more then. report is told of failures.
func (m *Meter) Run(ctx context.Context, interval time.Duration, report func(error)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
			defer cancel()
			if err := m.Flush(last); err != nil {
				report(err)
			}
			return
		case <-ticker.C:
			if err := m.Flush(ctx); err != nil && ctx.Err() == nil {
				report(err)
			}
		}
	}
}

// lastFlush bounds the flush at the end.
const lastFlush = 5 * time.Second
