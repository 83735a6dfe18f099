package prove_test

import (
	"encoding/json"
	"encoding/xml"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/prove"
)

// leaking is a report of two operations, one of which leaks what looks like HTML, and of a database that holds.
func leaking() *prove.Report {
	return &prove.Report{
		URL: "https://api.example.com", Started: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC), Took: 1500 * time.Millisecond, Requests: 7,
		Operations: []*prove.Operation{
			{ID: "getTask", Method: "GET", Path: "/api/v1/tasks/{id}/", Attempts: 3, Controls: 1, Leaks: 2},
			{ID: "listTasks", Method: "GET", Path: "/api/v1/tasks/", Attempts: 2, Controls: 1},
		},
		Findings: []*prove.Finding{{
			Kind: prove.Leak, Operation: "getTask", Place: "id in the path", Actor: "viewer", Times: 2,
			Detail: "The answer holds <script>alert(1)</script>.", Request: "GET /api/v1/tasks/1/",
		}},
		Database: []prove.Check{{Name: "rows of tasks without a tenant", OK: true}},
		Left:     []string{"tenant 1, suspended"},
	}
}

func written(t *testing.T, r *prove.Report, form prove.Form) string {
	t.Helper()
	var out strings.Builder
	if err := r.Write(&out, form); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTheTextSaysWhatWasTriedAndFound(t *testing.T) {
	t.Parallel()
	text := written(t, leaking(), prove.Text)
	for _, want := range []string{
		"getTask    3         1         2\n",
		"database: rows of tasks without a tenant: holds",
		"LEAK: getTask, id in the path: The answer holds <script>",
		"as viewer:\n    GET /api/v1/tasks/1/", "2 attempts ended so.", "left behind: tenant 1, suspended",
		"Something of another tenant's came through: 5 attempts, 2 controls, 2 leaks on 2 operations. It took 7 requests and 1.5s.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
}

func TestTheJSONIsTheReport(t *testing.T) {
	t.Parallel()
	var got prove.Report
	if err := json.Unmarshal([]byte(written(t, leaking(), prove.JSON)), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(leaking().Findings, got.Findings); diff != "" || got.Leaks() != 2 || got.Attempts() != 5 {
		t.Errorf("%s\n%+v", diff, got)
	}
}

func TestJUnitHasACaseForEachOperationAndCheck(t *testing.T) {
	t.Parallel()
	r := leaking()
	r.Findings = append(r.Findings, &prove.Finding{Kind: prove.Missed, Operation: "database", Detail: "Nothing was asked."})
	var suite struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Cases    []struct {
			Name     string `xml:"name,attr"`
			Failures []struct {
				Type string `xml:"type,attr"`
			} `xml:"failure"`
		} `xml:"testcase"`
	}
	if err := xml.Unmarshal([]byte(written(t, r, prove.JUnit)), &suite); err != nil {
		t.Fatal(err)
	}
	if suite.Tests != 4 || suite.Failures != 2 || len(suite.Cases) != 4 || len(suite.Cases[0].Failures) != 1 || suite.Cases[0].Failures[0].Type != "leak" {
		t.Errorf("%+v", suite)
	}
}

// TestThePageNeedsNothingBesideItself looks for whatever could load something or run.
func TestThePageNeedsNothingBesideItself(t *testing.T) {
	t.Parallel()
	text := written(t, leaking(), prove.HTML)
	if found := regexp.MustCompile(`<script|<link|<img|<iframe|src=|url\(|@import|javascript:`).FindString(text); found != "" {
		t.Errorf("the page holds %s", found)
	}
	for _, want := range []string{"&lt;script&gt;", "getTask", "as viewer, 2 times", "rows of tasks without a tenant", "Content-Security-Policy"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not hold %s", want)
		}
	}
}

func TestTheBarShowsHowFarItIs(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	var out strings.Builder
	draw := prove.Bar(&out, func() time.Time { return now })
	now = now.Add(3 * time.Second)
	draw(1, 3, "getTask")
	draw(3, 3, "listTasks")
	want := "\r\033[K[##########--------------------] 1/3 3s getTask" + "\r\033[K[##############################] 3/3 3s listTasks\n"
	if out.String() != want {
		t.Errorf("%q", out.String())
	}
}

func TestWithoutAnAttemptNothingIsProved(t *testing.T) {
	t.Parallel()
	if (&prove.Report{}).OK() {
		t.Error("a report without an attempt is fine")
	}
}
