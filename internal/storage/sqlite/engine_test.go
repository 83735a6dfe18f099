package sqlite_test

import (
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/sqlite"
	"github.com/tenantry/tenantry/internal/storage/storagetest"
	"github.com/tenantry/tenantry/internal/tenant"
)

// addTenant creates a tenant and opens its store until the test ends.
func addTenant(tb testing.TB, e *sqlite.Engine, slug string) (tenant.ID, storage.Store) {
	tb.Helper()
	one := tenant.Tenant{ID: tenant.NewID(), Slug: slug, Name: slug, Status: tenant.Active, CreatedAt: time.Unix(0, 0)}
	if err := e.Platform().Tenants().Create(tb.Context(), one); err != nil {
		tb.Fatal(err)
	}
	s, err := e.Open(tb.Context(), one.ID)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return one.ID, s
}

// project returns a new project of the suite's resources.
func project(r *schema.Resource, name string) storage.Record {
	values := make([]schema.Value, len(r.Fields))
	for i := range r.Fields {
		values[i] = r.Fields[i].Zero()
	}
	values[0] = schema.ID(id.New())
	values[r.Index("name")] = schema.String(name)
	values[r.Index("created_at")], values[r.Index("updated_at")] = schema.Micros(1), schema.Micros(1)
	return storage.Record{Version: 1, Values: values}
}

func put(tb testing.TB, s storage.Store, r *schema.Resource, rec storage.Record) {
	tb.Helper()
	if err := s.Update(tb.Context(), func(tx storage.Tx) error { return tx.Put(tb.Context(), r, rec, 0) }); err != nil {
		tb.Fatal(err)
	}
}

func TestFilesAreForTheOwnerAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "data")
	resources := storagetest.Resources()
	e := open(t, config(dir, resources))
	_, s := addTenant(t, e, "alpha")
	put(t, s, resources[0], project(resources[0], "Roof"))
	names := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		names[filepath.Ext(path)] = true
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			t.Errorf("%s has the mode %o", path, mode)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !names[".db"] || !names[".db-wal"] {
		t.Errorf("there are no databases with write-ahead logs below the directory: %v", names)
	}
}

// TestRefusals opens directories and files that can't be right: the error is one line, names the path and says what
// to do.
func TestRefusals(t *testing.T) {
	t.Parallel()
	write := func(t *testing.T, path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		prepare func(t *testing.T, dir string) string
		want    string
	}{
		"a directory that is a file": {func(t *testing.T, dir string) string {
			t.Helper()
			write(t, filepath.Join(dir, "file"), "x")
			return filepath.Join(dir, "file")
		}, "is a file; choose another directory"},
		"a directory below a file": {func(t *testing.T, dir string) string {
			t.Helper()
			write(t, filepath.Join(dir, "file"), "x")
			return filepath.Join(dir, "file", "data")
		}, "choose one that this user may write"},
		"a directory that can't be written": {func(t *testing.T, dir string) string {
			t.Helper()
			if os.Getuid() == 0 {
				dir = "/proc"
			} else if err := os.Chmod(dir, 0o500); err != nil {
				t.Fatal(err)
			}
			return dir
		}, "choose one that this user may write"},
		"a text where platform.db should be": {func(t *testing.T, dir string) string {
			t.Helper()
			write(t, filepath.Join(dir, "platform.db"), strings.Repeat("no database", 1000))
			return dir
		}, "is no SQLite database; move it away"},
		"another program's database": {func(t *testing.T, dir string) string {
			t.Helper()
			write(t, filepath.Join(dir, "platform.db"), "")
			raw(t, filepath.Join(dir, "platform.db"), "CREATE TABLE songs (id INTEGER)")
			return dir
		}, "belongs to another program"},
		"another program's mark": {func(t *testing.T, dir string) string {
			t.Helper()
			write(t, filepath.Join(dir, "platform.db"), "")
			raw(t, filepath.Join(dir, "platform.db"), "PRAGMA application_id = 7")
			return dir
		}, "belongs to another program"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := c.prepare(t, t.TempDir())
			_, err := sqlite.Open(t.Context(), config(dir, nil))
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got the error %v, want one line that says %q and names %s", err, c.want, dir)
			}
		})
	}
}

// raw runs statements in a database file behind the engine's back.
func raw(tb testing.TB, path string, statements ...string) {
	tb.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=rw&_pragma=busy_timeout(5000)")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, statement := range statements {
		if _, err := db.ExecContext(tb.Context(), statement); err != nil {
			tb.Fatalf("%s: %v", statement, err)
		}
	}
}

func TestATenantsFileMustBeTheTenants(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	resources := storagetest.Resources()
	e := open(t, config(dir, resources))
	a, sa := addTenant(t, e, "alpha")
	b, sb := addTenant(t, e, "beta")
	put(t, sa, resources[0], project(resources[0], "secret"))
	sa.Close()
	sb.Close()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	// Somebody restores alpha's file over beta's.
	data, err := os.ReadFile(filepath.Join(dir, "tenants", a.String()+".db"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "tenants", b.String()+".db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	e = open(t, config(dir, resources))
	_, err = e.Open(t.Context(), b)
	if err == nil || !strings.Contains(err.Error(), "another owner") || !strings.Contains(err.Error(), path) {
		t.Errorf("got the error %v, want one that names the file and its owner", err)
	}
	// And forges its owner: no record of alpha's is beta's all the same.
	raw(t, path, "UPDATE schema_state SET tenant_id = '"+b.String()+"'")
	s, err := e.Open(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := list(t, s, resources[0]); len(got) != 0 {
		t.Errorf("beta sees %d projects of alpha", len(got))
	}
	if err := s.Update(t.Context(), func(tx storage.Tx) error { return tx.Put(t.Context(), resources[0], project(resources[0], "x"), 0) }); err == nil {
		t.Error("a record of beta's goes into alpha's tables")
	}
}

func list(tb testing.TB, s storage.Store, r *schema.Resource) []storage.Record {
	tb.Helper()
	var out []storage.Record
	_, err := s.List(tb.Context(), r, query.List{Order: []query.Key{{Field: r.Field("id")}}, Limit: 1000}, func(rec storage.Record) error {
		out = append(out, rec.Clone())
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func TestATenantWithoutAFileIsNotFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := open(t, config(dir, nil))
	unknown := tenant.NewID()
	if _, err := e.Open(t.Context(), unknown); !fault.Is(err, fault.NotFound) {
		t.Errorf("got the error %v, want not_found", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "tenants", unknown.String()+".db")); err == nil {
		t.Error("opening it made a file")
	}
}

// TestTheTrailCannotBeChanged goes behind the engine's back: the file itself refuses.
func TestTheTrailCannotBeChanged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := open(t, config(dir, nil))
	one, s := addTenant(t, e, "alpha")
	err := s.Update(t.Context(), func(tx storage.Tx) error {
		return tx.Append(t.Context(), storage.Event{ID: id.New(), At: time.Unix(0, 0), Actor: []byte(`{}`), Changes: []byte(`{}`), Action: "created"})
	})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "tenants", one.String()+".db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, statement := range []string{
		"UPDATE events SET action = 'x'", "DELETE FROM events", "UPDATE event_head SET seq = 0", "UPDATE event_head SET hash = 'x'", "DELETE FROM event_head",
		"INSERT INTO events SELECT '" + tenant.NewID().String() + "', 'x', 2, at, actor, action, resource, record, changes, request_id, ip, hash, actor_id FROM events",
		"INSERT OR REPLACE INTO event_head VALUES (1, 0, '')",
		"INSERT OR REPLACE INTO events SELECT tenant_id, id, seq + 1, at, actor, 'x', resource, record, changes, request_id, ip, hash, actor_id FROM events",
		"INSERT OR REPLACE INTO events SELECT tenant_id, 'x', seq, at, actor, 'x', resource, record, changes, request_id, ip, hash, actor_id FROM events",
		"INSERT INTO events SELECT tenant_id, 'x', seq, at, actor, action, resource, record, changes, request_id, ip, hash, actor_id FROM events",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("%s: it works", statement)
		}
	}
}

// TestProcessesShareADirectory opens one directory with several engines, as several processes would, all at once.
func TestProcessesShareADirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	resources := storagetest.Resources()
	engines := make([]*sqlite.Engine, 4)
	var all sync.WaitGroup
	for i := range engines {
		all.Go(func() {
			e, err := sqlite.Open(t.Context(), config(dir, storagetest.Resources()))
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			engines[i] = e
			t.Cleanup(func() { _ = e.Close() })
			if err := e.Migrate(t.Context()); err != nil {
				t.Errorf("migrate: %v", err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	one, s := addTenant(t, engines[0], "alpha")
	put(t, s, resources[0], project(resources[0], "first"))
	for i, e := range engines {
		all.Go(func() {
			other, err := e.Open(t.Context(), one)
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			defer other.Close()
			for range 5 {
				err := other.Update(t.Context(), func(tx storage.Tx) error {
					if err := tx.Put(t.Context(), resources[0], project(resources[0], id.New().String()), 0); err != nil {
						return err
					}
					return tx.Append(t.Context(), storage.Event{ID: id.New(), Actor: []byte(`{}`), Changes: []byte(`{}`)})
				})
				if err != nil {
					t.Errorf("engine %d: %v", i, err)
				}
			}
		})
	}
	all.Wait()
	if n := len(list(t, s, resources[0])); n != 21 {
		t.Errorf("there are %d projects, want 21", n)
	}
	if n := len(list(t, s, storage.Events())); n != 20 {
		t.Errorf("there are %d events, want 20", n)
	}
}

// TestANewFileThatAnotherProcessIsStartingOn stands where two processes start on one directory: the other one holds
// the lock of a file that is not in WAL mode yet, which refuses the switch at once, whatever the busy_timeout.
func TestANewFileThatAnotherProcessIsStartingOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "platform.db")
	other, err := sql.Open("sqlite", path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	done := time.AfterFunc(200*time.Millisecond, func() { _ = tx.Rollback() })
	defer done.Stop()
	open(t, config(dir, storagetest.Resources()))
}

// TestAFileThatANewerProgramMigratedServes stands where the servers are replaced one after the other.
func TestAFileThatANewerProgramMigratedServes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := open(t, config(dir, storagetest.Resources()))
	db, err := sql.Open("sqlite", filepath.Join(dir, "platform.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), "UPDATE schema_state SET fingerprint = 'platform 99999'"); err != nil {
		t.Fatal(err)
	}
	again := open(t, config(dir, storagetest.Resources())) // which migrates
	for _, node := range []*sqlite.Engine{e, again} {
		if pending, err := node.Pending(t.Context()); err != nil || len(pending) > 0 {
			t.Errorf("it has %q to do: %v", pending, err)
		}
		if err := node.Ready(t.Context()); err != nil {
			t.Errorf("it is not ready: %v", err)
		}
	}
	var form string
	if err := db.QueryRowContext(t.Context(), "SELECT fingerprint FROM schema_state").Scan(&form); err != nil || form != "platform 99999" {
		t.Errorf("the newer program's mark is %q now: %v", form, err)
	}
}

func TestAWriterWhoWaitsTooLongIsToldToTryAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	resources := storagetest.Resources()
	e := open(t, config(dir, resources))
	one, s := addTenant(t, e, "alpha")
	c := config(dir, resources)
	c.BusyTimeout = 30 * time.Millisecond
	other := open(t, c)
	late, err := other.Open(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	err = s.Update(t.Context(), func(storage.Tx) error {
		err := late.Update(t.Context(), func(storage.Tx) error { return nil })
		if known := fault.From(err); known == nil || known.Code != fault.Unavailable || known.RetryAfter <= 0 {
			t.Errorf("got the error %v, want unavailable with a time to wait", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := late.Update(t.Context(), func(storage.Tx) error { return nil }); err != nil {
		t.Errorf("it is still busy: %v", err)
	}
}

func TestMoreTenantsThanOpenFiles(t *testing.T) {
	t.Parallel()
	resources := storagetest.Resources()
	c := config(t.TempDir(), resources)
	c.MaxOpen = 2
	e := open(t, c)
	var tenants []tenant.ID
	for i := range 6 {
		one, s := addTenant(t, e, "t"+string(rune('a'+i)))
		s.Close()
		tenants = append(tenants, one)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 5 {
				for _, one := range tenants {
					s, err := e.Open(t.Context(), one)
					if err != nil {
						t.Errorf("open: %v", err)
						return
					}
					rec := project(resources[0], id.New().String())
					if err := s.Update(t.Context(), func(tx storage.Tx) error { return tx.Put(t.Context(), resources[0], rec, 0) }); err != nil {
						t.Errorf("put: %v", err)
					}
					s.Close()
				}
			}
		})
	}
	all.Wait()
	for _, one := range tenants {
		s, err := e.Open(t.Context(), one)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(list(t, s, resources[0])); n != 20 {
			t.Errorf("a tenant has %d projects, want 20", n)
		}
		s.Close()
	}
}

func TestAPathMayHoldAnyCharacter(t *testing.T) {
	t.Parallel()
	resources := storagetest.Resources()
	dir := filepath.Join(t.TempDir(), `a b?c#d%20e&f=g;h ü'"`)
	e := open(t, config(dir, resources))
	_, s := addTenant(t, e, "alpha")
	put(t, s, resources[0], project(resources[0], "Roof"))
	if _, err := os.Stat(filepath.Join(dir, "platform.db")); err != nil {
		t.Errorf("the database lies elsewhere: %v", err)
	}
}

func TestAFirstMigrationThatWasCutShortIsFinished(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	resources := storagetest.Resources()
	e := open(t, config(dir, resources))
	one, s := addTenant(t, e, "alpha")
	s.Close()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "tenants", one.String()+".db")
	for _, state := range [][]string{
		{"DELETE FROM schema_state"},
		{"DELETE FROM schema_state", "DELETE FROM schema_resources", "DROP TABLE tasks", "DROP TABLE projects"},
	} {
		raw(t, path, state...)
		e := open(t, config(dir, resources))
		s, err := e.Open(t.Context(), one)
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, resources[0], project(resources[0], id.New().String()))
		s.Close()
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
