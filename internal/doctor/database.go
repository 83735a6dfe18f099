package doctor

import (
	"context"
	"fmt"

	"github.com/tenantry/tenantry/internal/finding"
)

// Database returns the check for whether the database could be reached at all, with what was in the way.
func Database(trouble error) finding.Check {
	return finding.Check{
		ID: "database", Title: "The database can be reached", Worst: finding.Critical,
		Run: func(context.Context) ([]finding.Finding, error) {
			if trouble == nil {
				return nil, nil
			}
			return []finding.Finding{{
				Status: finding.Critical, Found: oneLine(trouble.Error()) + ".",
				Do: "See that it runs, and that --database-url or --data-dir is right. Nothing else was looked at in it.",
			}}, nil
		},
	}
}

// Migrations returns the check for what is pending. Production leaves migrating to whoever deploys and refuses to
// start before; development does it at the start.
func Migrations(pending func(context.Context) ([]string, error), production bool) finding.Check {
	return finding.Check{
		ID: "migrations", Title: "The database has the form that this program needs", Worst: finding.Critical,
		Run: func(ctx context.Context) ([]finding.Finding, error) {
			words, err := pending(ctx)
			if err != nil || len(words) == 0 {
				return nil, err
			}
			first := words[0]
			if more := len(words) - 1; more > 0 {
				first = fmt.Sprintf("%s (and %d more)", first, more)
			}
			f := finding.Finding{
				Status: finding.Critical, Found: fmt.Sprintf("Migrations are pending: %s.", first),
				Do: "Run tenantry migrate up before you serve.",
			}
			if !production {
				f.Status, f.Do = finding.Warning, "The next start runs them; or run tenantry migrate up."
			}
			return []finding.Finding{f}, nil
		},
	}
}
