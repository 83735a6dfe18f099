package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// EnvDisposable names the variable that says that the cluster goes away with the run. There, databases may be left
// behind for the next test; elsewhere the last test drops them.
const EnvDisposable = "TENANTRY_TEST_POSTGRES_DISPOSABLE"

// kept is a database that has been prepared, as it was then.
type kept struct {
	Database

	name string
	// restore is SQL that gives every table the rows that it had.
	restore string
}

// shelf holds the prepared databases that no test uses at the moment, by what has been prepared in them.
type shelf struct {
	mu    sync.Mutex
	idle  map[string][]*kept
	inUse int
}

var prepared = shelf{idle: map[string][]*kept{}} //nolint:gochecknoglobals // one for the process, like its cluster

// Prepared returns a database that prepare has brought into its form, which kind names, and in which every table has the
// rows that it left there. Unlike New's it may have been used by other tests of this process, since making one takes
// longer than most tests. A test that changes tables, roles or settings takes New.
func Prepared(tb testing.TB, kind string, prepare func(Database) error) Database {
	tb.Helper()
	super, err := cluster()
	if err != nil {
		tb.Fatal(err)
	}
	one := prepared.take(kind)
	if one == nil {
		one, err = newKept(tb.Context(), super, prepare)
	}
	tb.Cleanup(func() {
		// The test's own context has ended by now.
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := prepared.giveBack(ctx, super, kind, one, tb.Failed()); err != nil {
			tb.Errorf("clean the test database: %v", err)
		}
	})
	if err != nil {
		tb.Fatalf("prepare a test database: %v", err)
	}
	return one.Database
}

// take counts a user in, and returns an idle database, nil where there is none.
func (s *shelf) take(kind string) *kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inUse++
	idle := s.idle[kind]
	if len(idle) == 0 {
		return nil
	}
	one := idle[len(idle)-1]
	s.idle[kind] = idle[:len(idle)-1]
	return one
}

// giveBack puts a database back for others. What a failed test leaves nobody else should stumble over.
func (s *shelf) giveBack(ctx context.Context, super *url.URL, kind string, one *kept, failed bool) error {
	var err error
	var drop []*kept
	clean := one != nil && !failed
	if clean {
		err = one.clean(ctx)
	}
	s.mu.Lock()
	s.inUse--
	switch {
	case one == nil:
	case clean && err == nil:
		s.idle[kind] = append(s.idle[kind], one)
	default:
		drop = append(drop, one)
	}
	if s.inUse == 0 && !disposable() {
		for kind, idle := range s.idle {
			drop = append(drop, idle...)
			delete(s.idle, kind)
		}
	}
	s.mu.Unlock()
	for _, old := range drop {
		err = errors.Join(err, dropDatabase(ctx, super, old.name))
	}
	return err
}

// disposable reports whether nobody else will ever look into the cluster.
func disposable() bool { return os.Getenv(EnvURL) == "" || os.Getenv(EnvDisposable) != "" }

func newKept(ctx context.Context, super *url.URL, prepare func(Database) error) (*kept, error) {
	name, err := createDatabase(ctx, super)
	if err != nil {
		return nil, err
	}
	one := &kept{Database: database(super, name), name: name}
	if err := prepare(one.Database); err != nil {
		return one, err
	}
	return one, one.connected(ctx, one.look)
}

// look takes note of what is in the database.
func (k *kept) look(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
		WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`)
	if err != nil {
		return err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	// Rules and references don't matter where everything is put back.
	restore := []string{"SET session_replication_role = replica"}
	for _, table := range tables {
		restore = append(restore, "DELETE FROM "+table)
		var insert *string
		err := conn.QueryRow(ctx, "SELECT format('INSERT INTO "+table+" OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_recordset(NULL::"+
			table+", %L)', json_agg(t)) FROM "+table+" AS t HAVING count(*) > 0").Scan(&insert)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if insert != nil {
			restore = append(restore, *insert)
		}
	}
	k.restore = strings.Join(restore, ";\n")
	return nil
}

// clean takes back what a test has done.
func (k *kept) clean(ctx context.Context) error {
	return k.connected(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		// Whoever is still connected could write again.
		_, err := conn.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, k.restore)
		return err
	})
}

// connected runs fn on a connection of the superuser's.
func (k *kept) connected(ctx context.Context, fn func(context.Context, *pgx.Conn) error) (err error) {
	conn, err := pgx.Connect(ctx, k.SuperURL)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	return fn(ctx, conn)
}
