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
	sqlite3 "modernc.org/sqlite/lib"
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
	writer := sql.OpenDB(o.connector(d, o.dsn(path, "foreign_keys(1)", "_txlock=immediate")))
	writer.SetMaxOpenConns(1)
	writer.SetConnMaxIdleTime(idleTime)
	reads := sql.OpenDB(o.connector(d, o.dsn(path, "query_only(1)", "_txlock=deferred")))
	reads.SetMaxOpenConns(maxReaders)
	reads.SetMaxIdleConns(maxReaders)
	reads.SetConnMaxIdleTime(idleTime)
	return &database{path: path, writer: writer, reads: reads}
}

// openMigrator opens a file to change its tables, which needs foreign keys off.
func (o options) openMigrator(d *sqlite.Driver, path string) *sql.DB {
	db := sql.OpenDB(o.connector(d, o.dsn(path, "foreign_keys(0)", "_txlock=immediate")))
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
	driver  *sqlite.Driver
	dsn     string
	patient time.Duration // how long it tries to open a connection of a file that is locked
}

func (o options) connector(d *sqlite.Driver, dsn string) connector {
	return connector{driver: d, dsn: dsn, patient: o.busyTimeout}
}

func (c connector) Driver() driver.Driver { return c.driver }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	raw, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	conn, ok := raw.(driverConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver's connections are of the unknown type %T", raw), raw.Close())
	}
	return &session{driverConn: conn, statements: map[string]driver.Stmt{}}, nil
}

// dial opens a connection. The first one of a new file switches it to WAL, and of two that do so at once one fails
// without its busy_timeout: it holds a lock that the other waits for. Such a one lets go and tries again.
func (c connector) dial(ctx context.Context) (driver.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	patience, cancel := context.WithTimeout(ctx, c.patient)
	defer cancel()
	for {
		raw, err := c.driver.Open(c.dsn)
		if !hasCode(err, sqlite3.SQLITE_BUSY) {
			return raw, err
		}
		select {
		case <-patience.Done():
			return nil, err
		case <-time.After(retryPause):
		}
	}
}

// retryPause is the time between two tries to open a connection.
const retryPause = 5 * time.Millisecond

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
