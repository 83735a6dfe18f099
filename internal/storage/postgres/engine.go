package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/platform"
	"github.com/tenantry/tenantry/internal/storage/sqlgen"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Config says which database to use, and for what.
type Config struct {
	// URL is the server's connection: postgres://user:password@host:port/database. default_query_exec_mode=exec in
	// it turns prepared statements off, for poolers that can't keep them; pool_max_conns bounds the connections.
	URL string
	// MigrationURL is the owner's connection, which migrates; URL where it is empty.
	MigrationURL string
	// Proof makes the database take a tenant only with a proof of it.
	Proof Proof
	// Resources are what the tenants' tables hold, beside the events.
	Resources []*schema.Resource
	Clock     func() time.Time
	// MaxConns bounds the connections; 0 leaves it to URL, and there to eight per processor.
	MaxConns int32
	// DialFunc makes the connections to the server instead of the net package; nil is that one.
	DialFunc pgconn.DialFunc
	Logger   *slog.Logger
}

// Engine implements storage.Engine on PostgreSQL.
type Engine struct {
	config    Config
	log       *slog.Logger
	resources map[string]*schema.Resource
	pool      *pgxpool.Pool
	db        *sql.DB // the pool, for packages that know database/sql
	platform  storage.Platform
	key       *contextKey // nil where tenants are not proven
	// epoch rises when prepared statements may have become wrong; a session of an earlier one forgets its own.
	epoch    atomic.Uint64
	migrated atomic.Bool
}

var _ storage.Engine = (*Engine)(nil)

// sessionKey is where a connection keeps its session.
const sessionKey = "tenantry"

// Open connects to the database. Its errors are one line, which names host, database and user, never the password.
func Open(ctx context.Context, c Config) (*Engine, error) {
	if faults := sqlgen.Check(c.Resources); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	key, err := c.Proof.key()
	if err != nil {
		return nil, err
	}
	settings, err := poolSettings(c)
	if err != nil {
		return nil, err
	}
	mode := settings.ConnConfig.DefaultQueryExecMode
	unprepared := mode == pgx.QueryExecModeExec || mode == pgx.QueryExecModeSimpleProtocol
	settings.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		conn.PgConn().CustomData()[sessionKey] = newSession(conn.PgConn(), unprepared)
		if unprepared {
			return nil
		}
		// A page's size is an argument, and with its value in sight every plan looks better than the general one:
		// the server would plan each list anew, which costs as much as running it.
		return conn.PgConn().Exec(ctx, "SET plan_cache_mode = force_generic_plan").Close()
	}
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	e := &Engine{config: c, log: c.Logger, resources: sqlgen.ByName(c.Resources), pool: pool, key: key}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, e.explainConnect(ctx, settings.ConnConfig, err)
	}
	e.db = stdlib.OpenDBFromPool(pool)
	e.platform = platform.New(platform.Config{Dialect: sqlgen.Postgres, Read: e.db, Write: e.db, Translate: translatePlatform, Erase: e.erase})
	return e, nil
}

// Platform implements storage.Engine.
func (e *Engine) Platform() storage.Platform { return e.platform }

// Open implements storage.Engine.
func (e *Engine) Open(_ context.Context, t tenant.ID) (storage.Store, error) {
	return newStore(e, t), nil
}

// Ready implements storage.Engine.
func (e *Engine) Ready(ctx context.Context) error {
	if err := e.pool.Ping(ctx); err != nil {
		return translate(ctx, err)
	}
	if e.migrated.Load() {
		return nil
	}
	pending, err := e.Pending(ctx)
	if err != nil {
		return err
	}
	if len(pending) > 0 {
		return unavailable(errors.New("postgres: the database is not migrated: " + pending[0]))
	}
	e.migrated.Store(true)
	return nil
}

// Close implements storage.Engine.
func (e *Engine) Close() error {
	err := e.db.Close()
	e.pool.Close()
	return err
}

// acquireTime is how long a request waits for a connection before it is turned away.
const acquireTime = 3 * time.Second

// acquire takes a connection from the pool.
func (e *Engine) acquire(ctx context.Context) (*pgxpool.Conn, *session, error) {
	waiting, cancel := context.WithTimeout(ctx, acquireTime)
	defer cancel()
	conn, err := e.pool.Acquire(waiting)
	if err != nil {
		return nil, nil, translate(ctx, err)
	}
	session, ok := conn.Conn().PgConn().CustomData()[sessionKey].(*session)
	if !ok {
		conn.Release()
		return nil, nil, errors.New("postgres: a connection without a session")
	}
	if epoch := e.epoch.Load(); session.epoch != epoch {
		session.forget()
		session.epoch = epoch
	}
	return conn, session, nil
}

// release gives a connection back, outside of any transaction. The pool drops one that is broken.
func (e *Engine) release(ctx context.Context, conn *pgxpool.Conn, session *session) {
	session.rollback(ctx)
	conn.Release()
}

// forget makes all connections prepare their statements anew. Of several that found the same out, one counts.
func (e *Engine) forget(found *session) { e.epoch.CompareAndSwap(found.epoch, found.epoch+1) }

// attempt calls use with a connection, a second time where the first found its prepared statements stale. An error
// is translated.
func (e *Engine) attempt(ctx context.Context, use func(*session) error) error {
	for try := 1; ; try++ {
		conn, session, err := e.acquire(ctx)
		if err != nil {
			return err
		}
		err = use(session)
		again := stale(err) && try == 1
		e.noteUnproven(err)
		if again {
			e.forget(session)
		}
		e.release(ctx, conn, session)
		if !again {
			return translate(ctx, err)
		}
	}
}

// translatePlatform makes of an error of the platform's SQL what that package asks for.
func translatePlatform(err error) error {
	var refused *pgconn.PgError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case !errors.As(err, &refused):
		if broken(err) {
			return unavailable(err)
		}
		return err
	case refused.Code == uniqueViolation:
		return fmt.Errorf("%w: %w", platform.ErrUnique, err)
	case refused.Code == foreignKeyViolation:
		return fmt.Errorf("%w: %w", platform.ErrReference, err)
	default:
		return translate(context.Background(), err)
	}
}
