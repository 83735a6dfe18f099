package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	sqlite "modernc.org/sqlite"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/platform"
	"github.com/tenantry/tenantry/internal/storage/sqlgen"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Config says where the data lies and what it holds.
type Config struct {
	// Dir is the data directory; it is made where there is none.
	Dir string
	// Resources are all resources, finished; the events are the engine's own.
	Resources []*schema.Resource
	// Clock tells the time of migrations; required.
	Clock func() time.Time
	// Synchronous is "full", which is the default: what was acknowledged survives a power cut; or "normal": it
	// survives the death of the process alone.
	Synchronous string
	// MaxOpen is how many tenants' files stay open; 256 by default.
	MaxOpen int
	// BusyTimeout is how long a write waits for another process; 5 s by default.
	BusyTimeout time.Duration
	// Logger gets what was migrated; nothing is logged by default.
	Logger *slog.Logger
}

// Engine is the storage engine; see storage.Engine.
type Engine struct {
	Config
	options   options
	driver    *sqlite.Driver
	byName    map[string]*schema.Resource
	catalog   *sqlgen.Catalog
	events    *schema.Resource
	platform  *database
	plane     storage.Platform
	lock      *sql.DB
	migrating sync.Mutex // before the lock of the directory, which other processes poll for
	files     *files
	form      forms
}

var _ storage.Engine = (*Engine)(nil)

// applicationID marks our files in their headers: "TNTR".
const applicationID = 0x544e5452

// Open opens the data directory. It makes the directory and an empty platform.db where they are missing, and
// migrates nothing: Migrate does.
func Open(ctx context.Context, c Config) (*Engine, error) {
	e := &Engine{Config: c, byName: sqlgen.ByName(c.Resources), events: storage.Events()}
	if err := e.complete(); err != nil {
		return nil, err
	}
	if err := e.makeDir(); err != nil {
		return nil, err
	}
	e.catalog = sqlgen.NewCatalog(sqlgen.SQLite, e.byName)
	var err error
	if e.driver, err = newDriver(); err != nil {
		return nil, fmt.Errorf("open the storage engine: %w", err)
	}
	e.lock = e.options.openLock(e.driver, filepath.Join(e.Dir, "migrate.lock"))
	e.platform = e.options.open(e.driver, e.platformPath())
	e.plane = platform.New(platform.Config{
		Dialect: sqlgen.SQLite, Read: e.platform.reads, Write: e.platform.writer,
		Translate: translate, Provision: e.provision, Erase: e.erase,
	})
	e.files = newFiles(e.MaxOpen, e.openTenant, e.closeDatabase)
	if _, err := e.inspect(ctx, e.platform.writer, e.platform.path, platformOwner); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// complete fills in what the configuration left out and refuses what can't be.
func (e *Engine) complete() error {
	if e.Dir == "" || e.Clock == nil {
		return errors.New("open the storage engine: a data directory and a clock are required")
	}
	if err := errors.Join(sqlgen.Check(e.Resources)...); err != nil {
		return fmt.Errorf("open the storage engine: %w", err)
	}
	switch e.Synchronous {
	case "":
		e.Synchronous = "full"
	case "full", "normal":
	default:
		return fmt.Errorf("open the storage engine: synchronous takes full or normal, not %q", e.Synchronous)
	}
	if e.MaxOpen <= 0 {
		e.MaxOpen = 256
	}
	if e.BusyTimeout <= 0 {
		e.BusyTimeout = 5 * time.Second
	}
	if e.Logger == nil {
		e.Logger = slog.New(slog.DiscardHandler)
	}
	e.options = options{busyTimeout: e.BusyTimeout, synchronous: e.Synchronous}
	var err error
	e.form, err = newForms(e.Resources)
	return err
}

func (e *Engine) makeDir() error {
	for _, dir := range []string{e.Dir, filepath.Join(e.Dir, "tenants")} {
		if info, err := os.Stat(dir); err == nil && !info.IsDir() {
			return fmt.Errorf("data directory: %s is a file; choose another directory or move it away", dir)
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("data directory: can't make %s; choose one that this user may write: %w", dir, err)
		}
	}
	if err := create(e.platformPath()); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("data directory: can't write in %s; choose one that this user may write: %w", e.Dir, err)
	}
	if err := create(filepath.Join(e.Dir, "migrate.lock")); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("data directory: can't write in %s; choose one that this user may write: %w", e.Dir, err)
	}
	return nil
}

// create makes an empty file for us alone; SQLite gives the same mode to the files beside it. It fails where there
// is one: see the package's comment for why that one may not even be opened.
func create(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the data directory and an id, never a client's text
	if err != nil {
		return err
	}
	return file.Close()
}

func (e *Engine) platformPath() string { return filepath.Join(e.Dir, "platform.db") }

// tenantPath returns where a tenant's file lies; the platform's trail is kept like one, beside the platform.
func (e *Engine) tenantPath(t tenant.ID) string {
	if t == tenant.Platform {
		return filepath.Join(e.Dir, "platform-events.db")
	}
	return filepath.Join(e.Dir, "tenants", t.String()+".db")
}

// Platform implements storage.Engine.
func (e *Engine) Platform() storage.Platform { return e.plane }

// Open implements storage.Engine.
func (e *Engine) Open(ctx context.Context, t tenant.ID) (storage.Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	one, err := e.files.acquire(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("open tenant store: %w", err)
	}
	return &store{engine: e, file: one, build: e.catalog.For(t)}, nil
}

// openTenant opens a tenant's file for the cache, and migrates it where it has another form than this program's.
func (e *Engine) openTenant(ctx context.Context, t tenant.ID) (*database, error) {
	path := e.tenantPath(t)
	switch info, err := os.Stat(path); {
	case errors.Is(err, os.ErrNotExist):
		return nil, fault.Missing()
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	case info.IsDir():
		return nil, fmt.Errorf("%s is a directory where a database should be; move it away and restore the file", path)
	}
	db := e.options.open(e.driver, path)
	found, err := e.inspect(ctx, db.writer, path, t.String())
	if err == nil && found != e.form.tenant {
		err = e.migrateTenant(ctx, t)
	}
	if err != nil {
		return nil, errors.Join(err, db.close())
	}
	return db, nil
}

// provision makes the file of a new tenant, inside the transaction that makes the tenant.
func (e *Engine) provision(ctx context.Context, tx *sql.Tx, t tenant.ID) error {
	if err := create(e.tenantPath(t)); err != nil {
		return fmt.Errorf("make the tenant's file: %w", err)
	}
	one, err := e.files.acquire(ctx, t) // stays open: somebody is about to use it
	if err != nil {
		return err
	}
	e.files.release(one)
	return e.remember(ctx, tx, t)
}

func (e *Engine) closeDatabase(db *database) {
	if err := db.close(); err != nil {
		e.Logger.Warn("close a database file", "path", db.path, "error", err)
	}
}

// Ready implements storage.Engine.
func (e *Engine) Ready(ctx context.Context) error {
	found, err := e.inspect(ctx, e.platform.reads, e.platform.path, platformOwner)
	if err != nil {
		return err
	}
	if found < e.form.platform {
		return fault.New(fault.Unavailable, "The database is not migrated yet.")
	}
	return nil
}

// Close implements storage.Engine.
func (e *Engine) Close() error {
	e.files.shut()
	return errors.Join(e.platform.close(), e.lock.Close())
}
