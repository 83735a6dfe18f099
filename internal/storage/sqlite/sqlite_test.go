package sqlite_test

import (
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/sqlite"
	"github.com/tenantry/tenantry/internal/storage/storagetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, newEngine)
}

func TestEvolution(t *testing.T) {
	t.Parallel()
	storagetest.RunEvolution(t, func(t testing.TB) func([]*schema.Resource) (storage.Engine, error) {
		dir := t.TempDir()
		return func(resources []*schema.Resource) (storage.Engine, error) {
			return sqlite.Open(t.Context(), config(dir, resources))
		}
	})
}

func FuzzQueries(f *testing.F) { storagetest.Fuzz(f, newEngine) }

func config(dir string, resources []*schema.Resource) sqlite.Config {
	return sqlite.Config{Dir: dir, Resources: resources, Clock: time.Now, Synchronous: "normal"}
}

// newEngine returns a migrated engine in a directory of its own.
func newEngine(t testing.TB, resources []*schema.Resource) storage.Engine {
	t.Helper()
	return open(t, config(t.TempDir(), resources))
}

// open opens and migrates an engine, and closes it at the end.
func open(t testing.TB, c sqlite.Config) *sqlite.Engine {
	t.Helper()
	e, err := sqlite.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if err := e.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}
