package token_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/token"
)

func vault(tb testing.TB, secret string) *token.Vault {
	tb.Helper()
	v, err := token.NewVault([]byte(secret))
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func sealed(tb testing.TB, v *token.Vault, p token.Pair) []byte {
	tb.Helper()
	data, err := v.Seal(p)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestSealedKeysOpen(t *testing.T) {
	t.Parallel()
	for _, algorithm := range token.Algorithms() {
		t.Run(string(algorithm), func(t *testing.T) {
			t.Parallel()
			v, p := vault(t, secret), pair(t, algorithm)
			data := sealed(t, v, p)
			if bytes.Equal(data, sealed(t, v, p)) {
				t.Error("a key is sealed alike twice: its nonce is not random")
			}
			plain, err := x509.MarshalPKCS8PrivateKey(p.Private())
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(data, plain[len(plain)-16:]) {
				t.Error("the sealed key shows the private one")
			}
			got, err := vault(t, secret).Open(p.ID(), algorithm, data)
			if err != nil {
				t.Fatal(err)
			}
			a, _ := setup(t)
			replace(t, a, false, token.Key{Pair: got})
			f := forgerOf(p)
			if _, err := a.Verify(f.forge(t, f.header, minted()), token.Access); err != nil {
				t.Error(err)
			}
			raw, _ := signed(t, a)
			replace(t, a, false, token.Key{Pair: p})
			if _, err := a.Verify(raw, token.Access); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestChangedKeysDoNotOpen is what somebody may do who can write to the storage but has no secret.
func TestChangedKeysDoNotOpen(t *testing.T) {
	t.Parallel()
	v, p := vault(t, secret), pair(t, token.ES256)
	data := sealed(t, v, p)
	other := fresh(t, token.ES256)
	plain, err := x509.MarshalPKCS8PrivateKey(other.Private())
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(data)
	flipped[len(flipped)/2] ^= 1
	open := func(v *token.Vault, id string, algorithm token.Algorithm, data []byte) error {
		_, err := v.Open(id, algorithm, data)
		return err
	}
	for name, err := range map[string]error{
		"another secret":        open(vault(t, secret+"."), p.ID(), token.ES256, data),
		"another name":          open(v, other.ID(), token.ES256, data),
		"another algorithm":     open(v, p.ID(), token.RS256, data),
		"a flipped bit":         open(v, p.ID(), token.ES256, flipped),
		"cut off":               open(v, p.ID(), token.ES256, data[:len(data)-1]),
		"empty":                 open(v, p.ID(), token.ES256, nil),
		"a key that is plain":   open(v, other.ID(), token.ES256, plain),
		"another's sealed key":  open(v, p.ID(), token.ES256, sealed(t, v, other)),
		"sealed with their own": open(v, other.ID(), token.ES256, sealed(t, vault(t, strings.Repeat("attacker", 8)), other)),
	} {
		if err == nil {
			t.Errorf("%s: opens", name)
		} else if text := err.Error(); !strings.HasSuffix(text, "it was sealed with another key-encryption key, or changed since") {
			t.Errorf("%s: %q says something else", name, text)
		}
	}
}

func TestVaultTakesALongSecret(t *testing.T) {
	t.Parallel()
	if _, err := token.NewVault([]byte(secret[:31])); err == nil {
		t.Error("a secret of 31 bytes was taken")
	}
}

func TestRSAKeysAreLong(t *testing.T) {
	t.Parallel()
	private, ok := pair(t, token.RS256).Private().(*rsa.PrivateKey)
	if !ok || private.N.BitLen() < 3072 {
		t.Errorf("the key is %T, %d bits", private, private.N.BitLen())
	}
}
