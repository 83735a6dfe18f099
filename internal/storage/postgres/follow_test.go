package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/postgres"
	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
)

// patience is how long a test waits for what comes at once.
const patience = 20 * time.Second

// follow listens until the test ends, and returns what gets a value for each hint.
func follow(t *testing.T, e *postgres.Engine) (heard chan struct{}, ended chan struct{}) {
	t.Helper()
	heard, ended = make(chan struct{}, 100), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	var following sync.WaitGroup
	following.Go(func() {
		defer close(ended)
		e.Follow(ctx, func() { heard <- struct{}{} })
	})
	t.Cleanup(func() { stop(); following.Wait() })
	return heard, ended
}

func await(t *testing.T, what string, heard <-chan struct{}) {
	t.Helper()
	select {
	case <-heard:
	case <-time.After(patience):
		t.Fatalf("waited in vain: %s", what)
	}
}

func addUser(t *testing.T, e *postgres.Engine, name string) {
	t.Helper()
	if err := e.Platform().Users().Create(t.Context(), storage.User{ID: id.New(), Username: name, CreatedAt: noon}); err != nil {
		t.Fatal(err)
	}
}

func TestChangesAreHeardByOtherNodes(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	config := postgres.Config{URL: db.ServerURL, MigrationURL: db.OwnerURL, Clock: clock, MaxConns: 2}
	changes, other := migrated(t, config), open(t, config)
	heard, _ := follow(t, other)
	await(t, "it listens", heard)
	addUser(t, changes, "ann")
	await(t, "a change is heard", heard)

	super := connect(t, db.SuperURL)
	if _, err := super.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND query LIKE 'LISTEN%'",
		super.Config().Database); err != nil {
		t.Fatal(err)
	}
	await(t, "it listens on another connection", heard)
	addUser(t, changes, "bob")
	await(t, "a change is heard on it", heard)
}

func TestNobodyListensThroughAPooler(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	e := migrated(t, postgres.Config{URL: pgtest.Pooled(t, db), MigrationURL: db.OwnerURL, Clock: clock, MaxConns: 2})
	heard, ended := follow(t, e)
	await(t, "it ends", ended)
	addUser(t, e, "ann") // which tells whoever listens
	if len(heard) > 0 {
		t.Error("something was heard through a pooler")
	}
}
