package issuer_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/issuer"
)

var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

type clock struct{ passed atomic.Int64 }

func (c *clock) Now() time.Time          { return start.Add(time.Duration(c.passed.Load())) }
func (c *clock) advance(d time.Duration) { c.passed.Add(int64(d)) }

// signingKey is a key of an issuer's, with the algorithm that it signs by.
type signingKey struct {
	id        string
	algorithm jose.SignatureAlgorithm
	private   crypto.Signer
}

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newKey(tb testing.TB, id string, algorithm jose.SignatureAlgorithm) signingKey {
	tb.Helper()
	k := signingKey{id: id, algorithm: algorithm}
	var err error
	switch algorithm {
	case jose.ES256:
		k.private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.ES384:
		k.private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case jose.EdDSA:
		_, k.private, err = ed25519.GenerateKey(rand.Reader)
	default:
		k.private = rsaKey()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func (k signingKey) jwk() jose.JSONWebKey {
	return jose.JSONWebKey{Key: k.private.Public(), KeyID: k.id, Use: "sig"}
}

// provider is what an issuer publishes, over TLS.
type provider struct {
	*httptest.Server

	mu        sync.Mutex
	keys      []jose.JSONWebKey
	document  http.HandlerFunc // in place of the discovery document
	keySet    http.HandlerFunc // in place of the key set
	documents int
	keySets   int
	elsewhere int
}

func newProvider(tb testing.TB, keys ...signingKey) *provider {
	tb.Helper()
	p := &provider{}
	p.publish(keys...)
	p.Server = httptest.NewTLSServer(p)
	p.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	tb.Cleanup(p.Close)
	return p
}

func (p *provider) publish(keys ...signingKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = nil
	for _, k := range keys {
		p.keys = append(p.keys, k.jwk())
	}
}

// answer replaces what is served; nil serves the usual again.
func (p *provider) answer(document, keySet http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.document, p.keySet = document, keySet
}

func (p *provider) fetches() (documents, keySets, elsewhere int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.documents, p.keySets, p.elsewhere
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	var handler http.HandlerFunc
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		p.documents++
		handler = p.document
		if handler == nil {
			handler = jsonOf(map[string]any{"issuer": p.URL, "jwks_uri": p.URL + "/keys", "other": []int{1}})
		}
	case "/keys":
		p.keySets++
		handler = p.keySet
		if handler == nil {
			handler = jsonOf(jose.JSONWebKeySet{Keys: p.keys})
		}
	default:
		p.elsewhere++
		handler = http.NotFound
	}
	p.mu.Unlock()
	handler(w, r)
}

func jsonOf(value any) http.HandlerFunc {
	data, err := json.Marshal(value)
	return func(w http.ResponseWriter, _ *http.Request) {
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(data)
	}
}

func (p *provider) roots() *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(p.Certificate())
	return roots
}

// fixture is a verifier that trusts one provider.
type fixture struct {
	*issuer.Verifier
	*provider

	tb    testing.TB
	clock *clock
	key   signingKey
}

// setup returns a verifier that has read the keys of a provider with one key for ES256.
func setup(tb testing.TB) *fixture {
	tb.Helper()
	key := newKey(tb, "one", jose.ES256)
	f := &fixture{tb: tb, clock: &clock{}, key: key, provider: newProvider(tb, key)}
	f.start(nil)
	f.ready()
	return f
}

func (f *fixture) settings() issuer.Issuer {
	return issuer.Issuer{URL: f.URL, Audience: "api", TenantClaim: "org", DangerouslyPrivate: true}
}

// start runs a verifier on the provider.
func (f *fixture) start(change func(*issuer.Config)) {
	f.tb.Helper()
	config := issuer.Config{
		Issuers: []issuer.Issuer{f.settings()}, Own: "multitenant-api", Resources: []string{"tasks", "projects"},
		Clock: f.clock.Now, Logger: slog.New(slog.DiscardHandler), Refresh: time.Hour, Roots: f.roots(),
	}
	if change != nil {
		change(&config)
	}
	v, err := issuer.New(config)
	if err != nil {
		f.tb.Fatal(err)
	}
	f.Verifier = v
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		v.Run(ctx)
	}()
	f.tb.Cleanup(func() {
		cancel()
		<-done
	})
}

// ready waits until a good token is taken.
func (f *fixture) ready() {
	f.tb.Helper()
	f.eventually("a good token is not taken", func() bool {
		_, _, err := f.Verify(f.tb.Context(), f.token(nil))
		return err == nil
	})
}

func (f *fixture) eventually(otherwise string, is func() bool) {
	f.tb.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.tb.Fatal(otherwise)
		}
	}
}

// claims are those of a good token, changed as set says; a value of nil takes one away.
func (f *fixture) claims(set map[string]any) map[string]any {
	now := f.clock.Now().Unix()
	claims := map[string]any{
		"iss": f.URL, "aud": "api", "sub": "user-1", "org": "acme", "iat": now, "exp": now + 300, "jti": "token-1",
	}
	maps.Copy(claims, set)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

func (f *fixture) token(set map[string]any) string {
	f.tb.Helper()
	return sign(f.tb, f.key, nil, f.claims(set))
}

// sign signs claims, which are JSON text or anything that becomes it, with header fields beside alg and kid.
func sign(tb testing.TB, k signingKey, header map[jose.HeaderKey]any, claims any) string {
	tb.Helper()
	return signWith(tb, k.algorithm, k.private, k.id, header, claims)
}

func signWith(tb testing.TB, algorithm jose.SignatureAlgorithm, key any, id string, header map[jose.HeaderKey]any, claims any) string {
	tb.Helper()
	options := &jose.SignerOptions{ExtraHeaders: map[jose.HeaderKey]any{}}
	if id != "" {
		options.ExtraHeaders["kid"] = id
	}
	maps.Copy(options.ExtraHeaders, header)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	if err != nil {
		tb.Fatal(err)
	}
	text, isText := claims.(string)
	data := []byte(text)
	if !isText {
		if data, err = json.Marshal(claims); err != nil {
			tb.Fatal(err)
		}
	}
	signed, err := signer.Sign(data)
	if err != nil {
		tb.Fatal(err)
	}
	raw, err := signed.CompactSerialize()
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// refused checks that the verifier knows the token's issuer and refuses the token with the code.
func (f *fixture) refused(name, raw string, want fault.Code) {
	f.tb.Helper()
	claims, known, err := f.Verify(f.tb.Context(), raw)
	if !fault.Is(err, want) || !known || claims != nil {
		f.tb.Errorf("%s: known %v, %v, want %s", name, known, err, want)
	}
}

// taken returns the claims of a token that has to be taken.
func (f *fixture) taken(name, raw string) *issuer.Claims {
	f.tb.Helper()
	claims, known, err := f.Verify(f.tb.Context(), raw)
	if err != nil || !known || claims == nil {
		f.tb.Fatalf("%s: known %v, %v", name, known, err)
	}
	return claims
}
