package tenantry

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/internal/cli"
	"github.com/tenantry/tenantry/internal/prove"
	"github.com/tenantry/tenantry/internal/storage/postgres"
	"github.com/tenantry/tenantry/internal/tenant"
)

// elsewhere is how long a change of who may do what takes to be known on every node.
const elsewhere = 1500 * time.Millisecond

// prove attacks a running service.
func (a *App) prove(ctx context.Context, o cli.ProveOptions) (*prove.Report, error) {
	clock := time.Now //nolint:forbidigo // of the command line, as in Main
	config := prove.Config{
		URL: o.URL, Rate: o.Rate, Clock: clock, Settle: elsewhere, Progress: o.Progress,
		Provision: &prove.Operators{Clock: clock, Username: o.Operator, Password: o.Password},
	}
	if o.DatabaseURL != "" {
		engine, err := a.openProbe(ctx, o)
		if err != nil {
			return nil, err
		}
		defer func() { _ = engine.Close() }() // nothing was written
		config.Probe = func(ctx context.Context, a, b string) ([]prove.Check, error) { return probe(ctx, engine, a, b) }
	}
	return prove.Run(ctx, config)
}

func (a *App) openProbe(ctx context.Context, o cli.ProveOptions) (*postgres.Engine, error) {
	registry, err := a.compile()
	if err != nil {
		return nil, err
	}
	return postgres.Open(ctx, postgres.Config{
		URL: o.DatabaseURL, Resources: registry.Tables(), Proof: postgres.Proof{Secret: o.ContextKey},
		Clock: time.Now, //nolint:forbidigo // as above
	})
}

// probe asks the database what it refuses.
func probe(ctx context.Context, engine *postgres.Engine, a, b string) ([]prove.Check, error) {
	attacker, _ := tenant.ParseID(a) // the service has made both
	victim, _ := tenant.ParseID(b)
	probed, err := engine.Probe(ctx, attacker, victim)
	checks := make([]prove.Check, len(probed))
	for i, p := range probed {
		checks[i] = prove.Check{Name: p.Name, OK: p.Detail == "", Detail: p.Detail}
	}
	return checks, err
}
