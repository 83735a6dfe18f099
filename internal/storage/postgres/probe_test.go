package postgres_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/storage/postgres"
)

// probed returns what the attempts on the database found; asked are the names of all.
func (b *bundle) probed(t *testing.T) (found, asked []string) {
	t.Helper()
	all, err := b.engine.Probe(t.Context(), b.a, b.b)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		asked = append(asked, p.Name)
		if p.Detail != "" {
			found = append(found, p.Name)
		}
	}
	return found, asked
}

func TestProbeFindsNothingWhereTheDatabaseKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	b, _, _ := filled(t)
	found, asked := b.probed(t)
	if len(found) > 0 {
		t.Errorf("found %s", strings.Join(found, "; "))
	}
	for _, want := range []string{
		"rows of projects without a tenant", "another tenant's rows of events", "an insert into another tenant's tasks",
		"moving rows of projects to another tenant", "a reference of tasks.project to another tenant's projects",
		"UPDATE tenant.events SET action = action", "DELETE FROM tenant.events", "TRUNCATE tenant.events",
	} {
		if !slices.Contains(asked, want) {
			t.Errorf("nobody asked for %s, only for %s", want, strings.Join(asked, "; "))
		}
	}
	if again, _ := b.probed(t); len(again) > 0 { // nothing of the first time stayed
		t.Errorf("found the second time: %s", strings.Join(again, "; "))
	}
}

// TestProbeWhereTenantsAreProven needs the key to see a tenant's own rows: without it nothing would be proved.
func TestProbeWhereTenantsAreProven(t *testing.T) {
	t.Parallel()
	b, _, _ := filledWith(t, proving)
	if found, asked := b.probed(t); len(found) > 0 || !slices.Contains(asked, "another tenant's rows of events") {
		t.Errorf("found %q, asked %q", found, asked)
	}
	plain := b.node(t, postgres.Proof{})
	if _, err := plain.Probe(t.Context(), b.a, b.b); err == nil {
		t.Error("tenants were entered without the key")
	}
}

// TestProbeFindsEachFault takes away one protection at a time.
func TestProbeFindsEachFault(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ fault, want string }{
		"row security is off":           {"ALTER TABLE tenant.projects DISABLE ROW LEVEL SECURITY", "rows of projects without a tenant"},
		"a policy lets everybody read":  {"CREATE POLICY anybody ON tenant.tasks FOR SELECT USING (true)", "another tenant's rows of tasks"},
		"a policy lets everybody write": {"CREATE POLICY anybody ON tenant.projects FOR INSERT WITH CHECK (true)", "an insert into another tenant's projects"},
		"a policy lets rows be moved":   {"CREATE POLICY anybody ON tenant.projects FOR UPDATE USING (true) WITH CHECK (true)", "moving rows of projects to another tenant"},
		"the server may change events":  {"GRANT UPDATE, DELETE ON tenant.events TO tenantry_test_server", "DELETE FROM tenant.events"},
		"the server may empty events":   {"GRANT TRUNCATE ON tenant.events TO tenantry_test_server", "TRUNCATE tenant.events"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, _, _ := filled(t)
			if err := exec(b.db.SuperURL, c.fault); err != nil {
				t.Fatal(err)
			}
			if found, _ := b.probed(t); !slices.Contains(found, c.want) {
				t.Errorf("found %q, want %q", found, c.want)
			}
		})
	}
}

// TestProbeProvesNothingOnEmptyTenants would pass everything, if what it sees of its own did not count.
func TestProbeProvesNothingOnEmptyTenants(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if found, _ := b.probed(t); !slices.Contains(found, "a tenant's own events") {
		t.Errorf("found %q", found)
	}
}
