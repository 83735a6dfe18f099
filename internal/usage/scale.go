package usage

import (
	"context"
	"fmt"
	"time"

	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

const (
	// rest is how long a tenant that has been measured is left alone, at least.
	rest = 5 * time.Minute
	// share is the most of the time that goes into measuring a tenant: one in so many parts.
	share = 20
	// limit ends a measurement.
	limit = 30 * time.Second
)

// Sizes keep how much room the tenants' data takes; storage.Usage does.
type Sizes interface {
	Claim(ctx context.Context, now, until time.Time) (m storage.Measurement, found bool, err error)
	Keep(ctx context.Context, m storage.Measurement, until time.Time) error
}

// Scale measures how much room the tenants' data takes: of those that have written since they were measured, one after
// the other. Several nodes share the work, each tenant being measured by one of them at a time.
type Scale struct {
	sizes   Sizes
	measure func(ctx context.Context, t tenant.ID) (int64, error)
	clock   func() time.Time
}

// NewScale returns a scale that keeps in sizes what measure returns of a tenant.
func NewScale(sizes Sizes, measure func(ctx context.Context, t tenant.ID) (int64, error), clock func() time.Time) *Scale {
	return &Scale{sizes: sizes, measure: measure, clock: clock}
}

// Measure measures the tenants that may be measured now. report is told of each that could not be: what was measured of
// it before stays, and it is tried again later.
func (s *Scale) Measure(ctx context.Context, report func(error)) {
	for ctx.Err() == nil {
		// Whoever fails or dies leaves the claim behind, so it is as long as the rest after the longest measurement.
		now := s.clock()
		m, found, err := s.sizes.Claim(ctx, now, now.Add(share*limit))
		if err != nil {
			report(err)
			return
		}
		if !found {
			return
		}
		if err := s.one(ctx, m); err != nil {
			report(fmt.Errorf("tenant %s: %w", m.Tenant, err))
		}
	}
}

// one measures a claimed tenant.
func (s *Scale) one(ctx context.Context, m storage.Measurement) error {
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := s.clock()
	var err error
	if m.Bytes, err = s.measure(bounded, m.Tenant); err != nil {
		return err
	}
	ended := s.clock()
	return s.sizes.Keep(ctx, m, ended.Add(max(rest, share*ended.Sub(began))))
}

// Run measures every interval until the context ends.
func (s *Scale) Run(ctx context.Context, interval time.Duration, report func(error)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.Measure(ctx, func(err error) {
				if ctx.Err() == nil {
					report(err)
				}
			})
		}
	}
}
