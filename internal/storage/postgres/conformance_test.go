package postgres_test

import (
	"errors"
	"testing"

	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/postgres"
	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
	"github.com/tenantry/tenantry/internal/storage/storagetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(tb testing.TB, resources []*schema.Resource) storage.Engine {
		tb.Helper()
		db := prepared(tb, resources)
		return migrated(tb, postgres.Config{
			URL: db.ServerURL, MigrationURL: db.OwnerURL, Resources: resources, Clock: clock, MaxConns: 8,
		})
	})
}

// prepared returns a database with the tables of these resources, which are those of every case.
func prepared(tb testing.TB, resources []*schema.Resource) pgtest.Database {
	tb.Helper()
	return pgtest.Prepared(tb, "conformance", func(db pgtest.Database) error {
		e, err := postgres.Open(tb.Context(), postgres.Config{URL: db.ServerURL, MigrationURL: db.OwnerURL, Resources: resources, Clock: clock})
		if err != nil {
			return err
		}
		return errors.Join(e.Migrate(tb.Context()), e.Close())
	})
}
