package postgres_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/postgres"
)

// want fails the test unless err is a fault of the code on exactly the fields.
func want(t *testing.T, doing string, err error, code fault.Code, fields ...string) {
	t.Helper()
	var got []string
	for _, f := range fault.From(err).Fields {
		got = append(got, f.Name)
	}
	if !fault.Is(err, code) || !slices.Equal(got, fields) {
		t.Errorf("%s: %v; want %s on %v", doing, err, code, fields)
	}
}

// usable fails the test unless the engine, which has one connection, still serves.
func (b *bundle) usable(t *testing.T, after string) {
	t.Helper()
	i := b.create(t, b.storeA, "after "+after)
	if _, err := b.storeA.Get(t.Context(), b.projects, i); err != nil {
		t.Errorf("get after %s: %v", after, err)
	}
	if setting := b.engine.Setting(t.Context(), t); setting != "" {
		t.Errorf("the tenant %q stays set after %s", setting, after)
	}
}

// idle waits until the server works on no request any more.
func (b *bundle) idle(t *testing.T) {
	t.Helper()
	super := connect(t, b.db.SuperURL)
	for range 200 {
		var active int
		err := super.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"+
			" AND datname = current_database() AND usename = 'tenantry_test_server'").Scan(&active)
		if err != nil {
			t.Fatal(err)
		}
		if active == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the server goes on with what was cancelled")
}

func one(c *postgres.Config) { c.MaxConns = 1 }

func TestRefusedWritesNameTheirFieldAndLeaveNothing(t *testing.T) {
	t.Parallel()
	b := setupWith(t, one)
	ctx := t.Context()
	first := b.create(t, b.storeA, "taken")
	second := b.create(t, b.storeA, "free")
	foreign := b.create(t, b.storeB, "of B")
	task := id.New()
	tests := map[string]struct {
		do     func(tx storage.Tx) error
		code   fault.Code
		fields []string
	}{
		"a value that is taken": {func(tx storage.Tx) error {
			return tx.Put(ctx, b.projects, b.project(id.New(), "taken"), 0)
		}, fault.Conflict, []string{"name"}},
		"an update to a value that is taken": {func(tx storage.Tx) error {
			rec := b.project(second, "taken")
			rec.Version = 2
			return tx.Put(ctx, b.projects, rec, 1)
		}, fault.Conflict, []string{"name"}},
		"an id that exists": {func(tx storage.Tx) error {
			return tx.Put(ctx, b.projects, b.project(first, "other"), 0)
		}, fault.Conflict, []string{"id"}},
		"a value taken in the same transaction": {func(tx storage.Tx) error {
			return errors.Join(tx.Put(ctx, b.projects, b.project(id.New(), "twice"), 0), tx.Put(ctx, b.projects, b.project(id.New(), "twice"), 0))
		}, fault.Conflict, []string{"name"}},
		"another version": {func(tx storage.Tx) error {
			return tx.Put(ctx, b.projects, b.project(first, "new"), 7)
		}, fault.PreconditionFailed, nil},
		"a record that is gone": {func(tx storage.Tx) error {
			return tx.Put(ctx, b.projects, b.project(id.New(), "new"), 1)
		}, fault.PreconditionFailed, nil},
		"another tenant's record over it": {func(tx storage.Tx) error {
			return tx.Put(ctx, b.projects, b.project(foreign, "new"), 1)
		}, fault.PreconditionFailed, nil},
		"a reference to nothing": {func(tx storage.Tx) error {
			return tx.Put(ctx, b.tasks, b.task(task, id.New(), ""), 0)
		}, fault.ValidationFailed, []string{"project"}},
		"a reference to another tenant's": {func(tx storage.Tx) error {
			return tx.Put(ctx, b.tasks, b.task(task, foreign, ""), 0)
		}, fault.ValidationFailed, []string{"project"}},
		"a requirement of nothing": {func(tx storage.Tx) error {
			return tx.Require(ctx, b.projects, id.New(), "parent")
		}, fault.ValidationFailed, []string{"parent"}},
		"a requirement of another tenant's": {func(tx storage.Tx) error {
			return tx.Require(ctx, b.projects, foreign, "parent")
		}, fault.ValidationFailed, []string{"parent"}},
		"a return of nothing": {func(tx storage.Tx) error {
			return tx.Return(ctx, b.projects, id.New(), new(storage.Record))
		}, fault.NotFound, nil},
	}
	for name, test := range tests {
		for _, flushed := range []bool{false, true} {
			witness := id.New()
			err := b.storeA.Update(ctx, func(tx storage.Tx) error {
				if err := tx.Put(ctx, b.projects, b.project(witness, "witness of "+name), 0); err != nil {
					return err
				}
				if err := test.do(tx); err != nil || !flushed {
					return err
				}
				_, err := tx.Get(ctx, b.projects, first)
				return err
			})
			if name == "a return of nothing" && flushed {
				continue // the return comes at the end alike
			}
			want(t, name, err, test.code, test.fields...)
			_, err = b.storeA.Get(ctx, b.projects, witness)
			want(t, "what "+name+" was written with", err, fault.NotFound)
		}
		b.usable(t, name)
	}
}

func TestARecordThatIsReferredToIsNotDeleted(t *testing.T) {
	t.Parallel()
	b := setupWith(t, one)
	ctx := t.Context()
	project, task := b.create(t, b.storeA, "parent"), id.New()
	err := b.storeA.Update(ctx, func(tx storage.Tx) error { return tx.Put(ctx, b.tasks, b.task(task, project, ""), 0) })
	if err != nil {
		t.Fatal(err)
	}
	remove := func() error {
		return b.storeA.Update(ctx, func(tx storage.Tx) error { return tx.Delete(ctx, b.projects, []id.ID{project}) })
	}
	want(t, "delete the parent", remove(), fault.Conflict)
	err = b.storeA.Update(ctx, func(tx storage.Tx) error {
		return errors.Join(tx.Delete(ctx, b.tasks, []id.ID{task}), tx.Delete(ctx, b.projects, []id.ID{project}))
	})
	if err != nil {
		t.Errorf("delete both: %v", err)
	}
}

func TestAFunctionThatSwallowsAFailureCommitsNothing(t *testing.T) {
	t.Parallel()
	b := setupWith(t, one)
	ctx := t.Context()
	b.create(t, b.storeA, "taken")
	witness := id.New()
	err := b.storeA.Update(ctx, func(tx storage.Tx) error {
		_ = tx.Put(ctx, b.projects, b.project(witness, "witness"), 0)
		_ = tx.Put(ctx, b.projects, b.project(id.New(), "taken"), 0)
		_, _ = tx.Get(ctx, b.projects, witness) // fails, and its error is dropped
		return nil
	})
	want(t, "update", err, fault.Conflict, "name")
	_, err = b.storeA.Get(ctx, b.projects, witness)
	want(t, "get", err, fault.NotFound)
	b.usable(t, "a swallowed failure")
}

func TestAViewDoesNotWriteAndItsListIsNotReentered(t *testing.T) {
	t.Parallel()
	b := setupWith(t, one)
	ctx := t.Context()
	project := b.create(t, b.storeA, "first")
	err := b.storeA.View(ctx, func(tx storage.Tx) error {
		if _, err := tx.Get(ctx, b.projects, project); err != nil {
			return err
		}
		return tx.Delete(ctx, b.projects, []id.ID{project})
	})
	if err == nil {
		t.Error("a view deletes")
	}
	err = b.storeA.View(ctx, func(tx storage.Tx) error {
		_, err := tx.List(ctx, b.projects, b.newest(b.projects, 5), func(storage.Record) error {
			_, err := tx.Get(ctx, b.projects, project)
			return err
		})
		return err
	})
	if err == nil {
		t.Error("a transaction is used inside its own list")
	}
	b.usable(t, "a view")
}

func TestAPanicGivesTheConnectionBack(t *testing.T) {
	t.Parallel()
	b := setupWith(t, one)
	func() {
		defer func() { _ = recover() }()
		_ = b.storeA.Update(t.Context(), func(tx storage.Tx) error {
			_, _ = tx.Get(t.Context(), b.projects, id.New())
			panic("a hook's fault")
		})
	}()
	b.usable(t, "a panic")
}

func TestACancelledRequestIsPromptAndPoisonsNothing(t *testing.T) {
	t.Parallel()
	b := setupWith(t, one)
	project := b.create(t, b.storeA, "locked")
	super := connect(t, b.db.SuperURL)
	lock, err := super.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec(t.Context(), "SELECT FROM tenant.projects FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	for _, deferred := range []bool{false, true} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		began := time.Now()
		err := b.storeA.Update(ctx, func(tx storage.Tx) error {
			if deferred {
				return tx.Delete(ctx, b.projects, []id.ID{project})
			}
			_, err := tx.Get(ctx, b.projects, project)
			return err
		})
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 2*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	}
	b.idle(t) // else the server could still take what it was sent before the lock is gone
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.storeA.Get(ended, b.projects, project); !errors.Is(err, context.Canceled) {
		t.Errorf("get with an ended context: %v", err)
	}
	b.usable(t, "a cancelled request")
	if _, err := b.storeA.Get(t.Context(), b.projects, project); err != nil {
		t.Errorf("the cancelled delete was made: %v", err)
	}
}

func TestAKilledConnectionIsUnavailableOnceAndReplaced(t *testing.T) {
	t.Parallel()
	b := setupWith(t, one)
	project := b.create(t, b.storeA, "first")
	super := connect(t, b.db.SuperURL)
	kill := func() {
		_, err := super.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"+
			" WHERE datname = current_database() AND usename = 'tenantry_test_server'")
		if err != nil {
			t.Error(err)
		}
	}
	err := b.storeA.Update(t.Context(), func(tx storage.Tx) error {
		if _, err := tx.Get(t.Context(), b.projects, project); err != nil {
			return err
		}
		kill()
		return tx.Delete(t.Context(), b.projects, []id.ID{project})
	})
	want(t, "a commit on a killed connection", err, fault.Unavailable)
	if fault.From(err).RetryAfter == 0 {
		t.Error("the client is not told when to try again")
	}
	b.usable(t, "a kill")
	if _, err := b.storeA.Get(t.Context(), b.projects, project); err != nil {
		t.Errorf("the delete was made: %v", err)
	}
}

func TestAnExhaustedPoolIsUnavailable(t *testing.T) {
	t.Parallel()
	b := setupWith(t, one)
	project := b.create(t, b.storeA, "first")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := b.storeA.View(ctx, func(tx storage.Tx) error {
		if _, err := tx.Get(ctx, b.projects, project); err != nil {
			return err
		}
		_, err := b.storeA.Get(ctx, b.projects, project) // the only connection is taken
		want(t, "get", err, fault.Unavailable)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestUpdatesThatCollideAreRunAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, second := b.create(t, b.storeA, "first"), b.create(t, b.storeA, "second")
	var runs atomic.Int64
	var met, all sync.WaitGroup
	met.Add(2)
	for _, order := range [][]id.ID{{first, second}, {second, first}} {
		all.Go(func() {
			waited := false
			err := b.storeA.Update(t.Context(), func(tx storage.Tx) error {
				runs.Add(1)
				if _, err := tx.Get(t.Context(), b.projects, order[0]); err != nil {
					return err
				}
				if !waited { // both hold their first record now, and want the other's
					waited = true
					met.Done()
					met.Wait()
				}
				rec, err := tx.Get(t.Context(), b.projects, order[1])
				if err != nil {
					return err
				}
				rec.Version++
				return tx.Put(t.Context(), b.projects, rec, rec.Version-1)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	// On a busy server both can be found to wait for each other before one of them has given way.
	if n := runs.Load(); n < 3 {
		t.Errorf("the functions ran %d times, want 3 at least: the deadlock's victim once more", n)
	}
}
