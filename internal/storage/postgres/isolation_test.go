package postgres_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/postgres"
	"github.com/tenantry/tenantry/internal/tenant"
)

const (
	refusedByPolicy = "42501" // and by a missing privilege: nothing else may stand for either
	refusedByKey    = "23503"
)

// rawTables are all tables that hold tenants' data.
func rawTables() []string {
	return []string{"tenant.projects", "tenant.tasks", "tenant.events", "tenant.event_heads"}
}

// filled is a bundle in which both tenants have a project, a task and an event.
func filled(t *testing.T) (b *bundle, projectA, projectB id.ID) {
	t.Helper()
	return filledWith(t, func(*postgres.Config) {})
}

func filledWith(t *testing.T, adjust func(*postgres.Config)) (b *bundle, projectA, projectB id.ID) {
	t.Helper()
	b = setupWith(t, adjust)
	projectA, projectB = b.create(t, b.storeA, "of A"), b.create(t, b.storeB, "of B")
	for store, project := range map[storage.Store]id.ID{b.storeA: projectA, b.storeB: projectB} {
		err := store.Update(t.Context(), func(tx storage.Tx) error {
			return tx.Put(t.Context(), b.tasks, b.task(id.New(), project, "task"), 0)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return b, projectA, projectB
}

// enter begins a transaction of a tenant on a raw connection; the zero tenant enters nothing.
func enter(t *testing.T, conn *pgx.Conn, of tenant.ID) pgx.Tx {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(t.Context()) })
	if !of.IsZero() {
		if _, err := tx.Exec(t.Context(), "SELECT platform.enter($1)", of.String()); err != nil {
			t.Fatal(err)
		}
	}
	return tx
}

func refusal(err error) string {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		return refused.Code
	}
	return ""
}

func TestWithoutATenantRawSQLSeesAndWritesNothing(t *testing.T) {
	t.Parallel()
	b, projectA, _ := filled(t)
	conn := connect(t, b.db.ServerURL)
	for _, table := range rawTables() {
		var rows int
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&rows); err != nil || rows != 0 {
			t.Errorf("%s: %d rows without a tenant, %v", table, rows, err)
		}
	}
	for name, statement := range map[string]string{
		"insert":   "INSERT INTO tenant.event_heads (tenant_id, seq, hash) VALUES ('" + tenant.NewID().String() + "', 1, '')",
		"truncate": "TRUNCATE tenant.projects CASCADE",
		"disable":  "ALTER TABLE tenant.projects DISABLE ROW LEVEL SECURITY",
	} {
		if _, err := conn.Exec(t.Context(), statement); refusal(err) != refusedByPolicy {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, statement := range []string{"UPDATE tenant.projects SET name = 'x'", "DELETE FROM tenant.projects"} {
		if tag, err := conn.Exec(t.Context(), statement); err != nil || tag.RowsAffected() != 0 {
			t.Errorf("%s: %d rows, %v", statement, tag.RowsAffected(), err)
		}
	}
	if _, err := b.storeA.Get(t.Context(), b.projects, projectA); err != nil {
		t.Error(err)
	}
}

func TestATenantsRawSQLSeesAndWritesItsOwnAlone(t *testing.T) {
	t.Parallel()
	b, projectA, projectB := filled(t)
	for _, table := range rawTables() {
		tx := enter(t, connect(t, b.db.ServerURL), b.a)
		var own, foreign int
		err := tx.QueryRow(t.Context(), "SELECT count(*) FILTER (WHERE tenant_id = $1), count(*) FILTER (WHERE tenant_id <> $1) FROM "+table,
			b.a.String()).Scan(&own, &foreign)
		if err != nil || own != 1 || foreign != 0 {
			t.Errorf("%s: %d rows of its own and %d of others, %v", table, own, foreign, err)
		}
	}
	insert := "INSERT INTO tenant.tasks (tenant_id, id, project, title, status, points, urgent, created_at, updated_at, version)" +
		" VALUES ($1, gen_random_uuid(), $2, '', 'todo', 0, false, now(), now(), 1)"
	tests := map[string]struct {
		sql  string
		args []any
		want string
	}{
		"a row of another tenant":                 {insert, []any{b.b.String(), projectB.String()}, refusedByPolicy},
		"a row of its own below another tenant's": {insert, []any{b.a.String(), projectB.String()}, refusedByKey},
		"moving a row to another tenant":          {"UPDATE tenant.event_heads SET tenant_id = $1", []any{b.b.String()}, refusedByPolicy},
		"pointing a row at another tenant's":      {"UPDATE tenant.tasks SET project = $1", []any{projectB.String()}, refusedByKey},
		"changing an event":                       {"UPDATE tenant.events SET action = 'x'", nil, refusedByPolicy},
		"deleting an event":                       {"DELETE FROM tenant.events", nil, refusedByPolicy},
		"locking an event":                        {"SELECT FROM tenant.events FOR UPDATE", nil, refusedByPolicy},
		"deleting the head of the events":         {"DELETE FROM tenant.event_heads", nil, refusedByPolicy},
		"changing what the tables were made from": {"UPDATE platform.resources SET snapshot = ''", nil, refusedByPolicy},
		"a row of its own below its own":          {insert, []any{b.a.String(), projectA.String()}, ""},
		"turning into the owner":                  {"SET ROLE tenantry_test_owner", nil, refusedByPolicy},
	}
	server := connect(t, b.db.ServerURL)
	for name, test := range tests {
		tx := enter(t, server, b.a)
		if _, err := tx.Exec(t.Context(), test.sql, test.args...); refusal(err) != test.want {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
		_ = tx.Rollback(t.Context()) // what was let through holds no lock against the next
	}
	tx := enter(t, connect(t, b.db.ServerURL), b.a)
	if tag, err := tx.Exec(t.Context(), "DELETE FROM tenant.tasks"); err != nil || tag.RowsAffected() != 1 {
		t.Errorf("a delete of everything took %d rows, %v; want its own one", tag.RowsAffected(), err)
	}
}

func TestRowSecurityBindsTheOwnerToo(t *testing.T) {
	t.Parallel()
	b, _, _ := filled(t)
	conn := connect(t, b.db.OwnerURL)
	for _, table := range rawTables() {
		var rows int
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&rows); err != nil || rows != 0 {
			t.Errorf("%s: the owner sees %d rows, %v", table, rows, err)
		}
	}
}

func TestNothingOfATenantStaysOnTheConnection(t *testing.T) {
	t.Parallel()
	b := setupWith(t, func(c *postgres.Config) { c.MaxConns = 1 })
	project := b.create(t, b.storeA, "of A")
	if _, err := b.storeB.Get(t.Context(), b.projects, project); err == nil {
		t.Error("B reads A's record on the connection that A used last")
	}
	// The platform's SQL enters no tenant, and runs on the same connection.
	for range 2 {
		if _, err := b.storeA.Get(t.Context(), b.projects, project); err != nil {
			t.Fatal(err)
		}
		if setting := b.engine.Setting(t.Context(), t); setting != "" {
			t.Errorf("the tenant %q stays set after the commit", setting)
		}
	}
}
