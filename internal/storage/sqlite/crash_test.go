package sqlite_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/sqlite"
	"github.com/tenantry/tenantry/internal/storage/storagetest"
	"github.com/tenantry/tenantry/internal/tenant"
)

// crashDir is set in the process that is going to be killed.
const crashDir = "SQLITE_TEST_CRASH_DIR"

// TestAcknowledgedWritesSurviveKill kills a process in the middle of its writes: everything that it was told is
// written must be there, with a whole trail.
func TestAcknowledgedWritesSurviveKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	resources := storagetest.Resources()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWriteUntilKilled$")
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var owner tenant.ID
	acknowledged := map[id.ID]bool{}
	for lines.Scan() {
		var kind, text string
		if _, err := fmt.Sscan(lines.Text(), &kind, &text); err != nil {
			continue
		}
		switch kind {
		case "tenant":
			owner, _ = tenant.ParseID(text)
		case "wrote":
			i, _ := id.Parse(text)
			acknowledged[i] = true
		}
		if len(acknowledged) == 40 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(acknowledged) < 40 {
		t.Fatalf("the process ended by itself after %d writes: %v", len(acknowledged), err)
	}
	e := open(t, config(dir, resources))
	s, err := e.Open(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	projects, events := list(t, s, resources[0]), list(t, s, storage.Events())
	for _, rec := range projects {
		delete(acknowledged, rec.Values[0].ID())
	}
	if len(acknowledged) > 0 {
		t.Errorf("%d acknowledged writes are lost", len(acknowledged))
	}
	if len(events) != len(projects) {
		t.Errorf("there are %d projects and %d events", len(projects), len(events))
	}
}

// TestWriteUntilKilled is the process that is killed; by itself it does nothing.
func TestWriteUntilKilled(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(crashDir)
	if dir == "" {
		return
	}
	resources := storagetest.Resources()
	c := config(dir, resources)
	c.Synchronous = "full"
	e, err := sqlite.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	one, s := addTenant(t, e, "alpha")
	fmt.Println("\ntenant", one)
	for {
		rec := project(resources[0], id.New().String())
		err := s.Update(t.Context(), func(tx storage.Tx) error {
			if err := tx.Put(t.Context(), resources[0], rec, 0); err != nil {
				return err
			}
			return tx.Append(t.Context(), storage.Event{ID: id.New(), Actor: []byte(`{}`), Changes: []byte(`{}`)})
		})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("wrote", rec.Values[0].ID())
	}
}
