package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"sync"
	"testing"
	"time"

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

// setup returns an authority with the secret alone.
func setup(tb testing.TB) (*token.Authority, *clock) {
	tb.Helper()
	c := &clock{now: start}
	a, err := token.New(token.Config{Key: []byte(secret), Clock: c.Now})
	if err != nil {
		tb.Fatal(err)
	}
	return a, c
}

// ring returns an authority with the secret and a pair of each algorithm, all of which verify.
func ring(tb testing.TB) (*token.Authority, *clock) {
	tb.Helper()
	a, c := setup(tb)
	replace(tb, a, true, active(tb, token.RS256), active(tb, token.ES256), active(tb, token.EdDSA))
	return a, c
}

func replace(tb testing.TB, a *token.Authority, withSecret bool, keys ...token.Key) {
	tb.Helper()
	if err := a.Replace(keys, withSecret); err != nil {
		tb.Fatal(err)
	}
}

// active returns a pair that signs since yesterday.
func active(tb testing.TB, algorithm token.Algorithm) token.Key {
	tb.Helper()
	return token.Key{Pair: pair(tb, algorithm), Times: token.Times{ActivatesAt: start.Add(-24 * time.Hour)}}
}

// pairs are made once, since RSA takes its time.
var pairs = sync.OnceValues(func() (map[token.Algorithm]token.Pair, error) {
	made := map[token.Algorithm]token.Pair{}
	for _, algorithm := range token.Algorithms() {
		p, err := token.Generate(algorithm)
		if err != nil {
			return nil, err
		}
		made[algorithm] = p
	}
	return made, nil
})

// pair returns the pair that all tests share.
func pair(tb testing.TB, algorithm token.Algorithm) token.Pair {
	tb.Helper()
	made, err := pairs()
	if err != nil {
		tb.Fatal(err)
	}
	return made[algorithm]
}

// fresh returns a pair of nobody's.
func fresh(tb testing.TB, algorithm token.Algorithm) token.Pair {
	tb.Helper()
	p, err := token.Generate(algorithm)
	if err != nil {
		tb.Fatal(err)
	}
	return p
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

// operators is what only we sign.
func operators() object {
	return minted().without("tenant").without("role").without("scope").with("aud", "multitenant-api-operators").
		with("kind", "operator").with("sid", family.String())
}

func plain() object { return object{"alg": "HS256", "typ": "JWT"} }

// forger signs anything with one of the keys of ring, with no library between.
type forger struct {
	name   string
	header object
	seal   func(tb testing.TB, signed string) string
}

func (f forger) forge(tb testing.TB, header, payload any) string {
	tb.Helper()
	return f.seal(tb, encode(tb, header)+"."+encode(tb, payload))
}

// forgers returns one for each key of ring.
func forgers(tb testing.TB) []forger {
	tb.Helper()
	all := []forger{{"HS256", plain(), func(_ testing.TB, signed string) string { return seal(secret, signed) }}}
	for _, algorithm := range token.Algorithms() {
		all = append(all, forgerOf(pair(tb, algorithm)))
	}
	return all
}

func forgerOf(p token.Pair) forger {
	name := string(p.Algorithm())
	return forger{name, object{"alg": name, "typ": "at+jwt", "kid": p.ID()}, func(tb testing.TB, signed string) string {
		tb.Helper()
		return signed + "." + base64.RawURLEncoding.EncodeToString(sign(tb, p.Private(), signed))
	}}
}

// sign returns the signature of RFC 7518 and RFC 8037.
func sign(tb testing.TB, private crypto.Signer, signed string) []byte {
	tb.Helper()
	sum := sha256.Sum256([]byte(signed))
	var signature []byte
	var err error
	switch private := private.(type) {
	case ed25519.PrivateKey:
		return ed25519.Sign(private, []byte(signed))
	case *rsa.PrivateKey:
		signature, err = rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, sum[:])
	case *ecdsa.PrivateKey:
		r, s, failed := ecdsa.Sign(rand.Reader, private, sum[:])
		err = failed
		if err == nil {
			signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		}
	}
	if err != nil {
		tb.Fatal(err)
	}
	return signature
}

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
