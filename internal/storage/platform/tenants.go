package platform

import (
	"context"
	"database/sql"
	"errors"

	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

type tenants struct{ *plane }

const tenantColumns = "t.id, t.slug, t.name, t.status, t.created_at"

func tenantTargets(t *tenant.Tenant) []any {
	return []any{intoTenant(&t.ID), &t.Slug, &t.Name, &t.Status, scanTime{&t.CreatedAt}}
}

func (p tenants) Create(ctx context.Context, t tenant.Tenant) error {
	if t.ID == tenant.Platform {
		return errors.New("create the tenant: its id is the platform's")
	}
	err := p.change(ctx, "create the tenant", func(tx transaction) error {
		_, err := tx.exec(ctx, "INSERT INTO platform.tenants (id, slug, name, status, created_at) VALUES ($1, $2, $3, $4, $5)",
			t.ID.String(), t.Slug, t.Name, string(t.Status), p.moment(t.CreatedAt))
		if err != nil || p.Provision == nil {
			return err
		}
		return p.Provision(ctx, tx.tx, t.ID)
	})
	if errors.Is(err, ErrUnique) {
		return taken("slug", "Another tenant has this slug.")
	}
	return err
}

func (p tenants) Get(ctx context.Context, t tenant.ID) (tenant.Tenant, error) {
	return p.find(ctx, "SELECT "+tenantColumns+" FROM platform.tenants AS t WHERE t.id = $1", t.String())
}

func (p tenants) BySlug(ctx context.Context, slug string) (tenant.Tenant, error) {
	return p.find(ctx, "SELECT "+tenantColumns+" FROM platform.tenants AS t WHERE t.slug = $1", slug)
}

func (p tenants) find(ctx context.Context, text, key string) (tenant.Tenant, error) {
	var t tenant.Tenant
	err := p.Read.QueryRowContext(ctx, p.sql(text), key).Scan(tenantTargets(&t)...)
	return t, p.wrap("find the tenant", err)
}

func (p tenants) List(ctx context.Context, page storage.Page) ([]tenant.Tenant, error) {
	var out []tenant.Tenant
	err := p.rows(ctx, "list tenants", func(rows *sql.Rows) error {
		var t tenant.Tenant
		err := rows.Scan(tenantTargets(&t)...)
		out = append(out, t)
		return err
	}, "SELECT "+tenantColumns+" FROM platform.tenants AS t WHERE t.id > $1 ORDER BY t.id LIMIT $2", page.After.String(), page.Limit)
	return out, err
}

func (p tenants) SetStatus(ctx context.Context, t tenant.ID, status tenant.Status) error {
	return p.change(ctx, "set the tenant's status", func(tx transaction) error {
		return tx.one(ctx, "UPDATE platform.tenants SET status = $2 WHERE id = $1", t.String(), string(status))
	})
}

func (p tenants) Describe(ctx context.Context, t tenant.ID, name string, settings []byte) error {
	return p.change(ctx, "describe the tenant", func(tx transaction) error {
		return tx.one(ctx, "UPDATE platform.tenants SET name = $2, settings = $3 WHERE id = $1", t.String(), name, string(settings))
	})
}
