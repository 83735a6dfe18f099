package storage

import (
	"context"
	"time"
)

// DefaultKey is the name of the one key that is not stored: the secret from the configuration. It is listed, without
// key and times but RetiresAt, once it is retired.
const DefaultKey = "default"

// SigningKey is a pair of keys that signs tokens. Its times are zero where they don't come: from ActivatesAt until
// DeactivatesAt it signs, until RetiresAt it verifies.
type SigningKey struct {
	ID        string
	Algorithm string
	// Sealed is the private key, encrypted with a key that storage never has. It is empty once it is retired for good.
	Sealed []byte
	// Public is the public key as a JSON Web Key, for people to read. Whoever can write to the storage could change it:
	// tokens are verified by what is sealed.
	Public                                           string
	CreatedAt, ActivatesAt, DeactivatesAt, RetiresAt time.Time
}

// Keys are the keys that sign tokens. Two changes at once MUST happen one after the other.
type Keys interface {
	// List returns all keys, in the order of ActivatesAt and ID, the retired ones included.
	List(ctx context.Context) ([]SigningKey, error)
	// Rotate adds the key. Those that have no end yet sign until the new one's ActivatesAt, and verify as long as
	// a token that they signed may be good: for keep after that, and longer where a family of refresh tokens is.
	// conflict where there is such a key.
	Rotate(ctx context.Context, k SigningKey, keep time.Duration) error
	// Retire ends the key at once and forgets its private half; nothing happens where it has ended. not_found where
	// there is no such key, conflict where no key would be left that signs now, or none that has no end.
	Retire(ctx context.Context, key string, now time.Time) error
	// Prune forgets the private halves of the keys that have ended by then. It need not raise the generation.
	Prune(ctx context.Context, now time.Time) error
}
