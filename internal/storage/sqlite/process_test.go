package sqlite_test

import (
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/sqlite"
	"github.com/tenantry/tenantry/internal/storage/storagetest"
)

// startDir is set in the processes that start on one directory.
const startDir = "SQLITE_TEST_START_DIR"

// TestProcessesStartAtOnce starts real processes on one empty directory: each makes its tenant and writes.
func TestProcessesStartAtOnce(t *testing.T) {
	t.Parallel()
	const processes = 5
	dir := t.TempDir()
	var all sync.WaitGroup
	for range processes {
		all.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStartOnce$")
			cmd.Env = append(os.Environ(), startDir+"="+dir)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("a process failed: %v\n%s", err, out)
			}
		})
	}
	all.Wait()
	e := open(t, config(dir, storagetest.Resources()))
	tenants, err := e.Platform().Tenants().List(t.Context(), storage.Page{Limit: 99})
	if err != nil || len(tenants) != processes {
		t.Fatalf("there are %d tenants, want %d: %v", len(tenants), processes, err)
	}
	for _, one := range tenants {
		s, err := e.Open(t.Context(), one.ID)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(list(t, s, storagetest.Resources()[0])); n != 1 {
			t.Errorf("a tenant has %d projects, want 1", n)
		}
		s.Close()
	}
}

// TestStartOnce is one of the processes; by itself it does nothing.
func TestStartOnce(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(startDir)
	if dir == "" {
		return
	}
	resources := storagetest.Resources()
	e, err := sqlite.Open(t.Context(), config(dir, resources))
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, s := addTenant(t, e, "t"+id.New().String()[24:])
	put(t, s, resources[0], project(resources[0], "Roof"))
	s.Close()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}
