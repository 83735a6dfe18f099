package issuer

import (
	"crypto/sha256"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/jwt"
	"github.com/tenantry/tenantry/internal/policy"
)

// Leeway is how far the clock of an issuer may be from ours: a token is good for so long behind its end.
const Leeway = time.Minute

// maxText bounds the names that are taken from a token (OpenID Connect Core 1.0, section 2, bounds sub by it).
const maxText = 255

// Claims is what a verified token says. They are shared: nothing of them may be changed.
type Claims struct {
	// Issuer is who said it.
	Issuer *Issuer
	// ID names the token, by its jti or else by all its bytes but the signature.
	ID id.ID
	// Subject is whom the issuer means; it means nothing without the issuer.
	Subject string
	// Username is the name under which the subject would join; empty where the token has none that can be one.
	Username string
	// Tenant is the slug or the id of the tenant that the token is for.
	Tenant string
	// Scopes narrow what the token opens; empty scopes narrow nothing.
	Scopes                         []string
	IssuedAt, NotBefore, ExpiresAt time.Time
}

// payload is a token's claims by name. The decoder has refused names that occur twice.
type payload map[string]jsontext.Value

// open reads the claims of a signed token and checks all of them but the times.
func (v *Verifier) open(i *Issuer, raw string, data []byte) (*Claims, error) {
	var p payload
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, errClaims
	}
	if iss, ok := p.text("iss"); !ok || iss != i.URL {
		return nil, errIssuer
	}
	if aud, ok := p.texts("aud"); !ok || !slices.Contains(aud, i.Audience) {
		return nil, errAudience
	}
	if _, bound := p["cnf"]; bound {
		return nil, errBound // only whoever proves to hold the key may use it, and we ask nobody for that
	}
	c := &Claims{Issuer: i}
	var ok bool
	if c.Subject, ok = p.text(i.UserClaim); !ok {
		return nil, errSubject
	}
	tenants, ok := p.texts(i.TenantClaim)
	if !ok || len(tenants) != 1 || !proper(tenants[0]) {
		return nil, errTenant
	}
	c.Tenant = tenants[0]
	if c.ID, ok = p.id(i.URL, raw); !ok {
		return nil, errID
	}
	if c.Scopes, ok = v.scopes(i, p); !ok {
		return nil, errScopes
	}
	if c.ExpiresAt, c.NotBefore, c.IssuedAt, ok = p.times(); !ok {
		return nil, errTimes
	}
	c.Username = i.username(c.Subject)
	if i.UsernameClaim != "" {
		c.Username, _ = p.text(i.UsernameClaim)
	}
	return c, nil
}

// text returns a claim that is a text to be kept and compared.
func (p payload) text(name string) (string, bool) {
	var text string
	raw, ok := p[name]
	if !ok || raw.Kind() != '"' || json.Unmarshal(raw, &text) != nil || !proper(text) {
		return "", false
	}
	return text, true
}

func proper(text string) bool {
	if text == "" || utf8.RuneCountInString(text) > maxText {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// texts returns a claim that is a text or an array of them.
func (p payload) texts(name string) (out jwt.Audience, ok bool) {
	raw, ok := p[name]
	if !ok || json.Unmarshal(raw, &out) != nil {
		return nil, false
	}
	return out, true
}

// id names the token. Two issuers may give the same jti, and neither may name a token of ours.
func (p payload) id(issuer, raw string) (out id.ID, ok bool) {
	name := "bytes " + raw[:strings.LastIndexByte(raw, '.')] // a signature may have several forms
	if _, given := p["jti"]; given {
		jti, ok := p.text("jti")
		if !ok {
			return out, false
		}
		name = "jti " + issuer + " " + jti
	}
	sum := sha256.Sum256([]byte(name))
	copy(out[:], sum[:])
	return out, true
}

// times returns exp, which has to be there, nbf and iat.
func (p payload) times() (exp, nbf, iat time.Time, ok bool) {
	var dates [3]jwt.Date
	for i, name := range []string{"exp", "nbf", "iat"} {
		raw, given := p[name]
		if given && json.Unmarshal(raw, &dates[i]) != nil {
			return exp, nbf, iat, false
		}
	}
	return dates[0].Time, dates[1].Time, dates[2].Time, !dates[0].IsZero()
}

// scopes returns those of ours that the token has, in scope (RFC 9068) or in scp, as some issuers have it. A token
// that has scopes and none of ours was not given for anything here.
func (v *Verifier) scopes(i *Issuer, p payload) ([]string, bool) {
	if i.IgnoreScopes {
		return nil, true
	}
	given := false
	var ours []string
	for _, name := range []string{"scope", "scp"} {
		if _, has := p[name]; !has {
			continue
		}
		given = true
		texts, ok := p.texts(name)
		if !ok {
			return nil, false
		}
		for scope := range strings.FieldsSeq(strings.Join(texts, " ")) {
			if policy.IsScope(scope, v.resources) && !slices.Contains(ours, scope) {
				ours = append(ours, scope)
			}
		}
	}
	return ours, !given || len(ours) > 0
}
