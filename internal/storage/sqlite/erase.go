package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// erase removes a tenant's file, just before the commit that forgets the tenant: what is cut short there still has the
// tenant to begin anew with.
func (e *Engine) erase(ctx context.Context, t tenant.ID, begin, end func(*sql.Tx) error) ([]storage.Erased, error) {
	removed, err := e.contents(ctx, t)
	if err != nil {
		return nil, err
	}
	tx, err := e.platform.writer.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if err := begin(tx); err != nil {
		return nil, err
	}
	if err := end(tx); err != nil {
		return nil, err
	}
	if err := e.removeFile(ctx, t); err != nil {
		return nil, err
	}
	return removed, tx.Commit()
}

// contents counts the rows of a tenant's file, table by table; none where there is no file.
func (e *Engine) contents(ctx context.Context, t tenant.ID) (found []storage.Erased, err error) {
	one, err := e.files.acquire(ctx, t)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer e.files.release(one)
	tables, err := tablesOf(ctx, one.db.reads)
	if err != nil {
		return nil, err
	}
	for _, table := range tables {
		row := storage.Erased{Place: "tenant." + table}
		if err := one.db.reads.QueryRowContext(ctx, `SELECT count(*) FROM "`+table+`"`).Scan(&row.Count); err != nil {
			return nil, fmt.Errorf("count %s: %w", table, translate(err))
		}
		found = append(found, row)
	}
	return found, nil
}

// tablesOf returns the tables of a tenant's file that hold what is the tenant's.
func tablesOf(ctx context.Context, db *sql.DB) (tables []string, err error) {
	rows, err := db.QueryContext(ctx, "SELECT name FROM sqlite_schema WHERE type = 'table'"+
		" AND name NOT GLOB 'sqlite_*' AND name NOT GLOB 'goose_*' AND name NOT IN ('schema_state', 'schema_resources') ORDER BY name")
	if err != nil {
		return nil, translate(err)
	}
	defer func() { _ = rows.Close() }() // its error is that of rows.Err
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		tables = append(tables, name)
	}
	return tables, translate(rows.Err())
}

// removeFile closes the tenant's file and takes it away with what SQLite keeps beside it. Another process may still have it
// open: its gate lets nobody of the tenant in any more, and what it writes goes nowhere.
func (e *Engine) removeFile(ctx context.Context, t tenant.ID) error {
	if err := e.files.drop(ctx, t); err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(e.tenantPath(t) + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove the tenant's file: %w", err)
		}
	}
	return nil
}
