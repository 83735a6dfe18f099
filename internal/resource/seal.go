package resource

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/tenantry/tenantry/internal/id"
)

// sealer encrypts the kept answers that may hold a secret: AES-256-GCM, bound to the key that they are kept under.
type sealer struct{ aead cipher.AEAD }

// newSealer derives a key of its own from the service's (RFC 5869).
func newSealer(secret []byte) (sealer, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "tenantry: kept answers", 32)
	if err != nil {
		return sealer{}, fmt.Errorf("derive the key of kept answers: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealer{}, fmt.Errorf("derive the key of kept answers: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead}, err
}

var errSealed = errors.New("a kept answer can't be read with this key")

func (s sealer) close(of id.ID, body []byte) (string, error) {
	if s.aead == nil {
		return "", errSealed
	}
	return base64.StdEncoding.EncodeToString(s.aead.Seal(nil, nil, body, of[:])), nil //nolint:gosec // this AEAD makes its own nonce
}

func (s sealer) open(of id.ID, text string) ([]byte, error) {
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil || s.aead == nil {
		return nil, errSealed
	}
	body, err := s.aead.Open(nil, nil, sealed, of[:])
	if err != nil {
		return nil, errSealed
	}
	return body, nil
}
