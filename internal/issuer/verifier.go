package issuer

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/maypok86/otter/v2"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/jwt"
	"github.com/tenantry/tenantry/internal/token"
)

const (
	// maxSize is the longest token that is looked at, in bytes. Other issuers put more into theirs than we do.
	maxSize = 16 << 10
	// remembered is how many verified tokens are kept, at about a kilobyte each.
	remembered = 8192
)

// Config says which issuers there are. Issuers, Clock and Logger are required.
type Config struct {
	Issuers []Issuer
	// Own is the issuer of our own tokens; none of the others may have its name.
	Own string
	// Resources are the names that scopes such as "tasks:read" may begin with.
	Resources []string
	Clock     func() time.Time
	Logger    *slog.Logger
	// Refresh is how often keys are read anew, 5 minutes by default: so long may a key be used that its issuer has
	// taken back.
	Refresh time.Duration
	// Roots are who may vouch for the issuers' addresses; by default those of the system.
	Roots *x509.CertPool
}

// Verifier verifies the tokens of all issuers. Its methods may be called concurrently.
type Verifier struct {
	sources   map[string]*source
	resources []string
	clock     func() time.Time
	log       *slog.Logger
	// verified spares the cryptography for a token that was seen before. Only what verified gets in, under the hash of
	// all its bytes; times and whether the keys are still the same are checked each time.
	verified *otter.Cache[[sha256.Size]byte, *verified]
}

type verified struct {
	claims *Claims
	source *source
	epoch  uint64
}

// New returns a Verifier, or the mistakes that Check finds. It fetches nothing yet: Run does.
func New(c Config) (*Verifier, error) {
	if c.Clock == nil || c.Logger == nil {
		return nil, errors.New("verifier of issuers takes a clock and a logger")
	}
	if err := Check(c.Issuers, c.Own); err != nil {
		return nil, err
	}
	v := &Verifier{sources: map[string]*source{}, resources: c.Resources, clock: c.Clock, log: c.Logger}
	for _, i := range c.Issuers {
		i = i.withDefaults()
		v.sources[i.URL] = newSource(&i, c)
	}
	var err error
	v.verified, err = otter.New(&otter.Options[[sha256.Size]byte, *verified]{MaximumSize: remembered})
	return v, err
}

func newSource(i *Issuer, c Config) *source {
	s := &source{
		issuer: i, client: newClient(i.DangerouslyPrivate, c.Roots), clock: c.Clock, log: c.Logger, refresh: c.Refresh,
		tried: make(chan struct{}), asks: make(chan *ask, 1),
	}
	if s.refresh <= 0 {
		s.refresh = 5 * time.Minute
	}
	return s
}

// Run reads the keys of all issuers and keeps them fresh, until the context ends.
func (v *Verifier) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, s := range v.sources {
		if s.issuer.DangerouslyPrivate {
			v.log.WarnContext(ctx, "an issuer may be at a private address; whoever controls it can make this server send requests there", "issuer", s.issuer.URL)
		}
		all.Go(func() { s.run(ctx) })
	}
	all.Wait()
}

// Verify returns the claims of a token that one of the issuers has signed for us and that is good now. known is false,
// and the error nil, where the token names none of them. Otherwise the error is token_expired where nothing is wrong
// with the token but that it has expired, unavailable where the issuer's keys are needed and can't be read, and
// token_invalid for everything else.
func (v *Verifier) Verify(ctx context.Context, raw string) (claims *Claims, known bool, err error) {
	if len(raw) > maxSize {
		return nil, false, nil
	}
	name := digest(raw)
	if seen, ok := v.verified.GetIfPresent(name); ok && seen.holds() {
		claims, err := v.inTime(seen.claims)
		return claims, true, err
	}
	s := v.sources[claimedIssuer(raw)]
	if s == nil {
		return nil, false, nil
	}
	fresh, err := v.verify(ctx, s, raw)
	if err != nil {
		return nil, true, v.refuse(ctx, s, err)
	}
	claims, err = v.inTime(fresh.claims)
	if err != nil {
		return nil, true, v.refuse(ctx, s, err)
	}
	v.verified.Set(name, fresh)
	return claims, true, nil
}

// holds reports whether the token would verify again with the keys of now.
func (f *verified) holds() bool {
	set := f.source.known.Load()
	return set.epoch == f.epoch && f.source.clock().Sub(set.confirmed) <= memory
}

// claimedIssuer returns what the token says is its issuer, by which nothing but the configured one is chosen.
func claimedIssuer(raw string) string {
	_, rest, _ := strings.Cut(raw, ".")
	body, _, found := strings.Cut(rest, ".")
	if !found {
		return ""
	}
	var buffer [2048]byte
	data, err := base64.RawURLEncoding.AppendDecode(buffer[:0], []byte(body))
	if err != nil {
		return ""
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if err := json.Unmarshal(data, &claims); err != nil {
		return ""
	}
	return claims.Issuer
}

// verify checks all of a token but its times.
func (v *Verifier) verify(ctx context.Context, s *source, raw string) (*verified, error) {
	head, err := jwt.ParseHeader(raw)
	if err != nil {
		return nil, err
	}
	if !typeFits(head.Type) {
		return nil, errType
	}
	signed, err := jose.ParseSignedCompact(raw, signatureAlgorithms(s.issuer))
	if err != nil || len(signed.Signatures) != 1 || signed.Signatures[0].Header.Algorithm != head.Algorithm {
		return nil, errAlgorithm
	}
	set, err := s.current(ctx)
	if err != nil {
		return nil, err
	}
	keys := set.find(head.KeyID, head.Algorithm)
	if len(keys) == 0 {
		if set, err = s.again(ctx, set); err != nil {
			return nil, err
		}
		keys = set.find(head.KeyID, head.Algorithm)
	}
	if len(keys) == 0 {
		return nil, errKey
	}
	for _, k := range keys {
		if data, err := signed.Verify(k.public); err == nil {
			claims, err := v.open(s.issuer, raw, data)
			return &verified{claims, s, set.epoch}, err
		}
	}
	return nil, errSignature // which never leads to a fetch: anybody can make a bad one
}

func signatureAlgorithms(i *Issuer) []jose.SignatureAlgorithm {
	out := make([]jose.SignatureAlgorithm, len(i.Algorithms))
	for n, name := range i.Algorithms {
		out[n] = jose.SignatureAlgorithm(name)
	}
	return out
}

// typeFits reports whether a header's typ may stand on an access token. Other kinds of token that the same key signs,
// such as logout tokens, have one of their own (RFC 8725, section 3.11).
func typeFits(typ string) bool {
	kind := strings.ToLower(typ)
	return kind == "" || kind == "jwt" || strings.TrimPrefix(kind, "application/") == "at+jwt"
}

func (v *Verifier) inTime(c *Claims) (*Claims, error) {
	now := v.clock()
	if c.NotBefore.After(now.Add(Leeway)) || c.IssuedAt.After(now.Add(Leeway)) {
		return nil, token.Invalid(errTimes)
	}
	if !now.Before(c.ExpiresAt.Add(Leeway)) {
		return nil, token.Expired()
	}
	return c, nil
}

// refuse returns the error that the client gets, and tells an operator who is looking for it why.
func (v *Verifier) refuse(ctx context.Context, s *source, cause error) error {
	v.log.DebugContext(ctx, "a token of an issuer was refused", "issuer", s.issuer.URL, "cause", cause)
	if _, known := errors.AsType[*fault.Error](cause); known {
		return cause
	}
	return token.Invalid(cause)
}

// digest is SHA-256 of the token, without a copy on the heap for tokens of usual length.
func digest(raw string) [sha256.Size]byte {
	var buf [2048]byte
	return sha256.Sum256(append(buf[:0], raw...))
}

// The causes are constants of ours, so that no part of a token ever reaches a log.
var (
	errType      = errors.New("token is of another type")
	errAlgorithm = errors.New("token has an algorithm that is not configured")
	errKey       = errors.New("token names no key of its issuer")
	errSignature = errors.New("token signature does not fit")
	errClaims    = errors.New("token claims are not well-formed JSON")
	errIssuer    = errors.New("token has another issuer")
	errAudience  = errors.New("token has another audience")
	errBound     = errors.New("token is bound to a key of its holder's (cnf), which is not supported")
	errSubject   = errors.New("token has no usable claim for the user")
	errTenant    = errors.New("token has no usable claim for the tenant")
	errID        = errors.New("token has no usable jti")
	errScopes    = errors.New("token has scopes and none of ours")
	errTimes     = errors.New("token times are missing or in the future")
)
