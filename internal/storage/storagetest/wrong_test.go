package storagetest_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/sqlite"
	"github.com/tenantry/tenantry/internal/storage/storagetest"
	"github.com/tenantry/tenantry/internal/tenant"
)

// TestWrongEngines holds engines against the suite that are wrong on purpose, each in one way. A suite that lets one
// pass proves nothing about the others. The same cases have to pass for an engine that is right: what fails for all
// proves as little.
func TestWrongEngines(t *testing.T) {
	t.Parallel()
	decisive := map[string]bool{}
	for name, c := range map[string]struct {
		wrong wrong
		must  []string // cases that have to fail, among others
	}{
		"one that opens another tenant's store": {
			wrong{tenant: true},
			[]string{"tenants/get finds nothing", "tenants/list, search", "tenants/aggregates", "tenants/put", "tenants/delete", "tenants/a reference", "tenants/a unique", "tenants/return", "tenants/each tenant", "sizes/a size grows and", "sizes/a size grows with"},
		},
		"one that ignores the version":            {wrong{version: true}, []string{"versions/a write over another version", "versions/of eight"}},
		"one that drops events":                   {wrong{events: true}, []string{"events/events read", "events/numbers rise"}},
		"one that drops the last event of a call": {wrong{lastEvent: true}, []string{"events/events read"}},
		"one that ignores a condition": {
			wrong{condition: true}, []string{"filters/all conditions", "filters/every look-up of note", "queries/random queries agree with plain Go, seed 1"},
		},
		"one that ignores the search":         {wrong{search: true}, []string{"search/no character"}},
		"one that ignores the place":          {wrong{after: true}, []string{"paging/a page follows", "order/tasks by note"}},
		"one that ignores the direction":      {wrong{backward: true}, []string{"paging/the same backwards"}},
		"one that counts one page":            {wrong{total: true}, []string{"paging/numbered pages", "paging/the count"}},
		"one that requires nothing":           {wrong{require: true}, []string{"references/a required record must", "tenants/a reference"}},
		"one that commits what failed":        {wrong{rollback: true}, []string{"transactions/an error leaves nothing"}},
		"one that returns the record too old": {wrong{returned: true}, []string{"transactions/what Return"}},
		"one that reuses a record's memory":   {wrong{memory: true}, []string{"records/a record that Get"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, must := range c.must {
				if !storagetest.Fails(t, c.wrong.engine, must) {
					t.Errorf("the case %q passes", must)
				}
			}
		})
		for _, must := range c.must {
			decisive[must] = true
		}
	}
	for name := range decisive {
		t.Run("one that is right passes "+name, func(t *testing.T) {
			t.Parallel()
			if storagetest.Fails(t, wrong{}.engine, name) {
				t.Error("the case fails")
			}
		})
	}
}

// wrong says what an engine gets wrong.
type wrong struct {
	tenant, version, events, lastEvent, condition, search, after, backward, total, require, rollback, returned, memory bool
}

// wrongEngine is a right engine behind a wrong front.
type wrongEngine struct {
	storage.Engine
	wrong
	mu    sync.Mutex
	first tenant.ID
	last  map[string]storage.Record
}

// engine is a storagetest.Factory.
func (w wrong) engine(tb testing.TB, resources []*schema.Resource) storage.Engine {
	tb.Helper()
	e, err := sqlite.Open(tb.Context(), sqlite.Config{Dir: tb.TempDir(), Resources: resources, Clock: time.Now, Synchronous: "normal"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = e.Close() })
	if err := e.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return &wrongEngine{Engine: e, wrong: w, last: map[string]storage.Record{}}
}

func (e *wrongEngine) Open(ctx context.Context, t tenant.ID) (storage.Store, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.first.IsZero() {
		e.first = t
	}
	if e.tenant {
		t = e.first
	}
	s, err := e.Engine.Open(ctx, t)
	return &wrongStore{Store: s, engine: e}, err
}

type wrongStore struct {
	storage.Store
	engine *wrongEngine
}

func (s *wrongStore) Get(ctx context.Context, r *schema.Resource, i id.ID) (storage.Record, error) {
	rec, err := s.Store.Get(ctx, r, i)
	if err == nil && s.engine.memory {
		s.engine.mu.Lock()
		defer s.engine.mu.Unlock()
		if old, ok := s.engine.last[r.Name]; ok {
			copy(old.Values, rec.Values)
			return old, nil
		}
		s.engine.last[r.Name] = rec
	}
	return rec, err
}

func (s *wrongStore) List(ctx context.Context, r *schema.Resource, q query.List, yield func(storage.Record) error) (int64, error) {
	total, err := s.Store.List(ctx, r, s.engine.spoil(q), yield)
	if s.engine.total && q.Count {
		total = min(total, int64(q.Limit))
	}
	return total, err
}

// spoil leaves out of a query what the engine ignores.
func (w wrong) spoil(q query.List) query.List {
	if w.condition && len(q.Where) > 0 {
		q.Where = q.Where[:len(q.Where)-1]
	}
	if w.search {
		q.Search = nil
	}
	if w.after {
		q.After = nil
	}
	if w.backward {
		q.Backward = false
	}
	return q
}

func (s *wrongStore) View(ctx context.Context, fn func(storage.Tx) error) error {
	return s.Store.View(ctx, func(tx storage.Tx) error { return fn(&wrongTx{tx, s.engine}) })
}

func (s *wrongStore) Update(ctx context.Context, fn func(storage.Tx) error) error {
	var failed error
	err := s.Store.Update(ctx, func(tx storage.Tx) error {
		failed = fn(&wrongTx{tx, s.engine})
		if s.engine.rollback {
			return nil
		}
		return failed
	})
	if failed != nil {
		return failed
	}
	return err
}

type wrongTx struct {
	storage.Tx
	engine *wrongEngine
}

func (t *wrongTx) Put(ctx context.Context, r *schema.Resource, rec storage.Record, version int64) error {
	if t.engine.version && version != 0 {
		current, err := t.Get(ctx, r, rec.Values[0].ID())
		if err != nil {
			return err
		}
		version = current.Version
	}
	return t.Tx.Put(ctx, r, rec, version)
}

func (t *wrongTx) Require(ctx context.Context, r *schema.Resource, i id.ID, field string) error {
	if t.engine.require {
		return nil
	}
	return t.Tx.Require(ctx, r, i, field)
}

func (t *wrongTx) Append(ctx context.Context, events ...storage.Event) error {
	switch {
	case t.engine.events:
		return nil
	case t.engine.lastEvent && len(events) > 0:
		events = events[:len(events)-1]
	}
	return t.Tx.Append(ctx, events...)
}

func (t *wrongTx) Return(ctx context.Context, r *schema.Resource, i id.ID, rec *storage.Record) error {
	if t.engine.returned {
		var err error
		*rec, err = t.Get(ctx, r, i)
		return err
	}
	return t.Tx.Return(ctx, r, i, rec)
}
