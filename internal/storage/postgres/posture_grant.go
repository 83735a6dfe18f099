package postgres

import (
	"fmt"

	"github.com/tenantry/tenantry/internal/finding"
)

// grantQuestions look at what the server's role and everybody else may do.
func grantQuestions() []question {
	return []question{
		{
			id: "append_only_events", title: "The server's role can't change or delete events", worst: finding.Critical,
			query: `WITH ` + withMe + `
SELECT b.rolname, n.nspname, c.relname, string_agg(w.verb, ', ' ORDER BY w.verb) FROM bound AS b,
  pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN (VALUES ('events', 'UPDATE'), ('events', 'DELETE'), ('event_heads', 'DELETE')) AS w (name, verb) ON w.name = c.relname
WHERE n.nspname = 'tenant' AND NOT pg_has_role(b.oid, c.relowner, 'USAGE')
  AND CASE w.verb WHEN 'UPDATE' THEN has_any_column_privilege(b.oid, c.oid, 'UPDATE') ELSE has_table_privilege(b.oid, c.oid, w.verb) END
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
			say: sayGrant("so the audit trail can be rewritten"),
		},
		{
			id: "privileges", title: "The server's role can't truncate tables, hang anything on them or make new ones", worst: finding.Critical,
			query: `WITH ` + withMe + `, ` + withPlanes + `
SELECT b.rolname, p.nspname, p.relname, string_agg(v.verb, ', ' ORDER BY v.verb)
FROM bound AS b, plane AS p, (VALUES ('TRUNCATE'), ('REFERENCES'), ('TRIGGER')) AS v (verb)
WHERE p.relkind IN ('r', 'p', 'v', 'm', 'f') AND has_table_privilege(b.oid, p.oid, v.verb) AND NOT pg_has_role(b.oid, p.relowner, 'USAGE')
GROUP BY 1, 2, 3
UNION ALL SELECT b.rolname, p.nspname, p.relname, string_agg(v.verb, ', ' ORDER BY v.verb)
FROM bound AS b, plane AS p, (VALUES ('INSERT'), ('UPDATE'), ('DELETE')) AS v (verb)
WHERE p.nspname = 'platform' AND p.relname IN ('resources', 'goose_db_version') AND has_table_privilege(b.oid, p.oid, v.verb)
  AND NOT pg_has_role(b.oid, p.relowner, 'USAGE')
GROUP BY 1, 2, 3
UNION ALL SELECT b.rolname, n.nspname, '', 'CREATE' FROM bound AS b, pg_catalog.pg_namespace AS n
WHERE n.nspname IN ('platform', 'tenant') AND has_schema_privilege(b.oid, n.oid, 'CREATE') AND NOT pg_has_role(b.oid, n.nspowner, 'USAGE')
ORDER BY 1, 2, 3`,
			say: sayGrant("which it does not need, and which row security does not bind"),
		},
		{
			id: "context_keys", title: "The server's role can't read the keys by which tenants are proven", worst: finding.Critical,
			query: `WITH ` + withMe + `, ` + withPlanes + `
SELECT b.rolname, p.nspname, p.relname, 'SELECT' FROM bound AS b, plane AS p WHERE p.nspname = 'platform' AND p.relname = 'context_keys'
  AND has_any_column_privilege(b.oid, p.oid, 'SELECT') AND NOT pg_has_role(b.oid, p.relowner, 'USAGE') ORDER BY 1`,
			say: sayGrant("so a proof is worth nothing"),
		},
		{
			id: "public_grants", title: "Roles that are not ours may do nothing in our schemas", worst: finding.Critical,
			query: `WITH ` + withPlanes + `
SELECT 'PUBLIC', nspname, relname, string_agg(DISTINCT a.privilege_type, ', ') FROM plane, aclexplode(relacl) AS a WHERE a.grantee = 0 GROUP BY 1, 2, 3
UNION ALL SELECT 'PUBLIC', nspname, relname, string_agg(DISTINCT a.privilege_type, ', ')
  FROM plane JOIN pg_catalog.pg_attribute AS c ON c.attrelid = plane.oid, aclexplode(c.attacl) AS a WHERE a.grantee = 0 GROUP BY 1, 2, 3
UNION ALL SELECT 'PUBLIC', nspname, '', string_agg(DISTINCT a.privilege_type, ', ') FROM pg_catalog.pg_namespace, aclexplode(nspacl) AS a
  WHERE nspname IN ('platform', 'tenant') AND a.grantee = 0 GROUP BY 1, 2, 3
ORDER BY 1, 2, 3`,
			say: sayGrant("and so has everybody who may connect"),
		},
		{
			id: "default_privileges", title: "New tables belong to nobody else by default", worst: finding.Warning,
			query: `WITH ` + withMe + `
SELECT DISTINCT d.defaclrole::regrole::text, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, a.privilege_type,
  coalesce(n.nspname, '')
FROM pg_catalog.pg_default_acl AS d LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = d.defaclnamespace, aclexplode(d.defaclacl) AS a
WHERE d.defaclobjtype IN ('r', 'n') AND (d.defaclnamespace = 0 OR n.nspname IN ('platform', 'tenant'))
  AND (a.grantee = 0 OR a.grantee IN (SELECT oid FROM me)) AND a.grantee <> d.defaclrole
ORDER BY 1, 2, 3, 4`,
			say: sayDefault,
		},
	}
}

// sayGrant returns what makes a finding of a role, a schema, a table, empty for the schema itself, and privileges.
func sayGrant(harm string) func([]string) finding.Finding {
	return func(row []string) finding.Finding {
		who, on, object := row[0], row[1]+"."+row[2], quoted(row[1], row[2])
		if row[2] == "" {
			on, object = "the schema "+row[1], "SCHEMA "+quoted(row[1])
		}
		from := who
		if who != "PUBLIC" {
			from = quoted(who)
		}
		return finding.Finding{
			Status: finding.Critical,
			Found:  fmt.Sprintf("%s has %s on %s, %s.", who, row[3], on, harm),
			Do:     fmt.Sprintf("As the owner: REVOKE %s ON %s FROM %s;", row[3], object, from),
		}
	}
}

func sayDefault(row []string) finding.Finding {
	in, words := "", "everywhere"
	if row[3] != "" {
		in, words = " IN SCHEMA "+quoted(row[3]), "in the schema "+row[3]
	}
	return finding.Finding{
		Status: finding.Warning,
		Found:  fmt.Sprintf("%s gives %s %s by default on what it makes %s, until the next migration takes it back.", row[0], row[1], row[2], words),
		Do:     fmt.Sprintf("ALTER DEFAULT PRIVILEGES FOR ROLE %s%s REVOKE %s ON TABLES FROM %s;", row[0], in, row[2], row[1]),
	}
}
