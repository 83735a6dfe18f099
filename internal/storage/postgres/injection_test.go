package postgres_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/postgres"
	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
	"github.com/tenantry/tenantry/internal/tenant"
)

// canary is what no other tenant may ever see of B.
const canary = "of B"

// intruder is SQL that got in among the statements of a transaction of A, on a connection as the server's role.
type intruder struct {
	*target

	conn *pgx.Conn
	// seen is all that the connection said: rows, notices and errors.
	seen strings.Builder
	// stolen is what could be read in an earlier transaction of B on this connection.
	stolen string
}

// proving makes a configuration one whose database takes tenants only with a proof.
func proving(c *postgres.Config) { c.Proof = proof() }

// target is a database with two tenants, each with records.
type target struct {
	*bundle

	raw  *strings.Replacer
	keys []string // in the forms in which they could show
}

func newTarget(t *testing.T, adjust func(*postgres.Config)) *target {
	t.Helper()
	b, projectA, projectB := filledWith(t, adjust)
	database, err := pgx.ParseConfig(b.db.ServerURL)
	if err != nil {
		t.Fatal(err)
	}
	on := &target{bundle: b, raw: strings.NewReplacer(
		"{A}", b.a.String(), "{B}", b.b.String(), "{project of A}", projectA.String(), "{project of B}", projectB.String(),
		"{MAC of A}", `\x`+hex.EncodeToString(mac(t, b.a)), "{database}", database.Database,
	)}
	on.learnKeys(t)
	// As on servers before PostgreSQL 15.
	if _, err := connect(t, b.db.SuperURL).Exec(t.Context(), "GRANT CREATE ON SCHEMA public TO PUBLIC"); err != nil {
		t.Fatal(err)
	}
	return on
}

// intrude connects as the server does.
func (on *target) intrude(t *testing.T, url string) *intruder {
	t.Helper()
	in := &intruder{target: on}
	settings, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	settings.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		fmt.Fprintln(&in.seen, n.Message, n.Detail, n.Hint, n.Where, n.InternalQuery)
	}
	in.conn, err = pgx.ConnectConfig(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.conn.Close(context.WithoutCancel(t.Context())) })
	in.stolen = in.proofOf(t, on.b)
	return in
}

// intruder connects without anything in between.
func (on *target) intruder(t *testing.T) *intruder {
	t.Helper()
	return on.intrude(t, on.db.ServerURL)
}

// mac proves a tenant as the server does.
func mac(tb testing.TB, of tenant.ID) []byte {
	tb.Helper()
	sum, err := proof().MAC(of)
	if err != nil {
		tb.Fatal(err)
	}
	return sum
}

// proofOf returns what can be read in a transaction of the tenant, which is over then.
func (in *intruder) proofOf(t *testing.T, of tenant.ID) (seen string) {
	t.Helper()
	tx := enterProven(t, in.conn, of)
	if err := tx.QueryRow(t.Context(), "SELECT current_setting('app.tenant_proof')").Scan(&seen); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return seen
}

// learnKeys reads the keys as the superuser, to know them where they show.
func (on *target) learnKeys(t *testing.T) {
	t.Helper()
	var keys [2][]byte
	err := connect(t, on.db.SuperURL).QueryRow(t.Context(), "SELECT inner_key, outer_key FROM platform.context_keys").Scan(&keys[0], &keys[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		part := key[:16]                                                                           // the rest of 32 bytes is the mask alone
		numbers := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(signed(part))), " "), "[]") // as a plan prints them
		on.keys = append(on.keys, string(part), hex.EncodeToString(part), base64.StdEncoding.EncodeToString(part)[:20], numbers)
	}
}

func signed(raw []byte) []int8 {
	out := make([]int8, len(raw))
	for i, b := range raw {
		out[i] = int8(b)
	}
	return out
}

// enterProven begins a transaction of a tenant on a raw connection.
func enterProven(t *testing.T, conn *pgx.Conn, of tenant.ID) pgx.Tx {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) })
	if _, err := tx.Exec(t.Context(), "SELECT platform.enter_proven($1, $2)", of.String(), mac(t, of)); err != nil {
		t.Fatal(err)
	}
	return tx
}

// try runs SQL, several statements at once where it has them, and keeps whatever comes back. In a transaction an error
// takes back this SQL alone.
func (in *intruder) try(ctx context.Context, sql string) (rows int64) {
	sql = strings.ReplaceAll(in.raw.Replace(sql), "{proof of B}", in.stolen)
	inside := in.conn.PgConn().TxStatus() == 'T'
	if inside {
		_, _ = in.conn.Exec(ctx, "SAVEPOINT try")
	}
	results := in.conn.PgConn().Exec(ctx, sql)
	for results.NextResult() {
		reader := results.ResultReader()
		for reader.NextRow() {
			for _, value := range reader.Values() {
				in.seen.Write(value)
				in.seen.WriteByte('\n')
			}
		}
		tag, _ := reader.Close()
		rows += tag.RowsAffected()
	}
	if err := results.Close(); err != nil {
		fmt.Fprintf(&in.seen, "%+v\n", err)
		rows = 0
	}
	if inside && in.conn.PgConn().TxStatus() == 'E' {
		_, _ = in.conn.Exec(ctx, "ROLLBACK TO SAVEPOINT try")
	}
	return rows
}

// loot reads all there is, in a statement of every kind, and tries to write for B.
func (in *intruder) loot(ctx context.Context) (written int64) {
	for _, table := range append(rawTables(), "tenant.projects AS p JOIN tenant.tasks USING (tenant_id)") {
		in.try(ctx, "SELECT * FROM "+table)
		in.try(ctx, "SELECT * FROM "+table+" WHERE tenant_id = '{B}'")
	}
	in.try(ctx, "WITH p AS MATERIALIZED (SELECT * FROM tenant.projects) SELECT (SELECT string_agg(p::text, ',') FROM p)")
	in.try(ctx, "COPY tenant.projects TO STDOUT")
	in.try(ctx, "SELECT query_to_xml('SELECT * FROM tenant.projects', true, false, '')")
	for _, sql := range []string{
		"INSERT INTO tenant.projects (tenant_id, id, name, settings, created_at, updated_at, version)" +
			" VALUES ('{B}', gen_random_uuid(), 'planted', '{}', now(), now(), 1)",
		"INSERT INTO tenant.event_heads (tenant_id, seq, hash) VALUES ('{B}', 7, '') ON CONFLICT (tenant_id) DO UPDATE SET seq = 7",
		"UPDATE tenant.projects SET name = 'planted' WHERE tenant_id OPERATOR(pg_catalog.=) '{B}'",
		"UPDATE tenant.projects SET tenant_id = '{B}', name = 'planted'",
		"DELETE FROM tenant.tasks WHERE tenant_id OPERATOR(pg_catalog.=) '{B}'",
	} {
		written += in.try(ctx, sql)
	}
	return written
}

// injections are what the SQL that got in does, in the order of its statements.
func injections() map[string][]string {
	return map[string][]string{
		"nothing":                         {},
		"the setting, by a function":      {"SELECT set_config('app.tenant_id', '{B}', true)"},
		"the setting, for the session":    {"SELECT set_config('app.tenant_id', '{B}', false)"},
		"the setting, by SET":             {"SET app.tenant_id = '{B}'"},
		"the setting, by SET LOCAL":       {"SET LOCAL app.tenant_id = '{B}'"},
		"the setting, through its view":   {"UPDATE pg_settings SET setting = '{B}' WHERE name = 'app.tenant_id'"},
		"the setting, for the role":       {"ALTER ROLE CURRENT_USER IN DATABASE {database} SET app.tenant_id = '{B}'; RESET app.tenant_id"},
		"no proof":                        {"SET LOCAL app.tenant_id = '{B}'; SET LOCAL app.tenant_proof = ''"},
		"a proof that is none":            {"SET LOCAL app.tenant_id = '{B}'; SET LOCAL app.tenant_proof = 'x'"},
		"a proof of B from before":        {"SET LOCAL app.tenant_id = '{B}'; SET LOCAL app.tenant_proof = '{proof of B}'"},
		"enter without a proof":           {"SELECT platform.enter('{B}')"},
		"enter with none":                 {"SELECT platform.enter_proven('{B}', NULL)"},
		"enter with an empty one":         {"SELECT platform.enter_proven('{B}', '')"},
		"enter with A's":                  {"SELECT platform.enter_proven('{B}', '{MAC of A}')"},
		"enter with a guess":              {"SELECT platform.enter_proven('{B}', sha256('guess'))"},
		"enter with what the proof is of": {"SELECT platform.enter_proven('{B}', ('\\x' || replace(current_setting('app.tenant_proof'), '-', ''))::bytea)"},
		"all within one statement": {
			"SELECT set_config('app.tenant_id', '{B}', true), (SELECT string_agg(p::text, ',') FROM tenant.projects AS p)",
			"WITH s AS MATERIALIZED (SELECT set_config('app.tenant_id', '{B}', true)) SELECT * FROM s, tenant.projects",
			"SELECT * FROM tenant.projects WHERE set_config('app.tenant_id', '{B}', true) <> ''",
			"SELECT query_to_xml('SELECT set_config(''app.tenant_id'', ''{B}'', true), p.* FROM tenant.projects AS p', true, false, '')",
		},
		"a cursor from before": {
			"DECLARE c CURSOR FOR SELECT * FROM tenant.projects; SET LOCAL app.tenant_id = '{B}'; FETCH ALL c",
			"DECLARE d CURSOR WITH HOLD FOR SELECT * FROM tenant.projects; SET LOCAL app.tenant_id = '{B}'; FETCH ALL d",
		},
		"a prepared statement": {
			"SET plan_cache_mode = force_generic_plan",
			"PREPARE p AS SELECT * FROM tenant.projects; EXECUTE p; SET LOCAL app.tenant_id = '{B}'; EXECUTE p",
		},
		"a transaction of its own": {"COMMIT; BEGIN; SET LOCAL app.tenant_id = '{B}'"},
		"poison for the session": {
			"SET app.tenant_id = '{B}'; SET app.tenant_proof = '{proof of B}'; SET search_path = pg_temp, platform, tenant; COMMIT; BEGIN",
		},
		"tables that stand in for ours": {
			"CREATE TEMP TABLE context_keys AS SELECT 1 AS id, ''::bytea AS inner_key, ''::bytea AS outer_key",
			"CREATE TEMP VIEW entered AS SELECT '{B}'::uuid AS tenant",
			"SET search_path = pg_temp, platform, tenant, pg_catalog",
		},
		"functions that stand in for the system's": {
			"CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT ''''::bytea'",
			"CREATE FUNCTION pg_temp.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT ''epoch''::timestamptz'",
			"CREATE FUNCTION pg_temp.current_setting(text, boolean) RETURNS text LANGUAGE sql AS 'SELECT ''{B}'''",
			"CREATE FUNCTION pg_temp.yes(uuid, uuid) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
			"CREATE OPERATOR pg_temp.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = pg_temp.yes)",
			"SET search_path = pg_temp, pg_catalog; SET LOCAL app.tenant_id = '{B}'",
		},
		"functions and operators that stand in for the system's, in a schema that lets it": {
			"CREATE FUNCTION public.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT ''''::bytea'",
			"CREATE FUNCTION public.spy(bytea, bytea) RETURNS bytea LANGUAGE plpgsql AS" +
				" $$ BEGIN RAISE NOTICE '%', encode($1, 'hex'); RETURN pg_catalog.byteacat($1, $2); END $$",
			"CREATE OPERATOR public.|| (LEFTARG = bytea, RIGHTARG = bytea, FUNCTION = public.spy)",
			"CREATE FUNCTION public.yes(uuid, uuid) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
			"CREATE OPERATOR public.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = public.yes)",
			"SET search_path = public, pg_catalog; SET LOCAL app.tenant_id = '{B}'",
		},
		"other functions, views and policies": {
			"CREATE OR REPLACE FUNCTION platform.enter_proven(tenant uuid, mac bytea) RETURNS text LANGUAGE sql AS 'SELECT '''''",
			"CREATE OR REPLACE FUNCTION platform.refuse_context(keys integer) RETURNS uuid LANGUAGE sql AS 'SELECT ''{B}''::uuid'",
			"CREATE OR REPLACE VIEW platform.entered AS SELECT '{B}'::uuid AS tenant",
			"ALTER VIEW platform.entered SET (security_invoker = true); ALTER VIEW platform.entered OWNER TO CURRENT_USER",
			"DROP VIEW platform.entered CASCADE", "DROP POLICY tenant_isolation ON tenant.projects",
			"CREATE POLICY more ON tenant.projects USING (true)", "ALTER POLICY tenant_isolation ON tenant.projects USING (true)",
			"ALTER TABLE tenant.projects DISABLE ROW LEVEL SECURITY", "ALTER TABLE tenant.projects OWNER TO CURRENT_USER",
			"CREATE TABLE platform.context_keys_2 AS SELECT 1", "GRANT ALL ON platform.context_keys TO CURRENT_USER",
		},
		"another role": {
			"SET ROLE tenantry_test_owner", "SET SESSION AUTHORIZATION tenantry_test_owner", "ALTER ROLE CURRENT_USER BYPASSRLS",
			"GRANT tenantry_test_owner TO CURRENT_USER", "SET LOCAL row_security = off", "SET session_replication_role = replica",
		},
		"a function with its own rights": {
			"CREATE FUNCTION pg_temp.f() RETURNS SETOF tenant.projects LANGUAGE sql SECURITY DEFINER SET app.tenant_id = '{B}' AS 'SELECT * FROM tenant.projects'",
			"SELECT * FROM pg_temp.f()",
			"DO $$ BEGIN PERFORM set_config('app.tenant_id', '{B}', true); RAISE NOTICE '%', (SELECT string_agg(p::text, ',') FROM tenant.projects AS p); END $$",
		},
		"the keys, read": {
			"SELECT * FROM platform.context_keys", "COPY platform.context_keys TO STDOUT", "SELECT inner_key FROM platform.context_keys",
			"SELECT encode(outer_key, 'base64') FROM platform.context_keys FOR UPDATE", "LOCK TABLE platform.context_keys",
			"SELECT query_to_xml('SELECT * FROM platform.context_keys', true, false, '')",
			"SELECT * FROM pg_stats WHERE tablename = 'context_keys'", "SELECT * FROM pg_statistic",
			"CREATE TEMP VIEW keys AS SELECT * FROM platform.context_keys; SELECT * FROM keys",
			"SELECT * FROM platform.context_keys TABLESAMPLE SYSTEM (100)",
		},
		"the keys, through the view": {
			"SELECT * FROM platform.entered", "SELECT e, e.tenant FROM platform.entered AS e", "SELECT ctid, xmin FROM platform.entered",
			"SELECT inner_key FROM platform.entered", "EXPLAIN (ANALYZE, VERBOSE, BUFFERS) SELECT * FROM platform.entered",
			"EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM tenant.projects",
			"CREATE FUNCTION pg_temp.tell(anyelement) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$",
			"SELECT * FROM platform.entered AS e WHERE pg_temp.tell(e)",
			"SELECT * FROM platform.entered AS e WHERE pg_temp.tell(e.tenant)",
			"SELECT pg_get_viewdef('platform.entered'::regclass), pg_get_ruledef(oid) FROM pg_rewrite WHERE ev_class = 'platform.entered'::regclass",
		},
		"the keys, in the log of plans": {
			"SET client_min_messages = 'log'; SET debug_print_parse = on; SET debug_print_rewritten = on; SET debug_print_plan = on;" +
				" SET log_statement_stats = on; SET log_executor_stats = on",
			"SELECT * FROM platform.entered", "SELECT * FROM tenant.projects", "SELECT platform.enter_proven('{A}', '{MAC of A}')",
		},
		"the keys, replaced": {
			"UPDATE platform.context_keys SET inner_key = outer_key", "DELETE FROM platform.context_keys",
			"INSERT INTO platform.context_keys VALUES (1, '', '') ON CONFLICT (id) DO UPDATE SET inner_key = ''",
			"INSERT INTO platform.entered VALUES ('{B}')", "UPDATE platform.entered SET tenant = '{B}'", "DELETE FROM platform.entered",
			"TRUNCATE platform.context_keys", "ALTER TABLE platform.context_keys RENAME TO gone",
		},
	}
}

func TestInjectedSQLStaysInItsTenant(t *testing.T) { //nolint:tparallel // the one subtest ends when all within it have
	t.Parallel()
	on := newTarget(t, proving)
	before := on.state(t)
	t.Run("by", func(t *testing.T) { // ends when all within have
		for name, statements := range injections() {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				on.intrude(t, on.db.ServerURL).inject(t, statements)
			})
			t.Run(name+", through a pooler", func(t *testing.T) {
				t.Parallel()
				on.intrude(t, pgtest.Pooled(t, on.db)).inject(t, statements)
			})
		}
	})
	if after := on.state(t); after != before {
		t.Errorf("B's rows changed from\n%s\nto\n%s", before, after)
	}
}

// inject runs SQL in a transaction of A, looks what there is to see, and looks again in later transactions on the same
// connection: what was left there must not act in B's, nor show A its rows afterwards.
func (in *intruder) inject(t *testing.T, statements []string) {
	t.Helper()
	ctx := t.Context()
	enterProven(t, in.conn, in.a)
	written := in.loot(ctx)
	for _, sql := range statements {
		in.try(ctx, sql)
		written += in.loot(ctx)
	}
	in.verdict(t, written)
	in.try(ctx, "COMMIT")
	in.seen.Reset()
	tx := enterProven(t, in.conn, in.b)
	in.try(ctx, "SELECT 'B has', count(*) FROM tenant.projects")
	_ = tx.Commit(ctx)
	if got := in.seen.String(); !strings.Contains(got, "B has\n1\n") {
		t.Errorf("B finds %q of its one project on this connection", got)
	}
	enterProven(t, in.conn, in.a)
	in.verdict(t, in.loot(ctx))
	in.try(ctx, "ROLLBACK")
}

// verdict fails the test where anything of B or of the keys was seen, or something was written for B.
func (in *intruder) verdict(t *testing.T, written int64) {
	t.Helper()
	seen := in.seen.String()
	if strings.Contains(seen, canary) {
		t.Errorf("B's rows show:\n%.2000s", seen)
	}
	for _, key := range append([]string{hex.EncodeToString(mac(t, in.b))}, in.keys...) {
		if strings.Contains(seen, key) {
			t.Errorf("a key shows as %q:\n%.2000s", key, seen)
		}
	}
	if written > 0 {
		t.Errorf("%d rows were written for B", written)
	}
}

// state is all that B has.
func (on *target) state(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	super := connect(t, on.db.SuperURL)
	for _, table := range rawTables() {
		var rows string
		err := super.QueryRow(t.Context(), "SELECT coalesce(string_agg(r::text, E'\\n' ORDER BY r::text), '') FROM "+table+" AS r WHERE tenant_id = $1",
			on.b.String()).Scan(&rows)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(table + "\n" + rows + "\n")
	}
	return out.String()
}

// TestTheIntruderSeesWhatItIsAllowedTo is the control: with B's own proof, and on a database that asks for none, the
// same SQL finds what must not be found above.
func TestTheIntruderSeesWhatItIsAllowedTo(t *testing.T) {
	t.Parallel()
	t.Run("with B's own proof", func(t *testing.T) {
		t.Parallel()
		in := newTarget(t, proving).intruder(t)
		enterProven(t, in.conn, in.b)
		if written := in.loot(t.Context()); written < 3 || !strings.Contains(in.seen.String(), canary) {
			t.Errorf("B writes %d rows, and reads %s", written, in.seen.String())
		}
	})
	t.Run("where no proof is asked for", func(t *testing.T) {
		t.Parallel()
		in := newTarget(t, func(*postgres.Config) {}).intruder(t)
		enterProven(t, in.conn, in.a)
		in.try(t.Context(), "SET LOCAL app.tenant_id = '{B}'")
		if written := in.loot(t.Context()); written < 3 || !strings.Contains(in.seen.String(), canary) {
			t.Errorf("whoever sets the tenant to B writes %d rows, and reads %s", written, in.seen.String())
		}
	})
	t.Run("the keys, as their owner", func(t *testing.T) {
		t.Parallel()
		in := newTarget(t, proving).intruder(t)
		owner := connect(t, in.db.OwnerURL)
		in.conn = owner
		for _, sql := range []string{"SELECT * FROM platform.context_keys", "SELECT encode(inner_key, 'base64') FROM platform.context_keys"} {
			in.seen.Reset()
			in.try(t.Context(), sql)
			found := false
			for _, key := range in.keys {
				found = found || strings.Contains(in.seen.String(), key)
			}
			if !found {
				t.Errorf("%s: the key is not recognised in %s", sql, in.seen.String())
			}
		}
	})
}

func TestAProofEndsWithItsTransaction(t *testing.T) {
	t.Parallel()
	in := newTarget(t, proving).intruder(t)
	own := in.proofOf(t, in.a)
	in.try(t.Context(), "BEGIN; SET LOCAL app.tenant_id = '{A}'; SET LOCAL app.tenant_proof = '"+own+"'")
	in.seen.Reset()
	in.try(t.Context(), "SELECT * FROM tenant.projects")
	if got := in.seen.String(); !strings.Contains(got, "TY002") {
		t.Errorf("A's own proof is good in another transaction: %s", got)
	}
}

func TestProvenTenantsServeAsBefore(t *testing.T) {
	t.Parallel()
	b, projectA, projectB := filledWith(t, func(c *postgres.Config) { c.Proof, c.MaxConns = proof(), 1 })
	for range 3 { // on one connection, whose plans are kept
		for store, project := range map[storage.Store]any{b.storeA: projectA, b.storeB: projectB} {
			found := 0
			if _, err := store.List(t.Context(), b.projects, b.newest(b.projects, 9), func(rec storage.Record) error {
				found++
				if got := rec.Values[0].ID(); got != project {
					t.Errorf("found %s, want %s", got, project)
				}
				return nil
			}); err != nil || found != 1 {
				t.Errorf("%d projects, %v", found, err)
			}
		}
		if setting := b.engine.Setting(t.Context(), t); setting != "" {
			t.Errorf("the tenant %q stays set after the commit", setting)
		}
	}
}
