package issuer_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/issuer"
)

func TestAGoodTokenSaysWhoAndWhere(t *testing.T) {
	t.Parallel()
	f := setup(t)
	got := f.taken("a good token", f.token(map[string]any{"scope": "openid tasks:read write tasks:read other:read", "nbf": start.Unix()}))
	want := &issuer.Claims{
		Subject: "user-1", Username: "user-1@" + strings.TrimPrefix(f.URL, "https://"), Tenant: "acme", Scopes: []string{"tasks:read", "write"},
		IssuedAt: start, NotBefore: start, ExpiresAt: start.Add(5 * time.Minute),
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(issuer.Claims{}, "Issuer", "ID")); diff != "" {
		t.Error(diff)
	}
	if got.Issuer.URL != f.URL || got.ID.IsZero() {
		t.Errorf("%+v", got)
	}
}

func TestConfiguredClaims(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.start(func(c *issuer.Config) {
		i := &c.Issuers[0]
		i.UserClaim, i.UsernameClaim, i.TenantClaim, i.IgnoreScopes = "uid", "preferred_username", "https://example.com/org", true
	})
	mapped := map[string]any{"uid": "U7", "preferred_username": "ann", "https://example.com/org": []string{"globex"}, "scope": "openid"}
	got := f.taken("mapped claims", f.token(mapped))
	if got.Subject != "U7" || got.Username != "ann" || got.Tenant != "globex" || got.Scopes != nil {
		t.Errorf("%+v", got)
	}
	mapped["preferred_username"] = nil
	if got := f.taken("without a name", f.token(mapped)); got.Username != "" {
		t.Errorf("%+v", got)
	}
	mapped["uid"] = nil
	f.refused("without the user's claim", f.token(mapped), fault.TokenInvalid)
}

func TestFormsThatAreTaken(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for name, raw := range map[string]string{
		"typ of RFC 9068":     sign(t, f.key, map[jose.HeaderKey]any{"typ": "at+jwt"}, f.claims(nil)),
		"typ in full":         sign(t, f.key, map[jose.HeaderKey]any{"typ": "application/at+JWT"}, f.claims(nil)),
		"typ JWT":             sign(t, f.key, map[jose.HeaderKey]any{"typ": "JWT"}, f.claims(nil)),
		"no kid and one key":  signWith(t, f.key.algorithm, f.key.private, "", nil, f.claims(nil)),
		"several audiences":   f.token(map[string]any{"aud": []string{"other", "api"}}),
		"tenant in an array":  f.token(map[string]any{"org": []string{"acme"}}),
		"no jti":              f.token(map[string]any{"jti": nil}),
		"no iat":              f.token(map[string]any{"iat": nil}),
		"a fraction":          f.token(map[string]any{"exp": float64(start.Unix()) + 7.5}),
		"scp as an array":     f.token(map[string]any{"scp": []string{"read"}}),
		"within the leeway":   f.token(map[string]any{"exp": start.Add(-59 * time.Second).Unix()}),
		"a clock ahead":       f.token(map[string]any{"iat": start.Add(59 * time.Second).Unix(), "nbf": start.Add(59 * time.Second).Unix()}),
		"a subject of spaces": f.token(map[string]any{"sub": "auth0|ann smith"}),
	} {
		f.taken(name, raw)
	}
}

func TestAlgorithmsThatAreConfigured(t *testing.T) {
	t.Parallel()
	all := []signingKey{
		newKey(t, "rs256", jose.RS256), newKey(t, "ps512", jose.PS512), newKey(t, "es256", jose.ES256), newKey(t, "es384", jose.ES384), newKey(t, "eddsa", jose.EdDSA),
	}
	f := setup(t)
	f.publish(append(all, f.key)...)
	for _, configured := range all {
		f.start(func(c *issuer.Config) { c.Issuers[0].Algorithms = []string{string(configured.algorithm)} })
		for _, k := range all {
			raw := sign(t, k, nil, f.claims(nil))
			if k.algorithm == configured.algorithm {
				f.taken(k.id, raw)
			} else {
				f.refused(k.id+" where "+configured.id+" is configured", raw, fault.TokenInvalid)
			}
		}
	}
}

func TestTokensOfNobodyConfigured(t *testing.T) {
	t.Parallel()
	f := setup(t)
	good := f.token(nil)
	for name, raw := range map[string]string{
		"another issuer":        f.token(map[string]any{"iss": "https://other.example"}),
		"a slash more":          f.token(map[string]any{"iss": f.URL + "/"}),
		"upper case":            f.token(map[string]any{"iss": strings.ToUpper(f.URL)}),
		"no issuer":             f.token(map[string]any{"iss": nil}),
		"two issuers":           sign(t, f.key, nil, `{"iss":"`+f.URL+`","iss":"multitenant-api"}`),
		"an issuer in an array": f.token(map[string]any{"iss": []string{f.URL}}),
		"a tenant twice":        sign(t, f.key, nil, `{"iss":"`+f.URL+`","aud":"api","sub":"a","org":"acme","org":"globex","exp":9999999999}`),
		"no JSON":               sign(t, f.key, nil, `x`),
		"empty":                 "",
		"no token":              "abc",
		"a long one":            f.token(map[string]any{"x": strings.Repeat("x", 16<<10)}),
		"two parts":             good[:strings.LastIndexByte(good, '.')],
	} {
		if claims, known, err := f.Verify(t.Context(), raw); claims != nil || known || err != nil {
			t.Errorf("%s: %v %v %v", name, claims, known, err)
		}
	}
}

func TestClaimsAreRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for name, set := range map[string]map[string]any{
		"another audience":          {"aud": "other"},
		"a part of the audience":    {"aud": "api/v1"},
		"no audience":               {"aud": nil},
		"an empty audience":         {"aud": []string{}},
		"no end":                    {"exp": nil},
		"an end in a string":        {"exp": "9999999999"},
		"an end of null":            {"exp": null{}},
		"an end beyond all bounds":  {"exp": 1e300},
		"not yet":                   {"nbf": start.Add(61 * time.Second).Unix()},
		"from the future":           {"iat": start.Add(61 * time.Second).Unix()},
		"no subject":                {"sub": nil},
		"an empty subject":          {"sub": ""},
		"a number as subject":       {"sub": 7},
		"a subject with a line":     {"sub": "a\nb"},
		"a subject with a zero":     {"sub": "a\x00"},
		"a subject that turns":      {"sub": "a\u202eb"},
		"a subject too long":        {"sub": strings.Repeat("ä", 256)},
		"no tenant":                 {"org": nil},
		"an empty tenant":           {"org": ""},
		"a number as tenant":        {"org": 7},
		"two tenants":               {"org": []string{"acme", "globex"}},
		"no tenant in an array":     {"org": []string{}},
		"an object as tenant":       {"org": map[string]any{"acme": 1}},
		"a number as jti":           {"jti": 7},
		"an empty jti":              {"jti": ""},
		"scopes of others alone":    {"scope": "openid profile email"},
		"empty scopes":              {"scope": ""},
		"scopes of null":            {"scope": null{}},
		"a scope of no resource":    {"scope": "invoices:read"},
		"a scope of no access":      {"scope": "tasks:admin tasks: :read tasks:read:read"},
		"scopes of others as scp":   {"scp": []string{"User.Read"}},
		"a number as scope":         {"scope": 1},
		"bound to a key":            {"cnf": map[string]string{"jkt": "x"}},
		"bound to nothing we know":  {"cnf": null{}},
		"a later end of the string": {"aud": "api\x00"},
	} {
		f.refused(name, f.token(set), fault.TokenInvalid)
	}
	f.refused("expired", f.token(map[string]any{"exp": start.Add(-60 * time.Second).Unix()}), fault.TokenExpired)
	f.refused("expired long ago", f.token(map[string]any{"exp": 0}), fault.TokenExpired)
}

// null is the JSON null, which a nil in the tests' claims is not.
type null struct{}

func (null) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

func TestScopesOfBothClaimsCount(t *testing.T) {
	t.Parallel()
	f := setup(t)
	got := f.taken("both", f.token(map[string]any{"scope": "openid read", "scp": []string{"projects:write", "read"}}))
	if !slices.Equal(got.Scopes, []string{"read", "projects:write"}) {
		t.Errorf("%v", got.Scopes)
	}
}

func TestTimesCountOnEveryUse(t *testing.T) {
	t.Parallel()
	f := setup(t)
	raw := f.token(nil)
	f.taken("at first", raw)
	f.clock.advance(5*time.Minute + issuer.Leeway - time.Second)
	f.taken("to the end", raw)
	f.clock.advance(time.Second)
	f.refused("behind it", raw, fault.TokenExpired)
}

func TestTokensAreNamed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id := func(set map[string]any) string { return f.taken("a token", f.token(set)).ID.String() }
	byName := id(nil)
	if byName != id(map[string]any{"iat": start.Unix() - 1}) {
		t.Error("one jti, two names")
	}
	if byName == id(map[string]any{"jti": "token-2"}) {
		t.Error("two jtis, one name")
	}
	// ECDSA signs anew each time, so the two differ in the signature alone.
	unnamed := id(map[string]any{"jti": nil})
	if unnamed != id(map[string]any{"jti": nil}) {
		t.Error("the signature is part of the name")
	}
	if unnamed == id(map[string]any{"jti": nil, "sub": "other"}) {
		t.Error("two tokens without a jti, one name")
	}
	second := newProvider(t, f.key)
	other := f.settings()
	other.URL = second.URL
	f.start(func(c *issuer.Config) { c.Issuers = append(c.Issuers, other); c.Roots.AddCert(second.Certificate()) })
	if byName == id(map[string]any{"iss": second.URL}) {
		t.Error("one jti of two issuers, one name")
	}
}

// TestOneIssuersKeyIsNotAnothers has two issuers with a key of one kid, each of which signs for the other.
func TestOneIssuersKeyIsNotAnothers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	key := newKey(t, f.key.id, jose.ES256)
	second := newProvider(t, key)
	other := f.settings()
	other.URL = second.URL
	f.start(func(c *issuer.Config) { c.Issuers = append(c.Issuers, other); c.Roots.AddCert(second.Certificate()) })
	f.taken("the second's own", sign(t, key, nil, f.claims(map[string]any{"iss": second.URL})))
	f.refused("the first in the second's name", f.token(map[string]any{"iss": second.URL}), fault.TokenInvalid)
	f.refused("the second in the first's name", sign(t, key, nil, f.claims(nil)), fault.TokenInvalid)
}
