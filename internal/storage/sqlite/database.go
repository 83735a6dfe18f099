package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	sqlite "modernc.org/sqlite"
)

// database is one open file: a connection that writes and a few that read.
type database struct {
	path          string
	writer, reads *sql.DB
}

// maxReaders bounds the readers of one file, and with them its memory and descriptors.
const maxReaders = 4

// idleTime is how long an unused connection of an open file is kept.
const idleTime = time.Minute

// options are the settings of all connections. They ride in the connection string, so that each has them.
type options struct {
	busyTimeout time.Duration
	synchronous string
}

func (o options) open(d *sqlite.Driver, path string) *database {
	writer := sql.OpenDB(connector{d, o.dsn(path, "foreign_keys(1)", "_txlock=immediate")})
	writer.SetMaxOpenConns(1)
	writer.SetConnMaxIdleTime(idleTime)
	reads := sql.OpenDB(connector{d, o.dsn(path, "query_only(1)", "_txlock=deferred")})
	reads.SetMaxOpenConns(maxReaders)
	reads.SetMaxIdleConns(maxReaders)
	reads.SetConnMaxIdleTime(idleTime)
	return &database{path: path, writer: writer, reads: reads}
}

// openMigrator opens a file to change its tables, which needs foreign keys off.
func (o options) openMigrator(d *sqlite.Driver, path string) *sql.DB {
	db := sql.OpenDB(connector{d, o.dsn(path, "foreign_keys(0)", "_txlock=immediate")})
	db.SetMaxOpenConns(1)
	return db
}

// dsn writes the connection string. busy_timeout comes before journal_mode: switching the mode of a file that
// another process is closing would fail at once otherwise. No file is made by opening it.
func (o options) dsn(path, pragma, lock string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	return u.String() + "?mode=rw&_pragma=busy_timeout(" + strconv.FormatInt(o.busyTimeout.Milliseconds(), 10) + ")" +
		"&_pragma=journal_mode(wal)&_pragma=synchronous(" + o.synchronous + ")&_pragma=" + pragma +
		"&_pragma=cache_size(-64)&_pragma=trusted_schema(0)&_dqs=0&" + lock
}

func (d *database) close() error {
	return errors.Join(d.reads.Close(), d.writer.Close())
}

// run calls fn with a connection of the pool, for itself alone.
func run(ctx context.Context, pool *sql.DB, fn func(*session) error) error {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return translate(err)
	}
	defer func() { _ = conn.Close() }() // gives it back; a broken one is thrown away
	return conn.Raw(func(raw any) error {
		s, ok := raw.(*session)
		if !ok {
			return fmt.Errorf("a connection of the unknown type %T", raw)
		}
		return fn(s)
	})
}

// connector makes connections that keep their prepared statements.
type connector struct {
	driver *sqlite.Driver
	dsn    string
}

func (c connector) Driver() driver.Driver { return c.driver }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	raw, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	conn, ok := raw.(driverConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver's connections are of the unknown type %T", raw), raw.Close())
	}
	return &session{driverConn: conn, statements: map[string]driver.Stmt{}}, nil
}

// driverConn is all that database/sql may ask of a connection, so that a session is as able as the driver's own.
type driverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}
