package demo

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Accounts administers tenants and users; account.Service does.
type Accounts interface {
	Tenants
	CreateUser(ctx context.Context, by account.By, username, password string, operator bool) (account.User, error)
	User(ctx context.Context, username string) (account.User, error)
	SetPassword(ctx context.Context, by account.By, username, password string) error
	Issue(ctx context.Context, by account.By, username, ref string, ttl time.Duration) (account.Grant, error)
}

// Tenants administers tenants and who belongs to them, and lets this package into them.
type Tenants interface {
	CreateTenant(ctx context.Context, by account.By, name, slug string) (tenant.Tenant, error)
	Tenant(ctx context.Context, ref string) (tenant.Tenant, error)
	Members(ctx context.Context, ref string, after id.ID, limit int) ([]account.Member, error)
	AddMember(ctx context.Context, by account.By, ref, username string, role policy.Role) (account.Member, error)
	Pass(t tenant.ID) tenant.Pass
}

// caller is who acts in the events of what is made here.
func caller() account.By { return account.System("sample data") }
