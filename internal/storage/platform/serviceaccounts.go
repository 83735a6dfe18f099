package platform

import (
	"context"
	"errors"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

type serviceAccounts struct{ *plane }

func (p serviceAccounts) Create(ctx context.Context, a storage.ServiceAccount) error {
	err := p.change(ctx, "create the service account", func(tx transaction) error {
		_, err := tx.exec(ctx, "INSERT INTO platform.service_accounts (id, tenant_id, name, role, secret_hash, expires_at, created_at, created_by)"+
			" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", a.ID.String(), a.Tenant.String(), a.Name, a.Role.String(), a.Secret,
			p.momentOrNull(a.ExpiresAt), p.moment(a.CreatedAt), nullable(a.CreatedBy))
		return err
	})
	if errors.Is(err, ErrReference) {
		return fault.Missing()
	}
	return err
}

func (p serviceAccounts) Find(ctx context.Context, account id.ID) (storage.ServiceAccount, tenant.Tenant, error) {
	var a storage.ServiceAccount
	var t tenant.Tenant
	var role string
	targets := append(tenantTargets(&t), intoID(&a.ID), &a.Name, &role, &a.Secret, &a.Former,
		scanTime{&a.FormerUntil}, scanTime{&a.ExpiresAt}, scanTime{&a.CreatedAt}, intoID(&a.CreatedBy))
	err := p.Read.QueryRowContext(ctx, p.sql("SELECT "+tenantColumns+", s.id, s.name, s.role, s.secret_hash, s.former_hash,"+
		" s.former_until, s.expires_at, s.created_at, s.created_by FROM platform.service_accounts AS s"+
		" JOIN platform.tenants AS t ON t.id = s.tenant_id WHERE s.id = $1"), account.String()).Scan(targets...)
	a.Tenant = t.ID
	a.Role, _ = policy.ParseRole(role) // an unknown role is none
	return a, t, p.wrap("find the service account", err)
}

func (p serviceAccounts) Update(ctx context.Context, a storage.ServiceAccount) error {
	return p.change(ctx, "change the service account", func(tx transaction) error {
		return tx.one(ctx, "UPDATE platform.service_accounts SET name = $3, role = $4, expires_at = $5 WHERE tenant_id = $1 AND id = $2",
			a.Tenant.String(), a.ID.String(), a.Name, a.Role.String(), p.momentOrNull(a.ExpiresAt))
	})
}

func (p serviceAccounts) Rotate(ctx context.Context, t tenant.ID, account id.ID, secret []byte, formerUntil time.Time) error {
	return p.change(ctx, "rotate the secret", func(tx transaction) error {
		return tx.one(ctx, "UPDATE platform.service_accounts SET former_hash = secret_hash, former_until = $4, secret_hash = $3"+
			" WHERE tenant_id = $1 AND id = $2", t.String(), account.String(), secret, p.moment(formerUntil))
	})
}

func (p serviceAccounts) Delete(ctx context.Context, t tenant.ID, account id.ID) error {
	return p.change(ctx, "delete the service account", func(tx transaction) error {
		return tx.one(ctx, "DELETE FROM platform.service_accounts WHERE tenant_id = $1 AND id = $2", t.String(), account.String())
	})
}

func (p serviceAccounts) Touch(ctx context.Context, account id.ID, at time.Time) error {
	return p.update(ctx, "note the use of the service account", func(tx transaction) error {
		_, err := tx.exec(ctx, "UPDATE platform.service_accounts SET last_used_at = $2 WHERE id = $1", account.String(), p.moment(at))
		return err
	})
}
