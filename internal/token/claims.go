package token

import (
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/jwt"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/tenant"
)

// maxJTI bounds what a client may put into the jti of a token it signs itself.
const maxJTI = 255

// payload is the claims set as JSON. The decoder refuses duplicate names and compares them case by case, so that
// no second reader of the same bytes can see another tenant in them.
type payload struct {
	Issuer    string       `json:"iss"`
	Audience  jwt.Audience `json:"aud"`
	Subject   string       `json:"sub"`
	UserID    *string      `json:"user_id,omitzero"`
	Tenant    *string      `json:"tenant,omitzero"`
	Role      string       `json:"role,omitzero"`
	Scope     *string      `json:"scope,omitzero"`
	Kind      string       `json:"kind,omitzero"`
	Type      Type         `json:"token_type"`
	IssuedAt  jwt.Date     `json:"iat,omitzero"`
	NotBefore jwt.Date     `json:"nbf,omitzero"`
	ExpiresAt jwt.Date     `json:"exp,omitzero"`
	ID        string       `json:"jti"`
	Family    *string      `json:"sid,omitzero"`
	Act       *act         `json:"act,omitzero"`
}

// act is the operator who acts as the subject (RFC 8693, section 4.1).
type act struct {
	Subject string `json:"sub"`
}

// common returns what the tokens of tenants and of operators both say, good from now on.
func (a *Authority) common(token, subject, family id.ID, end time.Time) payload {
	if token.IsZero() {
		token = id.New()
	}
	user, now := subject.String(), a.clock()
	p := payload{
		Issuer: a.issuer, Subject: user, UserID: &user, ID: token.String(),
		IssuedAt: jwt.Date{Time: now}, NotBefore: jwt.Date{Time: now}, ExpiresAt: jwt.Date{Time: end},
	}
	if !family.IsZero() {
		text := family.String()
		p.Family = &text
	}
	return p
}

// sealed returns the payload of a tenant's token.
func (a *Authority) sealed(c Claims) payload {
	p := a.common(c.ID, c.User, c.Family, c.ExpiresAt)
	in := c.Tenant.String()
	p.Audience, p.Tenant, p.Type = jwt.Audience{a.audience}, &in, c.Type
	p.Role, p.Kind = c.Role.String(), string(c.Kind)
	if c.Type == Access || len(c.Scopes) > 0 { // an access token's is there even where it narrows nothing
		scope := strings.Join(c.Scopes, " ")
		p.Scope = &scope
	}
	if p.Kind == "" {
		p.Kind = string(policy.User)
	}
	if !c.OnBehalfOf.IsZero() {
		p.Act = &act{Subject: c.OnBehalfOf.String()}
	}
	return p
}

// open reads the JSON of a signed token's claims and checks all of them but the times. The audience decides whose
// token it is, an operator's or a tenant's; neither is ever read as the other.
func (a *Authority) open(data []byte) (c *Claims, operator bool, err error) {
	var p payload
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, false, errClaims
	}
	if p.Issuer != a.issuer {
		return nil, false, errIssuer
	}
	operator = slices.Contains(p.Audience, a.operators)
	if operator {
		c, err = a.openOperator(&p)
	} else {
		c, err = a.openTenant(&p)
	}
	if err != nil {
		return nil, false, err
	}
	return c, operator, p.read(c)
}

// openTenant returns what sets a tenant's token apart.
func (a *Authority) openTenant(p *payload) (*Claims, error) {
	if !slices.Contains(p.Audience, a.audience) {
		return nil, errIssuer
	}
	c := &Claims{}
	if p.Scope != nil {
		c.Scopes = strings.Fields(*p.Scope)
	}
	var ok bool
	if p.Tenant == nil {
		return nil, errTenant
	}
	if c.Tenant, ok = tenant.ParseID(*p.Tenant); !ok {
		return nil, errTenant
	}
	if c.Kind, ok = parseKind(p.Kind); !ok {
		return nil, errKind
	}
	if p.Act != nil {
		if c.OnBehalfOf, ok = parseID(p.Act.Subject); !ok {
			return nil, errActor
		}
	}
	c.Role, _ = policy.ParseRole(p.Role)
	return c, nil
}

// read checks and takes over what all tokens have.
func (p *payload) read(c *Claims) error {
	if p.Type != Access && p.Type != Refresh {
		return errType
	}
	var ok bool
	if c.User, ok = parseID(p.Subject); !ok || p.UserID != nil && *p.UserID != p.Subject {
		return errSubject
	}
	if c.ID, c.Family, ok = parseNames(p); !ok {
		return errID
	}
	if p.ExpiresAt.IsZero() {
		return errTimes
	}
	c.Type = p.Type
	c.IssuedAt, c.NotBefore, c.ExpiresAt = p.IssuedAt.Time, p.NotBefore.Time, p.ExpiresAt.Time
	return nil
}

func parseID(text string) (id.ID, bool) {
	parsed, ok := id.Parse(text)
	return parsed, ok && !parsed.IsZero()
}

// parseKind takes a missing kind for a user's, since that is what a client signs that knows no services.
func parseKind(text string) (policy.Kind, bool) {
	if text == "" {
		return policy.User, true
	}
	kind := policy.Kind(text)
	return kind, kind == policy.User || kind == policy.Service
}

// parseNames returns the ids of the token and of its family, which a refresh token can't be without.
func parseNames(p *payload) (token, family id.ID, ok bool) {
	if p.ID == "" || len(p.ID) > maxJTI {
		return token, family, false
	}
	if token, ok = parseID(p.ID); !ok {
		sum := sha256.Sum256([]byte(p.ID))
		copy(token[:], sum[:])
	}
	if p.Family == nil {
		return token, family, p.Type != Refresh
	}
	family, ok = parseID(*p.Family)
	return token, family, ok
}
