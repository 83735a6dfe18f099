package pgtest_test

import (
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
)

// TestAPreparedDatabaseIsAsItWasPrepared uses one after the other, and leaves in each what the next must not see.
func TestAPreparedDatabaseIsAsItWasPrepared(t *testing.T) { //nolint:tparallel // what is tried is one after the other
	t.Parallel()
	var made atomic.Int32
	prepared := func(t *testing.T) pgtest.Database {
		t.Helper()
		return pgtest.Prepared(t, "pgtest", func(db pgtest.Database) error {
			made.Add(1)
			owner, err := pgx.Connect(t.Context(), db.OwnerURL)
			if err != nil {
				return err
			}
			_, err = owner.Exec(t.Context(), `CREATE SCHEMA "a b";
				CREATE TABLE "a b".notes (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note jsonb, raw bytea, at timestamptz);
				CREATE TABLE "a b".words (word text PRIMARY KEY, note int REFERENCES "a b".notes);
				INSERT INTO "a b".notes (note, raw, at) VALUES ('{"it''s":"50%"}', 'x', '2026-01-02 03:04:05.678901+00')`)
			if err != nil {
				return err
			}
			return owner.Close(t.Context())
		})
	}
	prepared(t) // stays in use, so that the others are kept
	for range 3 {
		t.Run("again", func(t *testing.T) { //nolint:paralleltest // one after the other
			owner := connect(t, prepared(t).OwnerURL)
			var notes string
			query(t, owner, &notes, `SELECT string_agg(concat_ws(' ', id, note, encode(raw, 'hex'), at AT TIME ZONE 'UTC'), ';')
				|| ' ' || (SELECT count(*) FROM "a b".words) FROM "a b".notes`)
			if want := `1 {"it's": "50%"} 78 2026-01-02 03:04:05.678901 0`; notes != want {
				t.Errorf("it holds %s, want %s", notes, want)
			}
			if _, err := owner.Exec(t.Context(), `UPDATE "a b".notes SET note = '1'; INSERT INTO "a b".words VALUES ('x', 1)`); err != nil {
				t.Error(err)
			}
		})
	}
	if n := made.Load(); n != 2 {
		t.Errorf("%d were made, want 2: the one in use, and one for all others", n)
	}
}
