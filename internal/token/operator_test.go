package token_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/token"
)

func operatorClaims(typ token.Type) token.OperatorClaims {
	return token.OperatorClaims{Type: typ, User: user, Family: family, ExpiresAt: start.Add(15 * time.Minute).Truncate(time.Second)}
}

func refuseOperator(t *testing.T, a *token.Authority, raw string, want token.Type) {
	t.Helper()
	_, err := a.VerifyOperator(raw, want)
	wantCode(t, err, fault.TokenInvalid)
	if message := fault.From(err).Message; message != "The token is not valid." {
		t.Errorf("message = %q tells the attacker more", message)
	}
}

// TestOperatorsAndTenantsTokensDoNotPassForEachOther tries all four ways in with each token, twice, since the second
// time it is a remembered one.
func TestOperatorsAndTenantsTokensDoNotPassForEachOther(t *testing.T) {
	t.Parallel()
	for _, algorithm := range append([]token.Algorithm{"HS256"}, token.Algorithms()...) {
		t.Run(string(algorithm), func(t *testing.T) {
			t.Parallel()
			a, _ := setup(t)
			if algorithm != "HS256" {
				replace(t, a, true, active(t, algorithm))
			}
			operator := map[token.Type]string{}
			inTenant := map[token.Type]string{}
			var err error
			for _, typ := range []token.Type{token.Access, token.Refresh} {
				if operator[typ], err = a.SignOperator(operatorClaims(typ)); err != nil {
					t.Fatal(err)
				}
			}
			if inTenant[token.Access], err = a.SignAccess(claims()); err != nil {
				t.Fatal(err)
			}
			if inTenant[token.Refresh], err = a.SignRefresh(claims()); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				for _, typ := range []token.Type{token.Access, token.Refresh} {
					got, err := a.VerifyOperator(operator[typ], typ)
					if err != nil {
						t.Fatal(err)
					}
					want := operatorClaims(typ)
					want.ID, want.IssuedAt = got.ID, start.Truncate(time.Second)
					if diff := cmp.Diff(want, got); diff != "" || got.ID.IsZero() {
						t.Errorf("claims (-want +got):\n%s", diff)
					}
					if _, err := a.Verify(inTenant[typ], typ); err != nil {
						t.Fatal(err)
					}
					for _, as := range []token.Type{token.Access, token.Refresh} {
						refuse(t, a, operator[typ], as)
						refuseOperator(t, a, inTenant[typ], as)
						if as != typ {
							refuseOperator(t, a, operator[typ], as)
						}
					}
				}
			}
		})
	}
}

// TestOperatorsClaimsAreRefused signs each payload with the right keys, so that the claims alone are at fault.
func TestOperatorsClaimsAreRefused(t *testing.T) {
	t.Parallel()
	ok := operators()
	cases := map[string]object{
		"no iss":           ok.without("iss"),
		"wrong iss":        ok.with("iss", "x"),
		"no aud":           ok.without("aud"),
		"aud of tenants":   ok.with("aud", "multitenant-api"),
		"aud of both":      ok.with("aud", []string{"multitenant-api", "multitenant-api-operators"}),
		"aud twice":        ok.with("aud", []string{"multitenant-api-operators", "multitenant-api-operators"}),
		"aud and another":  ok.with("aud", []string{"multitenant-api-operators", "x"}),
		"aud longer":       ok.with("aud", "multitenant-api-operators-x"),
		"aud in capitals":  ok.with("aud", "Multitenant-Api-Operators"),
		"a tenant":         ok.with("tenant", home.String()),
		"an empty tenant":  ok.with("tenant", ""),
		"a star as tenant": ok.with("tenant", "*"),
		"no kind":          ok.without("kind"),
		"kind user":        ok.with("kind", "user"),
		"kind service":     ok.with("kind", "service"),
		"kind system":      ok.with("kind", "system"),
		"no sid":           ok.without("sid"),
		"sid zero":         ok.with("sid", zeroID),
		"sid no uuid":      ok.with("sid", "x"),
		"act":              ok.with("act", object{"sub": another}),
		"no sub":           ok.without("sub"),
		"no user_id":       ok.without("user_id"),
		"user_id another":  ok.with("user_id", another),
		"no token_type":    ok.without("token_type"),
		"refresh":          ok.with("token_type", "refresh"),
		"no exp":           ok.without("exp"),
		"no jti":           ok.without("jti"),
		"nbf in future":    ok.with("nbf", start.Unix()+1),
		"iat in future":    ok.with("iat", start.Unix()+1),
	}
	for _, f := range forgers(t) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			a, _ := ring(t)
			header := f.header.with("typ", "at+jwt")
			if _, err := a.VerifyOperator(f.forge(t, header, ok), token.Access); err != nil {
				t.Fatal(err)
			}
			for name, payload := range cases {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					raw := f.forge(t, header, payload)
					refuseOperator(t, a, raw, token.Access)
					refuse(t, a, raw, token.Refresh)
				})
			}
			for name, typ := range map[string]any{"no typ": nil, "typ JWT": "JWT", "typ of refresh": "rt+jwt"} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					header := f.header.with("typ", typ)
					if typ == nil {
						header = f.header.without("typ")
					}
					refuseOperator(t, a, f.forge(t, header, ok), token.Access)
				})
			}
		})
	}
}

func TestOperatorsTokensExpire(t *testing.T) {
	t.Parallel()
	a, c := setup(t)
	raw, err := a.SignOperator(operatorClaims(token.Access))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		c.now = start
		if _, err := a.VerifyOperator(raw, token.Access); err != nil {
			t.Fatal(err)
		}
		c.now = operatorClaims(token.Access).ExpiresAt
		_, err = a.VerifyOperator(raw, token.Access)
		wantCode(t, err, fault.TokenExpired)
	}
}

func TestOperatorsAudienceIsConfigured(t *testing.T) {
	t.Parallel()
	sign := func(config token.Config) (*token.Authority, string) {
		config.Key, config.Clock = []byte(secret), func() time.Time { return start }
		a, err := token.New(config)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := a.SignOperator(operatorClaims(token.Access))
		if err != nil {
			t.Fatal(err)
		}
		return a, raw
	}
	usual, first := sign(token.Config{})
	other, second := sign(token.Config{OperatorAudience: "platform"})
	refuseOperator(t, usual, second, token.Access)
	refuseOperator(t, other, first, token.Access)
	if _, err := other.VerifyOperator(second, token.Access); err != nil {
		t.Error(err)
	}
}

func TestSignOperatorRefusesIncompleteClaims(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	for name, spoil := range map[string]func(*token.OperatorClaims){
		"no user":      func(c *token.OperatorClaims) { c.User = id.ID{} },
		"no family":    func(c *token.OperatorClaims) { c.Family = id.ID{} },
		"no end":       func(c *token.OperatorClaims) { c.ExpiresAt = time.Time{} },
		"no type":      func(c *token.OperatorClaims) { c.Type = "" },
		"another type": func(c *token.OperatorClaims) { c.Type = "id" },
	} {
		c := operatorClaims(token.Access)
		spoil(&c)
		if raw, err := a.SignOperator(c); err == nil {
			t.Errorf("%s: signed %s", name, raw)
		}
	}
}
