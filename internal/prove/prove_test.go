package prove_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/prove"
)

func run(t *testing.T, c prove.Config) *prove.Report {
	t.Helper()
	report, err := prove.Run(t.Context(), c)
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	return report
}

func TestAServiceThatKeepsTenantsApartHasNoFindings(t *testing.T) {
	t.Parallel()
	report := run(t, prepare(t, ""))
	for _, f := range report.Findings {
		t.Errorf("%+v", *f)
	}
	if report.Attempts() < 200 || report.Controls() < 50 || len(report.Operations) != 7 {
		t.Errorf("%d attempts and %d controls on %d operations", report.Attempts(), report.Controls(), len(report.Operations))
	}
}

// TestEachFlawIsFound has a service that fails to keep tenants apart in one way only, and wants the attack that finds it.
func TestEachFlawIsFound(t *testing.T) {
	t.Parallel()
	for flaw, want := range map[string]string{
		"reads":                "getNote: id in the path",
		"writes":               "deleteNote: id in the path",
		"errors":               "getNote: id in the path",
		"conditions":           "getNote: If-Match",
		"lists":                "listNotes: presence of the other tenant",
		"a count":              "listNotes: order, fields, expansion and page",
		"a filter":             "listNotes: filter",
		"cursors":              "listNotes: cursor",
		"a report":             "getSummary: presence of the other tenant",
		"keys":                 "createNote: Idempotency-Key",
		"references":           "createNote: reference in the body",
		"unique values":        "createNote: value that is taken there",
		"a tenant in a header": "getNote: tenant in a header",
		"a tenant in the body": "createNote: field in the body",
		"names of tenants":     "signIn: token",
		"removed members":      "getSummary: token",
		"disabled users":       "getSummary: token",
		"suspended tenants":    "getSummary: suspension",
		"time":                 "getNote: time of the answer",
	} {
		t.Run(flaw, func(t *testing.T) {
			t.Parallel()
			report := run(t, prepare(t, flaw))
			var found []string
			for _, f := range report.Findings {
				if f.Kind == prove.Leak {
					found = append(found, f.Operation+": "+f.Place)
				}
			}
			if !slices.Contains(found, want) {
				t.Errorf("found %s, want %s", strings.Join(found, "; "), want)
			}
			operation, _, _ := strings.Cut(want, ":")
			if !slices.Contains(report.Leaking(), operation) {
				t.Errorf("the report names %v as leaking, not %s", report.Leaking(), operation)
			}
		})
	}
}

// TestAnOperationThatIsNotAttackedIsAFinding documents an operation on records that nobody can make.
func TestAnOperationThatIsNotAttackedIsAFinding(t *testing.T) {
	t.Parallel()
	c := prepare(t, "")
	c.Document = []byte(strings.Replace(fakeDocument, `"/api/v1/notes/summary/"`,
		`"/api/v1/ghosts/{id}/":{"get":{"operationId":"getGhost","responses":{"200":{}}}},"/api/v1/notes/summary/"`, 1))
	report := run(t, c)
	if !slices.ContainsFunc(report.Findings, func(f *prove.Finding) bool { return f.Kind == prove.Missed && f.Operation == "getGhost" }) {
		t.Error("an operation without an attempt passes")
	}
}

// TestAPlaceThatIsNotTriedIsAFinding documents a reference to records that nobody has.
func TestAPlaceThatIsNotTriedIsAFinding(t *testing.T) {
	t.Parallel()
	c := prepare(t, "")
	c.Document = []byte(strings.Replace(fakeDocument, `"x-references":"notes"`, `"x-references":"ghosts"`, 1))
	report := run(t, c)
	for _, operation := range []string{"createNote", "updateNote"} {
		if !slices.ContainsFunc(report.Findings, func(f *prove.Finding) bool {
			return f.Kind == prove.Missed && f.Operation == operation && f.Place == "reference in the body"
		}) {
			t.Errorf("%s passes without an attempt at its reference", operation)
		}
	}
}

// TestAnAttackWithoutAControlIsAFinding documents an operation that answers nobody.
func TestAnAttackWithoutAControlIsAFinding(t *testing.T) {
	t.Parallel()
	c := prepare(t, "")
	c.Document = []byte(strings.Replace(fakeDocument, `"/api/v1/notes/summary/"`,
		`"/api/v1/nothing/":{"get":{"operationId":"getNothing","responses":{"200":{}}}},"/api/v1/notes/summary/"`, 1))
	report := run(t, c)
	if !slices.ContainsFunc(report.Findings, func(f *prove.Finding) bool { return f.Kind == prove.Control && f.Operation == "getNothing" }) {
		t.Error("an operation whose rightful use fails passes")
	}
}
