package token

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"

	"github.com/tenantry/tenantry/internal/jwt"
)

// Times say what a key does when; those that are zero never come.
type Times struct {
	// From ActivatesAt until DeactivatesAt the key signs. It verifies before, since other nodes' clocks differ, and
	// afterwards until RetiresAt.
	ActivatesAt, DeactivatesAt, RetiresAt time.Time
}

// State is what a key does at a moment.
type State string

// The states. A retired key may verify for a while; Verifies says so.
const (
	Next    State = "next"
	Current State = "current"
	Retired State = "retired"
)

// State returns the key's state.
func (t Times) State(now time.Time) State {
	switch {
	case !t.Verifies(now) || reached(t.DeactivatesAt, now):
		return Retired
	case now.Before(t.ActivatesAt):
		return Next
	}
	return Current
}

// Verifies reports whether the key's tokens are good.
func (t Times) Verifies(now time.Time) bool { return !reached(t.RetiresAt, now) }

func (t Times) endsBefore(end time.Time) bool {
	return !t.RetiresAt.IsZero() && t.RetiresAt.Before(end)
}

func reached(t, now time.Time) bool { return !t.IsZero() && !now.Before(t) }

// Key is a pair and when it is used.
type Key struct {
	Pair
	Times
}

// key is one of our keys. Its algorithm is pinned: a token that names another is refused, so that a public key
// can never be taken for a secret.
type key struct {
	Times

	// id is the kid that tokens name the key by; empty for the one key that is meant when they name none.
	id        string
	algorithm jose.SignatureAlgorithm
	// public is the half of a pair that everybody may have; a secret has none.
	public          jose.JSONWebKey
	verifying       any
	access, refresh jose.Signer
}

// secretKey returns the key that a shared secret is. It has no name and no times.
func secretKey(secret []byte) (*key, error) {
	k := &key{algorithm: jose.HS256, verifying: secret}
	return k, k.prepare(secret)
}

// pairKey returns the key that a pair is.
func pairKey(given Key) (*key, error) {
	k := &key{
		Times: given.Times, id: given.id, algorithm: jose.SignatureAlgorithm(given.algorithm),
		public: given.public, verifying: given.public.Key,
	}
	return k, k.prepare(given.private)
}

// prepare makes what signs.
func (k *key) prepare(signing any) error {
	var err error
	if k.access, err = k.signer(signing, typeAccess); err != nil {
		return err
	}
	k.refresh, err = k.signer(signing, typeRefresh)
	return err
}

func (k *key) signer(signing any, typ jose.ContentType) (jose.Signer, error) {
	options := (&jose.SignerOptions{}).WithType(typ)
	if k.id != "" {
		options = options.WithHeader("kid", k.id)
	}
	return jose.NewSigner(jose.SigningKey{Algorithm: k.algorithm, Key: signing}, options)
}

// keyset is all keys at one moment. It never changes; Replace puts another in its place.
type keyset struct {
	byID map[string]*key
	// pairs are in the order in which they become current.
	pairs []*key
}

// Replace makes the pairs, and the configured secret where secret says so, the only keys from now on. Tokens of
// any other are refused at once, remembered ones included.
func (a *Authority) Replace(keys []Key, secret bool) error {
	s := &keyset{byID: map[string]*key{}}
	if secret {
		s.byID[""] = a.secret
	}
	for _, given := range keys {
		if given.id == "" {
			return errors.New("replace keys: a key has no name")
		}
		k, err := pairKey(given)
		if err != nil {
			return fmt.Errorf("replace keys: %w", err)
		}
		s.byID[k.id], s.pairs = k, append(s.pairs, k)
	}
	slices.SortFunc(s.pairs, func(a, b *key) int {
		if order := a.ActivatesAt.Compare(b.ActivatesAt); order != 0 {
			return order
		}
		return strings.Compare(a.id, b.id)
	})
	a.keys.Store(s)
	return nil
}

// find returns the key that a header names. Whether its algorithm is the key's is checked with the signature. A
// name is only ever looked up here: whatever it says, nothing is fetched or opened.
func (s *keyset) find(h jwt.Header, now time.Time) (*key, error) {
	name := ""
	if h.KeyID != nil {
		if name = *h.KeyID; !wellFormed(name) {
			return nil, errKey
		}
	}
	k, known := s.byID[name]
	switch {
	case !known && name != "":
		return nil, errUnknownKey
	case !known || !k.Verifies(now):
		return nil, errKey
	}
	return k, nil
}

// verifies reports whether the tokens of a key are still good; for remembered tokens.
func (s *keyset) verifies(id string, now time.Time) bool {
	k, known := s.byID[id]
	return known && k.Verifies(now)
}

// signing returns the key that signs a token with the end: the pair that became current last, else the secret. A
// token that would outlive its key is signed by the newest pair, which is about to become current.
func (s *keyset) signing(now, end time.Time) (*key, error) {
	for _, k := range slices.Backward(s.pairs) {
		if k.State(now) != Current {
			continue
		}
		if newest := s.pairs[len(s.pairs)-1]; k.endsBefore(end) && !newest.endsBefore(end) {
			return newest, nil
		}
		return k, nil
	}
	if secret, used := s.byID[""]; used {
		return secret, nil
	}
	return nil, errors.New("no key is current; rotate the keys")
}

// JWKS returns the public keys as a JSON Web Key Set (RFC 7517): of all pairs that verify now or will. The secret
// has no public half.
func (a *Authority) JWKS() ([]byte, error) {
	s, now := a.keys.Load(), a.clock()
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, k := range s.pairs {
		if k.Verifies(now) {
			set.Keys = append(set.Keys, k.public)
		}
	}
	return json.Marshal(set)
}

// IsUnknownKey reports whether a token was refused only for naming a key as ours are named that is none of ours:
// another node may just have made it.
func IsUnknownKey(err error) bool { return errors.Is(err, errUnknownKey) }
