package account

import (
	"context"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Description is what a tenant's owners say of it. Settings is a compact JSON object.
type Description struct {
	Name     string
	Settings []byte
}

// DescribeTenant writes next over the tenant's description from before; validation_failed, not_found.
func (s *Service) DescribeTenant(ctx context.Context, by By, t tenant.ID, before, next Description) error {
	if err := s.admits(by, t); err != nil {
		return err
	}
	if !printable(next.Name, maxTenantName) {
		return fault.Invalid(invalid("name", "A name has 1 to 255 printable characters."))
	}
	var changes []change
	if before.Name != next.Name {
		changes = append(changes, change{"name", schema.String(before.Name), schema.String(next.Name)})
	}
	if string(before.Settings) != string(next.Settings) {
		changes = append(changes, change{"settings", schema.RawJSON(before.Settings), schema.RawJSON(next.Settings)})
	}
	event := s.event(by, "updated", aboutTenant, id.ID(t), changes...)
	return s.change(ctx, concerning(t, by, event), func(p storage.Platform) error {
		return p.Provided(by.Seen).Tenants().Describe(ctx, t, next.Name, next.Settings)
	})
}

// NewTenant is a tenant that is to be. Settings is a compact JSON object.
type NewTenant struct {
	ID         tenant.ID
	Slug, Name string
	Settings   []byte
}

// AddTenant adds a tenant; validation_failed, conflict where the slug is taken. Settings are a change of their own.
func (s *Service) AddTenant(ctx context.Context, by By, n NewTenant) (tenant.Tenant, error) {
	if err := CheckTenant(n); err != nil {
		return tenant.Tenant{}, err
	}
	t := tenant.Tenant{ID: n.ID, Slug: n.Slug, Name: n.Name, Status: tenant.Active, CreatedAt: s.moment()}
	event := s.event(by, "created", aboutTenant, id.ID(t.ID), made("slug", schema.String(t.Slug)), made("name", schema.String(t.Name)),
		made("status", schema.String(string(t.Status))))
	err := s.change(ctx, in(event, t.ID, tenant.Platform), func(p storage.Platform) error { return p.Tenants().Create(ctx, t) })
	if err != nil || len(n.Settings) == 0 || string(n.Settings) == "{}" {
		return t, err
	}
	return t, s.DescribeTenant(ctx, by, t.ID, Description{t.Name, []byte("{}")}, Description{t.Name, n.Settings})
}

// CheckTenant returns what AddTenant would find wrong.
func CheckTenant(n NewTenant) error {
	var fields []fault.Field
	if !printable(n.Name, maxTenantName) {
		fields = append(fields, invalid("name", "A name has 1 to 255 printable characters."))
	}
	if !tenant.ValidSlug(n.Slug) {
		fields = append(fields, invalid("slug", "A slug has 1 to 63 lower-case letters, digits and inner hyphens."))
	}
	return fault.Invalid(fields...)
}

// TenantID returns the id of a tenant that exists; not_found for any other text.
func (s *Service) TenantID(ctx context.Context, text string) (tenant.ID, error) {
	asked, ok := tenant.ParseID(text)
	if !ok {
		return tenant.ID{}, fault.Missing()
	}
	t, err := s.platform.Tenants().Get(ctx, asked)
	return t.ID, err
}
