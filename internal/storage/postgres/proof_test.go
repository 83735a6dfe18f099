package postgres_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage/postgres"
	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
	"github.com/tenantry/tenantry/internal/tenant"
)

// node opens another server of the bundle's database.
func (b *bundle) node(t *testing.T, p postgres.Proof) *postgres.Engine {
	t.Helper()
	return open(t, postgres.Config{URL: b.db.ServerURL, MigrationURL: b.db.OwnerURL, Resources: resources(), Clock: clock, Proof: p, MaxConns: 2})
}

// serves fails the test unless the node answers, or refuses where it must not.
func (b *bundle) serves(t *testing.T, node *postgres.Engine, project id.ID, should bool) {
	t.Helper()
	_, err := openStore(t, node, b.a).Get(t.Context(), b.projects, project)
	ready := node.Ready(t.Context())
	switch {
	case should && (err != nil || ready != nil):
		t.Errorf("the node does not serve: %v, ready %v", err, ready)
	case !should && (!fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "--context-key") || ready == nil):
		t.Errorf("the node serves: %v, ready %v", err, ready)
	}
}

func (b *bundle) pending(t *testing.T, node *postgres.Engine, want ...string) {
	t.Helper()
	got, err := node.Pending(t.Context())
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("pending %q, %v; want %q", got, err, want)
	}
}

func migrate(t *testing.T, node *postgres.Engine) {
	t.Helper()
	if err := node.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAKeyIsReplacedWithoutAPause(t *testing.T) {
	t.Parallel()
	b, project, _ := filledWith(t, proving)
	first, second := proof().Secret, []byte("another secret for tests, 32 bytes+")
	before, after := b.node(t, proof()), b.node(t, postgres.Proof{Secret: second})
	b.serves(t, before, project, true)
	b.serves(t, after, project, false)
	b.pending(t, after, "store the context key")

	migrate(t, b.node(t, postgres.Proof{Secret: second, Previous: first}))
	b.serves(t, before, project, true)
	b.serves(t, after, project, true)
	b.pending(t, before)

	migrate(t, after)
	b.serves(t, before, project, false)
	b.pending(t, before, "store the context key")
	b.serves(t, after, project, true)
}

func TestProofsAreTurnedOnAndOff(t *testing.T) {
	t.Parallel()
	b, project, _ := filled(t)
	plain, proven := b.engine, b.node(t, proof())
	b.serves(t, plain, project, true)
	b.pending(t, proven, "ask for proofs of tenants", "store the context key")

	migrate(t, proven)
	b.pending(t, proven)
	b.serves(t, proven, project, true)
	if _, err := b.storeA.Get(t.Context(), b.projects, project); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a server without the key: %v", err)
	}
	// A setting that was forgotten must not take the proofs off.
	_, pending := plain.Pending(t.Context())
	for doing, err := range map[string]error{"pending": pending, "migrate": plain.Migrate(t.Context()), "ready": plain.Ready(t.Context())} {
		if err == nil || !strings.Contains(err.Error(), "--context-key off") {
			t.Errorf("%s: %v", doing, err)
		}
	}
	b.serves(t, proven, project, true)

	off := b.node(t, postgres.Proof{Off: true})
	b.pending(t, off, "take proofs of tenants off")
	migrate(t, off)
	b.pending(t, off)
	b.serves(t, plain, project, true)
	b.serves(t, proven, project, true) // it may prove what nobody asks for; a start in production would say so
	b.pending(t, proven, "ask for proofs of tenants")
}

func TestDoctorLooksAtProofs(t *testing.T) {
	t.Parallel()
	replaced := "CREATE OR REPLACE VIEW platform.entered AS SELECT nullif(current_setting('app.tenant_id', true), '')::uuid AS tenant"
	for name, test := range map[string]struct {
		sql   string
		proof postgres.Proof
		want  map[string][]string
	}{
		"all is well":          {"", proof(), map[string][]string{}},
		"a server without key": {"", postgres.Proof{}, map[string][]string{}}, // which is told of it by what is pending
		"another key": {"", postgres.Proof{Secret: []byte("another secret for tests, 32 bytes+")}, map[string][]string{
			"tenant_context": {"critical: The database does not take the proof of a tenant that is made with this context key."},
		}},
		"a view that believes everybody": {replaced, proof(), map[string][]string{
			"tenant_context": {"critical: The database takes a tenant with the proof of another."},
		}},
		"a policy that asks for none": {
			"ALTER POLICY tenant_isolation ON tenant.tasks USING (tenant_id = platform.current_tenant())", proof(),
			map[string][]string{"tenant_policy": {"critical: The policy tenant_isolation on tenant.tasks is not what the migration made."}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setupWith(t, proving)
			if _, err := connect(t, b.db.OwnerURL).Exec(t.Context(), test.sql); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, examine(t, b.node(t, test.proof))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestTablesMadeLaterAskForProofs adds a table to a database that asks for proofs.
func TestTablesMadeLaterAskForProofs(t *testing.T) {
	t.Parallel()
	b, _, _ := filledWith(t, proving)
	notes := &schema.Resource{Name: "notes", Singular: "note", Fields: append([]schema.Field{}, resources()[0].Fields...)}
	notes.Finish()
	node := open(t, postgres.Config{
		URL: b.db.ServerURL, MigrationURL: b.db.OwnerURL, Resources: append(resources(), notes), Clock: clock, Proof: proof(),
	})
	migrate(t, node)
	b.pending(t, node)
	tx := enter(t, connect(t, b.db.ServerURL), tenant.ID{})
	if _, err := tx.Exec(t.Context(), "SET LOCAL app.tenant_id = '"+b.b.String()+"'"); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT FROM tenant.notes"); refusal(err) != "TY002" {
		t.Errorf("the new table asks for no proof: %v", err)
	}
}

func TestOneRoleStoresItsKeys(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	next := []byte("another secret for tests, 32 bytes+")
	for _, p := range []postgres.Proof{proof(), {Secret: next, Previous: proof().Secret}, {Secret: next}} {
		node := open(t, postgres.Config{URL: db.OwnerURL, Resources: resources(), Clock: clock, Proof: p})
		migrate(t, node)
		if pending, err := node.Pending(t.Context()); err != nil || len(pending) > 0 {
			t.Errorf("pending %q, %v", pending, err)
		}
	}
	var kept bool
	err := connect(t, db.OwnerURL).QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM platform.context_keys WHERE previous_inner_key IS NOT NULL)").Scan(&kept)
	if err != nil || kept {
		t.Errorf("the key before is kept: %t, %v", kept, err)
	}
}

func TestProofsAreNotForCitus(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := connect(t, b.db.SuperURL).Exec(t.Context(), "INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)"+
		" SELECT 4000000000, 'citus', extowner, extnamespace, false, '13.2' FROM pg_extension WHERE extname = 'plpgsql'")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.node(t, proof()).Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "Citus") {
		t.Errorf("migrate: %v", err)
	}
	b.create(t, b.storeA, "as before")
}

func TestAShortSecretIsRefused(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	_, err := postgres.Open(t.Context(), postgres.Config{URL: db.ServerURL, Resources: resources(), Clock: clock, Proof: postgres.Proof{Secret: []byte{}}})
	if err == nil || !strings.Contains(err.Error(), "32") {
		t.Errorf("open: %v", err)
	}
}

// TestProvenPlansRunInParallel holds the proof against the workers of a parallel query, which have settings and a
// time of their own only by courtesy of their leader.
func TestProvenPlansRunInParallel(t *testing.T) {
	t.Parallel()
	b, _, _ := filledWith(t, proving)
	conn := connect(t, b.db.ServerURL)
	tx := enterProven(t, conn, b.a)
	for _, setting := range []string{"parallel_setup_cost = 0", "parallel_tuple_cost = 0", "min_parallel_table_scan_size = 0", "enable_indexscan = off", "enable_bitmapscan = off"} {
		if _, err := tx.Exec(t.Context(), "SET LOCAL "+setting); err != nil {
			t.Fatal(err)
		}
	}
	var lines []string
	rows, err := tx.Query(t.Context(), "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT count(*) FROM tenant.projects")
	for err == nil && rows.Next() {
		var line string
		err = rows.Scan(&line)
		lines = append(lines, line)
	}
	if plan := strings.Join(lines, "\n"); err != nil || !strings.Contains(plan, "Workers Launched") {
		t.Fatalf("no parallel plan, %v:\n%s", err, plan)
	}
	var found int
	if err := tx.QueryRow(t.Context(), "SELECT count(*) FROM tenant.projects").Scan(&found); err != nil || found != 1 {
		t.Errorf("%d projects, %v", found, err)
	}
}
