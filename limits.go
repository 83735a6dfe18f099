package tenantry

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tenantry/tenantry/internal/httpapi"
	"github.com/tenantry/tenantry/internal/limit"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/origin"
)

// rates reads the limits of the options. All mistakes are returned together.
func (o Options) rates(operations []operation.Operation) (httpapi.Rates, error) {
	var wrong []error
	parse := func(option, text string) limit.Rate {
		rate, err := limit.ParseRate(text)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", option, err))
		}
		return rate
	}
	several := func(option string, texts map[string]string) map[string]limit.Rate {
		out := make(map[string]limit.Rate, len(texts))
		for _, name := range slices.Sorted(maps.Keys(texts)) {
			out[name] = parse(option+" of "+name, texts[name])
		}
		return out
	}
	r := httpapi.Rates{
		Anonymous: parse("RateAnonymous", o.RateAnonymous), Authenticated: parse("RateAuthenticated", o.RateAuthenticated),
		Tenant: parse("RateTenant", o.RateTenant), Tenants: several("RateTenants", o.RateTenants),
		Login: parse("RateLogin", o.RateLogin), LoginAddress: parse("RateLoginAddress", o.RateLoginAddress),
		Operations: several("RateOperations", o.RateOperations),
	}
	for _, name := range slices.Sorted(maps.Keys(o.RateOperations)) {
		if !slices.ContainsFunc(operations, func(op operation.Operation) bool { return op.ID == name }) {
			wrong = append(wrong, fmt.Errorf("RateOperations: there is no operation %q", name))
		}
	}
	for _, text := range o.CORSOrigins {
		if _, err := origin.Parse(text); err != nil {
			wrong = append(wrong, fmt.Errorf("CORSOrigins: %w", err))
		}
	}
	return r, errors.Join(wrong...)
}

func (o Options) withRates() Options {
	for text, usual := range map[*string]string{
		&o.RateAnonymous: "100/h", &o.RateAuthenticated: "1000/h", &o.RateTenant: "off", &o.RateLogin: "10/m", &o.RateLoginAddress: "60/m",
	} {
		if *text == "" {
			*text = usual
		}
	}
	return o
}
