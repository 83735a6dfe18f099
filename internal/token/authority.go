package token

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/maypok86/otter/v2"

	"github.com/tenantry/tenantry/internal/jwt"
)

const (
	// minKey is what RFC 7518 asks of a key for HS256, in bytes.
	minKey = 32
	// maxSize is the longest token that is looked at, in bytes.
	maxSize = 8 << 10
	// remembered is how many verified tokens are kept, at about half a kilobyte each.
	remembered = 8192
	// defaultName is the issuer and the audience where none is configured.
	defaultName = "multitenant-api"
)

// Config says how an Authority signs.
type Config struct {
	// Key is the secret of HS256, at least 32 bytes.
	Key []byte
	// Issuer and Audience are "multitenant-api" by default.
	Issuer, Audience string
	// OperatorAudience is that of operators' tokens, by default Audience with "-operators" behind it.
	OperatorAudience string
	// Clock tells the time; required.
	Clock func() time.Time
}

// Authority signs and verifies tokens. Its methods may be called concurrently.
type Authority struct {
	secret                      *key
	keys                        atomic.Pointer[keyset]
	issuer, audience, operators string
	clock                       func() time.Time
	// verified spares the cryptography for a token that was seen before. Only what verified gets in, under
	// the hash of all its bytes, so that nothing else is ever found; its times and its key's are checked each time.
	verified *otter.Cache[[sha256.Size]byte, *seen]
}

// seen is a token that verified.
type seen struct {
	claims Claims
	// key is the name of the key that signed it.
	key string
	// operator is set for an operator's, whose claims have no tenant.
	operator bool
}

// New returns an Authority that has the configured secret as its only key. A key that is too short is an error.
func New(c Config) (*Authority, error) {
	if len(c.Key) < minKey {
		return nil, fmt.Errorf("signing key has %d bytes, it takes at least %d", len(c.Key), minKey)
	}
	if c.Clock == nil {
		return nil, errors.New("token authority takes a clock")
	}
	a := &Authority{issuer: cmp.Or(c.Issuer, defaultName), audience: cmp.Or(c.Audience, defaultName), clock: c.Clock}
	a.operators = cmp.Or(c.OperatorAudience, a.audience+"-operators")
	if a.operators == a.audience {
		return nil, errors.New("operators take an audience of their own")
	}
	var err error
	if a.secret, err = secretKey(slices.Clone(c.Key)); err != nil {
		return nil, err
	}
	if err = a.Replace(nil, true); err != nil {
		return nil, err
	}
	a.verified, err = otter.New(&otter.Options[[sha256.Size]byte, *seen]{MaximumSize: remembered})
	return a, err
}

// SignAccess signs an access token with the claims. Type, IssuedAt and NotBefore are set, Kind is policy.User and
// ID fresh where they are zero; ExpiresAt counts in whole seconds.
func (a *Authority) SignAccess(c Claims) (string, error) {
	c.Type = Access
	return a.signTenant(c)
}

// SignRefresh signs a refresh token; as SignAccess, but the claims need a Family.
func (a *Authority) SignRefresh(c Claims) (string, error) {
	c.Type = Refresh
	if c.Family.IsZero() {
		return "", errors.New("sign refresh token: no family")
	}
	return a.signTenant(c)
}

func (a *Authority) signTenant(c Claims) (string, error) {
	if c.User.IsZero() || c.Tenant.IsZero() || c.ExpiresAt.IsZero() {
		return "", errors.New("sign token: no user, tenant or end")
	}
	return a.sign(a.sealed(c))
}

func (a *Authority) sign(p payload) (string, error) {
	k, err := a.keys.Load().signing(p.IssuedAt.Time, p.ExpiresAt.Time)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	data, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	signer := k.access
	if p.Type == Refresh {
		signer = k.refresh
	}
	signed, err := signer.Sign(data)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return signed.CompactSerialize()
}

// Verify returns the claims of a token that was signed with our key, for us, of the wanted type, and is good now.
// It returns token_expired where nothing is wrong with the token but that it has expired, and Invalid for
// everything else.
func (a *Authority) Verify(raw string, want Type) (Claims, error) {
	found, err := a.examine(raw, want, false)
	if err != nil {
		return Claims{}, err
	}
	return found.claims, nil
}

// examine is Verify for the tokens of operators or of tenants.
func (a *Authority) examine(raw string, want Type, operator bool) (*seen, error) {
	if len(raw) > maxSize {
		return nil, Invalid(errSize)
	}
	name, now := digest(raw), a.clock()
	token, known := a.verified.GetIfPresent(name)
	if !known || !a.keys.Load().verifies(token.key, now) {
		fresh, err := a.verify(raw, now)
		if err != nil {
			return nil, Invalid(err)
		}
		token, known = fresh, false
	}
	c := &token.claims
	if token.operator != operator {
		return nil, Invalid(errIssuer)
	}
	if c.Type != want {
		return nil, Invalid(errType)
	}
	if now.Before(c.NotBefore) || now.Before(c.IssuedAt) {
		return nil, Invalid(errTimes)
	}
	if !now.Before(c.ExpiresAt) {
		return nil, Expired()
	}
	if !known {
		a.verified.Set(name, token)
	}
	return token, nil
}

// verify checks all of a token but its times, and whether it is of the wanted type and whose.
func (a *Authority) verify(raw string, now time.Time) (*seen, error) {
	head, err := jwt.ParseHeader(raw)
	if err != nil {
		return nil, err
	}
	k, err := a.keys.Load().find(head, now)
	if err != nil {
		return nil, err
	}
	signed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{k.algorithm})
	if err != nil {
		return nil, errAlgorithm
	}
	data, err := signed.Verify(k.verifying)
	if err != nil {
		return nil, errSignature
	}
	claims, operator, err := a.open(data)
	if err != nil {
		return nil, err
	}
	if !typeFits(head.Type, claims.Type, operator) {
		return nil, errType
	}
	return &seen{*claims, k.id, operator}, nil
}

// digest is SHA-256 of the token, without a copy on the heap for tokens of usual length.
func digest(raw string) [sha256.Size]byte {
	var buf [2048]byte
	return sha256.Sum256(append(buf[:0], raw...))
}
