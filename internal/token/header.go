package token

import (
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenantry/tenantry/internal/jwt"
)

// The explicit types (RFC 8725, section 3.11) that our own tokens carry.
const (
	typeAccess  = "at+jwt" // RFC 9068
	typeRefresh = "rt+jwt"
)

// typeFits reports whether a header's typ may stand on a token of the type. A client that signs its own access
// tokens leaves it out or writes JWT, as its library does.
func typeFits(typ string, t Type) bool {
	if t == Refresh {
		return strings.EqualFold(typ, typeRefresh)
	}
	return typ == "" || strings.EqualFold(typ, "JWT") || strings.EqualFold(typ, typeAccess)
}

// key is one of our keys. Its algorithm is pinned: a token that names another is refused, so that a public key
// can never be taken for a secret.
type key struct {
	// id is the kid that tokens name the key by; empty for the one key that is meant when they name none.
	id        string
	algorithm jose.SignatureAlgorithm
	// signing and verifying are the same for a secret, and the two halves of a pair.
	signing, verifying any
}

// find returns the key that the header names. Whether its algorithm is the key's is checked with the signature.
func find(keys []key, h jwt.Header) (key, bool) {
	name := ""
	if h.KeyID != nil {
		if name = *h.KeyID; name == "" {
			return key{}, false
		}
	}
	for _, k := range keys {
		if k.id == name {
			return k, true
		}
	}
	return key{}, false
}
