package token

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/maypok86/otter/v2"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/jwt"
	"github.com/tenantry/tenantry/internal/policy"
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
	// Clock tells the time; required.
	Clock func() time.Time
}

// Authority signs and verifies tokens. Its methods may be called concurrently.
type Authority struct {
	keys             []key
	access, refresh  jose.Signer
	issuer, audience string
	clock            func() time.Time
	// verified spares the cryptography for a token that was seen before. Only what verified gets in, under
	// the hash of all its bytes, so that nothing else is ever found; times are checked each time.
	verified *otter.Cache[[sha256.Size]byte, *Claims]
}

// New returns an Authority. A key that is too short is an error.
func New(c Config) (*Authority, error) {
	if len(c.Key) < minKey {
		return nil, fmt.Errorf("signing key has %d bytes, it takes at least %d", len(c.Key), minKey)
	}
	if c.Clock == nil {
		return nil, errors.New("token authority takes a clock")
	}
	secret := append([]byte(nil), c.Key...)
	current := key{algorithm: jose.HS256, signing: secret, verifying: secret}
	a := &Authority{keys: []key{current}, issuer: c.Issuer, audience: c.Audience, clock: c.Clock}
	if a.issuer == "" {
		a.issuer = defaultName
	}
	if a.audience == "" {
		a.audience = defaultName
	}
	var err error
	if a.access, err = signer(current, typeAccess); err != nil {
		return nil, err
	}
	if a.refresh, err = signer(current, typeRefresh); err != nil {
		return nil, err
	}
	a.verified, err = otter.New(&otter.Options[[sha256.Size]byte, *Claims]{MaximumSize: remembered})
	return a, err
}

func signer(k key, typ jose.ContentType) (jose.Signer, error) {
	options := (&jose.SignerOptions{}).WithType(typ)
	if k.id != "" {
		options = options.WithHeader("kid", k.id)
	}
	return jose.NewSigner(jose.SigningKey{Algorithm: k.algorithm, Key: k.signing}, options)
}

// SignAccess signs an access token with the claims. Type, IssuedAt and NotBefore are set, Kind is policy.User and
// ID fresh where they are zero; ExpiresAt counts in whole seconds.
func (a *Authority) SignAccess(c Claims) (string, error) {
	c.Type = Access
	return a.sign(a.access, c)
}

// SignRefresh signs a refresh token; as SignAccess, but the claims need a Family.
func (a *Authority) SignRefresh(c Claims) (string, error) {
	c.Type = Refresh
	if c.Family.IsZero() {
		return "", errors.New("sign refresh token: no family")
	}
	return a.sign(a.refresh, c)
}

func (a *Authority) sign(s jose.Signer, c Claims) (string, error) {
	if c.User.IsZero() || c.Tenant.IsZero() || c.ExpiresAt.IsZero() {
		return "", errors.New("sign token: no user, tenant or end")
	}
	if c.ID.IsZero() {
		c.ID = id.New()
	}
	if c.Kind == "" {
		c.Kind = policy.User
	}
	c.IssuedAt = a.clock()
	c.NotBefore = c.IssuedAt
	data, err := a.seal(c)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	signed, err := s.Sign(data)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return signed.CompactSerialize()
}

// Verify returns the claims of a token that was signed with our key, for us, of the wanted type, and is good now.
// It returns token_expired where nothing is wrong with the token but that it has expired, and Invalid for
// everything else.
func (a *Authority) Verify(raw string, want Type) (Claims, error) {
	if len(raw) > maxSize {
		return Claims{}, Invalid(errSize)
	}
	name := digest(raw)
	claims, seen := a.verified.GetIfPresent(name)
	if !seen {
		fresh, err := a.verify(raw)
		if err != nil {
			return Claims{}, Invalid(err)
		}
		claims = fresh
	}
	if claims.Type != want {
		return Claims{}, Invalid(errType)
	}
	now := a.clock()
	if now.Before(claims.NotBefore) || now.Before(claims.IssuedAt) {
		return Claims{}, Invalid(errTimes)
	}
	if !now.Before(claims.ExpiresAt) {
		return Claims{}, Expired()
	}
	if !seen {
		a.verified.Set(name, claims)
	}
	return *claims, nil
}

// verify checks all of a token but its times and whether its type is the wanted one.
func (a *Authority) verify(raw string) (*Claims, error) {
	head, err := jwt.ParseHeader(raw)
	if err != nil {
		return nil, err
	}
	k, ok := find(a.keys, head)
	if !ok {
		return nil, errKey
	}
	signed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{k.algorithm})
	if err != nil {
		return nil, errAlgorithm
	}
	data, err := signed.Verify(k.verifying)
	if err != nil {
		return nil, errSignature
	}
	claims, err := a.open(data)
	if err != nil {
		return nil, err
	}
	if !typeFits(head.Type, claims.Type) {
		return nil, errType
	}
	return claims, nil
}

// digest is SHA-256 of the token, without a copy on the heap for tokens of usual length.
func digest(raw string) [sha256.Size]byte {
	var buf [1024]byte
	return sha256.Sum256(append(buf[:0], raw...))
}
