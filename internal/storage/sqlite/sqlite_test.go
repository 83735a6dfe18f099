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
	storagetest.RunEvolution(t, func(tb testing.TB) func([]*schema.Resource) (storage.Engine, error) {
		tb.Helper()
		dir := tb.TempDir()
		return func(resources []*schema.Resource) (storage.Engine, error) {
			return sqlite.Open(tb.Context(), config(dir, resources))
		}
	})
}

func FuzzQueries(f *testing.F) { storagetest.Fuzz(f, newEngine) }

func config(dir string, resources []*schema.Resource) sqlite.Config {
	return sqlite.Config{Dir: dir, Resources: resources, Clock: time.Now, Synchronous: "normal"}
}

// newEngine returns a migrated engine in a directory of its own.
func newEngine(tb testing.TB, resources []*schema.Resource) storage.Engine {
	tb.Helper()
	return open(tb, config(tb.TempDir(), resources))
}

// open opens and migrates an engine, and closes it at the end.
func open(tb testing.TB, c sqlite.Config) *sqlite.Engine {
	tb.Helper()
	e, err := sqlite.Open(tb.Context(), c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	if err := e.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return e
}
