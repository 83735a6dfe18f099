package token

import (
	"encoding/base64"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The explicit types (RFC 8725, section 3.11) that our own tokens carry.
const (
	typeAccess  = "at+jwt" // RFC 9068
	typeRefresh = "rt+jwt"
)

// header is what is read of a token's header before anything else is done with it. The library would parse keys
// and certificates that a header embeds; these are refused first, whatever they hold.
type header struct {
	Type  string  `json:"typ"`
	KeyID *string `json:"kid"`

	Critical    jsontext.Value `json:"crit"`
	Base64      jsontext.Value `json:"b64"`
	Key         jsontext.Value `json:"jwk"`
	KeyURL      jsontext.Value `json:"jku"`
	Certificate jsontext.Value `json:"x5c"`
	CertURL     jsontext.Value `json:"x5u"`
	Compression jsontext.Value `json:"zip"`
}

// parseHeader reads the header of a compact token, whose parts have to be canonical base64url: the library would
// skip line breaks and ignore loose bits at the end, so that one token could be written in several ways.
func parseHeader(raw string) (header, error) {
	var h header
	parts := strings.SplitN(raw, ".", 4)
	if len(parts) != 3 {
		return h, errForm
	}
	for _, part := range parts {
		if !canonical(part) {
			return h, errForm
		}
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		return h, errForm
	}
	if err := json.Unmarshal(data, &h); err != nil {
		return h, errHeader
	}
	for _, refused := range []jsontext.Value{
		h.Critical, h.Base64, h.Key, h.KeyURL, h.Certificate, h.CertURL, h.Compression,
	} {
		if refused != nil {
			return h, errHeader
		}
	}
	return h, nil
}

// canonical reports whether the part is base64url as an encoder writes it: no other characters, no padding, and
// no bits set that the decoder drops.
func canonical(part string) bool {
	if part == "" || len(part)%4 == 1 {
		return false
	}
	for i := range len(part) {
		if value(part[i]) < 0 {
			return false
		}
	}
	last := value(part[len(part)-1])
	switch len(part) % 4 {
	case 2:
		return last&0b1111 == 0
	case 3:
		return last&0b11 == 0
	}
	return true
}

func value(c byte) int {
	switch {
	case 'A' <= c && c <= 'Z':
		return int(c - 'A')
	case 'a' <= c && c <= 'z':
		return int(c-'a') + 26
	case '0' <= c && c <= '9':
		return int(c-'0') + 52
	case c == '-':
		return 62
	case c == '_':
		return 63
	}
	return -1
}

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
func find(keys []key, h header) (key, bool) {
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
