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
	storagetest.Run(t, func(t testing.TB, resources []*schema.Resource) storage.Engine {
		t.Helper()
		db := pgtest.New(t)
		e, err := postgres.Open(t.Context(), postgres.Config{
			URL: db.ServerURL, MigrationURL: db.OwnerURL, Resources: resources, Clock: clock, MaxConns: 8,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := e.Close(); err != nil {
				t.Errorf("close the engine: %v", err)
			}
		})
		if err := e.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		return e
	})
}
