package postgres_test

import (
	"context"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/finding"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage/postgres"
	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
	"github.com/tenantry/tenantry/internal/tenant"
)

// examine runs all checks but that of the clock, which stands still in these tests, and returns what they found: by
// check, "status: found".
func examine(t *testing.T, e *postgres.Engine) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, check := range e.Checks() {
		if check.ID == "clock" {
			continue
		}
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
			out[check.ID] = append(out[check.ID], f.Status.String()+": "+f.Found)
		}
	}
	return out
}

func asRole(t *testing.T, raw, role string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(role, "secret")
	return u.String()
}

// withRole is a bundle whose server runs as a role of its own, made with the given attributes. What is done to it
// reaches no other test.
func withRole(t *testing.T, attributes string) (b *bundle, role string) {
	t.Helper()
	db := pgtest.New(t)
	role = "tenantry_test_" + strings.ReplaceAll(id.New().String(), "-", "")
	if err := exec(db.SuperURL, "CREATE ROLE "+role+" LOGIN PASSWORD 'secret' "+attributes); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := exec(db.SuperURL, "DROP OWNED BY "+role+" CASCADE; DROP ROLE "+role); err != nil {
			t.Error(err)
		}
	})
	db.ServerURL = asRole(t, db.ServerURL, role)
	return setupOn(t, db, func(*postgres.Config) {}), role
}

func TestAHealthyDatabaseHasNoFindings(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create(t, b.storeA, "x")
	if diff := cmp.Diff(map[string][]string{}, examine(t, b.engine)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	fresh := open(t, postgres.Config{URL: pgtest.New(t).ServerURL, Resources: resources(), Clock: clock})
	if diff := cmp.Diff(map[string][]string{}, examine(t, fresh)); diff != "" {
		t.Errorf("an empty database: -want +got\n%s", diff)
	}
}

// TestEachFaultIsFound plants one fault after the migrations and expects its finding and no other.
func TestEachFaultIsFound(t *testing.T) {
	t.Parallel()
	const policy = "(tenant_id = platform.current_tenant())"
	for name, test := range map[string]struct {
		sql  string
		want map[string][]string
	}{
		"a table without row security": {
			"CREATE TABLE tenant.leak (tenant_id uuid)",
			map[string][]string{"row_security": {"critical: The table tenant.leak holds data of tenants and has no row security."}},
		},
		"row security that was disabled": {
			"ALTER TABLE tenant.tasks DISABLE ROW LEVEL SECURITY",
			map[string][]string{"row_security": {"critical: The table tenant.tasks holds data of tenants and has no row security."}},
		},
		"a child table elsewhere": {
			"CREATE TABLE public.child () INHERITS (tenant.tasks)",
			map[string][]string{"row_security": {"critical: The table public.child holds data of tenants and has no row security."}},
		},
		"a partition": {
			"CREATE TABLE tenant.parts (tenant_id uuid, PRIMARY KEY (tenant_id)) PARTITION BY HASH (tenant_id);" +
				"ALTER TABLE tenant.parts ENABLE ROW LEVEL SECURITY; ALTER TABLE tenant.parts FORCE ROW LEVEL SECURITY;" +
				"CREATE POLICY tenant_isolation ON tenant.parts USING " + policy + ";" +
				"CREATE TABLE public.part PARTITION OF tenant.parts FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
			map[string][]string{"row_security": {"critical: The table public.part holds data of tenants and has no row security."}},
		},
		"keys of proofs that the server reads": {
			"GRANT SELECT (inner_key) ON platform.context_keys TO tenantry_test_server",
			map[string][]string{"context_keys": {"critical: tenantry_test_server has SELECT on platform.context_keys, so a proof is worth nothing."}},
		},
		"a table elsewhere that the server reads": {
			"CREATE TABLE public.copies (tenant_id uuid); GRANT SELECT ON public.copies TO tenantry_test_server",
			map[string][]string{"row_security": {"critical: The table public.copies holds data of tenants and has no row security."}},
		},
		"a table elsewhere of which the server reads a column": {
			"CREATE TABLE public.copies (tenant_id uuid); GRANT SELECT (tenant_id) ON public.copies TO PUBLIC",
			map[string][]string{"row_security": {"critical: The table public.copies holds data of tenants and has no row security."}},
		},
		"a table elsewhere that the server can't reach": {
			"CREATE TABLE public.copies (tenant_id uuid)",
			map[string][]string{"row_security": {"warning: The table public.copies has a tenant_id and no row security; the server's role can't reach it."}},
		},
		"a table of the platform that no migration made": {
			"CREATE TABLE platform.copies (tenant_id uuid)",
			map[string][]string{"row_security": {"warning: The table platform.copies has a tenant_id and no row security; the server's role can't reach it."}},
		},
		"a table of the platform that the server reads": {
			"CREATE TABLE platform.copies (tenant_id uuid); GRANT SELECT ON platform.copies TO tenantry_test_server",
			map[string][]string{"row_security": {"critical: The table platform.copies holds data of tenants and has no row security."}},
		},
		"what a newer program has made": {
			"INSERT INTO platform.goose_db_version (version_id, is_applied) VALUES (999, true);" +
				"CREATE TABLE platform.copies (tenant_id uuid); GRANT SELECT ON platform.copies TO tenantry_test_server;" +
				"CREATE FUNCTION platform.news() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';" +
				"REVOKE ALL ON FUNCTION platform.news() FROM PUBLIC; GRANT EXECUTE ON FUNCTION platform.news() TO tenantry_test_server",
			map[string][]string{
				"row_security":      {"warning: The table platform.copies holds data of tenants and has no row security."},
				"functions":         {"warning: The function platform.news() is not what a migration made."},
				"definer_functions": {"warning: The function platform.news() runs with the rights of postgres, and the server's role may call it."},
			},
		},
		"row security that is not forced": {
			"ALTER TABLE tenant.tasks NO FORCE ROW LEVEL SECURITY",
			map[string][]string{"forced_row_security": {"warning: Row security is not forced on tenant.tasks: its owner would see every tenant."}},
		},
		"no policy": {
			"DROP POLICY tenant_isolation ON tenant.events",
			map[string][]string{"tenant_policy": {"critical: tenant.events has no policy tenant_isolation."}},
		},
		"a policy with another condition": {
			"ALTER POLICY tenant_isolation ON tenant.tasks USING (tenant_id = tenant_id)",
			map[string][]string{"tenant_policy": {"critical: The policy tenant_isolation on tenant.tasks is not what the migration made."}},
		},
		"a policy with another condition for writes": {
			"ALTER POLICY tenant_isolation ON tenant.tasks WITH CHECK (true)",
			map[string][]string{"tenant_policy": {"critical: The policy tenant_isolation on tenant.tasks is not what the migration made."}},
		},
		"a policy for another role": {
			"ALTER POLICY tenant_isolation ON tenant.tasks TO tenantry_test_owner",
			map[string][]string{"tenant_policy": {"critical: The policy tenant_isolation on tenant.tasks is not what the migration made."}},
		},
		"a policy that calls another function of the name": {
			"CREATE FUNCTION public.current_tenant() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()';" +
				"ALTER POLICY tenant_isolation ON tenant.tasks USING (tenant_id = public.current_tenant())",
			map[string][]string{"tenant_policy": {"critical: The policy tenant_isolation on tenant.tasks is not what the migration made."}},
		},
		"a policy beside": {
			"CREATE POLICY support ON tenant.tasks FOR SELECT USING (true); CREATE POLICY narrow ON tenant.tasks AS RESTRICTIVE USING (true)",
			map[string][]string{"tenant_policy": {"critical: tenant.tasks has a policy support beside tenant_isolation, which lets through what the other refuses."}},
		},
		"a view": {
			"CREATE VIEW tenant.leak AS SELECT * FROM tenant.tasks; CREATE VIEW tenant.fine WITH (security_invoker=on) AS SELECT * FROM tenant.tasks",
			map[string][]string{"views": {"critical: The view tenant.leak reads with its owner's rights, past row security."}},
		},
		"a view elsewhere, over one that is well": {
			"CREATE VIEW public.fine WITH (security_invoker=true) AS SELECT * FROM tenant.tasks; CREATE VIEW public.hidden AS SELECT * FROM tenant.tasks;" +
				"CREATE VIEW public.leak AS SELECT * FROM public.fine; GRANT SELECT ON public.leak TO PUBLIC",
			map[string][]string{"views": {"critical: The view public.leak reads with its owner's rights, past row security."}},
		},
		"a materialized view": {
			"CREATE MATERIALIZED VIEW public.leak AS SELECT * FROM tenant.tasks; GRANT SELECT ON public.leak TO tenantry_test_server",
			map[string][]string{"views": {"critical: The materialized view public.leak holds a copy of tenants' rows that no row security protects."}},
		},
		"a foreign table": {
			"CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;" +
				"CREATE FOREIGN TABLE tenant.leak (tenant_id uuid) SERVER nowhere",
			map[string][]string{"views": {"critical: The foreign table tenant.leak can have no row security."}},
		},
		"a unique index without the tenant": {
			"CREATE UNIQUE INDEX one_title ON tenant.tasks (title) INCLUDE (tenant_id)",
			map[string][]string{"tenant_keys": {"critical: The unique index one_title on tenant.tasks leaves the tenant out: one tenant learns from it what another has."}},
		},
		"a unique index that does not begin with the tenant": {
			"CREATE UNIQUE INDEX one_title ON tenant.tasks (title, tenant_id)",
			map[string][]string{"tenant_first": {"warning: The index one_title on tenant.tasks does not begin with the tenant."}},
		},
		"an index without the tenant": {
			"CREATE INDEX by_due ON tenant.tasks (due)",
			map[string][]string{"tenant_first": {"warning: The index by_due on tenant.tasks does not begin with the tenant."}},
		},
		"an index that begins with an expression": {
			"CREATE INDEX by_title ON tenant.tasks (lower(title), tenant_id)",
			map[string][]string{"tenant_first": {"warning: The index by_title on tenant.tasks does not begin with the tenant."}},
		},
		"a foreign key without the tenant": {
			"CREATE UNIQUE INDEX one_id ON tenant.projects (tenant_id, id, name);" +
				"ALTER TABLE tenant.tasks ADD COLUMN other uuid, ADD CONSTRAINT other_fkey FOREIGN KEY (other, project) REFERENCES tenant.projects (tenant_id, id)",
			map[string][]string{"tenant_keys": {"critical: The foreign key other_fkey on tenant.tasks leaves the tenant out: a record could name another tenant's."}},
		},
		"a right to change events": {
			"GRANT UPDATE (action), DELETE ON tenant.events TO tenantry_test_server",
			map[string][]string{"append_only_events": {"critical: tenantry_test_server has DELETE, UPDATE on tenant.events, so the audit trail can be rewritten."}},
		},
		"a right to truncate": {
			"GRANT TRUNCATE ON tenant.tasks TO PUBLIC; REVOKE ALL ON tenant.tasks FROM PUBLIC; GRANT TRUNCATE, TRIGGER ON tenant.tasks TO tenantry_test_server",
			map[string][]string{"privileges": {"critical: tenantry_test_server has TRIGGER, TRUNCATE on tenant.tasks, which it does not need, and which row security does not bind."}},
		},
		"a right to make tables": {
			"GRANT CREATE ON SCHEMA tenant TO tenantry_test_server",
			map[string][]string{"privileges": {"critical: tenantry_test_server has CREATE on the schema tenant, which it does not need, and which row security does not bind."}},
		},
		"a right to forge what was migrated": {
			"GRANT UPDATE ON platform.resources TO tenantry_test_server",
			map[string][]string{"privileges": {"critical: tenantry_test_server has UPDATE on platform.resources, which it does not need, and which row security does not bind."}},
		},
		"a right of everybody on a table": {
			"GRANT SELECT ON platform.users TO PUBLIC",
			map[string][]string{"public_grants": {"critical: PUBLIC has SELECT on platform.users, and so has everybody who may connect."}},
		},
		"a right of everybody on a schema": {
			"GRANT USAGE ON SCHEMA tenant TO PUBLIC",
			map[string][]string{"public_grants": {"critical: PUBLIC has USAGE on the schema tenant, and so has everybody who may connect."}},
		},
		"a right on everything that is still to come": {
			"ALTER DEFAULT PRIVILEGES FOR ROLE tenantry_test_owner IN SCHEMA tenant GRANT SELECT ON TABLES TO PUBLIC",
			map[string][]string{"default_privileges": {"warning: tenantry_test_owner gives PUBLIC SELECT by default on what it makes in the schema tenant, until the next migration takes it back."}},
		},
		"a function with its owner's rights": {
			"CREATE FUNCTION public.leak() RETURNS SETOF tenant.tasks LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM tenant.tasks';" +
				"CREATE FUNCTION public.hidden() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; REVOKE ALL ON FUNCTION public.hidden FROM PUBLIC",
			map[string][]string{"definer_functions": {"critical: The function public.leak() runs with the rights of postgres, and the server's role may call it."}},
		},
		"a trigger": {
			"CREATE FUNCTION public.copy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';" +
				"CREATE TRIGGER spy AFTER INSERT ON tenant.tasks FOR EACH ROW EXECUTE FUNCTION public.copy()",
			map[string][]string{"triggers": {"warning: The trigger spy on tenant.tasks acts on what tenants write, and is not ours."}},
		},
		"a rule": {
			"CREATE RULE spy AS ON INSERT TO tenant.tasks DO ALSO NOTIFY spy",
			map[string][]string{"triggers": {"warning: The rule spy on tenant.tasks acts on what tenants write, and is not ours."}},
		},
		"a function of ours that was replaced": {
			"CREATE OR REPLACE FUNCTION platform.require(met boolean) RETURNS void LANGUAGE sql AS 'SELECT'",
			map[string][]string{"functions": {"critical: The function platform.require(met boolean) is not what a migration made."}},
		},
		"a function of nobody's": {
			"CREATE FUNCTION tenant.mine() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END; REVOKE ALL ON FUNCTION tenant.mine FROM PUBLIC",
			map[string][]string{"functions": {"critical: The function tenant.mine() is not what a migration made."}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			if _, err := connect(t, b.db.SuperURL).Exec(t.Context(), test.sql); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, examine(t, b.engine)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestARoleThatRowSecurityDoesNotBindIsFound(t *testing.T) {
	t.Parallel()
	for attribute, harm := range map[string]string{
		"SUPERUSER": "is a superuser", "BYPASSRLS": "has BYPASSRLS", "CREATEROLE": "may make itself a member of others",
		"REPLICATION": "may copy the whole database",
	} {
		t.Run(attribute, func(t *testing.T) {
			t.Parallel()
			b, role := withRole(t, attribute)
			want := map[string][]string{"server_role": {"critical: The server's role " + role + " has " + attribute + ", and so can get around row security."}}
			if diff := cmp.Diff(want, examine(t, b.engine)); diff != "" {
				t.Errorf("itself: -want +got\n%s", diff)
			}
		})
		t.Run(attribute+" by membership", func(t *testing.T) {
			t.Parallel()
			b, role := withRole(t, "NOINHERIT")
			group := role + "_group"
			if err := exec(b.db.SuperURL, "CREATE ROLE "+group+" "+attribute+"; GRANT "+group+" TO "+role); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := exec(b.db.SuperURL, "DROP ROLE "+group); err != nil {
					t.Error(err)
				}
			})
			want := map[string][]string{"role_membership": {"critical: The server's role " + role + " is a member of " + group + ", which " + harm + "."}}
			if diff := cmp.Diff(want, examine(t, b.engine)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	t.Run("the owner by membership", func(t *testing.T) {
		t.Parallel()
		b, role := withRole(t, "IN ROLE tenantry_test_owner, pg_read_server_files")
		want := map[string][]string{"role_membership": {
			"critical: The server's role " + role + " is a member of pg_read_server_files, which may read and write the server's files.",
			"critical: The server's role " + role + " is a member of tenantry_test_owner, which owns tables.",
		}}
		if diff := cmp.Diff(want, examine(t, b.engine)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
	t.Run("the owner itself", func(t *testing.T) {
		t.Parallel()
		b := setupWith(t, func(c *postgres.Config) { c.URL, c.MigrationURL = c.MigrationURL, "" })
		got := examine(t, b.engine)
		if len(got) != 1 || len(got["ownership"]) != 1 || !strings.HasSuffix(got["ownership"][0], " things, such as the database, and so can take row security off.") {
			t.Errorf("got %v", got)
		}
	})
	t.Run("a superuser who plays the server's role", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		u := b.db.SuperURL + "&options=-c%20role%3Dtenantry_test_server"
		e := open(t, postgres.Config{URL: u, Resources: resources(), Clock: clock})
		if got := examine(t, e); len(got) != 1 || len(got["server_role"]) != 1 {
			t.Errorf("got %v", got)
		}
	})
}

// TestATenantThatIsSetFromOutsideIsFound sets one for the role: it would be everybody's who forgot to enter another.
func TestATenantThatIsSetFromOutsideIsFound(t *testing.T) {
	t.Parallel()
	b, role := withRole(t, "")
	stray := tenant.NewID().String()
	if err := exec(b.db.SuperURL, "ALTER ROLE "+role+" SET app.tenant_id = '"+stray+"'"); err != nil {
		t.Fatal(err)
	}
	e := open(t, postgres.Config{URL: b.db.ServerURL, Resources: resources(), Clock: clock})
	got := examine(t, e)["tenant_context"]
	if len(got) != 1 || !strings.HasPrefix(got[0], "critical: Policies compare with the tenant "+stray+" outside of a transaction") {
		t.Errorf("got %v", got)
	}
}

// TestUnderCitusRowSecurityMustNotBeForced takes the mere name of the extension for a cluster.
func TestUnderCitusRowSecurityMustNotBeForced(t *testing.T) {
	t.Parallel()
	b := setup(t)
	err := exec(b.db.SuperURL, "SET allow_system_table_mods = on; INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)"+
		" VALUES (99999, 'citus', 10, 11, false, '13')")
	if err != nil {
		t.Fatal(err)
	}
	got := examine(t, b.engine)
	if len(got) != 1 || len(got["forced_row_security"]) != len(rawTables()) || !strings.Contains(got["forced_row_security"][0], "Citus would lose its rows") {
		t.Errorf("got %v", got)
	}
}

func TestManyFindingsOfOneKindAreCut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if err := exec(b.db.SuperURL, "DO $$ BEGIN FOR n IN 10..30 LOOP EXECUTE format('CREATE INDEX i%s ON tenant.tasks (due)', n); END LOOP; END $$"); err != nil {
		t.Fatal(err)
	}
	got := examine(t, b.engine)["tenant_first"]
	if len(got) != 9 || got[8] != "warning: 13 more like these." {
		t.Errorf("got %v", got)
	}
}

func check(t *testing.T, e *postgres.Engine, id string) []finding.Finding {
	t.Helper()
	for _, c := range e.Checks() {
		if c.ID == id {
			found, err := c.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
	}
	t.Fatalf("there is no check %s", id)
	return nil
}

func TestAClockThatIsFarOffIsFound(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	for off, want := range map[time.Duration]bool{0: false, time.Second: false, -time.Hour: true, time.Hour: true} {
		e := open(t, postgres.Config{URL: db.ServerURL, Clock: func() time.Time { return time.Now().Add(off) }})
		found := check(t, e, "clock")
		if (len(found) == 1 && found[0].Status == finding.Warning && strings.Contains(found[0].Found, "clock says")) != want {
			t.Errorf("%s off: %v", off, found)
		}
	}
}

// TestAWayInTheClearIsFound connects under an address that is not this machine's.
func TestAWayInTheClearIsFound(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	u, err := url.Parse(db.ServerURL)
	if err != nil {
		t.Fatal(err)
	}
	here := u.Host
	u.Host = "192.0.2.7:5432"
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, here)
	}
	found := check(t, open(t, postgres.Config{URL: u.String(), Clock: clock, DialFunc: dial}), "encryption")
	if len(found) != 1 || found[0].Status != finding.Warning || found[0].Found != "Passwords and records go to 192.0.2.7 in the clear." {
		t.Errorf("got %v", found)
	}
}
