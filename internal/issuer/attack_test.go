package issuer_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/issuer"
)

func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// TestAlgorithmConfusion takes what the issuer publishes for the secret of an HMAC, in every form that it has.
func TestAlgorithmConfusion(t *testing.T) {
	t.Parallel()
	f := setup(t)
	rsaKey := newKey(t, "rsa", jose.RS256)
	f.publish(f.key, rsaKey)
	f.start(nil)
	f.taken("the RSA key's own", sign(t, rsaKey, nil, f.claims(nil)))
	for _, k := range []signingKey{f.key, rsaKey} {
		for form, secret := range publicForms(t, k) {
			for _, algorithm := range []jose.SignatureAlgorithm{jose.HS256, jose.HS384, jose.HS512} {
				if len(secret) < 64 {
					secret = append(secret, make([]byte, 64-len(secret))...)
				}
				f.refused(fmt.Sprint(form, " as the secret of ", algorithm), signWith(t, algorithm, secret, k.id, nil, f.claims(nil)), fault.TokenInvalid)
			}
		}
	}
	body, _ := json.Marshal(f.claims(nil))
	for _, algorithm := range []string{"none", "None", "NONE", "nOnE", ""} {
		header := encode(fmt.Appendf(nil, `{"alg":%q,"kid":%q}`, algorithm, f.key.id))
		for _, signature := range []string{"", "AA", encode(make([]byte, 64))} {
			f.refused("alg "+algorithm, header+"."+encode(body)+"."+signature, fault.TokenInvalid)
		}
	}
	// The right kid with the other key's algorithm.
	f.refused("an RSA signature under the EC key's name", signWith(t, jose.RS256, rsaKey.private, f.key.id, nil, f.claims(nil)), fault.TokenInvalid)
	f.refused("an EC signature under the RSA key's name", signWith(t, jose.ES256, f.key.private, rsaKey.id, nil, f.claims(nil)), fault.TokenInvalid)
	f.refused("an algorithm that is not configured", signWith(t, jose.PS256, rsaKey.private, rsaKey.id, nil, f.claims(nil)), fault.TokenInvalid)
}

func publicForms(t *testing.T, k signingKey) map[string][]byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(k.private.Public())
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := k.jwk().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	forms := map[string][]byte{
		"DER": der, "PEM": block, "PEM without the last line break": []byte(strings.TrimSpace(string(block))), "JWK": jwk,
	}
	switch public := k.private.Public().(type) {
	case *rsa.PublicKey:
		forms["modulus"] = public.N.Bytes()
	case *ecdsa.PublicKey:
		if forms["point"], err = public.Bytes(); err != nil {
			t.Fatal(err)
		}
	}
	return forms
}

func TestHeadersAreRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	strange := newKey(t, "strange", jose.ES256)
	for name, raw := range map[string]string{
		"a key of its own":      sign(t, strange, map[jose.HeaderKey]any{"jwk": strange.jwk()}, f.claims(nil)),
		"its key elsewhere":     sign(t, strange, map[jose.HeaderKey]any{"jku": f.URL + "/elsewhere"}, f.claims(nil)),
		"a certificate":         sign(t, strange, map[jose.HeaderKey]any{"x5c": []string{"AA"}}, f.claims(nil)),
		"its URL":               sign(t, strange, map[jose.HeaderKey]any{"x5u": f.URL + "/elsewhere"}, f.claims(nil)),
		"a good key and a jku":  sign(t, f.key, map[jose.HeaderKey]any{"jku": f.URL + "/elsewhere"}, f.claims(nil)),
		"a logout token":        sign(t, f.key, map[jose.HeaderKey]any{"typ": "logout+jwt"}, f.claims(nil)),
		"a proof of possession": sign(t, f.key, map[jose.HeaderKey]any{"typ": "dpop+jwt"}, f.claims(nil)),
		"a type of our own":     sign(t, f.key, map[jose.HeaderKey]any{"typ": "rt+jwt"}, f.claims(nil)),
		"another's signature":   signWith(t, jose.ES256, strange.private, f.key.id, nil, f.claims(nil)),
		"a kid that is a path":  signWith(t, jose.ES256, strange.private, "../../elsewhere", nil, f.claims(nil)),
		"a kid that is a URL":   signWith(t, jose.ES256, strange.private, f.URL+"/elsewhere", nil, f.claims(nil)),
		"a line break":          strings.Replace(f.token(nil), ".", ".\n", 1),
		"a padded signature":    f.token(nil) + "==",
	} {
		claims, _, err := f.Verify(t.Context(), raw)
		if claims != nil || err != nil && !fault.Is(err, fault.TokenInvalid) {
			t.Errorf("%s: %v %v", name, claims, err)
		}
	}
	if _, _, elsewhere := f.fetches(); elsewhere != 0 {
		t.Errorf("a token led to %d fetches of what it names", elsewhere)
	}
}

func TestATokenThatNamesNoKeyHasNoChoice(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.publish(f.key, newKey(t, "two", jose.ES256))
	f.start(nil)
	f.taken("with its kid", f.token(nil))
	f.refused("without", signWith(t, jose.ES256, f.key.private, "", nil, f.claims(nil)), fault.TokenInvalid)
	f.publish(f.key, newKey(t, "rsa", jose.RS256))
	f.start(nil)
	f.taken("the only one of its kind", signWith(t, jose.ES256, f.key.private, "", nil, f.claims(nil)))
}

// TestForgedTokensFetchOnce sends a thousand forged tokens of each kind, at once and one after the other.
func TestForgedTokensFetchOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	documents, keySets, _ := f.fetches()
	strange := newKey(t, "", jose.ES256)
	body := func(i int) map[string]any { return f.claims(map[string]any{"jti": fmt.Sprint(i)}) }

	for i := range 1000 {
		f.refused("a bad signature under a known name", signWith(t, jose.ES256, strange.private, f.key.id, nil, body(i)), fault.TokenInvalid)
	}
	if d, k, _ := f.fetches(); d != documents || k != keySets {
		t.Errorf("bad signatures led to %d and %d fetches", d-documents, k-keySets)
	}
	var all sync.WaitGroup
	for i := range 1000 {
		raw := signWith(t, jose.ES256, strange.private, fmt.Sprint("kid-", i), nil, body(i))
		all.Go(func() { f.refused("an unknown key", raw, fault.TokenInvalid) })
	}
	all.Wait()
	if d, k, _ := f.fetches(); d != documents || k != keySets+1 {
		t.Errorf("unknown keys led to %d fetches of the document and %d of the key set, want 0 and 1", d-documents, k-keySets)
	}
	f.clock.advance(29 * time.Second)
	for i := range 1000 {
		f.refused("an unknown key soon after", signWith(t, jose.ES256, strange.private, fmt.Sprint("kid-", i), nil, body(i)), fault.TokenInvalid)
	}
	f.clock.advance(time.Second)
	for i := range 1000 {
		f.refused("an unknown key half a minute later", signWith(t, jose.ES256, strange.private, fmt.Sprint("kid-", i), nil, body(i)), fault.TokenInvalid)
	}
	if d, k, _ := f.fetches(); d != documents || k != keySets+2 {
		t.Errorf("two half-minutes led to %d and %d fetches, want 0 and 2", d-documents, k-keySets)
	}
	f.taken("a good one still", f.token(nil))
}

// TestEveryBitCounts changes each character of a good token: nothing of it is taken.
func TestEveryBitCounts(t *testing.T) {
	t.Parallel()
	f := setup(t)
	good := f.token(nil)
	f.taken("as it is", good)
	for i := range good {
		for _, c := range "AQgw9_" {
			if byte(c) == good[i] {
				continue
			}
			raw := good[:i] + string(c) + good[i+1:]
			if claims, _, err := f.Verify(t.Context(), raw); claims != nil || err != nil && !fault.Is(err, fault.TokenInvalid) {
				t.Fatalf("%s with %q at %d: %v %v", good, c, i, claims, err)
			}
		}
	}
}

// TestWeakKeysAreNoKeys publishes keys that nobody should sign with beside a good one.
func TestWeakKeysAreNoKeys(t *testing.T) {
	t.Parallel()
	f := setup(t)
	short := signingKey{id: "short", algorithm: jose.RS256}
	weak, err := rsa.GenerateKey(rand.Reader, 1024) // that it is weak is the point
	if err != nil {
		t.Fatal(err)
	}
	encryption := newKey(t, "encryption", jose.ES256)
	pinned := newKey(t, "pinned", jose.RS256)
	published := []any{
		f.key.jwk(),
		jose.JSONWebKey{Key: &weak.PublicKey, KeyID: short.id},
		jose.JSONWebKey{Key: encryption.private.Public(), KeyID: encryption.id, Use: "enc"},
		jose.JSONWebKey{Key: pinned.private.Public(), KeyID: pinned.id, Algorithm: "PS256"},
		jose.JSONWebKey{Key: []byte(strings.Repeat("s", 64)), KeyID: "secret"},
		jose.JSONWebKey{Key: newKey(t, "", jose.ES256).private, KeyID: "private"},
		map[string]any{"kty": "unheard of", "kid": "new"},
		7, nil,
	}
	f.answer(nil, jsonOf(map[string]any{"keys": published}))
	f.start(func(c *issuer.Config) { c.Issuers[0].Algorithms = []string{"RS256", "PS256", "ES256"} })
	f.taken("the good one", f.token(nil))
	f.taken("the pinned one by its algorithm", signWith(t, jose.PS256, pinned.private, pinned.id, nil, f.claims(nil)))
	f.refused("the pinned one by another", sign(t, pinned, nil, f.claims(nil)), fault.TokenInvalid)
	f.refused("one for encryption", sign(t, encryption, nil, f.claims(nil)), fault.TokenInvalid)
	f.refused("a secret", signWith(t, jose.HS256, []byte(strings.Repeat("s", 64)), "secret", nil, f.claims(nil)), fault.TokenInvalid)
	f.refused("a short one", forge1024(t, weak, f), fault.TokenInvalid)
}

// forge1024 signs with a key that the library refuses to sign with.
func forge1024(t *testing.T, weak *rsa.PrivateKey, f *fixture) string {
	t.Helper()
	body, _ := json.Marshal(f.claims(nil))
	input := encode([]byte(`{"alg":"RS256","kid":"short"}`)) + "." + encode(body)
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(rand.Reader, weak, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + encode(signature)
}
