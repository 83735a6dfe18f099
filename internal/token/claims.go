package token

import (
	"crypto/sha256"
	"slices"
	"strings"

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
	Tenant    string       `json:"tenant"`
	Role      string       `json:"role,omitzero"`
	Scope     string       `json:"scope,omitzero"`
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

// seal returns the JSON of the claims.
func (a *Authority) seal(c Claims) ([]byte, error) {
	user := c.User.String()
	p := payload{
		Issuer: a.issuer, Audience: jwt.Audience{a.audience}, Subject: user, UserID: &user,
		Tenant: c.Tenant.String(), Role: c.Role.String(), Scope: strings.Join(c.Scopes, " "), Kind: string(c.Kind),
		Type: c.Type, ID: c.ID.String(),
		IssuedAt: jwt.Date{Time: c.IssuedAt}, NotBefore: jwt.Date{Time: c.NotBefore}, ExpiresAt: jwt.Date{Time: c.ExpiresAt},
	}
	if !c.Family.IsZero() {
		family := c.Family.String()
		p.Family = &family
	}
	if !c.OnBehalfOf.IsZero() {
		p.Act = &act{Subject: c.OnBehalfOf.String()}
	}
	return json.Marshal(p)
}

// open reads the JSON of a signed token's claims and checks all of them but the times.
func (a *Authority) open(data []byte) (*Claims, error) {
	var p payload
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, errClaims
	}
	if p.Issuer != a.issuer || !slices.Contains(p.Audience, a.audience) {
		return nil, errIssuer
	}
	if p.Type != Access && p.Type != Refresh {
		return nil, errType
	}
	c := &Claims{Type: p.Type, Scopes: strings.Fields(p.Scope)}
	var ok bool
	if c.User, ok = parseID(p.Subject); !ok || p.UserID != nil && *p.UserID != p.Subject {
		return nil, errSubject
	}
	if c.Tenant, ok = tenant.ParseID(p.Tenant); !ok {
		return nil, errTenant
	}
	if c.Kind, ok = parseKind(p.Kind); !ok {
		return nil, errKind
	}
	if c.ID, c.Family, ok = parseNames(&p); !ok {
		return nil, errID
	}
	if p.Act != nil {
		if c.OnBehalfOf, ok = parseID(p.Act.Subject); !ok {
			return nil, errActor
		}
	}
	if p.ExpiresAt.IsZero() {
		return nil, errTimes
	}
	c.Role, _ = policy.ParseRole(p.Role)
	c.IssuedAt, c.NotBefore, c.ExpiresAt = p.IssuedAt.Time, p.NotBefore.Time, p.ExpiresAt.Time
	return c, nil
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
