package token_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/token"
)

func TestSignedTokensVerify(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	c := claims()
	c.OnBehalfOf, c.ID = mustID(another), id.New()
	for want, sign := range map[token.Type]func(token.Claims) (string, error){
		token.Access: a.SignAccess, token.Refresh: a.SignRefresh,
	} {
		raw, err := sign(c)
		if err != nil {
			t.Fatal(err)
		}
		expected := c
		expected.Type, expected.Kind = want, policy.User
		expected.IssuedAt = start.Truncate(time.Second)
		expected.NotBefore = expected.IssuedAt
		for range 2 { // the second answer is a remembered one
			got, err := a.Verify(raw, want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(expected, got); diff != "" {
				t.Errorf("%s claims (-want +got):\n%s", want, diff)
			}
		}
	}
}

func TestSignedAccessTokenHasTheContractsClaims(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	raw, err := a.SignAccess(claims())
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(raw, ".")
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if jti, _ := got["jti"].(string); len(jti) != 36 {
		t.Errorf("jti = %q, want a UUID", jti)
	}
	delete(got, "jti")
	want := map[string]any{
		"iss": "multitenant-api", "aud": "multitenant-api", "sub": user.String(), "user_id": user.String(),
		"tenant": home.String(), "role": "admin", "scope": "read tasks:write", "kind": "user", "token_type": "access",
		"iat": float64(start.Unix()), "nbf": float64(start.Unix()), "exp": float64(start.Unix() + 900),
		"sid": family.String(),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	head, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	if string(head) != `{"alg":"HS256","typ":"at+jwt"}` {
		t.Errorf("header = %s", head)
	}
}

func TestAccessTokenWithoutScopesSaysSo(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	c := claims()
	c.Scopes = nil
	raw, err := a.SignAccess(c)
	if err != nil {
		t.Fatal(err)
	}
	data, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[1])
	if err != nil || !strings.Contains(string(data), `"scope":""`) {
		t.Errorf("claims %s, %v", data, err)
	}
	if got, err := a.Verify(raw, token.Access); err != nil || len(got.Scopes) != 0 {
		t.Errorf("scopes %q, %v", got.Scopes, err)
	}
}

func TestServicesSignInWithoutAFamily(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	c := claims()
	c.Kind, c.Family = policy.Service, id.ID{}
	raw, err := a.SignAccess(c)
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Verify(raw, token.Access)
	if err != nil || got.Kind != policy.Service || !got.Family.IsZero() {
		t.Errorf("claims = %+v, %v", got, err)
	}
}

func TestClientsOwnTokensVerify(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		header  object
		payload object
	}{
		"as PyJWT signs it":        {plain(), minted()},
		"no typ":                   {object{"alg": "HS256"}, minted()},
		"typ of RFC 9068":          {plain().with("typ", "at+jwt"), minted()},
		"typ in lower case":        {plain().with("typ", "jwt"), minted()},
		"several audiences":        {plain(), minted().with("aud", []string{"other", "multitenant-api"})},
		"no user_id":               {plain(), minted().without("user_id")},
		"no kind, role and scope":  {plain(), minted().without("kind").without("role").without("scope")},
		"no iat and nbf":           {plain(), minted().without("iat").without("nbf")},
		"fractional times":         {plain(), minted().with("iat", 1.5).with("exp", float64(start.Unix())+0.5)},
		"jti that is no UUID":      {plain(), minted().with("jti", "token-1")},
		"claims that we don't use": {plain(), minted().with("email", "x").with("Tenant", another)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _ := setup(t)
			got, err := a.Verify(forge(t, secret, tc.header, tc.payload), token.Access)
			if err != nil {
				t.Fatal(err)
			}
			if got.User != user || got.Tenant != home || got.Kind != policy.User || got.ID.IsZero() {
				t.Errorf("claims = %+v", got)
			}
		})
	}
}

func TestIDsOfOtherFormAreToldApart(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	first, err := a.Verify(forge(t, secret, plain(), minted().with("jti", "token-1")), token.Access)
	if err != nil {
		t.Fatal(err)
	}
	second, err := a.Verify(forge(t, secret, plain(), minted().with("jti", "token-2")), token.Access)
	if err != nil {
		t.Fatal(err)
	}
	if first.ID == second.ID {
		t.Error("two tokens have one id")
	}
}

func TestTimesHaveNoLeeway(t *testing.T) {
	t.Parallel()
	a, c := setup(t)
	raw := forge(t, secret, plain(), minted())
	end := time.Unix(start.Unix()+900, 0)
	steps := []struct {
		now  time.Time
		code fault.Code
	}{
		{time.Unix(start.Unix(), 0).Add(-time.Nanosecond), fault.TokenInvalid},
		{time.Unix(start.Unix(), 0), ""},
		{end.Add(-time.Nanosecond), ""},
		{end, fault.TokenExpired},
		{end.Add(time.Hour), fault.TokenExpired},
		{time.Unix(start.Unix(), 0).Add(-time.Nanosecond), fault.TokenInvalid}, // remembered by now
	}
	for _, step := range steps {
		c.now = step.now
		_, err := a.Verify(raw, token.Access)
		if step.code == "" && err != nil || step.code != "" && !fault.Is(err, step.code) {
			t.Errorf("at %s: error = %v, want %q", step.now, err, step.code)
		}
	}
}

func TestNewRefusesBadConfigurations(t *testing.T) {
	t.Parallel()
	if _, err := token.New(token.Config{Key: []byte(secret[:31]), Clock: time.Now}); err == nil {
		t.Error("a key of 31 bytes was taken")
	}
	if _, err := token.New(token.Config{Key: []byte(secret)}); err == nil {
		t.Error("no clock was taken")
	}
	if _, err := token.New(token.Config{Key: []byte(secret), Audience: "x", OperatorAudience: "x", Clock: time.Now}); err == nil {
		t.Error("one audience for tenants and operators was taken")
	}
}

func TestSignRefusesIncompleteClaims(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	broken := map[string]func(*token.Claims){
		"no user":   func(c *token.Claims) { c.User = id.ID{} },
		"no tenant": func(c *token.Claims) { c.Tenant = tenant.ID{} },
		"no end":    func(c *token.Claims) { c.ExpiresAt = time.Time{} },
		"no family": func(c *token.Claims) { c.Family = id.ID{} },
	}
	for name, spoil := range broken {
		c := claims()
		spoil(&c)
		if raw, err := a.SignRefresh(c); err == nil {
			t.Errorf("%s: signed %s", name, raw)
		}
	}
}
