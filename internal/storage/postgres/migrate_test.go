package postgres_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/postgres"
	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMigrateIsPendingThenDoneAndIdempotent(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	e := open(t, postgres.Config{URL: db.ServerURL, MigrationURL: db.OwnerURL, Resources: resources(), Clock: clock})
	pending := func() []string {
		t.Helper()
		p, err := e.Pending(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	before := pending()
	for _, want := range []string{"run the migration 00001_platform.sql", "create the table projects", "create the table tasks"} {
		if !slices.Contains(before, want) {
			t.Errorf("before: %q lacks %q", before, want)
		}
	}
	if err := e.Ready(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("ready before the migration: %v", err)
	}
	for range 2 {
		if err := e.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := pending(); len(got) != 0 {
			t.Errorf("after: %q", got)
		}
		if err := e.Ready(t.Context()); err != nil {
			t.Errorf("ready: %v", err)
		}
	}
}

func TestSeveralNodesMigrateAtOnce(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	var all sync.WaitGroup
	for range 4 {
		e := open(t, postgres.Config{URL: db.ServerURL, MigrationURL: db.OwnerURL, Resources: resources(), Clock: clock})
		all.Go(func() {
			if err := e.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestOneRoleMayDoBoth(t *testing.T) {
	t.Parallel()
	b := setupWith(t, func(c *postgres.Config) { c.URL, c.MigrationURL = c.MigrationURL, "" })
	project := b.create(t, b.storeA, "x")
	if _, err := b.storeA.Get(t.Context(), b.projects, project); err != nil {
		t.Error(err)
	}
	_, err := b.storeB.Get(t.Context(), b.projects, project)
	want(t, "another tenant's, as the owner", err, fault.NotFound)
}

// evolved returns the resources with a field more in tasks: a reference to a project, which all tasks that exist
// are given.
func evolved(related id.ID) []*schema.Resource {
	all := resources()
	tasks := all[1]
	tasks.Fields = append(tasks.Fields,
		schema.Field{Name: "related", Type: schema.UUID, Default: schema.ID(related), Ref: &schema.Ref{Resource: "projects"}})
	tasks.Finish()
	return all
}

func TestTablesWithRowsTakeANewReferenceUnderForcedRowSecurity(t *testing.T) {
	t.Parallel()
	b, project, _ := filled(t)
	// B has a project of the same id. Row security hides both from the owner, who has to find them for the key.
	err := b.storeB.Update(t.Context(), func(tx storage.Tx) error {
		return tx.Put(t.Context(), b.projects, b.project(project, "of the same id"), 0)
	})
	if err != nil {
		t.Fatal(err)
	}
	next := evolved(project)
	e := open(t, postgres.Config{URL: b.db.ServerURL, MigrationURL: b.db.OwnerURL, Resources: next, Clock: clock})
	if pending, err := e.Pending(t.Context()); err != nil || !slices.Equal(pending, []string{"change the table tasks"}) {
		t.Errorf("pending %q, %v", pending, err)
	}
	if err := e.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	rec := b.task(id.New(), project, "x")
	rec.Values = append(rec.Values, schema.ID(id.New()))
	err = openStore(t, e, b.a).Update(t.Context(), func(tx storage.Tx) error { return tx.Put(t.Context(), next[1], rec, 0) })
	want(t, "a reference to nothing", err, fault.ValidationFailed, "related")
	if diff := cmp.Diff(map[string][]string{}, examine(t, e)); diff != "" {
		t.Errorf("the migration left something to find: -want +got\n%s", diff)
	}
	for _, table := range rawTables() {
		var forced bool
		err := connect(t, b.db.SuperURL).QueryRow(t.Context(),
			"SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = $1::text::regclass", table).Scan(&forced)
		if err != nil || !forced {
			t.Errorf("%s: row security is not forced any more, %v", table, err)
		}
	}
}

func TestANewReferenceIsCheckedAgainstTheRowsThatExist(t *testing.T) {
	t.Parallel()
	b, project, _ := filled(t)
	// Only A has the project: B's task would refer to nothing. Were row security still forced, the owner would see
	// no task at all, and take the key for kept.
	e := open(t, postgres.Config{URL: b.db.ServerURL, MigrationURL: b.db.OwnerURL, Resources: evolved(project), Clock: clock})
	if err := e.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "tasks") {
		t.Errorf("migrate: %v", err)
	}
	if _, err := b.storeA.Get(t.Context(), b.projects, project); err != nil {
		t.Error(err)
	}
}

func TestAChangeThatCannotBeMadeIsNamedAndNothingIsDone(t *testing.T) {
	t.Parallel()
	b, project, _ := filled(t)
	next := evolved(project)
	next[0].Fields = slices.DeleteFunc(next[0].Fields, func(f schema.Field) bool { return f.Name == "budget" })
	next[0].Finish()
	e := open(t, postgres.Config{URL: b.db.ServerURL, MigrationURL: b.db.OwnerURL, Resources: next, Clock: clock})
	_, pending := e.Pending(t.Context())
	for _, err := range []error{pending, e.Migrate(t.Context())} {
		if err == nil || !strings.Contains(err.Error(), "budget") {
			t.Errorf("%v does not name the field", err)
		}
	}
	if _, err := b.storeA.Get(t.Context(), b.projects, project); err != nil {
		t.Error(err)
	}
}

// columns, rules and grants say what the database is made of, in an order of their own.
const described = `
SELECT format('column %s.%s.%s %s%s', table_schema, table_name, column_name, concat_ws(' ', data_type, collation_name), CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END)
  FROM information_schema.columns WHERE table_schema IN ('platform', 'tenant')
UNION ALL SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(c.oid))
  FROM pg_constraint AS c JOIN pg_namespace AS n ON n.oid = connamespace WHERE nspname IN ('platform', 'tenant') AND contype <> 'n'
UNION ALL SELECT format('index %s', indexdef) FROM pg_indexes WHERE schemaname IN ('platform', 'tenant')
UNION ALL SELECT format('policy %s.%s %s %s %s using %s check %s', schemaname, tablename, policyname, permissive, cmd, qual, with_check)
  FROM pg_policies
UNION ALL SELECT format('row security %s enabled %s forced %s', c.oid::regclass, relrowsecurity, relforcerowsecurity)
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace WHERE nspname = 'tenant' AND relkind = 'r'
UNION ALL SELECT format('grant %s.%s %s to %s', table_schema, table_name, string_agg(privilege_type, ', ' ORDER BY privilege_type), grantee)
  FROM information_schema.role_table_grants
  WHERE table_schema IN ('platform', 'tenant') AND grantee <> 'tenantry_test_owner' GROUP BY table_schema, table_name, grantee
UNION ALL SELECT format('function %s(%s) %s volatility %s grants %s', p.oid::regproc, pg_get_function_identity_arguments(p.oid),
    pg_get_function_result(p.oid), provolatile, array_to_string(proacl, ' '))
  FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = pronamespace WHERE nspname IN ('platform', 'tenant')
UNION ALL SELECT format('trigger %s', tgname) FROM pg_trigger WHERE NOT tgisinternal
ORDER BY 1`

func TestTheSchemaAfterAllMigrations(t *testing.T) {
	t.Parallel()
	b := setup(t)
	rows, err := connect(t, b.db.SuperURL).Query(t.Context(), described)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines) // the server's order depends on its collation
	got := strings.Join(lines, "\n") + "\n"
	golden := filepath.Join("testdata", "schema.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the schema is not that of %s (run with -update where it is meant to change): -want +got\n%s", golden, diff)
	}
}

func TestFoldKnowsMoreThanASCII(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for text, want := range map[string]string{"ÄÉÎ ÑÇ": "äéî ñç", "ПРИВЕТ": "привет", "ΑΒΓ": "αβγ", "straße": "straße", "": ""} {
		var got string
		err := connect(t, b.db.ServerURL).QueryRow(t.Context(), "SELECT platform.fold($1)", text).Scan(&got)
		if err != nil || got != want {
			t.Errorf("fold(%q) is %q, want %q, %v", text, got, want, err)
		}
	}
}

func TestAMissingServerRoleIsCreatedByHand(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	nobody := strings.Replace(db.ServerURL, "tenantry_test_server:", "tenantry_test_nobody:", 1)
	_, err := postgres.Open(t.Context(), postgres.Config{URL: nobody, MigrationURL: db.OwnerURL, Resources: resources(), Clock: clock})
	if err == nil || !strings.Contains(err.Error(), `CREATE ROLE "tenantry_test_nobody" LOGIN`) {
		t.Errorf("open: %v", err)
	}
}

func TestOpenSaysWhereItFailedButNeverThePassword(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	const secret = "hunter2secret"
	user, rest, _ := strings.Cut(strings.TrimPrefix(db.ServerURL, "postgres://"), ":")
	_, at, _ := strings.Cut(rest, "@")
	host, query, _ := strings.Cut(at, "/")
	database, _, _ := strings.Cut(query, "?")
	for name, test := range map[string]struct {
		url  string
		says []string
	}{
		"wrong password":   {fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable", user, secret, host, database), []string{host, database, user, "password"}},
		"unknown database": {strings.Replace(db.ServerURL, database, "nowhere", 1), []string{host, "nowhere", user, "does not exist"}},
		"unreachable":      {fmt.Sprintf("postgres://%s:%s@127.0.0.1:1/%s", user, secret, database), []string{"127.0.0.1:1", database, user, "no server answers"}},
		"unknown host":     {fmt.Sprintf("postgres://%s:%s@nowhere.invalid/%s", user, secret, database), []string{"nowhere.invalid:5432"}},
		"no URL":           {"postgres://" + user + ":" + secret + "@%zz/x", []string{"postgres://user:password@host:port/database"}},
		"bad parameter":    {fmt.Sprintf("postgres://%s:%s@%s/%s?pool_max_conns=many", user, secret, host, database), []string{"URL"}},
	} {
		_, err := postgres.Open(t.Context(), postgres.Config{URL: test.url, Resources: resources(), Clock: clock})
		if err == nil {
			t.Errorf("%s: opened", name)
			continue
		}
		for _, word := range test.says {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %q does not say %q", name, err, word)
			}
		}
		if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q holds the password or a line break", name, err)
		}
	}
}

// TestAnUpgradeHasItsOwnMigrationsPendingAlone leaves the newest migration out of what the database has had.
func TestAnUpgradeHasItsOwnMigrationsPendingAlone(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	newest := filepath.Base(files[len(files)-1])
	b := setup(t)
	if err := exec(b.db.SuperURL, "DELETE FROM platform.goose_db_version WHERE version_id = (SELECT max(version_id) FROM platform.goose_db_version)"); err != nil {
		t.Fatal(err)
	}
	b.pending(t, b.node(t, postgres.Proof{}), "run the migration "+newest)
}
