package platform

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/sqlgen"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Erase implements storage.Tenants.
func (p tenants) Erase(ctx context.Context, t tenant.ID) ([]storage.Erased, error) {
	if t.IsZero() || t == tenant.Platform {
		return nil, errors.New("erase the tenant: the id is no tenant's")
	}
	var forgotten []storage.Erased
	removed, err := p.Config.Erase(ctx, t,
		func(tx *sql.Tx) error { return transaction{p.plane, tx}.mayErase(ctx, t) },
		func(tx *sql.Tx) (err error) {
			forgotten, err = transaction{p.plane, tx}.forget(ctx, t)
			return err
		})
	if err != nil {
		return nil, p.wrap("erase the tenant", err)
	}
	removed = append(removed, forgotten...)
	slices.SortFunc(removed, func(a, b storage.Erased) int { return cmp.Compare(a.Place, b.Place) })
	return removed, nil
}

// mayErase fails where the tenant is in use, and keeps it from being activated until the end.
func (t transaction) mayErase(ctx context.Context, erased tenant.ID) error {
	var status string
	err := t.tx.QueryRowContext(ctx, t.sql("SELECT status FROM platform.tenants WHERE id = $1 FOR UPDATE"), erased.String()).Scan(&status)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	case status != string(tenant.Suspended):
		return fault.New(fault.Conflict, "Only a suspended tenant can be erased.")
	default:
		return nil
	}
}

// forget deletes what the platform knows of a tenant, wherever that is.
func (t transaction) forget(ctx context.Context, erased tenant.ID) ([]storage.Erased, error) {
	tables, err := t.tablesOfTenants(ctx)
	if err != nil {
		return nil, err
	}
	var out []storage.Erased
	remove := func(table, column string) error {
		n, err := t.exec(ctx, "DELETE FROM platform."+table+" WHERE "+column+" = $1", erased.String())
		out = append(out, storage.Erased{Place: "platform." + table, Count: n})
		return err
	}
	for _, table := range tables {
		if err := remove(table, "tenant_id"); err != nil {
			return nil, err
		}
	}
	if err := remove("outbox", "trail"); err != nil {
		return nil, err
	}
	if err := remove("tenants", "id"); err != nil {
		return nil, err
	}
	if err := t.queue(ctx, t.events); err != nil {
		return nil, err
	}
	return out, t.raise(ctx)
}

// tablesOfTenants asks the database which of the platform's tables have rows of tenants: a list of ours would be wrong
// with the next migration.
func (t transaction) tablesOfTenants(ctx context.Context) ([]string, error) {
	text := "SELECT c.relname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid" +
		" WHERE c.relnamespace = 'platform'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'tenant_id' ORDER BY 1"
	if t.Dialect == sqlgen.SQLite {
		// schema_state says whose the file is.
		text = "SELECT t.name FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c" +
			" WHERE t.type = 'table' AND t.name <> 'schema_state' AND c.name = 'tenant_id' ORDER BY 1"
	}
	rows, err := t.tx.QueryContext(ctx, text)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // its error is that of rows.Err
	var tables []string
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			return nil, err
		}
		tables = append(tables, table)
	}
	return tables, rows.Err()
}
