package postgres_test

import (
	"context"
	"encoding/binary"
	"net"
	"sync/atomic"
	"testing"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/postgres"
)

// wire counts what goes over all connections: the server's ReadyForQuery, one for each round trip, and the
// client's Parse.
type wire struct{ trips, parses atomic.Int64 }

func (w *wire) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &wireConn{
		Conn:   conn,
		server: messages{kind: 'Z', count: &w.trips},
		client: messages{kind: 'P', count: &w.parses, untyped: 1},
	}, nil
}

type wireConn struct {
	net.Conn
	server, client messages
}

func (c *wireConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.server.see(p[:n])
	return n, err
}

func (c *wireConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.client.see(p[:n])
	return n, err
}

// messages splits a stream into messages, of which the first untyped ones lack a type byte, and counts a kind.
type messages struct {
	kind    byte
	count   *atomic.Int64
	untyped int
	head    []byte
	skip    int
}

func (m *messages) see(p []byte) {
	for len(p) > 0 {
		if m.skip > 0 {
			n := min(m.skip, len(p))
			m.skip, p = m.skip-n, p[n:]
			continue
		}
		m.head, p = append(m.head, p[0]), p[1:]
		size := 5
		if m.untyped > 0 {
			size = 4
		}
		if len(m.head) < size {
			continue
		}
		if m.untyped > 0 {
			m.untyped--
		} else if m.head[0] == m.kind {
			m.count.Add(1)
		}
		m.skip = int(binary.BigEndian.Uint32(m.head[size-4:])) - 4
		m.head = m.head[:0]
	}
}

func TestARequestIsOneRoundTrip(t *testing.T) {
	t.Parallel()
	var seen wire
	b := setupWith(t, func(c *postgres.Config) { c.DialFunc, c.MaxConns = seen.dial, 1 })
	project := b.create(t, b.storeA, "first")
	ctx := t.Context()
	list := b.newest(b.projects, 20)
	counted := list
	counted.Count = true
	ignore := func(storage.Record) error { return nil }
	tests := map[string]struct {
		trips int64
		do    func() error
	}{
		"get": {1, func() error {
			_, err := b.storeA.Get(ctx, b.projects, project)
			return err
		}},
		"list": {1, func() error {
			_, err := b.storeA.List(ctx, b.projects, list, ignore)
			return err
		}},
		"list with its total": {1, func() error {
			_, err := b.storeA.List(ctx, b.projects, counted, ignore)
			return err
		}},
		"create with its event": {1, func() error {
			task := id.New()
			var rec storage.Record
			return b.storeA.Update(ctx, func(tx storage.Tx) error {
				if err := tx.Require(ctx, b.projects, project, "project"); err != nil {
					return err
				}
				if err := tx.Put(ctx, b.tasks, b.task(task, project, "x"), 0); err != nil {
					return err
				}
				if err := tx.Append(ctx, event(task)); err != nil {
					return err
				}
				return tx.Return(ctx, b.tasks, task, &rec)
			})
		}},
		"update": {2, func() error {
			return b.storeA.Update(ctx, func(tx storage.Tx) error {
				rec, err := tx.Get(ctx, b.projects, project)
				if err != nil {
					return err
				}
				rec.Version++
				if err := tx.Put(ctx, b.projects, rec, rec.Version-1); err != nil {
					return err
				}
				if err := tx.Append(ctx, event(project)); err != nil {
					return err
				}
				return tx.Return(ctx, b.projects, project, &rec)
			})
		}},
		"view with two questions and its end": {2, func() error {
			return b.storeA.View(ctx, func(tx storage.Tx) error {
				_, err := tx.Aggregate(ctx, query.Aggregate{Resource: b.projects}, query.Aggregate{Resource: b.tasks})
				return err
			})
		}},
		"an update that does nothing": {0, func() error {
			return b.storeA.Update(ctx, func(storage.Tx) error { return nil })
		}},
	}
	for name, test := range tests {
		for _, round := range []string{"first", "again"} {
			trips, parses := seen.trips.Load(), seen.parses.Load()
			if err := test.do(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got := seen.trips.Load() - trips; got != test.trips {
				t.Errorf("%s, %s: %d round trips, want %d", name, round, got, test.trips)
			}
			if got := seen.parses.Load() - parses; round == "again" && got != 0 {
				t.Errorf("%s: %d statements were prepared a second time", name, got)
			}
		}
	}
}

func TestStatementsAreSentAsTextWhereThePoolerAsksForIt(t *testing.T) {
	t.Parallel()
	var seen wire
	b := setupWith(t, func(c *postgres.Config) {
		c.DialFunc, c.MaxConns = seen.dial, 1
		c.URL += "&default_query_exec_mode=exec"
	})
	project := b.create(t, b.storeA, "first")
	for range 2 {
		parses := seen.parses.Load()
		if _, err := b.storeA.Get(t.Context(), b.projects, project); err != nil {
			t.Fatal(err)
		}
		if got := seen.parses.Load() - parses; got != 4 {
			t.Errorf("%d statements were sent as text, want 4", got)
		}
	}
	if kept := b.engine.Statements(t.Context(), t); kept != 0 {
		t.Errorf("the server keeps %d statements", kept)
	}
}

func TestAStatementWhoseResultHasChangedIsPreparedAnew(t *testing.T) {
	t.Parallel()
	b := setup(t)
	project := b.create(t, b.storeA, "first")
	owner := connect(t, b.db.OwnerURL)
	for _, kind := range []string{"varchar", "text"} {
		// Every connection of the pool has the statement by then.
		for range 8 {
			if _, err := b.storeA.Get(t.Context(), b.projects, project); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := owner.Exec(t.Context(), "ALTER TABLE tenant.projects ALTER COLUMN name TYPE "+kind); err != nil {
			t.Fatal(err)
		}
		if _, err := b.storeA.Get(t.Context(), b.projects, project); err != nil {
			t.Errorf("get: %v", err)
		}
		b.create(t, b.storeA, "after "+kind)
		err := b.storeA.Update(t.Context(), func(tx storage.Tx) error {
			_, err := tx.Get(t.Context(), b.projects, project)
			return err
		})
		if err != nil {
			t.Errorf("update: %v", err)
		}
	}
}

func TestAConnectionForgetsTheStatementsItUsedLeast(t *testing.T) {
	t.Parallel()
	b := setupWith(t, func(c *postgres.Config) { c.MaxConns = 1 })
	b.create(t, b.storeA, "first")
	name, shapes := []schema.Value{schema.String("first")}, 0
	for i := range 300 { // each a text of its own
		q := b.newest(b.projects, 1)
		for bit := range 9 {
			f, op := b.projects.Field("name"), query.GreaterEqual
			if i>>bit&1 == 1 {
				op = query.LessEqual
			}
			q.Where = append(q.Where, query.Condition{Field: f, Op: op, Values: name})
		}
		found := 0
		if _, err := b.storeA.List(t.Context(), b.projects, q, func(storage.Record) error { found++; return nil }); err != nil {
			t.Fatal(err)
		}
		shapes += found
	}
	if shapes != 300 {
		t.Fatalf("%d lists found the record, want 300", shapes)
	}
	// One more than is kept, at most: it is forgotten with the next trip.
	if kept := b.engine.Statements(t.Context(), t); kept < 200 || kept > 257 {
		t.Errorf("the server keeps %d statements, want 256 or so", kept)
	}
}
