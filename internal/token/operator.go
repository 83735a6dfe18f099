package token

import (
	"errors"
	"slices"
	"time"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/jwt"
	"github.com/tenantry/tenantry/internal/policy"
)

// OperatorClaims is what the token of a platform's operator says. There is no tenant in it, and none in the type:
// what takes Claims can't be given an operator's.
type OperatorClaims struct {
	// ID names the token (jti).
	ID   id.ID
	Type Type
	// User is the operator (sub and user_id).
	User id.ID
	// Family is the line of refresh tokens that the token came from (sid). Operators' tokens always have one. Ask
	// that it is alive: who has a secret that is shared with clients can sign any claims, but can't know a family.
	Family    id.ID
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// SignOperator signs a token of the claims' type. ID is fresh where it is zero, IssuedAt is set; ExpiresAt counts in
// whole seconds.
func (a *Authority) SignOperator(c OperatorClaims) (string, error) {
	if c.User.IsZero() || c.Family.IsZero() || c.ExpiresAt.IsZero() || c.Type != Access && c.Type != Refresh {
		return "", errors.New("sign operator token: no user, family, end or type")
	}
	p := a.common(c.ID, c.User, c.Family, c.ExpiresAt)
	p.Audience, p.Kind, p.Type = jwt.Audience{a.operators}, string(policy.Operator), c.Type
	return a.sign(p)
}

// VerifyOperator is Verify for the tokens of operators. Those of tenants are refused, as Verify refuses these.
func (a *Authority) VerifyOperator(raw string, want Type) (OperatorClaims, error) {
	seen, err := a.examine(raw, want, true)
	if err != nil {
		return OperatorClaims{}, err
	}
	c := &seen.claims
	return OperatorClaims{
		ID: c.ID, Type: c.Type, User: c.User, Family: c.Family, IssuedAt: c.IssuedAt, ExpiresAt: c.ExpiresAt,
	}, nil
}

// openOperator checks what sets an operator's token apart. Clients don't sign these: nothing is left out of one that
// we signed, and nothing added.
func (a *Authority) openOperator(p *payload) (*Claims, error) {
	switch {
	case !slices.Equal(p.Audience, jwt.Audience{a.operators}):
		return nil, errIssuer
	case p.Tenant != nil:
		return nil, errTenant
	case p.Kind != string(policy.Operator):
		return nil, errKind
	case p.Family == nil:
		return nil, errID
	case p.Act != nil:
		return nil, errActor
	case p.UserID == nil:
		return nil, errSubject
	}
	return &Claims{Kind: policy.Operator}, nil
}
