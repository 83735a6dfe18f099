package postgres_test

import (
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
		db := pgtest.New(tb)
		e, err := postgres.Open(tb.Context(), postgres.Config{
			URL: db.ServerURL, MigrationURL: db.OwnerURL, Resources: resources, Clock: clock, MaxConns: 8,
		})
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() {
			if err := e.Close(); err != nil {
				tb.Errorf("close the engine: %v", err)
			}
		})
		if err := e.Migrate(tb.Context()); err != nil {
			tb.Fatal(err)
		}
		return e
	})
}
