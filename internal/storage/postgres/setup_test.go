package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/postgres"
	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
	"github.com/tenantry/tenantry/internal/tenant"
)

// The fixed moment of all records.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// proof is what servers that prove their tenants are configured with.
func proof() postgres.Proof {
	return postgres.Proof{Secret: []byte("a secret for tests, of 32 bytes+")}
}

// resources returns two resources, the second of which refers to the first and looks a name up there.
func resources() []*schema.Resource {
	builtIn := func(before ...schema.Field) []schema.Field {
		fields := append([]schema.Field{{Name: schema.FieldID, Type: schema.UUID, BuiltIn: true}}, before...)
		return append(fields,
			schema.Field{Name: schema.FieldCreatedBy, Type: schema.UUID, Nullable: true, BuiltIn: true},
			schema.Field{Name: schema.FieldCreatedAt, Type: schema.Time, BuiltIn: true, Sort: true},
			schema.Field{Name: schema.FieldUpdatedAt, Type: schema.Time, BuiltIn: true})
	}
	projects := &schema.Resource{Name: "projects", Singular: "project", Fields: builtIn(
		schema.Field{Name: "name", Type: schema.Text, Unique: true, Search: true},
		schema.Field{Name: "budget", Type: schema.Number, Nullable: true},
		schema.Field{Name: "settings", Type: schema.JSON},
	)}
	tasks := &schema.Resource{Name: "tasks", Singular: "task", Fields: builtIn(
		schema.Field{Name: "project", Type: schema.UUID, Ref: &schema.Ref{Resource: "projects", Cascade: true}, Filter: true},
		schema.Field{Name: "project_name", Type: schema.Text, ReadOnly: true, Derived: &schema.Derived{Via: "project", Lookup: "name"}},
		schema.Field{Name: "title", Type: schema.Text},
		schema.Field{Name: "status", Type: schema.Text, Enum: []string{"todo", "done"}},
		schema.Field{Name: "points", Type: schema.Integer},
		schema.Field{Name: "urgent", Type: schema.Boolean},
		schema.Field{Name: "due", Type: schema.Date, Nullable: true},
	)}
	all := []*schema.Resource{projects, tasks}
	for _, r := range all {
		r.Finish()
	}
	return all
}

// bundle is a migrated database, its engine and two tenants' stores.
type bundle struct {
	db              pgtest.Database
	engine          *postgres.Engine
	projects, tasks *schema.Resource
	a, b            tenant.ID
	storeA, storeB  storage.Store
}

func setup(t *testing.T) *bundle {
	t.Helper()
	return setupWith(t, func(*postgres.Config) {})
}

func setupWith(tb testing.TB, adjust func(*postgres.Config)) *bundle {
	tb.Helper()
	return setupOn(tb, pgtest.New(tb), adjust)
}

func setupOn(tb testing.TB, db pgtest.Database, adjust func(*postgres.Config)) *bundle {
	tb.Helper()
	b := &bundle{db: db, a: tenant.NewID(), b: tenant.NewID()}
	all := resources()
	b.projects, b.tasks = all[0], all[1]
	config := postgres.Config{URL: b.db.ServerURL, MigrationURL: b.db.OwnerURL, Resources: all, Clock: clock, MaxConns: 4}
	adjust(&config)
	b.engine = open(tb, config)
	if err := b.engine.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	b.storeA, b.storeB = openStore(tb, b.engine, b.a), openStore(tb, b.engine, b.b)
	return b
}

func open(tb testing.TB, c postgres.Config) *postgres.Engine {
	tb.Helper()
	e, err := postgres.Open(tb.Context(), c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(); err != nil {
			tb.Errorf("close the engine: %v", err)
		}
	})
	return e
}

// migrated opens an engine on an empty database and migrates that.
func migrated(tb testing.TB, c postgres.Config) *postgres.Engine {
	tb.Helper()
	e := open(tb, c)
	if err := e.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return e
}

func openStore(tb testing.TB, e *postgres.Engine, of tenant.ID) storage.Store {
	tb.Helper()
	s, err := e.Open(tb.Context(), of)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

func (b *bundle) project(i id.ID, name string) storage.Record {
	return storage.Record{Version: 1, Values: []schema.Value{
		schema.ID(i), schema.String(name), schema.Float(1.5), schema.RawJSON([]byte(`{"b":1,"a":[]}`)),
		schema.Null(), schema.Moment(noon), schema.Moment(noon),
	}}
}

func (b *bundle) task(i, project id.ID, title string) storage.Record {
	return storage.Record{Version: 1, Values: []schema.Value{
		schema.ID(i), schema.ID(project), schema.Null(), schema.String(title), schema.String("todo"), schema.Int(-3),
		schema.Bool(true), schema.Days(20000), schema.Null(), schema.Moment(noon), schema.Moment(noon),
	}}
}

func event(record id.ID) storage.Event {
	return storage.Event{
		ID: id.New(), At: noon, ActorID: id.New(), Actor: []byte(`{"kind":"user"}`), Action: "created",
		Resource: "projects", Record: record, Changes: []byte(`{"name":[null,"x"]}`), RequestID: "r1", IP: "127.0.0.1",
	}
}

// create adds a project to a store and returns its id.
func (b *bundle) create(tb testing.TB, s storage.Store, name string) id.ID {
	tb.Helper()
	i := id.New()
	err := s.Update(tb.Context(), func(tx storage.Tx) error {
		if err := tx.Put(tb.Context(), b.projects, b.project(i, name), 0); err != nil {
			return err
		}
		return tx.Append(tb.Context(), event(i))
	})
	if err != nil {
		tb.Fatalf("create %q: %v", name, err)
	}
	return i
}

func (b *bundle) newest(r *schema.Resource, limit int) query.List {
	return query.List{
		Order: []query.Key{{Field: r.Field(schema.FieldCreatedAt), Desc: true}, {Field: r.Field(schema.FieldID), Desc: true}},
		Limit: limit,
	}
}

// connect opens a connection of its own, for raw SQL.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// exec runs a statement after a test has ended.
func exec(url, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}
