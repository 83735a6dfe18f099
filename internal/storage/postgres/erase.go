package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// erase removes a tenant's rows as the owner of the tables: the server's role may not delete events.
func (e *Engine) erase(ctx context.Context, t tenant.ID, begin, end func(*sql.Tx) error) (removed []storage.Erased, err error) {
	settings, err := ownerSettings(e.config)
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*settings)
	defer func() { _ = db.Close() }() // what was committed is
	if err := db.PingContext(ctx); err != nil {
		return nil, connectError(settings, err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if err := begin(tx); err != nil {
		return nil, notOwner(err)
	}
	if removed, err = e.empty(ctx, tx, t); err != nil {
		return nil, notOwner(err)
	}
	if err := end(tx); err != nil {
		return nil, notOwner(err)
	}
	return removed, tx.Commit()
}

// empty deletes the tenant's rows in one statement, since they refer to each other. It does so within the tenant, so that
// row security, which binds the owner too, bounds it as it bounds everything.
func (e *Engine) empty(ctx context.Context, tx *sql.Tx, t tenant.ID) ([]storage.Erased, error) {
	if err := e.enterBy(ctx, tx, t); err != nil {
		return nil, err
	}
	tables, err := texts(ctx, tx, "SELECT c.relname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid"+
		" WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'tenant_id' ORDER BY 1", "tenant")
	if err != nil || len(tables) == 0 {
		return nil, err
	}
	removed, counts := make([]storage.Erased, len(tables)), make([]any, len(tables))
	var deletions, sums []string
	for i, table := range tables {
		name := fmt.Sprint("t", i)
		deletions = append(deletions, name+" AS (DELETE FROM "+pgx.Identifier{"tenant", table}.Sanitize()+" WHERE tenant_id = $1 RETURNING 1)")
		sums = append(sums, "(SELECT count(*) FROM "+name+")")
		removed[i].Place = "tenant." + table
		counts[i] = &removed[i].Count
	}
	text := "WITH " + strings.Join(deletions, ", ") + " SELECT " + strings.Join(sums, ", ")
	return removed, tx.QueryRowContext(ctx, text, t.String()).Scan(counts...)
}

// enterBy binds a transaction of database/sql to the tenant.
func (e *Engine) enterBy(ctx context.Context, tx *sql.Tx, t tenant.ID) error {
	text, args := "SELECT platform.enter($1)", []any{t.String()}
	if e.key != nil {
		text, args = "SELECT platform.enter_proven($1, $2)", append(args, e.key.mac(t))
	}
	_, err := tx.ExecContext(ctx, text, args...)
	return err
}

// notOwner says what to do where the role may not delete.
func notOwner(err error) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "42501" {
		return fmt.Errorf("this role does not own the tables; give the one that migrates (--migration-url): %w", err)
	}
	return err
}
