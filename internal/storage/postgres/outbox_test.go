package postgres_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
)

// gate holds a claim until a certain time back in its transaction, between its statement and its commit.
const gate = `CREATE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql AS
  $$BEGIN PERFORM pg_catalog.pg_advisory_xact_lock(4711); RETURN NULL; END$$;
GRANT EXECUTE ON FUNCTION public.hold() TO PUBLIC;
CREATE TRIGGER hold AFTER UPDATE ON platform.outbox FOR EACH ROW WHEN (NEW.claimed_until = '2026-11-23 12:01:00Z') EXECUTE FUNCTION public.hold()`

// TestAClaimNeitherTakesNorWaitsForWhatAnotherIsTaking stops one claim before its commit and makes a second: with locks
// alone the second would wait, and without any it would take the same events once the first is through.
func TestAClaimNeitherTakesNorWaitsForWhatAnotherIsTaking(t *testing.T) {
	t.Parallel()
	b := setup(t)
	outbox := b.engine.Platform().Outbox()
	var all []id.ID
	for range 6 {
		e := event(id.New())
		all = append(all, e.ID)
		if err := outbox.Add(t.Context(), storage.QueuedEvent{Trail: b.a, Event: e}); err != nil {
			t.Fatal(err)
		}
	}
	if err := exec(b.db.SuperURL, gate); err != nil {
		t.Fatal(err)
	}
	guard, err := pgx.Connect(t.Context(), b.db.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = guard.Close(context.WithoutCancel(t.Context())) }() // which opens the gate
	if _, err := guard.Exec(t.Context(), "SELECT pg_advisory_lock(4711)"); err != nil {
		t.Fatal(err)
	}

	held := make(chan []id.ID, 1)
	go func() { held <- claim(t.Context(), t, outbox, noon.Add(time.Minute), 3) }()
	waiting(t, guard)

	limited, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	free := claim(limited, t, outbox, noon.Add(time.Hour), 6)
	if _, err := guard.Exec(t.Context(), "SELECT pg_advisory_unlock(4711)"); err != nil {
		t.Fatal(err)
	}
	first := <-held
	if len(first) != 3 || len(free) != 3 {
		t.Errorf("%d events were claimed first, and %d while that was under way; want 3 and 3", len(first), len(free))
	}
	for _, event := range all {
		if slices.Contains(first, event) == slices.Contains(free, event) {
			t.Errorf("%s was claimed twice or not at all", event)
		}
	}
}

func claim(ctx context.Context, tb testing.TB, outbox storage.Outbox, until time.Time, limit int) []id.ID {
	tb.Helper()
	got, err := outbox.Claim(ctx, noon, until, limit)
	if err != nil {
		tb.Errorf("claim: %v", err)
	}
	var ids []id.ID
	for _, q := range got {
		ids = append(ids, q.Event.ID)
	}
	return ids
}

// waiting returns when somebody waits at the gate.
func waiting(t *testing.T, guard *pgx.Conn) {
	t.Helper()
	const query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
	for range 500 {
		var n int
		if err := guard.QueryRow(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("nobody claims")
}
