// Package doctor examines a deployment: it runs the checks of its parts, adds those of the configuration, and says in a
// table or as JSON what is wrong and what to do. A start in production asks the same checks, so that the two can't
// disagree: it is refused on whatever is critical.
//
// The checks of a database stand in its engine, as the only place that knows its SQL. Nothing in here changes
// anything, and no finding holds a secret.
package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/internal/finding"
)

// Source is a part of a deployment that can be looked at.
type Source interface {
	// Checks returns what can be looked at.
	Checks() []finding.Check
}

// Result is what one check found.
type Result struct {
	ID       string            `json:"id"`
	Title    string            `json:"title"`
	Status   finding.Status    `json:"status"`
	Findings []finding.Finding `json:"findings"`
}

// Report is what all checks found, in their order.
type Report struct {
	// Status is the worst of all.
	Status finding.Status `json:"status"`
	Checks []Result       `json:"checks"`
}

// Examine runs all checks. A check that could not look has found the worst that it could: what can't be seen can't be
// trusted. The error is that of a context that ended.
func Examine(ctx context.Context, checks []finding.Check) (Report, error) {
	report := Report{Checks: make([]Result, 0, len(checks))}
	for _, check := range checks {
		found, err := check.Run(ctx)
		if ctx.Err() != nil {
			return Report{}, ctx.Err()
		}
		if err != nil {
			found = append(found, finding.Finding{
				Status: check.Worst, Found: "It could not be looked at: " + oneLine(err.Error()) + ".", Do: "Mend what is in the way, and look again.",
			})
		}
		result := Result{ID: check.ID, Title: check.Title, Findings: append([]finding.Finding{}, found...)}
		for _, f := range found {
			if f.Status > check.Worst {
				return Report{}, fmt.Errorf("the check %s found what is %s, and promises %s at worst", check.ID, f.Status, check.Worst)
			}
			result.Status = max(result.Status, f.Status)
		}
		report.Checks = append(report.Checks, result)
		report.Status = max(report.Status, result.Status)
	}
	return report, nil
}

// oneLine returns a text that may span lines as one, without its stop.
func oneLine(text string) string {
	return strings.TrimSuffix(strings.Join(strings.Fields(text), " "), ".")
}

// Binding returns the checks that can refuse a start.
func Binding(checks []finding.Check) []finding.Check {
	var out []finding.Check
	for _, check := range checks {
		if check.Worst == finding.Critical {
			out = append(out, check)
		}
	}
	return out
}

// RefusalError is why production does not start. Its text is one sentence of the first critical finding.
type RefusalError struct {
	// Check is the id of the check that found it.
	Check string
	finding.Finding
	// Others is how many more critical findings there are.
	Others int
}

// Error implements error.
func (r *RefusalError) Error() string {
	text := fmt.Sprintf("production refuses to start: %s %s (check %s", r.Found, r.Do, r.Check)
	if r.Others > 0 {
		text += fmt.Sprintf("; %d more are critical, which doctor lists", r.Others)
	}
	return text + ")"
}

// Refuse returns a *RefusalError where the report has something critical, else nil.
func (r Report) Refuse() error {
	var first *RefusalError
	for _, check := range r.Checks {
		for _, f := range check.Findings {
			switch {
			case f.Status != finding.Critical:
			case first == nil:
				first = &RefusalError{Check: check.ID, Finding: f}
			default:
				first.Others++
			}
		}
	}
	if first == nil {
		return nil
	}
	return first
}
