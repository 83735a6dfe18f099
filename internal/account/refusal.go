package account

import (
	"context"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Refusal is what a caller may not do: an operation on a record of the resource, or on none.
type Refusal struct {
	Operation, Resource string
	Record              id.ID
}

// Refused leaves the event of a refusal in the trail of the caller's tenant, of an operator in the platform's. There is
// no change that it could share a transaction with, so it goes there directly.
func (s *Service) Refused(ctx context.Context, by By, r Refusal) error {
	trail := by.Actor.Tenant
	if trail.IsZero() {
		trail = tenant.Platform
	}
	event := s.event(by, "permission_denied", r.Resource, r.Record, made("operation", schema.String(r.Operation)))
	return s.courier.append(ctx, trail, s.courier.claimed(in(event, trail)))
}
