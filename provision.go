package tenantry

import (
	"context"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/tenant"
)

// TenantID names a tenant.
type TenantID = tenant.ID

// provisioning is who acts in events where the program that embeds the service does.
func provisioning() account.By { return account.System("provisioning") }

// CreateTenant adds a tenant. The slug is 1 to 63 lower-case letters, digits and inner hyphens, and not taken yet.
func (s *Service) CreateTenant(ctx context.Context, slug, name string) (TenantID, error) {
	t, err := s.accounts.CreateTenant(ctx, provisioning(), name, slug)
	return t.ID, err
}

// CreateUser adds a user, who belongs to no tenant yet. The name is not taken yet, the password has 8 to 1,024 bytes.
func (s *Service) CreateUser(ctx context.Context, username, password string) (ID, error) {
	u, err := s.accounts.CreateUser(ctx, provisioning(), username, password, false)
	return u.ID, err
}

// AddMember lets a user into a tenant, named by its slug or id, in the role "viewer", "member", "admin" or "owner".
func (s *Service) AddMember(ctx context.Context, tenant, username, role string) error {
	parsed, ok := policy.ParseRole(role)
	if !ok {
		return fault.Invalid(fault.Field{Name: "role", Code: fault.FieldChoice, Message: "must be viewer, member, admin or owner"})
	}
	_, err := s.accounts.AddMember(ctx, provisioning(), tenant, username, parsed)
	return err
}

// CreateOperator adds a user who may manage the platform. An operator belongs to no tenant.
func (s *Service) CreateOperator(ctx context.Context, username, password string) (ID, error) {
	u, err := s.accounts.CreateUser(ctx, provisioning(), username, password, true)
	return u.ID, err
}
