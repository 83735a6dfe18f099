package isolation_test

import (
	"testing"

	"github.com/tenantry/tenantry"
	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
	"github.com/tenantry/tenantry/resources"
	"github.com/tenantry/tenantry/tenantrytest"
)

func newApp() *tenantry.App {
	app := tenantry.New(tenantry.Config{})
	resources.Register(app)
	return app
}

func TestNoTenantReachesAnothers(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		tenantrytest.Attack(t, newApp())
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		db := pgtest.New(t)
		tenantrytest.Attacks{Options: tenantry.Options{DatabaseURL: db.ServerURL, MigrationURL: db.OwnerURL}}.Run(t, newApp())
	})
}
