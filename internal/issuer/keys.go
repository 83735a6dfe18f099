package issuer

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// maxKeys is how many keys of a set are looked at.
	maxKeys = 100
	// minRSA is the length of the shortest RSA key that is taken, in bits (RFC 7518, section 3.3).
	minRSA = 2048
)

// key is a public key of an issuer, with the algorithms that it may verify.
type key struct {
	id         string
	algorithms []string
	public     any
	// print is the same for the same key, name and algorithms.
	print string
}

// keySet is what an issuer's keys were when they were last read. It is never changed.
type keySet struct {
	keys []key
	// epoch counts the different sets: what was verified with one counts for nothing in the next.
	epoch uint64
	// address is where they were read.
	address string
	// confirmed is when it was last read.
	confirmed time.Time
}

// parseKeys returns the keys of a JWK set that can verify one of the algorithms. Keys of other kinds and uses may
// stand in the same set, also such as nobody knew when this was written: they are passed over.
func parseKeys(document []byte, allowed []string) ([]key, error) {
	var set struct {
		Keys []jsontext.Value `json:"keys"`
	}
	if err := json.Unmarshal(document, &set); err != nil {
		return nil, errors.New("the key set is not JSON with keys")
	}
	var keys []key
	for _, raw := range set.Keys[:min(len(set.Keys), maxKeys)] {
		if k, ok := parseKey(raw, allowed); ok {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the key set has no public key for the configured algorithms")
	}
	slices.SortFunc(keys, func(x, y key) int { return cmp.Compare(x.print, y.print) })
	return slices.CompactFunc(keys, sameKey), nil
}

func sameKey(x, y key) bool { return x.print == y.print }

func parseKey(raw []byte, allowed []string) (key, bool) {
	var read jose.JSONWebKey
	if err := read.UnmarshalJSON(raw); err != nil || read.Use != "" && read.Use != "sig" {
		return key{}, false
	}
	k := key{id: read.KeyID, public: read.Key}
	for _, algorithm := range allowed {
		if (read.Algorithm == "" || read.Algorithm == algorithm) && fits(algorithm, read.Key) {
			k.algorithms = append(k.algorithms, algorithm)
		}
	}
	thumbprint, err := read.Thumbprint(crypto.SHA256)
	k.print = strings.Join(append(slices.Clone(k.algorithms), string(thumbprint), k.id), " ")
	return k, err == nil && len(k.algorithms) > 0
}

// fits reports whether the key is a public one of the algorithm's type. It is what keeps a public key from being taken
// for the secret of an HMAC.
func fits(algorithm string, public any) bool {
	switch public := public.(type) {
	case *rsa.PublicKey:
		return (algorithm[:2] == "RS" || algorithm[:2] == "PS") && public.N.BitLen() >= minRSA && public.E > 2
	case *ecdsa.PublicKey:
		return algorithm == string(jose.ES256) && public.Curve == elliptic.P256() ||
			algorithm == string(jose.ES384) && public.Curve == elliptic.P384() ||
			algorithm == string(jose.ES512) && public.Curve == elliptic.P521()
	case ed25519.PublicKey:
		return algorithm == string(jose.EdDSA)
	default:
		return false
	}
}

// find returns the keys that may have signed a token with this header. A token that names no key is taken only where
// there is no choice.
func (s *keySet) find(id *string, algorithm string) []key {
	var found []key
	for _, k := range s.keys {
		if (id == nil || k.id == *id) && slices.Contains(k.algorithms, algorithm) {
			found = append(found, k)
		}
	}
	if id == nil && len(found) > 1 {
		return nil
	}
	return found
}
