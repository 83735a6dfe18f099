package docs_test

import (
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry"
	"github.com/tenantry/tenantry/internal/doctor"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/finding"
	"github.com/tenantry/tenantry/internal/httpapi/problem"
	"github.com/tenantry/tenantry/internal/storage/postgres"
	"github.com/tenantry/tenantry/internal/storage/sqlite"
)

// setting is a flag of `tenantry serve --help`: its name, its default and its variable.
var setting = regexp.MustCompile(`^([a-z-]+)(?:=\S+)? .*\((?:default (\S+), )?(TENANTRY_[A-Z_]+)\)`)

func settings(t *testing.T) [][]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "run", "./cmd/tenantry", "serve", "--help")
	cmd.Dir = root(t)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("serve --help: %v\n%s", err, out)
	}
	var found [][]string
	for flag := range strings.SplitSeq(strings.Join(strings.Fields(string(out)), " "), " --") {
		if s := setting.FindStringSubmatch(flag); s != nil {
			found = append(found, s)
		}
	}
	if names := strings.Count(string(out), "TENANTRY_"); len(found) != names || names == 0 {
		t.Fatalf("read %d of %d settings of serve --help; the test has to learn its form:\n%s", len(found), names, out)
	}
	return found
}

func TestSettings(t *testing.T) {
	t.Parallel()
	var rows, variables []string
	for _, s := range settings(t) {
		row := fmt.Sprintf("| `--%s` | `%s` | ", s[1], s[3])
		if s[2] != "" {
			row += "`" + s[2] + "` "
		}
		rows = append(rows, row+"|")
		variables = append(variables, s[3])
	}
	row := regexp.MustCompile("(?m)^\\| `--[^|]*\\| `TENANTRY_[^|]*\\|[^|]*\\|")
	same(t, "docs/RUNNING.md, the rows of the settings", row.FindAllString(page(t, "docs/RUNNING.md"), -1), rows)
	var listed []string
	for _, line := range regexp.MustCompile(`(?m)^#(TENANTRY_[A-Z_]+)=`).FindAllStringSubmatch(page(t, ".env.example"), -1) {
		listed = append(listed, line[1])
	}
	same(t, ".env.example, the lines #NAME=value", listed, variables)
}

func TestErrorCodes(t *testing.T) {
	t.Parallel()
	var rows []string
	for _, code := range fault.Codes() {
		rows = append(rows, fmt.Sprintf("| `%s` | %d |", code, problem.Of(code).Status))
	}
	row := regexp.MustCompile("(?m)^\\| `[a-z_]+` \\| \\d{3} \\|")
	same(t, "docs/API.md, the rows of the errors", row.FindAllString(page(t, "docs/API.md"), -1), rows)
}

// TestTagWords takes the words from what the parser of tags says of a word that it does not know.
func TestTagWords(t *testing.T) {
	t.Parallel()
	type record struct {
		tenantry.Record

		Name string `json:"name" tenantry:"nonsense"`
	}
	app := tenantry.New(tenantry.Config{})
	tenantry.Register(app, "records", tenantry.Resource[record]{})
	_, err := app.Open(t.Context(), tenantry.Options{DataDir: t.TempDir()})
	if err == nil {
		t.Fatal("an unknown word is no mistake")
	}
	_, list, _ := strings.Cut(err.Error(), "the words are ")
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z]+)(?:=[^`]*)?` \\| .* \\| `tenantry:").FindAllStringSubmatch(page(t, "docs/EXTENDING.md"), -1) {
		listed = append(listed, row[1])
	}
	same(t, "docs/EXTENDING.md, the rows of the tag words", listed, strings.Split(list, ", "))
}

// TestChecks compares the table of what doctor looks at with the checks themselves.
func TestChecks(t *testing.T) {
	t.Parallel()
	var rows []string
	list := func(where string, checks ...finding.Check) {
		for _, check := range checks {
			rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | %s |", check.ID, where, check.Worst, check.Title))
		}
	}
	list("both", doctor.Database(nil), doctor.Migrations(nil, true))
	list("PostgreSQL", new(postgres.Engine).Checks()...)
	list("SQLite", new(sqlite.Engine).Checks()...)
	list("settings", doctor.Settings{}.Checks()...)
	row := regexp.MustCompile("(?m)^\\| `[a-z_]+` \\| (?:both|PostgreSQL|SQLite|settings) \\| .*\\|$")
	same(t, "docs/RUNNING.md, the rows of the checks", row.FindAllString(page(t, "docs/RUNNING.md"), -1), rows)
}

// same reports what is missing in the documentation and what is too much; order says nothing.
func same(t *testing.T, where string, listed, real []string) {
	t.Helper()
	for _, one := range real {
		if !slices.Contains(listed, one) {
			t.Errorf("%s: missing: %s", where, one)
		}
	}
	for _, one := range listed {
		if !slices.Contains(real, one) {
			t.Errorf("%s: there is no such thing: %s", where, one)
		}
	}
	if len(real) == 0 {
		t.Errorf("%s: there is nothing to compare with", where)
	}
}
