package tenantry

import (
	"fmt"

	"github.com/tenantry/tenantry/internal/issuer"
)

// Issuer is an OpenID Connect provider whose access tokens are taken beside the service's own.
type Issuer = issuer.Issuer

// checkIssuers returns the mistakes in the issuers of the options.
func (o Options) checkIssuers() error {
	if err := issuer.Check(o.Issuers, o.Issuer); err != nil {
		return fmt.Errorf("%s: %w", "Issuers", err)
	}
	return nil
}

// openIssuers returns what verifies the tokens of the options' issuers, nil where there are none.
func (d *database) openIssuers(resources []string) (*issuer.Verifier, error) {
	o := d.options
	if len(o.Issuers) == 0 {
		return nil, nil //nolint:nilnil // there are none
	}
	return issuer.New(issuer.Config{Issuers: o.Issuers, Own: o.Issuer, Resources: resources, Clock: o.Clock, Logger: o.Logger})
}
