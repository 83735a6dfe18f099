package token_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
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

// secret is long enough for HS512, so that only the pinned algorithm refuses that.
const secret = "a signing key of sixty-four bytes or more, as another algorithm would take"

var (
	start   = time.Date(2026, 11, 23, 9, 0, 0, 250_000_000, time.UTC)
	user    = mustID("0198a000-0000-7000-8000-000000000001")
	home    = tenant.ID(mustID("0198a000-0000-7000-8000-00000000000a"))
	family  = mustID("0198a000-0000-7000-8000-00000000000f")
	another = "0198a000-0000-7000-8000-00000000000b"
)

func mustID(text string) id.ID {
	parsed, _ := id.Parse(text)
	return parsed
}

// clock is a clock that stands still until it is told to move.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func setup(tb testing.TB) (*token.Authority, *clock) {
	tb.Helper()
	c := &clock{now: start}
	a, err := token.New(token.Config{Key: []byte(secret), Clock: c.Now})
	if err != nil {
		tb.Fatal(err)
	}
	return a, c
}

func claims() token.Claims {
	return token.Claims{
		User: user, Tenant: home, Role: policy.Admin, Scopes: []string{"read", "tasks:write"}, Family: family,
		ExpiresAt: start.Add(15 * time.Minute).Truncate(time.Second),
	}
}

// object is a JSON object whose members the tests change one at a time.
type object map[string]any

func (o object) with(name string, value any) object {
	out := maps.Clone(o)
	out[name] = value
	return out
}

func (o object) without(name string) object {
	out := maps.Clone(o)
	delete(out, name)
	return out
}

// minted is what a client signs itself that follows the contract.
func minted() object {
	return object{
		"iss": "multitenant-api", "aud": "multitenant-api", "sub": user.String(), "user_id": user.String(),
		"tenant": home.String(), "role": "member", "scope": "", "kind": "user", "token_type": "access",
		"iat": start.Unix(), "nbf": start.Unix(), "exp": start.Unix() + 900, "jti": "0198a000-0000-7000-8000-00000000000c",
	}
}

func plain() object { return object{"alg": "HS256", "typ": "JWT"} }

// forge signs header and payload with HS256 and the key, with no library between.
func forge(tb testing.TB, key string, header, payload any) string {
	tb.Helper()
	return seal(key, encode(tb, header)+"."+encode(tb, payload))
}

func encode(tb testing.TB, part any) string {
	tb.Helper()
	text, ok := part.(string)
	if !ok {
		data, err := json.Marshal(part)
		if err != nil {
			tb.Fatal(err)
		}
		text = string(data)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

func seal(key, signed string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func wantCode(tb testing.TB, err error, code fault.Code) {
	tb.Helper()
	if !fault.Is(err, code) {
		tb.Fatalf("error = %v, want code %s", err, code)
	}
}

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
