package isolation_test

import (
	"os"
	"path/filepath"
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

// TestNoTenantReachesAnothers attacks the built-in resources. Where REPORTS names a directory, the reports are left
// there: that is how the servers are attacked in which something is taken out, see the package prove.
func TestNoTenantReachesAnothers(t *testing.T) {
	t.Parallel()
	attack := func(t *testing.T, engine string, o tenantry.Options) {
		t.Helper()
		attacks := tenantrytest.Attacks{Options: o}
		if dir := os.Getenv("REPORTS"); dir != "" {
			attacks.ReportFile = filepath.Join(dir, engine+".json")
		}
		attacks.Run(t, newApp())
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		attack(t, "sqlite", tenantry.Options{})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		db := pgtest.New(t)
		attack(t, "postgres", tenantry.Options{DatabaseURL: db.ServerURL, MigrationURL: db.OwnerURL})
	})
}
