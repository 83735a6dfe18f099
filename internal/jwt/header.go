// Package jwt reads the form of JSON Web Tokens (RFC 7519) as strictly as every token is held to, whoever signed it:
// canonical base64url, no name twice, nothing in the header that would lead to a key. What a strict reader refuses, a
// lax one can't be made to read differently.
//
// It checks no signature and decides nothing: what it returns is what the bytes claim.
package jwt

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The causes are constants, so that no part of a token ever reaches a log.
var (
	ErrForm   = errors.New("token is not three base64url parts")
	ErrHeader = errors.New("token header is not one we take")
	errDate   = errors.New("token has a time that is none")
)

// Header is what is read of a token's header before anything else is done with it. Libraries would parse keys and
// certificates that a header embeds; these are refused first, whatever they hold.
type Header struct {
	Type      string  `json:"typ"`
	Algorithm string  `json:"alg"`
	KeyID     *string `json:"kid"`

	Critical    jsontext.Value `json:"crit"`
	Base64      jsontext.Value `json:"b64"`
	Key         jsontext.Value `json:"jwk"`
	KeyURL      jsontext.Value `json:"jku"`
	Certificate jsontext.Value `json:"x5c"`
	CertURL     jsontext.Value `json:"x5u"`
	Compression jsontext.Value `json:"zip"`
}

// ParseHeader reads the header of a compact token, whose parts have to be canonical base64url: libraries skip line
// breaks and ignore loose bits at the end, so that one token could be written in several ways.
func ParseHeader(raw string) (Header, error) {
	var h Header
	parts := strings.SplitN(raw, ".", 4)
	if len(parts) != 3 {
		return h, ErrForm
	}
	for _, part := range parts {
		if !canonical(part) {
			return h, ErrForm
		}
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		return h, ErrForm
	}
	if err := json.Unmarshal(data, &h); err != nil {
		return h, ErrHeader
	}
	for _, refused := range []jsontext.Value{
		h.Critical, h.Base64, h.Key, h.KeyURL, h.Certificate, h.CertURL, h.Compression,
	} {
		if refused != nil {
			return h, ErrHeader
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
