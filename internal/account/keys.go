package account

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/token"
)

// maxActivation bounds how far ahead a key may be made: nobody remembers it then.
const maxActivation = 366 * 24 * time.Hour

// Key is a key that signs tokens, as everybody may see it.
type Key struct {
	// ID is the kid of its tokens, storage.DefaultKey for the secret from the configuration, which has no times.
	ID        string
	Algorithm string
	State     token.State
	// Verifies is whether its tokens are good.
	Verifies bool
	// Public is the public half as a JSON Web Key; empty for the secret.
	Public    string
	CreatedAt time.Time
	token.Times
}

// Standby is the state of the secret from the configuration while a pair signs: it verifies, until it is retired.
const Standby token.State = "standby"

// Keys returns all keys: the secret, then the pairs in the order in which they become current.
func (s *Service) Keys(ctx context.Context) ([]Key, error) {
	listed, err := s.platform.Keys().List(ctx)
	if err != nil {
		return nil, err
	}
	now := s.clock()
	secret := Key{ID: storage.DefaultKey, Algorithm: "HS256", State: token.Current, Verifies: true}
	keys := []Key{secret}
	for _, stored := range listed {
		k := publicKey(stored, now)
		switch {
		case k.ID == storage.DefaultKey:
			keys[0] = Key{ID: k.ID, Algorithm: k.Algorithm, State: token.Retired, Times: token.Times{RetiresAt: k.RetiresAt}}
			continue
		case k.State == token.Current && keys[0].State == token.Current:
			keys[0].State = Standby
		}
		keys = append(keys, k)
	}
	return keys, nil
}

func publicKey(k storage.SigningKey, now time.Time) Key {
	times := timesOf(k)
	return Key{
		ID: k.ID, Algorithm: k.Algorithm, State: times.State(now), Verifies: times.Verifies(now), Public: k.Public,
		CreatedAt: k.CreatedAt, Times: times,
	}
}

// RotateKeys makes a pair that signs when activation has passed, and the keys before it no more. Until then every node
// has learnt of it; zero is a time that is enough for that. Tokens of the keys before stay good until they expire.
// validation_failed where there is no such algorithm.
func (s *Service) RotateKeys(ctx context.Context, by By, algorithm string, activation time.Duration) (Key, error) {
	plan, err := s.PlanKey(algorithm, activation)
	if err != nil {
		return Key{}, err
	}
	return s.AddKey(ctx, by, plan)
}

// KeyPlan is a pair that is to become a key.
type KeyPlan struct{ key storage.SigningKey }

// ID is the kid of the key's tokens.
func (p KeyPlan) ID() string { return p.key.ID }

// PlanKey makes the pair of RotateKeys, which is no key until AddKey.
func (s *Service) PlanKey(algorithm string, activation time.Duration) (KeyPlan, error) {
	if s.keys.vault == nil {
		return KeyPlan{}, fault.New(fault.Conflict, "Without a key-encryption key no signing key can be made.")
	}
	alg, ok := token.ParseAlgorithm(algorithm)
	if !ok {
		return KeyPlan{}, fault.Invalid(fault.Field{Name: "algorithm", Code: fault.FieldChoice, Message: "A key is for EdDSA, ES256 or RS256."})
	}
	if activation < 0 || activation > maxActivation {
		return KeyPlan{}, fault.Invalid(invalid("activate_in", "A key becomes current within 366 days."))
	}
	key, err := s.makeKey(alg, positive(activation, s.activation))
	return KeyPlan{key}, err
}

// AddKey makes a planned pair the next key; conflict where it is a key already.
func (s *Service) AddKey(ctx context.Context, by By, plan KeyPlan) (Key, error) {
	created, keep := plan.key, max(s.accessTTL, s.refreshTTL)
	event := s.event(by, "rotated", aboutKeys, id.ID{}, madeKey(created)...)
	err := s.changeKeys(ctx, func() error {
		return s.change(ctx, in(event, tenant.Platform), func(p storage.Platform) error { return p.Keys().Rotate(ctx, created, keep) })
	})
	return publicKey(created, s.clock()), err
}

func (s *Service) makeKey(algorithm token.Algorithm, activation time.Duration) (storage.SigningKey, error) {
	pair, err := token.Generate(algorithm)
	if err != nil {
		return storage.SigningKey{}, err
	}
	sealed, err := s.keys.vault.Seal(pair)
	if err != nil {
		return storage.SigningKey{}, err
	}
	public, err := pair.Public()
	now := s.moment()
	return storage.SigningKey{
		ID: pair.ID(), Algorithm: string(algorithm), Sealed: sealed, Public: string(public),
		CreatedAt: now, ActivatesAt: now.Add(activation),
	}, err
}

// aboutKeys is what events of keys are about. A key is no record with an id: the changes say which one is meant.
const aboutKeys = "signing-keys"

func madeKey(k storage.SigningKey) []change {
	return []change{
		made("kid", schema.String(k.ID)), made("algorithm", schema.String(k.Algorithm)),
		made("activates_at", schema.Moment(k.ActivatesAt)),
	}
}

// RetireKey refuses every token of the key from now on; not_found, conflict where no key would be left that signs.
func (s *Service) RetireKey(ctx context.Context, by By, key string) error {
	event := s.event(by, "retired", aboutKeys, id.ID{}, gone("kid", schema.String(key)))
	defer s.courier.ring() // not delivered here: there is no event where the key was retired already
	err := s.changeKeys(ctx, func() error {
		return s.platform.Recording(in(event, tenant.Platform)...).Keys().Retire(ctx, key, s.moment())
	})
	return missing(err, "There is no such key.")
}

// changeKeys runs a write and loads what came of it, also where the write failed: it may have been committed.
func (s *Service) changeKeys(ctx context.Context, write func() error) error {
	err := write()
	if s.keys.vault == nil {
		return err
	}
	return firstOf(err, s.keys.load(context.WithoutCancel(ctx)))
}

// JWKS returns the public keys that verify tokens now or soon as a JSON Web Key Set.
func (s *Service) JWKS() ([]byte, error) { return s.tokens.JWKS() }
