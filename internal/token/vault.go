package token

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
)

// Vault seals private keys for storage, with AES-256-GCM. A sealed key is bound to its name and its algorithm: whoever
// can write to the storage but has not the secret can neither read a key, nor change one, nor add one of their own.
type Vault struct{ aead cipher.AEAD }

// ErrSealed is the error of a sealed key that does not open. It says nothing of what was found, which may be anything.
var ErrSealed = errors.New("it was sealed with another key-encryption key, or changed since")

// NewVault returns a vault whose key is derived from the secret, which takes 32 bytes at least.
func NewVault(secret []byte) (*Vault, error) {
	if len(secret) < minKey {
		return nil, fmt.Errorf("key-encryption key has %d bytes, it takes at least %d", len(secret), minKey)
	}
	// Derived, so that a secret of any length fits, and one that signs tokens as well has two unrelated uses.
	key, err := hkdf.Key(sha256.New, secret, nil, "tenantry signing keys at rest", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &Vault{aead}, err
}

// Seal returns the pair's private key in a form that Open alone reads.
func (v *Vault) Seal(p Pair) ([]byte, error) {
	plain, err := x509.MarshalPKCS8PrivateKey(p.private)
	if err != nil {
		return nil, fmt.Errorf("seal key %s: %w", p.id, err)
	}
	return v.aead.Seal(nil, nil, plain, label(p.id, p.algorithm)), nil //nolint:gosec // this AEAD makes the nonce itself
}

// Open returns the pair that was sealed under the name and for the algorithm.
func (v *Vault) Open(id string, algorithm Algorithm, sealed []byte) (Pair, error) {
	plain, err := v.aead.Open(nil, nil, sealed, label(id, algorithm))
	if err != nil {
		return Pair{}, fmt.Errorf("open key %s: %w", id, ErrSealed)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(plain)
	private, signs := parsed.(crypto.Signer)
	if err != nil || !signs || !fits(algorithm, private) {
		return Pair{}, fmt.Errorf("open key %s: %w", id, ErrSealed)
	}
	return newPair(algorithm, private)
}

// label is what a sealed key is bound to.
func label(id string, algorithm Algorithm) []byte { return []byte(string(algorithm) + " " + id) }
