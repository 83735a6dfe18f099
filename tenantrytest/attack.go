package tenantrytest

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry"
	"github.com/tenantry/tenantry/internal/prove"
)

// Samples are values that the fields of resources take, by resource and field, where what their tags say does not
// suffice to make a valid record: {"invoices": {"iban": "DE02120300000000202051"}}.
type Samples = map[string]map[string]any

// Attacks is an attack with options. Its zero value is what Attack does.
type Attacks struct {
	// Options are those of the service that is attacked: by default it keeps its data in a directory of the test's.
	// Limits are off, unless they say otherwise.
	Options tenantry.Options
	Samples Samples
	// ReportFile is where the report is written as JSON, whatever it says; empty writes none.
	ReportFile string
}

// Attack serves the application from a directory of the test's own, makes two tenants with members of every role, fills
// both, and tries every operation as the one with everything that belongs to the other. Whatever comes through fails the
// test, and so does an operation that could not be attacked, or not as its rightful owner would use it.
func Attack(t *testing.T, app *tenantry.App) {
	t.Helper()
	Attacks{}.Run(t, app)
}

// timeout ends an attack on a service that hangs.
const timeout = 5 * time.Minute

// Run runs the attacks; see Attack.
func (a Attacks) Run(t *testing.T, app *tenantry.App) {
	t.Helper()
	report := a.report(t, app)
	a.write(t, report)
	for _, f := range report.Findings {
		t.Errorf("%s: %s, %s: %s (%d times)\n%s", f.Operation, f.Kind, f.Place, f.Detail, f.Times, indent(f.Request))
	}
	t.Logf("%d attempts, %d controls, %d leaks; %d requests in %s", report.Attempts(), report.Controls(), report.Leaks(), report.Requests, report.Took)
}

func (a Attacks) report(t *testing.T, app *tenantry.App) *prove.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	clock := &clock{}
	service, err := app.Open(ctx, a.options(t, clock))
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	server := httptest.NewServer(service.Handler())
	t.Cleanup(func() {
		server.Close()
		if err := service.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	report, err := prove.Run(ctx, prove.Config{
		URL: server.URL, Provision: newProvisioner(t, service, server.URL, clock), Samples: a.Samples, Clock: time.Now, Keep: true,
	})
	if err != nil {
		t.Fatalf("attack: %v", err)
	}
	return report
}

func (a Attacks) write(t *testing.T, report *prove.Report) {
	t.Helper()
	if a.ReportFile == "" {
		return
	}
	text, err := json.Marshal(report)
	if err == nil {
		err = os.WriteFile(a.ReportFile, text, 0o600)
	}
	if err != nil {
		t.Errorf("write the report: %v", err)
	}
}

func (a Attacks) options(t *testing.T, clock *clock) tenantry.Options {
	t.Helper()
	o := a.Options
	if o.DataDir == "" {
		o.DataDir = t.TempDir()
	}
	if o.SigningKey == nil {
		o.SigningKey = []byte("a key that signs for tests alone, and nothing else")
	}
	for _, rate := range []*string{&o.RateAnonymous, &o.RateAuthenticated, &o.RateLogin, &o.RateLoginAddress} {
		if *rate == "" {
			*rate = "off"
		}
	}
	o.Clock = clock.Now
	return o
}

func indent(text string) string { return "\t" + strings.ReplaceAll(text, "\n", "\n\t") }
