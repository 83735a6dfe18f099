package storage

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/tenant"
)

// UsageCount is what a tenant asked of the service in one hour.
type UsageCount struct {
	// ID names the counter, where it is new.
	ID     id.ID
	Tenant tenant.ID
	Hour   time.Time
	// Requests are all, Writes those that changed something, Limited those that a limit refused.
	Requests, Writes, Limited int64
}

// Measurement is how much room a tenant's data took.
type Measurement struct {
	Tenant tenant.ID
	// Writes is how many writes of the tenant had been counted before.
	Writes int64
	Bytes  int64
}

// Usage are the counters of all tenants, and how much room their data takes. They are listed by UsageRecords. Nothing here
// raises the generation.
type Usage interface {
	// Add adds to the counters, all or none; those of a tenant that is no more are dropped. A new counter has the size that
	// was kept last of its tenant.
	Add(ctx context.Context, counts []UsageCount) error
	// Claim takes a tenant to measure, one that waits longest of those that have written since they were measured and may
	// be measured now; false where there is none. Nobody else gets it before until. Bytes are those of the last measurement.
	Claim(ctx context.Context, now, until time.Time) (m Measurement, found bool, err error)
	// Keep keeps what was measured, for the tenant and for its newest counter, and lets nobody claim the tenant before
	// until. It takes the place of what was measured before: nothing is added up. Nothing happens where a measurement that
	// has seen more writes is kept already.
	Keep(ctx context.Context, m Measurement, until time.Time) error
}
