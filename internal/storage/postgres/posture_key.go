package postgres

import (
	"fmt"

	"github.com/tenantry/tenantry/internal/finding"
)

// withKeys finds the indexes and the foreign keys of the tenants' tables, and whether the tenant is part of each, and
// its beginning. The columns of an index count from 0, those of a constraint from 1.
const withKeys = `tenant_column AS (SELECT attrelid AS table, attnum AS number FROM pg_catalog.pg_attribute WHERE attname = 'tenant_id' AND NOT attisdropped),
key AS (
  SELECT t.nspname, t.relname, x.relname AS name, i.indisunique OR i.indisexclusion AS binding, 'index' AS kind,
    coalesce(c.number = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]), false) AS contained, coalesce(i.indkey[0] = c.number, false) AS first
  FROM pg_catalog.pg_index AS i JOIN held AS t ON t.oid = i.indrelid JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
    LEFT JOIN tenant_column AS c ON c.table = t.oid WHERE t.our
  UNION ALL
  SELECT t.nspname, t.relname, k.conname, true, 'foreign key',
    EXISTS (SELECT FROM generate_subscripts(k.conkey, 1) AS n WHERE k.conkey[n] = c.number AND k.confkey[n] = f.number),
    coalesce(k.conkey[1] = c.number AND k.confkey[1] = f.number, false)
  FROM pg_catalog.pg_constraint AS k JOIN held AS t ON t.oid = k.conrelid JOIN tenant_column AS f ON f.table = k.confrelid
    LEFT JOIN tenant_column AS c ON c.table = t.oid WHERE t.our AND k.contype = 'f')`

// keyQuestions look at the keys, which have to keep tenants apart by themselves.
func keyQuestions() []question {
	with := `WITH RECURSIVE ` + withMe + `, ` + withTables + `, ` + withKeys
	return []question{
		{
			id: "tenant_keys", title: "Every key of the tenants' tables contains the tenant", worst: finding.Critical, args: ownTables(),
			query: with + ` SELECT nspname, relname, name, kind FROM key WHERE binding AND NOT contained ORDER BY 1, 2, 3`,
			say: func(row []string) finding.Finding {
				harm := "one tenant learns from it what another has"
				if row[3] != "index" {
					harm = "a record could name another tenant's"
				}
				return finding.Finding{
					Status: finding.Critical,
					Found:  fmt.Sprintf("The %s %s on %s.%s leaves the tenant out: %s.", unique(row[3]), row[2], row[0], row[1], harm),
					Do:     "Drop it, or make it anew with tenant_id first on both sides.",
				}
			},
		},
		{
			id: "tenant_first", title: "Every index of the tenants' tables begins with the tenant", worst: finding.Warning, args: ownTables(),
			query: with + ` SELECT nspname, relname, name, kind FROM key WHERE NOT first AND (contained OR NOT binding) ORDER BY 1, 2, 3`,
			say: func(row []string) finding.Finding {
				return finding.Finding{
					Status: finding.Warning,
					Found:  fmt.Sprintf("The %s %s on %s.%s does not begin with the tenant.", row[3], row[2], row[0], row[1]),
					Do:     "Make it anew with tenant_id first: a query of one tenant reads the rows of all others through it.",
				}
			},
		},
	}
}

func unique(kind string) string {
	if kind == "index" {
		return "unique index"
	}
	return kind
}
