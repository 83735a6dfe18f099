package postgres

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tenantry/tenantry/internal/finding"
)

// The beginnings of the questions. A connection may run as another role than the one that signed in, and can go back to
// that one, so both are looked at. What a superuser or an owner may do is no finding beyond what he is.
const (
	withMe = `me AS (SELECT r.* FROM pg_catalog.pg_roles AS r WHERE r.rolname IN (current_user, session_user)),
bound AS (SELECT me.* FROM me WHERE NOT me.rolsuper)`
	withPlanes = `plane AS (SELECT c.*, n.nspname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('platform', 'tenant'))`
)

// roleQuestions look at the server's role.
func roleQuestions() []question {
	return []question{
		{
			id: "server_role", title: "Row security binds the server's role", worst: finding.Critical,
			query: `WITH ` + withMe + `
SELECT rolname, concat_ws(',', CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
  CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolreplication THEN 'REPLICATION' END)
FROM me WHERE rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication ORDER BY rolname`,
			say: sayRole,
		},
		{
			id: "role_membership", title: "The server's role can't become one that row security does not bind", worst: finding.Critical,
			query: `WITH ` + withMe + `, ` + withPlanes + `
SELECT DISTINCT b.rolname, r.rolname, CASE
    WHEN r.rolsuper THEN 'is a superuser'
    WHEN r.rolbypassrls THEN 'has BYPASSRLS'
    WHEN r.rolcreaterole THEN 'may make itself a member of others'
    WHEN r.rolreplication THEN 'may copy the whole database'
    WHEN r.rolname LIKE 'pg\_%' THEN 'may read and write the server''s files'
    ELSE 'owns tables' END
FROM bound AS b JOIN pg_catalog.pg_roles AS r ON r.oid NOT IN (SELECT oid FROM me) AND pg_has_role(b.oid, r.oid, 'MEMBER')
WHERE r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolreplication
  OR r.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')
  OR EXISTS (SELECT FROM plane AS p WHERE p.relowner = r.oid)
ORDER BY 1, 2`,
			say: sayMember,
		},
		{
			id: "ownership", title: "The server's role owns nothing", worst: finding.Critical,
			query: `WITH ` + withMe + `, ` + withPlanes + `,
owned AS (
  SELECT relowner AS owner, 2 AS place, format('%s.%s', nspname, relname) AS name FROM plane WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  UNION ALL SELECT p.proowner, 1, format('the function %s.%s', n.nspname, p.proname)
    FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname IN ('platform', 'tenant')
  UNION ALL SELECT nspowner, 0, format('the schema %s', nspname) FROM pg_catalog.pg_namespace WHERE nspname IN ('platform', 'tenant')
  UNION ALL SELECT datdba, 0, 'the database' FROM pg_catalog.pg_database WHERE datname = current_database())
SELECT me.rolname, count(*)::text, (array_agg(name ORDER BY place, name))[1] FROM me JOIN owned ON owned.owner = me.oid GROUP BY 1 ORDER BY 1`,
			say: sayOwner,
		},
	}
}

func sayRole(row []string) finding.Finding {
	role, powers := row[0], strings.Split(row[1], ",")
	take := make([]string, len(powers))
	for i, power := range powers {
		take[i] = "NO" + power
	}
	return finding.Finding{
		Status: finding.Critical,
		Found:  fmt.Sprintf("The server's role %s has %s, and so can get around row security.", role, strings.Join(powers, ", ")),
		Do:     fmt.Sprintf("As a superuser: ALTER ROLE %s %s; or serve as another role.", quoted(role), strings.Join(take, " ")),
	}
}

func sayMember(row []string) finding.Finding {
	return finding.Finding{
		Status: finding.Critical,
		Found:  fmt.Sprintf("The server's role %s is a member of %s, which %s.", row[0], row[1], row[2]),
		Do:     fmt.Sprintf("As a superuser: REVOKE %s FROM %s; (or the role in between).", quoted(row[1]), quoted(row[0])),
	}
}

func sayOwner(row []string) finding.Finding {
	what := row[2]
	if row[1] != "1" {
		what = row[1] + " things, such as " + what
	}
	return finding.Finding{
		Status: finding.Critical,
		Found:  fmt.Sprintf("The server's role %s owns %s, and so can take row security off.", row[0], what),
		Do:     "Migrate as a role that owns the tables (--migration-url), and serve as one that owns nothing (--database-url).",
	}
}

// quoted returns a name as SQL takes it.
func quoted(name ...string) string { return pgx.Identifier(name).Sanitize() }
