package account

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/token"
)

// keyring keeps the keys that tokens are signed and verified with as they are stored.
type keyring struct {
	platform storage.Platform
	tokens   *token.Authority
	vault    *token.Vault
	clock    func() time.Time
	log      *slog.Logger

	mu sync.Mutex // a load is one after the other, so that an older answer never replaces a newer one
	// listed are the keys that were loaded last; stale is set where that failed since.
	listed []storage.SigningKey
	loaded bool
	stale  bool

	asking singleflight.Group
	asked  time.Time // only within asking
}

// load reads the stored keys and puts them in the place of those before. Keys that can't be opened are left out, and
// their errors returned.
func (k *keyring) load(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	listed, err := k.platform.Keys().List(ctx)
	if err != nil {
		k.stale = true
		return err
	}
	k.stale = false
	if k.loaded && slices.EqualFunc(listed, k.listed, sameKey) {
		return nil
	}
	keys, secret, failed := k.open(listed, k.clock())
	if err := k.tokens.Replace(keys, secret); err != nil {
		return err
	}
	k.listed, k.loaded = listed, true
	return failed
}

// open returns the keys that are still of use, and whether the configured secret is one of them.
func (k *keyring) open(listed []storage.SigningKey, now time.Time) (keys []token.Key, secret bool, failed error) {
	secret = true
	for _, stored := range listed {
		if stored.ID == storage.DefaultKey {
			secret = false // whatever the clock says: only what is retired is stored
			continue
		}
		times := timesOf(stored)
		if len(stored.Sealed) == 0 || !times.Verifies(now) {
			continue
		}
		pair, err := k.vault.Open(stored.ID, token.Algorithm(stored.Algorithm), stored.Sealed)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		keys = append(keys, token.Key{Pair: pair, Times: times})
	}
	return keys, secret, failed
}

func timesOf(k storage.SigningKey) token.Times {
	return token.Times{ActivatesAt: k.ActivatesAt, DeactivatesAt: k.DeactivatesAt, RetiresAt: k.RetiresAt}
}

func sameKey(a, b storage.SigningKey) bool {
	return a.ID == b.ID && bytes.Equal(a.Sealed, b.Sealed) && a.ActivatesAt.Equal(b.ActivatesAt) &&
		a.DeactivatesAt.Equal(b.DeactivatesAt) && a.RetiresAt.Equal(b.RetiresAt)
}

// follow loads the keys where something has changed, or where that failed before.
func (k *keyring) follow(ctx context.Context, changed bool) {
	if k.vault == nil {
		return
	}
	was := k.isStale()
	if !changed && !was {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, trust)
	defer cancel()
	if err := k.load(bounded); err != nil && !was && ctx.Err() == nil { // what a stop breaks off is no failure
		k.log.ErrorContext(ctx, "signing keys were not loaded; tokens that they have signed are refused", "error", err)
	}
}

func (k *keyring) isStale() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.stale
}

// ask loads the keys for a token that names one that is not known here, and reports whether it is worth another
// look; unavailable where that can't be told. Tokens that anybody can make up cause this, so that it happens once in
// a second, whoever asks.
func (k *keyring) ask(ctx context.Context) (again bool, err error) {
	if k.vault == nil {
		return false, nil
	}
	done := k.asking.DoChan("", func() (any, error) {
		now := k.clock()
		if now.Sub(k.asked) < trust {
			if k.isStale() {
				return false, errStale
			}
			return false, nil
		}
		k.asked = now
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		err := k.load(ctx)
		if errors.Is(err, token.ErrSealed) {
			err = nil // the others may have what is looked for
		}
		return err == nil, err
	})
	select {
	case result := <-done:
		if result.Err != nil {
			return false, closed(result.Err)
		}
		again, _ = result.Val.(bool)
		return again, nil
	case <-ctx.Done():
		return false, closed(ctx.Err())
	}
}

var errStale = errors.New("signing keys could not be read a moment ago")

// verify is the authority's, with another look where the token names a key that another node may just have made.
func (s *Service) verify(ctx context.Context, raw string, want token.Type) (token.Claims, error) {
	claims, err := s.tokens.Verify(raw, want)
	if !token.IsUnknownKey(err) {
		return claims, err
	}
	switch again, failed := s.keys.ask(ctx); {
	case failed != nil:
		return token.Claims{}, failed
	case again:
		return s.tokens.Verify(raw, want)
	}
	return claims, err
}

// verifyOperator is verify for the tokens of operators.
func (s *Service) verifyOperator(ctx context.Context, raw string, want token.Type) (token.OperatorClaims, error) {
	claims, err := s.tokens.VerifyOperator(raw, want)
	if !token.IsUnknownKey(err) {
		return claims, err
	}
	switch again, failed := s.keys.ask(ctx); {
	case failed != nil:
		return token.OperatorClaims{}, failed
	case again:
		return s.tokens.VerifyOperator(raw, want)
	}
	return claims, err
}

// LoadKeys reads the stored keys for the first time. It fails where one of them can't be opened, since a server that
// does without it refuses good tokens; conflict then.
func (s *Service) LoadKeys(ctx context.Context) error {
	if s.keys.vault == nil {
		return nil
	}
	err := s.keys.load(ctx)
	if errors.Is(err, token.ErrSealed) {
		return fault.Wrap(fault.Conflict, "A signing key can't be opened; give the key-encryption key that it was made with, or retire it", err)
	}
	return err
}
