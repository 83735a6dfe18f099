package postgres

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/finding"
)

// codeQuestions look at what runs in the database.
func codeQuestions() []question {
	return []question{
		{
			id: "definer_functions", title: "No function that the server's role may call runs with its owner's rights", worst: finding.Critical,
			query: `WITH ` + withMe + `
SELECT n.nspname, p.proname, pg_get_function_identity_arguments(p.oid), pg_get_userbyid(p.proowner),
  EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')::text
FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND NOT (n.nspname = 'platform' AND p.proname = ANY (string_to_array($1, ',')))
  AND EXISTS (SELECT FROM bound AS b WHERE has_function_privilege(b.oid, p.oid, 'EXECUTE') AND has_schema_privilege(b.oid, n.oid, 'USAGE')
    AND NOT pg_has_role(b.oid, p.proowner, 'USAGE'))
ORDER BY 1, 2, 3`,
			args: []any{strings.Join(platformFunctions(), ",")}, ages: true,
			say: sayDefiner,
		},
		{
			id: "triggers", title: "No trigger and no rule sits on a tenants' table", worst: finding.Warning,
			args: ownTables(),
			query: `WITH RECURSIVE ` + withMe + `, ` + withTables + `
SELECT t.nspname, t.relname, g.tgname, 'TRIGGER' FROM held AS t JOIN pg_catalog.pg_trigger AS g ON g.tgrelid = t.oid WHERE t.our AND NOT g.tgisinternal
UNION ALL SELECT t.nspname, t.relname, w.rulename, 'RULE' FROM held AS t JOIN pg_catalog.pg_rewrite AS w ON w.ev_class = t.oid WHERE t.our
ORDER BY 1, 2, 3`,
			say: func(row []string) finding.Finding {
				return finding.Finding{
					Status: finding.Warning,
					Found:  fmt.Sprintf("The %s %s on %s.%s acts on what tenants write, and is not ours.", strings.ToLower(row[3]), row[2], row[0], row[1]),
					Do:     fmt.Sprintf("Find out what it does. DROP %s %s ON %s;", row[3], quoted(row[2]), quoted(row[:2]...)),
				}
			},
		},
	}
}

func sayDefiner(row []string) finding.Finding {
	found := finding.Finding{
		Status: finding.Critical,
		Found:  fmt.Sprintf("The function %s.%s(%s) runs with the rights of %s, and the server's role may call it.", row[0], row[1], row[2], row[3]),
		Do:     fmt.Sprintf("ALTER FUNCTION %s(%s) SECURITY INVOKER; or REVOKE EXECUTE on it FROM PUBLIC.", quoted(row[:2]...), row[2]),
	}
	if row[4] == "true" {
		found.Status = finding.Warning
		found.Do = "It belongs to an extension. Make sure that it reads no table of ours, or revoke it."
	}
	return found
}

// made finds what a migration makes in the schema of the platform.
func made(what string) *regexp.Regexp {
	return regexp.MustCompile(`CREATE (?:OR REPLACE )?` + what + ` platform\.(\w+)`)
}

// platformTables are the names of the tables that the migrations made, platformFunctions those of the functions.
func platformTables() []string { return names(made("TABLE")) }

func platformFunctions() []string { return names(made("FUNCTION")) }

func names(made *regexp.Regexp) []string {
	var out []string
	for _, text := range migrationTexts() {
		for _, match := range made.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(out, match[1]) {
				out = append(out, match[1])
			}
		}
	}
	return out
}

// migrationTexts returns the migrations in their order.
func migrationTexts() []string {
	files, _ := fs.Glob(migrationFiles, path.Join("migrations", "*.sql")) // the pattern is a good one; sorted
	out := make([]string, 0, len(files))
	for _, name := range files {
		text, _ := migrationFiles.ReadFile(name) // which is part of the program
		out = append(out, string(text))
	}
	return out
}

// builtFunctions have a body that their migration puts together from what the server knows.
func builtFunctions() []string { return []string{"fold"} }

// checkFunctions compares the functions of the schemas with the newest migration that makes each: a policy is as good
// as the function that it calls.
func (e *Engine) checkFunctions(ctx context.Context) ([]finding.Finding, error) {
	rows, err := e.look(ctx, `SELECT n.nspname, p.proname, pg_get_function_identity_arguments(p.oid), coalesce(p.prosrc, '')
FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname IN ('platform', 'tenant') ORDER BY 1, 2, 3`)
	if err != nil {
		return nil, err
	}
	var out []finding.Finding
	for _, row := range rows {
		if row[0] == "platform" && (slices.Contains(builtFunctions(), row[1]) || fromMigration(row[1], row[3])) {
			continue
		}
		f := finding.Finding{
			Status: finding.Critical,
			Found:  fmt.Sprintf("The function %s.%s(%s) is not what a migration made.", row[0], row[1], row[2]),
			Do:     "Find out who changed it, and restore it from a backup of the schema; or drop it where it is nobody's.",
		}
		if row[0] == "platform" {
			if f, err = e.aged(ctx, f); err != nil {
				return nil, err
			}
		}
		out = append(out, f)
	}
	return out, nil
}

// fromMigration reports whether the newest migration that makes the function gives it this body.
func fromMigration(name, body string) bool {
	texts := migrationTexts()
	for _, text := range slices.Backward(texts) {
		for _, match := range made("FUNCTION").FindAllStringSubmatch(text, -1) {
			if match[1] == name {
				whole := regexp.MustCompile(`\$\w*\$` + regexp.QuoteMeta(body) + `\$\w*\$`)
				return body != "" && whole.MatchString(text)
			}
		}
	}
	return false
}
