package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	sqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage/platform"
	"github.com/tenantry/tenantry/internal/storage/sqlgen"
	"github.com/tenantry/tenantry/internal/tenant"
)

//go:embed migrations
var migrations embed.FS

// forms are the fingerprints of what this program needs: the newest migration of each plane, and for the tenants
// the resources. A file that carries one needs nothing. Those of the platform sort by age.
type forms struct{ platform, tenant string }

func newForms(resources []*schema.Resource) (forms, error) {
	p, err := newest("platform")
	if err != nil {
		return forms{}, err
	}
	t, err := newest("tenant")
	return forms{platform: p, tenant: t + " " + sqlgen.Fingerprint(resources)}, err
}

func newest(plane string) (string, error) {
	names, err := fs.Glob(migrations, path.Join("migrations", plane, "*.sql"))
	if err != nil || len(names) == 0 {
		return "", errors.Join(errors.New("no migrations of the "+plane), err)
	}
	number, _, _ := strings.Cut(path.Base(names[len(names)-1]), "_") // Glob sorts
	return plane + " " + number, nil
}

// platformOwner stands where a tenant's file has the tenant.
const platformOwner = ""

// inspect returns the form that a file is in, empty for a new file. It refuses a file that is not the owner's.
func (e *Engine) inspect(ctx context.Context, db *sql.DB, path, owner string) (form string, err error) {
	var mark, tables int64
	err = db.QueryRowContext(ctx, "SELECT (SELECT application_id FROM pragma_application_id),"+
		" (SELECT count(*) FROM sqlite_schema WHERE name = 'schema_state' OR name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%')").Scan(&mark, &tables)
	switch {
	case hasCode(err, sqlite3.SQLITE_NOTADB):
		return "", fmt.Errorf("%s is no SQLite database; move it away, or choose another data directory", path)
	case hasCode(err, sqlite3.SQLITE_CANTOPEN), hasCode(err, sqlite3.SQLITE_READONLY):
		return "", fmt.Errorf("%s can't be opened for writing; let this user write it and its directory: %w", path, err)
	case err != nil:
		return "", fmt.Errorf("read %s: %w", path, translate(err))
	case tables == 0 && (mark == 0 || mark == applicationID):
		return "", nil
	case mark != applicationID:
		return "", fmt.Errorf("%s belongs to another program; move it away, or choose another data directory", path)
	}
	var holder sql.NullString
	err = db.QueryRowContext(ctx, "SELECT tenant_id, fingerprint FROM schema_state WHERE id = 1").Scan(&holder, &form)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", nil // its first migration was cut short
	case err != nil:
		return "", fmt.Errorf("read %s: %w", path, translate(err))
	case holder.String != owner:
		return "", fmt.Errorf("%s holds the data of another owner (%q); restore the right file", path, holder.String)
	}
	return form, nil
}

// openLock opens the file whose lock is held while tables change. It holds no data.
func (o options) openLock(d *sqlite.Driver, path string) *sql.DB {
	o.synchronous = "off"
	db := sql.OpenDB(o.connector(d, strings.Replace(o.dsn(path, "foreign_keys(0)", "_txlock=exclusive"), "journal_mode(wal)", "journal_mode(memory)", 1)))
	db.SetMaxOpenConns(1)
	return db
}

// locked calls fn while no other process on the data directory changes tables.
func (e *Engine) locked(ctx context.Context, fn func() error) error {
	e.migrating.Lock()
	defer e.migrating.Unlock()
	tx, err := e.lock.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("wait for another process to finish its migration: %w", translate(err))
	}
	defer func() { _ = tx.Rollback() }() // lets the lock go; nothing was written
	return fn()
}

// Migrate implements storage.Engine.
func (e *Engine) Migrate(ctx context.Context) error {
	if err := e.migratePlatform(ctx); err != nil {
		return err
	}
	if err := e.provisionTrail(ctx); err != nil {
		return err
	}
	stale, err := e.stale(ctx)
	if err != nil {
		return err
	}
	for _, t := range stale {
		one, err := e.files.acquire(ctx, t)
		if fault.Is(err, fault.NotFound) { // one lost file is no reason to serve nobody
			e.Logger.Error("a tenant's file is missing; restore it from a backup", "path", e.tenantPath(t))
			continue
		}
		if err != nil {
			return fmt.Errorf("migrate the tenant %s: %w", t, err)
		}
		e.files.release(one)
		if err := e.remember(ctx, e.platform.writer, t); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) migratePlatform(ctx context.Context) error {
	found, err := e.inspect(ctx, e.platform.reads, e.platform.path, platformOwner)
	if err != nil || found >= e.form.platform { // a newer program's is as good, since migrations drop nothing
		return err
	}
	return e.change(ctx, e.platform.path, platformOwner, e.form.platform, "platform", nil)
}

// provisionTrail makes the file of the platform's own trail where it is missing, and migrates it by opening it.
func (e *Engine) provisionTrail(ctx context.Context) error {
	if err := create(e.tenantPath(tenant.Platform)); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the platform's trail: %w", err)
	}
	one, err := e.files.acquire(ctx, tenant.Platform)
	if err != nil {
		return fmt.Errorf("migrate the platform's trail: %w", err)
	}
	e.files.release(one)
	return nil
}

func (e *Engine) migrateTenant(ctx context.Context, t tenant.ID) error {
	build := e.catalog.For(t)
	return e.change(ctx, e.tenantPath(t), t.String(), e.form.tenant, "tenant", func(tx *sql.Tx) error {
		return e.changeResources(ctx, tx, build)
	})
}

// change brings a file to a form: its plane's migrations, then what more there is, then the form's mark.
func (e *Engine) change(ctx context.Context, path, owner, form, plane string, more func(*sql.Tx) error) error {
	return e.locked(ctx, func() (err error) {
		db := e.options.openMigrator(e.driver, path)
		defer func() { err = errors.Join(err, db.Close()) }()
		before, err := e.inspect(ctx, db, path, owner) // again: another process may have done it
		if err != nil || before == form {
			return err
		}
		if err := e.runMigrations(ctx, db, plane); err != nil {
			return fmt.Errorf("migrate %s: %w", path, err)
		}
		if err := e.finish(ctx, db, owner, form, more); err != nil {
			return fmt.Errorf("migrate %s: %w", path, err)
		}
		e.Logger.Info("migrated a database file", "path", path, "from", before, "to", form)
		return nil
	})
}

func (e *Engine) runMigrations(ctx context.Context, db *sql.DB, plane string) error {
	// The mark comes first: whatever is cut short later, the file is known as ours.
	if _, err := db.ExecContext(ctx, "PRAGMA application_id = "+strconv.Itoa(applicationID)); err != nil {
		return translate(err)
	}
	sub, err := fs.Sub(migrations, "migrations/"+plane)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, sub, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return translate(err)
}

// finish runs the last part of a change in one transaction. Foreign keys are off meanwhile, as a table may be
// rebuilt, and checked at its end.
func (e *Engine) finish(ctx context.Context, db *sql.DB, owner, form string, more func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return translate(err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if more != nil {
		if err := more(tx); err != nil {
			return err
		}
		if err := checkKeys(ctx, tx); err != nil {
			return err
		}
	}
	holder := sql.NullString{String: owner, Valid: owner != platformOwner}
	_, err = tx.ExecContext(ctx, "INSERT INTO schema_state (id, tenant_id, fingerprint, changed_at) VALUES (1, ?1, ?2, ?3)"+
		" ON CONFLICT (id) DO UPDATE SET fingerprint = excluded.fingerprint, changed_at = excluded.changed_at",
		holder, form, e.Clock().UnixMicro())
	if err != nil {
		return translate(err)
	}
	return translate(tx.Commit())
}

func checkKeys(ctx context.Context, tx *sql.Tx) error {
	var table string
	err := tx.QueryRowContext(ctx, `SELECT "table" FROM pragma_foreign_key_check LIMIT 1`).Scan(&table)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return errors.Join(fmt.Errorf("records of %s name records that do not exist", table), err)
}

func (e *Engine) changeResources(ctx context.Context, tx *sql.Tx, build *sqlgen.Builder) error {
	steps, err := plan(ctx, tx, build, e.Resources)
	if err != nil {
		return err
	}
	for _, step := range steps {
		for _, statement := range step.Statements {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				if err = translate(err); errors.Is(err, platform.ErrUnique) {
					return fmt.Errorf("%s: records share a value that is to be unique: %w", step.Words, err)
				}
				return fmt.Errorf("%s: %w", step.Words, err)
			}
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO schema_resources (name, snapshot) VALUES (?1, ?2)"+
			" ON CONFLICT (name) DO UPDATE SET snapshot = excluded.snapshot", step.Resource, string(step.Snapshot))
		if err != nil {
			return translate(err)
		}
	}
	return nil
}

type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// plan returns what has to be done for the resources of one file.
func plan(ctx context.Context, db queryer, build *sqlgen.Builder, resources []*schema.Resource) ([]sqlgen.Step, error) {
	rows, err := db.QueryContext(ctx, "SELECT name, snapshot FROM schema_resources")
	if err != nil {
		return nil, translate(err)
	}
	defer func() { _ = rows.Close() }() // its error is that of rows.Err
	stored := map[string][]byte{}
	for rows.Next() {
		var name string
		var snapshot []byte
		if err := rows.Scan(&name, &snapshot); err != nil {
			return nil, err
		}
		stored[name] = snapshot
	}
	if err := rows.Err(); err != nil {
		return nil, translate(err)
	}
	return build.Plan(stored, resources)
}
