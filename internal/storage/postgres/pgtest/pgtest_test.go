package pgtest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
)

func TestTheOwnerMigratesItsEmptyDatabase(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	owner := connect(t, db.OwnerURL)

	var tables int
	query(t, owner, &tables, "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")
	if tables != 0 {
		t.Errorf("a fresh database has %d tables", tables)
	}
	for _, sql := range []string{"CREATE SCHEMA tenant", "CREATE TABLE tenant.notes (id int)", "CREATE TABLE notes (id int)"} {
		if _, err := owner.Exec(t.Context(), sql); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
	assertPlain(t, owner)
}

func TestTheServerOwnsNothing(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	server := connect(t, db.ServerURL)

	assertPlain(t, server)
	var owned int
	query(t, server, &owned, "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user")
	if owned != 0 {
		t.Errorf("the server's role owns %d relations", owned)
	}
	_, err := server.Exec(t.Context(), "CREATE TABLE notes (id int)")
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Code != "42501" {
		t.Errorf("creating a table as the server's role: got %v, want insufficient_privilege", err)
	}
}

func TestTheSuperuserIsOne(t *testing.T) {
	t.Parallel()
	var on string
	query(t, connect(t, pgtest.New(t).SuperURL), &on, "SHOW is_superuser")
	if on != "on" {
		t.Errorf("is_superuser is %s", on)
	}
}

//nolint:tparallel // the clean-up of the subtest has to be over before the check after it
func TestDatabasesAreApartAndDropped(t *testing.T) {
	t.Parallel()
	keep := pgtest.New(t)
	seen := map[string]bool{keep.SuperURL: true}
	t.Run("in use at once", func(t *testing.T) {
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				db := pgtest.New(t)
				mu.Lock()
				defer mu.Unlock()
				if seen[db.SuperURL] {
					t.Error("two tests got the same database")
				}
				seen[db.SuperURL] = true
			})
		}
		all.Wait()
	})
	delete(seen, keep.SuperURL)
	for url := range seen {
		_, err := pgx.Connect(t.Context(), url)
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code != "3D000" {
			t.Errorf("a dropped database answers %v, want invalid_catalog_name", err)
		}
	}
}

// TestStartAndWait is no test: it is the process that the next test kills.
func TestStartAndWait(t *testing.T) {
	if os.Getenv("PGTEST_HELPER") == "" {
		t.SkipNow() // the one skip in the tree: there is nothing to test here
	}
	c, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("url", c.URL)
	time.Sleep(time.Minute)
}

func TestAKilledProcessLeavesNoServer(t *testing.T) {
	t.Parallel()
	helper := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStartAndWait$")
	helper.Env = append(os.Environ(), "PGTEST_HELPER=1")
	out, err := helper.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := helper.Start(); err != nil {
		t.Fatal(err)
	}
	var url string
	for lines := bufio.NewScanner(out); url == "" && lines.Scan(); {
		t.Log(lines.Text())
		url, _ = strings.CutPrefix(lines.Text(), "url ")
		if !strings.HasPrefix(url, "postgres:") {
			url = ""
		}
	}
	if url == "" {
		t.Fatal("the helper started no server")
	}
	connect(t, url)
	if err := helper.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = helper.Wait() // it was killed

	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			return
		}
		_ = conn.Close(t.Context()) // the server is going away
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the server still runs")
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // its server may be gone on purpose
	return conn
}

func query(t *testing.T, conn *pgx.Conn, into any, sql string) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), sql).Scan(into); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func assertPlain(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	var powers bool
	query(t, conn, &powers, "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication FROM pg_roles WHERE rolname = current_user")
	if powers {
		t.Error("the role has powers that tests of row security must not have")
	}
}
