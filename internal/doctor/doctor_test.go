package doctor_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/doctor"
	"github.com/tenantry/tenantry/internal/finding"
)

func check(id string, worst finding.Status, found []finding.Finding, err error) finding.Check {
	return finding.Check{ID: id, Title: "All is well with " + id, Worst: worst, Run: func(context.Context) ([]finding.Finding, error) {
		return found, err
	}}
}

func examine(t *testing.T, checks ...finding.Check) doctor.Report {
	t.Helper()
	report, err := doctor.Examine(t.Context(), checks)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestTheWorstFindingIsTheReports(t *testing.T) {
	t.Parallel()
	report := examine(t,
		check("a", finding.Critical, nil, nil),
		check("b", finding.Critical, []finding.Finding{{Status: finding.Warning, Found: "x"}, {Found: "y"}}, nil),
		check("c", finding.Warning, nil, errors.New("no\n answer.")),
	)
	want := doctor.Report{Status: finding.Warning, Checks: []doctor.Result{
		{ID: "a", Title: "All is well with a", Findings: []finding.Finding{}},
		{ID: "b", Title: "All is well with b", Status: finding.Warning, Findings: []finding.Finding{{Status: finding.Warning, Found: "x"}, {Found: "y"}}},
		{ID: "c", Title: "All is well with c", Status: finding.Warning, Findings: []finding.Finding{
			{Status: finding.Warning, Found: "It could not be looked at: no answer.", Do: "Mend what is in the way, and look again."},
		}},
	}}
	if diff := cmp.Diff(want, report); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if err := report.Refuse(); err != nil {
		t.Errorf("a warning refuses the start: %v", err)
	}
}

func TestWhatIsCriticalRefusesTheStart(t *testing.T) {
	t.Parallel()
	bad := []finding.Finding{{Status: finding.Warning, Found: "w"}, {Status: finding.Critical, Found: "Bad.", Do: "Mend."}, {Status: finding.Critical, Found: "Worse."}}
	checks := []finding.Check{
		check("slow", finding.Warning, nil, errors.New("must not run at a start")),
		check("a", finding.Critical, bad, nil),
		check("b", finding.Critical, nil, errors.New("no answer")),
	}
	bound := doctor.Binding(checks)
	if len(bound) != 2 {
		t.Fatalf("%d checks bind a start", len(bound))
	}
	for name, report := range map[string]doctor.Report{"doctor": examine(t, checks...), "start": examine(t, bound...)} {
		err := report.Refuse()
		if _, ok := errors.AsType[*doctor.RefusalError](err); !ok || report.Status != finding.Critical {
			t.Fatalf("%s: %v", name, err)
		}
		if got := err.Error(); got != "production refuses to start: Bad. Mend. (check a; 2 more are critical, which doctor lists)" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestAFindingIsNeverWorseThanItsCheck(t *testing.T) {
	t.Parallel()
	_, err := doctor.Examine(t.Context(), []finding.Check{check("a", finding.Warning, []finding.Finding{{Status: finding.Critical}}, nil)})
	if err == nil { // a start would not have looked
		t.Error("a check that can only warn found what is critical")
	}
}

func TestExamineEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := doctor.Examine(ctx, []finding.Check{check("a", finding.Critical, nil, ctx.Err())}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTheTableIsReadAtOneHundredColumns(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 40)
	report := examine(t,
		check("server_role", finding.Critical, nil, nil),
		check("a_check_of_some_length", finding.Critical, []finding.Finding{
			{Status: finding.Critical, Found: "It is bad: " + long, Do: "Mend it."},
			{Found: "This one is well."},
		}, nil),
		check("b", finding.Warning, []finding.Finding{{Status: finding.Warning, Found: "It is so so."}}, nil),
	)
	var out strings.Builder
	if err := report.WriteTable(&out); err != nil {
		t.Fatal(err)
	}
	want := `STATUS    CHECK                   FOUND
ok        server_role             All is well with server_role.
critical  a_check_of_some_length  It is bad: word word word word word word word word word word word
                                  word word word word word word word word word word word word word
                                  word word word word word word word word word word word word word
                                  word word word
                                  Do: Mend it.
ok        a_check_of_some_length  This one is well.
warning   b                       It is so so.

1 ok, 1 with warnings, 1 critical.
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for line := range strings.Lines(out.String()) {
		if len(strings.TrimSuffix(line, "\n")) > 100 {
			t.Errorf("more than 100 columns: %q", line)
		}
	}
}

func TestTheReportAsJSON(t *testing.T) {
	t.Parallel()
	report := examine(t, check("a", finding.Critical, nil, nil), check("b", finding.Critical, []finding.Finding{
		{Status: finding.Critical, Found: "Bad.", Do: "Mend."}, {Found: "Well."},
	}, nil))
	got, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"status":"critical","checks":[{"id":"a","title":"All is well with a","status":"ok","findings":[]},` +
		`{"id":"b","title":"All is well with b","status":"critical","findings":[{"status":"critical","found":"Bad.","do":"Mend."},{"status":"ok","found":"Well."}]}]}`
	if string(got) != want {
		t.Errorf("got %s", got)
	}
}

func TestPendingMigrationsAreProductionsToRefuse(t *testing.T) {
	t.Parallel()
	run := func(production bool, pending []string, err error) doctor.Report {
		return examine(t, doctor.Migrations(func(context.Context) ([]string, error) { return pending, err }, production))
	}
	two := []string{"create the table tasks", "more"}
	if got := run(true, two, nil); got.Status != finding.Critical || got.Checks[0].Findings[0].Found != "Migrations are pending: create the table tasks (and 1 more)." {
		t.Errorf("production: %+v", got)
	}
	if got := run(false, two, nil); got.Status != finding.Warning {
		t.Errorf("development: %+v", got)
	}
	if got := run(true, nil, nil); got.Status != finding.OK {
		t.Errorf("none: %+v", got)
	}
	if got := run(false, nil, errors.New("a field that is no more")); got.Status != finding.Critical {
		t.Errorf("one that can't be made: %+v", got)
	}
}

func TestADatabaseThatIsAwayIsCritical(t *testing.T) {
	t.Parallel()
	got := examine(t, doctor.Database(errors.New("connect to PostgreSQL:\nno server answers")))
	if got.Status != finding.Critical || got.Checks[0].Findings[0].Found != "connect to PostgreSQL: no server answers." {
		t.Errorf("got %+v", got)
	}
	if got := examine(t, doctor.Database(nil)); got.Status != finding.OK {
		t.Errorf("one that is there: %+v", got)
	}
}
