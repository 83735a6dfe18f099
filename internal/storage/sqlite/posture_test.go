package sqlite_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/finding"
	"github.com/tenantry/tenantry/internal/storage/sqlite"
	"github.com/tenantry/tenantry/internal/storage/storagetest"
	"github.com/tenantry/tenantry/internal/tenant"
)

// examine runs all checks and returns what they found: by check, "status: found", with DIR and TENANT for the names
// that no two tests share.
func examine(t *testing.T, e *sqlite.Engine, dir string, one tenant.ID) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, check := range e.Checks() {
		found, err := check.Run(t.Context())
		if err != nil {
			t.Errorf("%s: %v", check.ID, err)
		}
		for _, f := range found {
			switch {
			case f.Status > check.Worst:
				t.Errorf("%s finds what is %s, and promises %s at worst", check.ID, f.Status, check.Worst)
			case f.Status == finding.OK:
				continue
			case f.Found == "" || f.Do == "":
				t.Errorf("%s: %+v does not say what to do", check.ID, f)
			}
			text := strings.NewReplacer(dir, "DIR", one.String(), "TENANT").Replace(f.Found)
			out[check.ID] = append(out[check.ID], f.Status.String()+": "+text)
		}
	}
	return out
}

// TestEachFaultIsFound plants one fault in a directory with two tenants and expects its finding and no other.
func TestEachFaultIsFound(t *testing.T) {
	t.Parallel()
	type place struct{ dir, platform, tenant string }
	run := func(text string) func(*testing.T, place) {
		return func(t *testing.T, p place) {
			t.Helper()
			raw(t, p.tenant, text)
		}
	}
	chmod := func(mode os.FileMode, of func(place) string) func(*testing.T, place) {
		return func(t *testing.T, p place) {
			t.Helper()
			if err := os.Chmod(of(p), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, test := range map[string]struct {
		plant func(*testing.T, place)
		want  map[string][]string
	}{
		"nothing": {func(*testing.T, place) {}, map[string][]string{}},
		"a directory that others may enter": {
			chmod(0o755, func(p place) string { return p.dir }),
			map[string][]string{"file_modes": {"warning: DIR has the mode 0755 instead of 0700."}},
		},
		"a directory that others may write": {
			chmod(0o777, func(p place) string { return p.dir }),
			map[string][]string{"file_modes": {"critical: DIR has the mode 0777: every user of this machine gets at tenants' data."}},
		},
		"a database that others may read in a directory that they can't enter": {
			chmod(0o644, func(p place) string { return p.platform }),
			map[string][]string{"file_modes": { // SQLite gives the same mode to the files beside it
				"warning: DIR/platform.db has the mode 0644 instead of 0600.",
				"warning: DIR/platform.db-shm has the mode 0644 instead of 0600.",
				"warning: DIR/platform.db-wal has the mode 0644 instead of 0600.",
			}},
		},
		"a database that others may read": {
			func(t *testing.T, p place) {
				t.Helper()
				for _, dir := range []string{p.dir, filepath.Dir(p.tenant)} {
					if err := os.Chmod(dir, 0o711); err != nil {
						t.Fatal(err)
					}
				}
				chmod(0o604, func(p place) string { return p.tenant })(t, p)
			},
			map[string][]string{"file_modes": {
				"warning: DIR has the mode 0711 instead of 0700.", "warning: DIR/tenants has the mode 0711 instead of 0700.",
				"critical: DIR/tenants/TENANT.db has the mode 0604: every user of this machine gets at tenants' data.",
			}},
		},
		"a tenant whose file is lost": {
			func(t *testing.T, p place) {
				t.Helper()
				if err := os.Remove(p.tenant); err != nil {
					t.Fatal(err)
				}
			},
			map[string][]string{"tenant_files": {"warning: The tenant TENANT has no file."}},
		},
		"a file whose tenant is lost": {
			func(t *testing.T, p place) {
				t.Helper()
				raw(t, p.platform, "DELETE FROM tenant_stores WHERE tenant_id = '"+strings.TrimSuffix(filepath.Base(p.tenant), ".db")+"'",
					"DELETE FROM tenants WHERE id = '"+strings.TrimSuffix(filepath.Base(p.tenant), ".db")+"'")
				old := time.Now().Add(-time.Hour)
				if err := os.Chtimes(p.tenant, old, old); err != nil {
					t.Fatal(err)
				}
			},
			map[string][]string{"tenant_files": {"warning: The file tenants/TENANT.db belongs to no tenant."}},
		},
		"a tenant's file that is no database": {
			func(t *testing.T, p place) {
				t.Helper()
				if err := os.WriteFile(p.tenant, []byte(strings.Repeat("scribble", 2000)), 0o600); err != nil {
					t.Fatal(err)
				}
			},
			map[string][]string{"tenant_integrity": {"warning: DIR/tenants/TENANT.db: the file is damaged."}},
		},
		"a tenant's file of which a page is lost": {
			func(t *testing.T, p place) { t.Helper(); scribble(t, p.tenant) },
			map[string][]string{"tenant_integrity": {"warning: DIR/tenants/TENANT.db: the file is damaged"}},
		},
		"a tenant's file that is another's": {
			run("UPDATE schema_state SET tenant_id = 'somebody'"),
			map[string][]string{"tenant_integrity": {`warning: DIR/tenants/TENANT.db: the file holds the data of another owner ("somebody"); restore the right file.`}},
		},
		"a record that names none": {
			run("CREATE TABLE notes (project TEXT REFERENCES schema_resources (name)); INSERT INTO notes VALUES ('nothing')"),
			map[string][]string{"tenant_integrity": {"warning: DIR/tenants/TENANT.db: rows of notes name rows that do not exist."}},
		},
		"a table that takes other tenants' rows": {
			run("CREATE TABLE leak (tenant_id TEXT)"),
			map[string][]string{"tenant_guards": {"warning: DIR/tenants/TENANT.db: the table leak would take another tenant's rows."}},
		},
		"a trigger of the trail that is gone": {
			run("DROP TRIGGER events_no_delete"),
			map[string][]string{"tenant_guards": {"warning: DIR/tenants/TENANT.db: the trigger events_no_delete, which protects the audit trail, is gone or changed."}},
		},
		"a trigger of the trail that does nothing": {
			run("DROP TRIGGER events_no_update; CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT 1; END"),
			map[string][]string{"tenant_guards": {"warning: DIR/tenants/TENANT.db: the trigger events_no_update, which protects the audit trail, is gone or changed."}},
		},
		"a platform in which a row names none": {
			func(t *testing.T, p place) {
				t.Helper()
				raw(t, p.platform, "INSERT INTO tenant_stores (tenant_id, fingerprint) VALUES ('nobody', '')")
			},
			map[string][]string{"platform_integrity": {"critical: DIR/platform.db: rows of tenant_stores name rows that do not exist."}},
		},
		"a clock that is behind": {
			func(t *testing.T, p place) {
				t.Helper()
				raw(t, p.platform, "UPDATE schema_state SET changed_at = 4102444800000000")
			},
			map[string][]string{"clock": {"warning: This machine's clock says "}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			e := open(t, config(dir, storagetest.Resources()))
			one, store := addTenant(t, e, "alpha")
			put(t, store, storagetest.Resources()[0], project(storagetest.Resources()[0], "Roof"))
			_, other := addTenant(t, e, "beta")
			store.Close()
			other.Close()
			if err := e.Close(); err != nil { // so that the files are whole without their logs
				t.Fatal(err)
			}
			p := place{dir, filepath.Join(dir, "platform.db"), filepath.Join(dir, "tenants", one.String()+".db")}
			test.plant(t, p)
			e, err := sqlite.Open(t.Context(), config(dir, storagetest.Resources()))
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := e.Close(); err != nil {
					t.Error(err)
				}
			}()
			if diff := cmp.Diff(test.want, shorten(examine(t, e, dir, one), test.want)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// shorten cuts what was found to what is wanted where that is only a beginning, without a stop: a time or the number of
// a page may follow.
func shorten(found, want map[string][]string) map[string][]string {
	for id, all := range want {
		for i, beginning := range all {
			if got := found[id]; i < len(got) && strings.HasPrefix(got[i], beginning) && !strings.HasSuffix(beginning, ".") {
				got[i] = beginning
			}
		}
	}
	return found
}

// scribble overwrites the root page of a table.
func scribble(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	copy(content[len(content)/page/2*page:], strings.Repeat("scribble", page/8))
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestADirectoryThatIsNotMigratedHasNoFindings is about the moment before the first migration.
func TestADirectoryThatIsNotMigratedHasNoFindings(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	e, err := sqlite.Open(t.Context(), config(dir, storagetest.Resources()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }() // an empty directory has nothing to lose
	if diff := cmp.Diff(map[string][]string{}, examine(t, e, dir, tenant.ID{})); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestLooksAtManyFilesOnOtherDays has more tenants than one look reads.
func TestLooksAtManyFilesOnOtherDays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Now()
	c := config(dir, storagetest.Resources())
	c.Clock = func() time.Time { return now }
	e := open(t, c)
	const many = 130
	for i := range many {
		_, s := addTenant(t, e, "t"+strings.Repeat("x", i%50)+string(rune('a'+i/50)))
		s.Close()
	}
	found := map[string]bool{}
	for _, name := range files(t, dir) {
		raw(t, name, "DROP TRIGGER event_head_stays")
	}
	for range 2 {
		for _, check := range e.Checks() {
			if check.ID != "tenant_guards" {
				continue
			}
			got, err := check.Run(t.Context())
			if err != nil || len(got) == 0 || !strings.HasPrefix(got[0].Found, "Looked at 100 of 130 files") {
				t.Fatalf("%v, %v", got, err)
			}
			found[got[1].Found] = true
		}
		now = now.Add(24 * time.Hour)
	}
	if len(found) != 2 {
		t.Errorf("both days begin with %v", found)
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	out, err := filepath.Glob(filepath.Join(dir, "tenants", "*.db"))
	if err != nil || len(out) == 0 {
		t.Fatalf("no files: %v", err)
	}
	return out
}
