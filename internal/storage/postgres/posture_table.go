package postgres

import (
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/internal/finding"
	"github.com/tenantry/tenantry/internal/storage/sqlgen"
)

// withTables finds the tables that hold tenants' data: ours holds those of the schema tenant, partitions and children
// of them wherever these are; held adds whatever else has a column tenant_id, but for the tables of the platform
// that the migrations made, whose names are the argument.
const withTables = `ours AS (
  SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = 'tenant' AND c.relkind IN ('r', 'p')
  UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN ours ON ours.oid = i.inhparent),
held AS (
  SELECT c.*, n.nspname, ours.oid IS NOT NULL AS our,
    EXISTS (SELECT FROM bound AS b WHERE has_schema_privilege(b.oid, n.oid, 'USAGE') AND (
      has_table_privilege(b.oid, c.oid, 'DELETE, TRUNCATE') OR has_any_column_privilege(b.oid, c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))) AS reached
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace LEFT JOIN ours ON ours.oid = c.oid
  WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND (ours.oid IS NOT NULL
    OR n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND NOT (n.nspname = 'platform' AND c.relname = ANY (string_to_array($1, ',')))
      AND EXISTS (SELECT FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)))`

// ownTables is the argument of withTables.
func ownTables() []any { return []any{strings.Join(platformTables(), ",")} }

// tableQuestions look at row security and its policies, and at what could read past them.
// The conditions are those that a policy may have, the first of them the one to give to a table that has none.
func tableQuestions(conditions []string) []question {
	return []question{
		{
			id: "row_security", title: "Every table with tenants' data has row security", worst: finding.Critical, args: ownTables(), ages: true,
			query: `WITH RECURSIVE ` + withMe + `, ` + withTables + `
SELECT nspname, relname, (our OR reached)::text FROM held WHERE relkind <> 'f' AND NOT relrowsecurity ORDER BY 1, 2`,
			say: sayUnprotected(conditions[0]),
		},
		{
			id: "forced_row_security", title: "Row security binds the tables' owner too, unless Citus moves them", worst: finding.Warning, args: ownTables(),
			query: `WITH RECURSIVE ` + withMe + `, ` + withTables + `,
citus AS (SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'citus') AS here)
SELECT nspname, relname, citus.here::text FROM held, citus
WHERE our AND relrowsecurity AND relforcerowsecurity = citus.here ORDER BY 1, 2`,
			say: sayForced,
		},
		{
			id: "tenant_policy", title: "Every table of the tenants has the tenant's policy, and no other lets more through",
			worst: finding.Critical, args: append(ownTables(), sqlgen.PolicyName, "("+strings.Join(conditions, ")|(")+")"),
			query: `WITH RECURSIVE ` + withMe + `, ` + withTables + `,
policy AS (SELECT p.*, p.polname = $2 AS main, p.polpermissive AND p.polcmd = '*' AND p.polroles = '{0}'
    AND pg_get_expr(p.polqual, p.polrelid) = ANY (string_to_array($3, '|'))
    AND coalesce(pg_get_expr(p.polwithcheck, p.polrelid), pg_get_expr(p.polqual, p.polrelid)) = pg_get_expr(p.polqual, p.polrelid) AS proper
  FROM pg_catalog.pg_policy AS p)
SELECT nspname, relname, '', 'missing' FROM held AS t WHERE our AND relrowsecurity AND NOT EXISTS (SELECT FROM policy AS p WHERE p.polrelid = t.oid AND p.main)
UNION ALL SELECT nspname, relname, p.polname, 'changed' FROM held AS t JOIN policy AS p ON p.polrelid = t.oid WHERE our AND p.main AND NOT p.proper
UNION ALL SELECT nspname, relname, p.polname, 'beside' FROM held AS t JOIN policy AS p ON p.polrelid = t.oid WHERE our AND p.polpermissive AND NOT p.main
ORDER BY 1, 2, 3`,
			say: sayPolicy(conditions[0]),
		},
		{
			id: "views", title: "No view or foreign table shows tenants' data with its owner's rights", worst: finding.Critical, args: ownTables(),
			query: `WITH RECURSIVE ` + withMe + `, ` + withTables + `,
reader AS (
  SELECT held.oid FROM held
  UNION SELECT w.ev_class FROM reader JOIN pg_catalog.pg_depend AS d
      ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = reader.oid AND d.classid = 'pg_catalog.pg_rewrite'::regclass
    JOIN pg_catalog.pg_rewrite AS w ON w.oid = d.objid)
SELECT n.nspname, c.relname, c.relkind::text FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm', 'f') AND c.relpersistence <> 't'
  AND NOT coalesce((SELECT o.option_value::boolean FROM pg_options_to_table(c.reloptions) AS o WHERE o.option_name = 'security_invoker'), false)
  AND (n.nspname = 'tenant' OR c.oid IN (SELECT oid FROM reader) AND EXISTS (SELECT FROM bound AS b
    WHERE has_schema_privilege(b.oid, n.oid, 'USAGE') AND has_any_column_privilege(b.oid, c.oid, 'SELECT, INSERT, UPDATE')))
ORDER BY 1, 2`,
			say: sayView,
		},
	}
}

func sayUnprotected(condition string) func([]string) finding.Finding {
	return func(row []string) finding.Finding {
		table := row[0] + "." + row[1]
		if row[2] == "true" {
			return finding.Finding{
				Status: finding.Critical,
				Found:  fmt.Sprintf("The table %s holds data of tenants and has no row security.", table),
				Do: fmt.Sprintf("ALTER TABLE %s ENABLE ROW LEVEL SECURITY; CREATE POLICY %s ON %s USING (%s); or move it out of the server's reach.",
					quoted(row[:2]...), sqlgen.PolicyName, quoted(row[:2]...), oneLine(condition)),
			}
		}
		return finding.Finding{
			Status: finding.Warning,
			Found:  fmt.Sprintf("The table %s has a tenant_id and no row security; the server's role can't reach it.", table),
			Do:     "Leave it out of reach: grant the server's role and PUBLIC nothing on it.",
		}
	}
}

func sayForced(row []string) finding.Finding {
	table, forced := row[0]+"."+row[1], row[2] == "true"
	if forced {
		return finding.Finding{
			Status: finding.Warning,
			Found:  fmt.Sprintf("Row security is forced on %s, and Citus would lose its rows when it moves a shard.", table),
			Do:     fmt.Sprintf("As the owner: ALTER TABLE %s NO FORCE ROW LEVEL SECURITY;", quoted(row[:2]...)),
		}
	}
	return finding.Finding{
		Status: finding.Warning,
		Found:  fmt.Sprintf("Row security is not forced on %s: its owner would see every tenant.", table),
		Do:     fmt.Sprintf("As the owner: ALTER TABLE %s FORCE ROW LEVEL SECURITY;", quoted(row[:2]...)),
	}
}

func sayPolicy(condition string) func([]string) finding.Finding {
	condition = oneLine(condition)
	return func(row []string) finding.Finding {
		table, name := quoted(row[:2]...), quoted(row[2])
		make := fmt.Sprintf("CREATE POLICY %s ON %s USING (%s) WITH CHECK (%s);", sqlgen.PolicyName, table, condition, condition)
		found := finding.Finding{Status: finding.Critical}
		switch row[3] {
		case "missing":
			found.Found, found.Do = fmt.Sprintf("%s.%s has no policy %s.", row[0], row[1], sqlgen.PolicyName), "As the owner: "+make
		case "changed":
			found.Found = fmt.Sprintf("The policy %s on %s.%s is not what the migration made.", row[2], row[0], row[1])
			found.Do = fmt.Sprintf("As the owner: DROP POLICY %s ON %s; %s", name, table, make)
		default:
			found.Found = fmt.Sprintf("%s.%s has a policy %s beside %s, which lets through what the other refuses.", row[0], row[1], row[2], sqlgen.PolicyName)
			found.Do = fmt.Sprintf("As the owner: DROP POLICY %s ON %s; or make it AS RESTRICTIVE.", name, table)
		}
		return found
	}
}

func sayView(row []string) finding.Finding {
	name := quoted(row[:2]...)
	found := finding.Finding{Status: finding.Critical}
	switch row[2] {
	case "v":
		found.Found = fmt.Sprintf("The view %s.%s reads with its owner's rights, past row security.", row[0], row[1])
		found.Do = fmt.Sprintf("ALTER VIEW %s SET (security_invoker = true); on PostgreSQL 14: DROP VIEW %s;", name, name)
	case "m":
		found.Found = fmt.Sprintf("The materialized view %s.%s holds a copy of tenants' rows that no row security protects.", row[0], row[1])
		found.Do = fmt.Sprintf("DROP MATERIALIZED VIEW %s; or take it out of the server's reach.", name)
	default:
		found.Found = fmt.Sprintf("The foreign table %s.%s can have no row security.", row[0], row[1])
		found.Do = fmt.Sprintf("DROP FOREIGN TABLE %s; or take it out of the server's reach.", name)
	}
	return found
}
