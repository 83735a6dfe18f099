package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// Algorithm is how a pair of keys signs, by its name in RFC 7518 and RFC 8037.
type Algorithm string

// The algorithms of pairs. The configured secret has HS256, and nothing else does.
const (
	EdDSA Algorithm = "EdDSA"
	ES256 Algorithm = "ES256"
	RS256 Algorithm = "RS256"
)

// Algorithms returns the algorithms of pairs, the recommended one first.
func Algorithms() []Algorithm { return []Algorithm{EdDSA, ES256, RS256} }

// rsaBits is the size of RSA keys, good beyond 2030 by the recommendations of NIST and BSI.
const rsaBits = 3072

// Pair is a private key that signs tokens and the public key that verifies them. However it is printed, its name
// alone shows.
type Pair struct {
	id        string
	algorithm Algorithm
	private   crypto.Signer
	public    jose.JSONWebKey
}

// Generate makes a new pair. Its name can be given to a command: it does not begin like a flag.
func Generate(algorithm Algorithm) (Pair, error) {
	for {
		pair, err := generate(algorithm)
		if err != nil || !strings.HasPrefix(pair.ID(), "-") {
			return pair, err
		}
	}
}

func generate(algorithm Algorithm) (Pair, error) {
	var private crypto.Signer
	var err error
	switch algorithm {
	case EdDSA:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	case ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RS256:
		private, err = rsa.GenerateKey(rand.Reader, rsaBits)
	default:
		err = fmt.Errorf("there are no pairs of keys for the algorithm %q", algorithm)
	}
	if err != nil {
		return Pair{}, err
	}
	return newPair(algorithm, private)
}

// newPair names a pair by the thumbprint of its public key (RFC 7638): a name can't stand for two keys.
func newPair(algorithm Algorithm, private crypto.Signer) (Pair, error) {
	public := jose.JSONWebKey{Key: private.Public(), Algorithm: string(algorithm), Use: "sig"}
	sum, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return Pair{}, fmt.Errorf("name a key: %w", err)
	}
	public.KeyID = base64.RawURLEncoding.EncodeToString(sum)
	return Pair{public.KeyID, algorithm, private, public}, nil
}

// fits reports whether the private key is one for the algorithm.
func fits(algorithm Algorithm, private any) bool {
	switch k := private.(type) {
	case ed25519.PrivateKey:
		return algorithm == EdDSA
	case *ecdsa.PrivateKey:
		return algorithm == ES256 && k.Curve == elliptic.P256()
	case *rsa.PrivateKey:
		return algorithm == RS256
	}
	return false
}

// ID is the pair's name, the kid of its tokens.
func (p Pair) ID() string { return p.id }

// Algorithm is the one that the pair signs with.
func (p Pair) Algorithm() Algorithm { return p.algorithm }

// Public returns the public key as a JSON Web Key (RFC 7517).
func (p Pair) Public() ([]byte, error) { return p.public.MarshalJSON() }

// Format implements fmt.Formatter. Whatever the verb, the private key is not printed.
func (p Pair) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "key "+p.id) }

// LogValue implements slog.LogValuer.
func (p Pair) LogValue() slog.Value { return slog.StringValue("key " + p.id) }

// wellFormed reports whether the text could be the name of a pair.
func wellFormed(kid string) bool {
	sum, err := base64.RawURLEncoding.Strict().DecodeString(kid)
	return err == nil && len(sum) == crypto.SHA256.Size() && len(kid) == base64.RawURLEncoding.EncodedLen(len(sum))
}

// ParseAlgorithm returns the named algorithm, false where pairs have no such.
func ParseAlgorithm(name string) (Algorithm, bool) {
	return Algorithm(name), slices.Contains(Algorithms(), Algorithm(name))
}
