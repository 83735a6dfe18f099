package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/tenantry/tenantry/internal/tenant"
)

// Pending implements storage.Engine.
func (e *Engine) Pending(ctx context.Context) ([]string, error) {
	found, err := e.inspect(ctx, e.platform.reads, e.platform.path, platformOwner)
	if err != nil {
		return nil, err
	}
	if found == "" {
		return []string{"create the platform's tables"}, nil
	}
	var out []string
	if found < e.form.platform {
		out = append(out, "bring the platform's tables from \""+found+"\" to \""+e.form.platform+"\"")
	}
	if _, err := os.Stat(e.tenantPath(tenant.Platform)); errors.Is(err, os.ErrNotExist) {
		out = append(out, "create the platform's trail of events")
	}
	stale, err := e.stale(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range append(stale, tenant.Platform) {
		words, err := e.pendingOf(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("tenant %s: %w", t, err)
		}
		for _, word := range words {
			if !slices.Contains(out, word) {
				out = append(out, word)
			}
		}
	}
	return out, nil
}

// pendingOf says what has to be done for the file of one tenant. The file is opened apart from the others, since
// opening one of those would do it.
func (e *Engine) pendingOf(ctx context.Context, t tenant.ID) (words []string, err error) {
	path := e.tenantPath(t)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, nil // Migrate says so, and can do nothing
	}
	db := e.options.open(e.driver, path)
	defer func() { err = errors.Join(err, db.close()) }()
	found, err := e.inspect(ctx, db.reads, path, t.String())
	if err != nil || found == e.form.tenant {
		return nil, err
	}
	if found == "" {
		return []string{"create the tenants' tables"}, nil
	}
	steps, err := plan(ctx, db.reads, e.catalog.For(t), e.Resources)
	if err != nil {
		return nil, err
	}
	for _, step := range steps {
		words = append(words, step.Words)
	}
	if len(steps) == 0 {
		words = append(words, "bring the tenants' tables from \""+found+"\" to \""+e.form.tenant+"\"")
	}
	return words, nil
}

// stale lists the tenants whose files were not brought to this program's form yet, as far as the platform knows.
func (e *Engine) stale(ctx context.Context) ([]tenant.ID, error) {
	rows, err := e.platform.reads.QueryContext(ctx, "SELECT t.id FROM tenants AS t LEFT JOIN tenant_stores AS s ON s.tenant_id = t.id"+
		" WHERE s.fingerprint IS NOT ?1 ORDER BY t.id", e.form.tenant)
	if err != nil {
		return nil, translate(err)
	}
	defer func() { _ = rows.Close() }() // its error is that of rows.Err
	var out []tenant.ID
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		t, ok := tenant.ParseID(text)
		if !ok {
			return nil, fmt.Errorf("read %s: a tenant has no proper id", e.platform.path)
		}
		out = append(out, t)
	}
	return out, translate(rows.Err())
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// remember notes that the tenant's file has this program's form.
func (e *Engine) remember(ctx context.Context, db execer, t tenant.ID) error {
	_, err := db.ExecContext(ctx, "INSERT INTO tenant_stores (tenant_id, fingerprint) VALUES (?1, ?2)"+
		" ON CONFLICT (tenant_id) DO UPDATE SET fingerprint = excluded.fingerprint", t.String(), e.form.tenant)
	return translate(err)
}
