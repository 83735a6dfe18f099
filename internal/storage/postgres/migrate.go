package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/tenantry/tenantry/internal/storage/sqlgen"
	"github.com/tenantry/tenantry/internal/tenant"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

const (
	versionTable = "platform.goose_db_version"
	// migrateLock is the advisory lock under which the tables of resources change.
	migrateLock = 0x74656e616e747279
	// How often, in seconds, and how many times a node asks for goose's lock before it gives up.
	lockPeriod, lockTries = 1, 300
)

// Migrate implements storage.Engine. It runs as the owner.
func (e *Engine) Migrate(ctx context.Context) error {
	if e.config.MigrationURL == "" {
		// Perhaps the owner has migrated already, and this role could not.
		if pending, err := e.Pending(ctx); err == nil && len(pending) == 0 {
			return nil
		}
	}
	settings, err := ownerSettings(e.config)
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*settings)
	defer func() { _ = db.Close() }() // what was committed is
	if err := db.PingContext(ctx); err != nil {
		return connectError(settings, err)
	}
	if err := e.migrate(ctx, db); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	e.epoch.Add(1)
	e.migrated.Store(false)
	return nil
}

func (e *Engine) migrate(ctx context.Context, db *sql.DB) error {
	role, err := e.serverRole(ctx, db)
	if err != nil {
		return err
	}
	// goose keeps its table in one of the schemas, so these come first.
	err = locked(ctx, db, func(tx *sql.Tx) error {
		return run(ctx, tx, "CREATE SCHEMA IF NOT EXISTS platform", "CREATE SCHEMA IF NOT EXISTS tenant")
	})
	if err != nil {
		return err
	}
	if err := e.migrateFixed(ctx, db); err != nil {
		return err
	}
	return locked(ctx, db, func(tx *sql.Tx) error {
		if err := e.migrateResources(ctx, tx); err != nil {
			return err
		}
		return grant(ctx, tx, role)
	})
}

// migrateFixed runs the files.
func (e *Engine) migrateFixed(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockPeriod, lockTries))
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithTableName(versionTable), goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	results, err := provider.Up(ctx)
	for _, r := range results {
		e.log.InfoContext(ctx, "migration run", "file", r.Source.Path)
	}
	return err
}

// migrateResources brings the tables of the resources to their form.
func (e *Engine) migrateResources(ctx context.Context, tx *sql.Tx) error {
	stored, err := snapshots(ctx, tx)
	if err != nil {
		return err
	}
	steps, err := e.plan(stored)
	if err != nil {
		return err
	}
	sharded, err := isSharded(ctx, tx)
	if err != nil {
		return err
	}
	if len(steps) > 0 {
		// Row security that is forced on the owner hides all rows from it, so a new foreign key would find none of
		// those it refers to.
		if err := eachTable(ctx, tx, "NO FORCE ROW LEVEL SECURITY"); err != nil {
			return err
		}
	}
	for _, s := range steps {
		if err := run(ctx, tx, s.Statements...); err != nil {
			return fmt.Errorf("%s: %w", s.Words, err)
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO platform.resources (name, snapshot) VALUES ($1, $2)"+
			" ON CONFLICT (name) DO UPDATE SET snapshot = excluded.snapshot", s.Resource, string(s.Snapshot))
		if err != nil {
			return err
		}
	}
	if err := e.bindPolicies(ctx, tx); err != nil {
		return err
	}
	if sharded {
		return nil // moving a shard of a table whose row security binds the owner empties it
	}
	return eachTable(ctx, tx, "FORCE ROW LEVEL SECURITY")
}

func (e *Engine) plan(stored map[string][]byte) ([]sqlgen.Step, error) {
	return sqlgen.New(sqlgen.Postgres, tenant.ID{}, e.resources).Plan(stored, e.config.Resources)
}

// isSharded reports whether Citus distributes the database.
func isSharded(ctx context.Context, tx *sql.Tx) (sharded bool, err error) {
	err = tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'citus')").Scan(&sharded)
	return sharded, err
}

// eachTable alters every table of the tenants.
func eachTable(ctx context.Context, tx *sql.Tx, how string) error {
	tables, err := texts(ctx, tx, "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = 'tenant' ORDER BY tablename")
	if err != nil {
		return err
	}
	for _, table := range tables {
		if err := run(ctx, tx, "ALTER TABLE "+pgx.Identifier{"tenant", table}.Sanitize()+" "+how); err != nil {
			return err
		}
	}
	return nil
}

// Pending implements storage.Engine. It runs as the server's role.
func (e *Engine) Pending(ctx context.Context) ([]string, error) {
	var exists bool
	err := e.db.QueryRowContext(ctx, "SELECT to_regclass($1) IS NOT NULL", versionTable).Scan(&exists)
	if err != nil {
		return nil, translatePlatform(err)
	}
	applied := map[string]bool{}
	stored := map[string][]byte{}
	if exists {
		if applied, err = e.applied(ctx); err != nil {
			return nil, err
		}
	}
	pending, fixed := []string{}, true
	files, err := fs.ReadDir(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if version, _ := versionOf(file.Name()); !applied[strconv.Itoa(version)] {
			pending, fixed = append(pending, "run the migration "+file.Name()), false
		}
	}
	if len(applied) > 0 { // the first migration makes the table
		if stored, err = snapshots(ctx, e.db); err != nil {
			return nil, translatePlatform(err)
		}
	}
	steps, err := e.plan(stored)
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		pending = append(pending, s.Words)
	}
	if fixed {
		proof, err := e.pendingProof(ctx)
		if err != nil {
			return nil, err
		}
		pending = append(pending, proof...)
	}
	return pending, nil
}

// applied returns the versions of the files that have run. A role that may not read them has not been granted
// anything yet, which is the last thing a migration does.
// versionOf returns the number of a migration's file.
func versionOf(name string) (int, error) {
	text, _, _ := strings.Cut(name, "_")
	return strconv.Atoi(text)
}

func (e *Engine) applied(ctx context.Context) (map[string]bool, error) {
	versions, err := texts(ctx, e.db, "SELECT version_id::text FROM "+versionTable+" WHERE is_applied")
	var refused interface{ SQLState() string }
	if errors.As(err, &refused) && refused.SQLState() == "42501" {
		return map[string]bool{}, nil
	}
	if err != nil {
		return nil, translatePlatform(err)
	}
	out := make(map[string]bool, len(versions))
	for _, version := range versions {
		out[version] = true
	}
	return out, nil
}

type querier interface {
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// snapshots returns what the tables of the resources were made from.
func snapshots(ctx context.Context, q querier) (map[string][]byte, error) {
	pairs, err := texts(ctx, q, "SELECT unnest(ARRAY[name, snapshot]) FROM platform.resources")
	if err != nil {
		return nil, err
	}
	out := make(map[string][]byte, len(pairs)/2)
	for pair := range slices.Chunk(pairs, 2) {
		out[pair[0]] = []byte(pair[1])
	}
	return out, nil
}

// texts returns the first column of all rows.
func texts(ctx context.Context, q querier, text string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // its error is that of rows.Err
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// locked runs fn in a transaction that no other node's migration overlaps.
func locked(ctx context.Context, db *sql.DB, fn func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if err := run(ctx, tx, "SELECT pg_advisory_xact_lock("+strconv.Itoa(migrateLock)+")"); err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func run(ctx context.Context, tx *sql.Tx, statements ...string) error {
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
