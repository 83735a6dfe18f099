package cli

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Accounts administers tenants, users and signing keys; account.Service does.
type Accounts interface {
	Tenants
	Users
	Keys
	Identities
}

// Tenants administers tenants. A tenant is named by its slug or id.
type Tenants interface {
	CreateTenant(ctx context.Context, by account.By, name, slug string) (tenant.Tenant, error)
	Tenant(ctx context.Context, ref string) (tenant.Tenant, error)
	Tenants(ctx context.Context, after tenant.ID, limit int) ([]tenant.Tenant, error)
	Suspend(ctx context.Context, by account.By, ref string) error
	Activate(ctx context.Context, by account.By, ref string) error
	Members(ctx context.Context, ref string, after id.ID, limit int) ([]account.Member, error)
}

// Users administers users, who are named by their usernames.
type Users interface {
	CreateUser(ctx context.Context, by account.By, username, password string, operator bool) (account.User, error)
	Users(ctx context.Context, after id.ID, limit int) ([]account.User, error)
	SetPassword(ctx context.Context, by account.By, username, password string) error
	AddMember(ctx context.Context, by account.By, ref, username string, role policy.Role) (account.Member, error)
	// Issue signs tokens as a log-in would, without a password. ttl is how long the access token is good; 0 is as
	// long as any.
	Issue(ctx context.Context, by account.By, username, ref string, ttl time.Duration) (account.Grant, error)
}

// Keys administers the keys that sign tokens. A key is named by its kid, the configured one "default".
type Keys interface {
	Keys(ctx context.Context) ([]account.Key, error)
	RotateKeys(ctx context.Context, by account.By, algorithm string, activation time.Duration) (account.Key, error)
	RetireKey(ctx context.Context, by account.By, key string) error
}

// Identities administers what other issuers call the users.
type Identities interface {
	LinkIdentity(ctx context.Context, by account.By, username string, i account.Identity) error
	UnlinkIdentity(ctx context.Context, by account.By, username string, i account.Identity) error
	Identities(ctx context.Context, username string) ([]account.Identity, error)
}

// pageSize is how many entries are read at once.
const pageSize = 500

// all reads a list to its end: part returns what follows the entry, and at first what follows the zero one.
func all[T any](part func(last T) ([]T, error)) ([]T, error) {
	found := []T{}
	var last T
	for {
		next, err := part(last)
		found = append(found, next...)
		if err != nil || len(next) < pageSize {
			return found, err
		}
		last = next[len(next)-1]
	}
}

// caller is who acts in the events of what the command line does.
func caller() account.By { return account.System("command line") }
