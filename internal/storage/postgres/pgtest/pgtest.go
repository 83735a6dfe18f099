package pgtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
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

// EnvURL names the variable that holds a superuser's URL of an existing cluster to use.
const EnvURL = "TENANTRY_TEST_POSTGRES_URL"

// Roles belong to the whole cluster, so every database shares these two. The names keep clear of roles that a
// developer's own cluster may have.
const (
	ownerRole  = "tenantry_test_owner"
	serverRole = "tenantry_test_server"
)

// rolesLock is the advisory lock under which processes create the roles one after the other.
const rolesLock = 0x7465_6e61_6e74

// Database is one empty database. Each URL names it, as another role.
type Database struct {
	OwnerURL  string // owns the database: migrations run as this role
	ServerURL string // may log in and nothing else: the server runs as this role
	SuperURL  string // bypasses everything: for what a test has to see or to break
}

// New creates an empty database and drops it, with every connection left to it, when the test ends. Any number
// of tests and test processes may call it at once.
func New(tb testing.TB) Database {
	tb.Helper()
	super, err := cluster()
	if err != nil {
		tb.Fatal(err)
	}
	name, err := createDatabase(tb.Context(), super)
	if err != nil {
		tb.Fatalf("create a test database: %v", err)
	}
	tb.Cleanup(func() {
		// The test's own context has ended by now.
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := dropDatabase(ctx, super, name); err != nil {
			tb.Errorf("drop the test database: %v", err)
		}
	})
	return database(super, name)
}

func createDatabase(ctx context.Context, super *url.URL) (name string, err error) {
	name = "tenantry_test_" + strings.ToLower(rand.Text())
	return name, execute(ctx, super, "CREATE DATABASE "+name+" OWNER "+ownerRole+" TEMPLATE template0 ENCODING 'UTF8'")
}

func dropDatabase(ctx context.Context, super *url.URL, name string) error {
	return execute(ctx, super, "DROP DATABASE "+name+" WITH (FORCE)")
}

func database(super *url.URL, name string) Database {
	return Database{
		OwnerURL:  as(super, url.UserPassword(ownerRole, password(super, ownerRole)), name),
		ServerURL: as(super, url.UserPassword(serverRole, password(super, serverRole)), name),
		SuperURL:  as(super, super.User, name),
	}
}

// cluster finds or starts the one cluster that this process uses, and makes sure that the roles are there.
var cluster = sync.OnceValues(func() (*url.URL, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	raw := os.Getenv(EnvURL)
	if raw == "" {
		own, err := Start(ctx)
		if err != nil {
			return nil, err
		}
		raw = own.URL // it stops when this process ends
	}
	super, err := url.Parse(raw)
	if err != nil || (super.Scheme != "postgres" && super.Scheme != "postgresql") {
		return nil, fmt.Errorf("%s must be a URL such as postgres://postgres:secret@127.0.0.1:5432/postgres", EnvURL)
	}
	if err := createRoles(ctx, super); err != nil {
		return nil, fmt.Errorf("prepare the PostgreSQL for tests: %w", err)
	}
	return super, nil
})

func createRoles(ctx context.Context, super *url.URL) (err error) {
	conn, err := pgx.Connect(ctx, super.String())
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()

	var superuser bool
	if err := conn.QueryRow(ctx, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user").Scan(&superuser); err != nil {
		return err
	}
	if !superuser {
		return fmt.Errorf("the role in %s must be a superuser", EnvURL)
	}
	// Closing the connection releases the lock.
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(rolesLock)); err != nil {
		return err
	}
	for _, role := range []string{ownerRole, serverRole} {
		var exists bool
		if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role).Scan(&exists); err != nil {
			return err
		}
		verb := "CREATE"
		if exists {
			verb = "ALTER" // an earlier run may have left it with another password or with more rights
		}
		// Role statements take no parameters; both values are made here and hold no quote.
		_, err := conn.Exec(ctx, verb+" ROLE "+role+
			" LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD '"+password(super, role)+"'")
		if err != nil {
			return err
		}
	}
	return nil
}

// password is the same in every process that was given the same superuser's URL, and unknown to all others: on a
// developer's cluster a fixed one would be a way in.
func password(super *url.URL, role string) string {
	sum := sha256.Sum256([]byte(super.String() + " " + role))
	return hex.EncodeToString(sum[:])
}

func as(super *url.URL, who *url.Userinfo, database string) string {
	u := *super
	u.User = who
	u.Path = "/" + database
	return u.String()
}

func execute(ctx context.Context, at *url.URL, sql string) (err error) {
	conn, err := pgx.Connect(ctx, at.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, sql)
	return err
}
