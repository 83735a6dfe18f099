package postgres_test

import (
	"testing"

	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/postgres"
	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
	"github.com/tenantry/tenantry/internal/storage/storagetest"
)

// TestConformanceThroughAPooler runs what depends on transactions and connections through a PgBouncer in transaction
// mode, with proofs, which must not rely on a connection of their own either.
func TestConformanceThroughAPooler(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(tb testing.TB, resources []*schema.Resource) storage.Engine {
		tb.Helper()
		db := pgtest.New(tb) // not one that was prepared: the pooler keeps connections to it when the test is over
		return migrated(tb, postgres.Config{
			URL: pgtest.Pooled(tb, db), MigrationURL: db.OwnerURL, Resources: resources, Clock: clock, MaxConns: 8, Proof: proof(),
		})
	}, "tenants", "transactions", "cancellation", "concurrency", "references", "events", "outbox")
}
