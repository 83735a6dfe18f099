package token_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenantry/tenantry/internal/token"
)

// TestPublicKeysAreNoSecrets signs with HS256 and each form of a public key that a careless verifier would take for
// the secret.
func TestPublicKeysAreNoSecrets(t *testing.T) {
	t.Parallel()
	a, _ := ring(t)
	for _, algorithm := range token.Algorithms() {
		p := pair(t, algorithm)
		for form, key := range publicForms(t, p) {
			t.Run(string(algorithm)+" as "+form, func(t *testing.T) {
				t.Parallel()
				for _, header := range []object{
					plain(), plain().with("kid", p.ID()), {"alg": string(algorithm), "kid": p.ID()}, {"alg": string(algorithm)},
				} {
					refuse(t, a, forge(t, key, header, minted()), token.Access)
				}
			})
		}
	}
}

func publicForms(t *testing.T, p token.Pair) map[string]string {
	t.Helper()
	public := p.Private().Public()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := p.Public()
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	forms := map[string]string{"PEM": text, "PEM without newline": strings.TrimSpace(text), "DER": string(der), "JWK": string(jwk), "kid": p.ID()}
	switch public := public.(type) {
	case ed25519.PublicKey:
		forms["bytes"] = string(public)
	case *rsa.PublicKey:
		forms["modulus"] = string(public.N.Bytes())
		forms["PKCS #1"] = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(public)}))
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		forms["point"] = string(point)
	}
	return forms
}

// TestEmbeddedKeysAreIgnored signs with the attacker's own pair and brings it along.
func TestEmbeddedKeysAreIgnored(t *testing.T) {
	t.Parallel()
	a, _ := ring(t)
	for _, algorithm := range token.Algorithms() {
		t.Run(string(algorithm), func(t *testing.T) {
			t.Parallel()
			own := fresh(t, algorithm)
			f := forgerOf(own)
			public, err := own.Public()
			if err != nil {
				t.Fatal(err)
			}
			jwk := object{}
			if err := json.Unmarshal(public, &jwk); err != nil {
				t.Fatal(err)
			}
			ours := pair(t, algorithm).ID()
			for name, header := range map[string]object{
				"nothing but its name":    f.header,
				"our kid":                 f.header.with("kid", ours),
				"no kid":                  f.header.without("kid"),
				"jwk":                     f.header.with("jwk", jwk),
				"jwk, our kid":            f.header.with("kid", ours).with("jwk", jwk),
				"jwk that takes our kid":  f.header.with("kid", ours).with("jwk", jwk.with("kid", ours)),
				"jwk, no kid":             f.header.without("kid").with("jwk", jwk),
				"jku, our kid":            f.header.with("kid", ours).with("jku", "https://attacker.example/jwks.json"),
				"jku of a file, our kid":  f.header.with("kid", ours).with("jku", "file:///dev/stdin"),
				"x5c, our kid":            f.header.with("kid", ours).with("x5c", []string{base64.StdEncoding.EncodeToString(public)}),
				"x5u and x5t, no kid":     f.header.without("kid").with("x5u", "https://attacker.example/").with("x5t", ours),
				"jwk as text, no kid":     f.header.without("kid").with("jwk", string(public)),
				"jwk with a wrong casing": f.header.with("JWK", jwk),
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					refuse(t, a, f.forge(t, header, minted()), token.Access)
				})
			}
		})
	}
}

// TestAlgorithmsArePinned signs with our own keys, and correctly, but not with the algorithm that the key is for.
func TestAlgorithmsArePinned(t *testing.T) {
	t.Parallel()
	a, _ := ring(t)
	p := pair(t, token.RS256)
	data, err := json.Marshal(minted())
	if err != nil {
		t.Fatal(err)
	}
	for _, algorithm := range []jose.SignatureAlgorithm{jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.HS384, jose.HS512} {
		key, options := any(p.Private()), (&jose.SignerOptions{}).WithType("at+jwt")
		if strings.HasPrefix(string(algorithm), "HS") {
			key = []byte(secret)
		} else {
			options = options.WithHeader("kid", p.ID())
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign(data)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		refuse(t, a, raw, token.Access)
	}
}
