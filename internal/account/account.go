// Package account keeps the gate between a token and a tenant: who signs in, who still belongs where, and which
// tokens were taken back. It holds the rules of users, memberships and tenants, and none of what lies in a tenant.
//
// It promises that a suspended tenant, a removed member, a changed role, a disabled user and a revoked token take
// effect at once on the node that made the change and within a second on every other, also while the database
// can't be reached: then nobody is let in. Nobody learns from an error, or from its time, which user or tenant exists.
package account

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/token"
)

// Config says what a Service works with.
type Config struct {
	// Platform, Open, Passes, Tokens, Clock and Logger are required. Times of the clock should keep the monotonic reading of
	// time.Now: the gate measures by them how old its answers are.
	Platform storage.Platform
	// Open returns the store of a tenant, or of tenant.Platform: events go to its trail, and nothing else of it is used.
	Open func(ctx context.Context, t tenant.ID) (storage.Store, error)
	// Passes makes the passes of those who are let in.
	Passes *tenant.Passes
	Tokens *token.Authority
	// Issuers are the other issuers whose tokens are taken; nil where there are none.
	Issuers Issuers
	Clock   func() time.Time
	Logger  *slog.Logger
	// AccessTTL is how long an access token is good, 15 minutes by default. RefreshTTL is how long a log-in lasts
	// before the password is asked again, 7 days by default: refreshing does not move its end.
	AccessTTL, RefreshTTL time.Duration
	// Resources are the names that scopes may have in them.
	Resources []string
	// Vault opens the stored signing keys. Without one they are left alone: for what signs and verifies no tokens.
	Vault *token.Vault
	// Activation is when a new signing key becomes current, long enough for every node to know it, 5 s by default.
	Activation time.Duration
	// Poll is how often Watch asks for changes, 300 ms by default.
	Poll time.Duration
	// Follower hears of changes between the polls; nil where nothing does.
	Follower  storage.Follower
	Passwords Passwords
}

// Service is the accounts of the platform. Its methods may be called concurrently.
type Service struct {
	platform              storage.Platform
	tokens                *token.Authority
	clock                 func() time.Time
	log                   *slog.Logger
	accessTTL, refreshTTL time.Duration
	resources             []string
	activation            time.Duration
	interval              time.Duration
	follower              storage.Follower
	passwords             *hasher
	passes                *tenant.Passes
	gate                  *gate
	courier               *courier
	foreigners            *foreigners
	keys                  *keyring
}

// New returns a Service. It reads nothing yet.
func New(c Config) (*Service, error) {
	if c.Platform == nil || c.Open == nil || c.Passes == nil || c.Tokens == nil || c.Clock == nil || c.Logger == nil {
		return nil, errors.New("account service takes a platform, trails, passes, tokens, a clock and a logger")
	}
	g, err := newGate(c.Platform, c.Clock)
	if err != nil {
		return nil, err
	}
	others, err := newForeigners(c.Issuers)
	if err != nil {
		return nil, err
	}
	return &Service{
		platform: c.Platform, tokens: c.Tokens, clock: c.Clock, log: c.Logger,
		accessTTL:  positive(c.AccessTTL, 15*time.Minute),
		refreshTTL: positive(c.RefreshTTL, 7*24*time.Hour),
		resources:  c.Resources,
		activation: positive(c.Activation, 5*time.Second),
		interval:   positive(c.Poll, 300*time.Millisecond),
		follower:   c.Follower,
		passwords:  newHasher(c.Passwords), passes: c.Passes, gate: g, foreigners: others,
		courier: &courier{
			platform: c.Platform, open: c.Open, clock: c.Clock, log: c.Logger, events: storage.Events(), wake: make(chan struct{}, 1),
		},
		keys: &keyring{platform: c.Platform, tokens: c.Tokens, vault: c.Vault, clock: c.Clock, log: c.Logger},
	}, nil
}

func positive(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}

// User is a person who may sign in, as everybody may see them.
type User struct {
	ID        id.ID
	Username  string
	Active    bool
	Operator  bool
	CreatedAt time.Time
}

func publicUser(u storage.User) User {
	return User{ID: u.ID, Username: u.Username, Active: u.Active, Operator: u.Operator, CreatedAt: u.CreatedAt}
}

// Session is a caller whom the gate has let into a tenant.
type Session struct {
	Actor  policy.Actor
	Tenant tenant.Tenant
	User   User
	Claims token.Claims
}

// Authenticate returns the session of an access token, ours or another issuer's: token_invalid or token_expired where
// the token opens nothing, be it that the tenant is unknown, the user disabled or no member any more;
// tenant_suspended; unavailable where that can't be told. The role is the membership's, whatever the token says.
// by is from where the caller comes, for the events of those whom an issuer lets join by their token.
func (s *Service) Authenticate(ctx context.Context, by By, raw string) (Session, error) {
	claims, err := s.access(ctx, by, raw)
	if err != nil {
		return Session{}, err
	}
	at, err := s.admit(ctx, claims)
	if err != nil {
		return Session{}, err
	}
	return Session{
		Actor: policy.Actor{
			Kind: placeOf(claims).kind, ID: at.User.ID, Name: at.User.Username, Tenant: at.Tenant.ID,
			Role: at.role(claims), Scopes: claims.Scopes, OnBehalfOf: claims.OnBehalfOf, Pass: s.passes.For(at.Tenant.ID),
		},
		Tenant: at.Tenant, User: publicUser(at.User), Claims: claims,
	}, nil
}

// Pass returns the pass for a tenant, for the parts of this program that work in it by themselves.
func (s *Service) Pass(t tenant.ID) tenant.Pass { return s.passes.For(t) }

// admits returns an error unless the caller was let into the tenant, or the platform is theirs: an operator's, or this
// program's own. That a use case names a tenant is not enough.
func (s *Service) admits(by By, t tenant.ID) error {
	a := by.Actor
	switch {
	case a.Kind == policy.System && a.Tenant.IsZero(), s.passes.Admit(a.Pass, t), s.passes.Admit(a.Pass, tenant.Platform):
		return nil
	default:
		return errStray
	}
}

// placeOf says where the bearer of a token has to stand. Behind a token that was exchanged is the operator.
func placeOf(c token.Claims) place {
	if !c.OnBehalfOf.IsZero() {
		return place{policy.Operator, c.Tenant, c.OnBehalfOf}
	}
	return place{c.Kind, c.Tenant, c.User}
}

// role is the role that the bearer of a token has: the membership's, whatever the token says, but of an operator, who
// has none and gave a reason for that very token.
func (s *standing) role(c token.Claims) policy.Role {
	if c.OnBehalfOf.IsZero() {
		return s.Membership.Role
	}
	return c.Role
}

// admit is the gate for the claims of a verified token.
func (s *Service) admit(ctx context.Context, c token.Claims) (*standing, error) {
	if !c.OnBehalfOf.IsZero() && c.OnBehalfOf != c.User { // nobody acts under another's name
		return nil, token.Invalid(errActor)
	}
	revoked, err := s.gate.isRevoked(ctx, c.ID, c.Family)
	if err != nil {
		return nil, err
	}
	if revoked {
		return nil, token.Invalid(errRevoked)
	}
	at, err := s.gate.standing(ctx, placeOf(c))
	if err != nil {
		return nil, stranger(err)
	}
	if !at.until.IsZero() && !s.clock().Before(at.until) {
		return nil, token.Invalid(errOver)
	}
	return at, judge(at.Standing)
}

// judge returns why somebody who stands in the tenant is not let in. A disabled user learns nothing of the tenant.
func judge(at storage.Standing) error {
	if !at.User.Active {
		return token.Invalid(errDisabled)
	}
	if at.Tenant.Status != tenant.Active {
		return suspended()
	}
	return nil
}

// stranger returns the error of somebody who has no standing: the one of any invalid token.
func stranger(err error) error {
	if fault.Is(err, fault.NotFound) {
		return token.Invalid(errStranger)
	}
	return err
}

func suspended() error {
	return fault.New(fault.TenantSuspended, "This tenant is suspended; its owner or the operator of this service can tell why.")
}

var (
	errStray    = errors.New("a tenant was named without its pass")
	errRevoked  = errors.New("token or its family is revoked")
	errActor    = errors.New("token names another actor than its subject")
	errOver     = errors.New("service account is over")
	errDisabled = errors.New("user is disabled")
	errStranger = errors.New("tenant, user or membership does not exist")
	errRotated  = errors.New("refresh token is not its family's current one")
)

// IsMember reports whether the user belongs to the tenant.
func (s *Service) IsMember(ctx context.Context, t tenant.ID, user id.ID) (bool, error) {
	_, err := s.gate.standing(ctx, place{policy.User, t, user})
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// Watch follows the changes that other nodes make, until the context ends. Without it every answer is read anew
// after a second. It also delivers the events that wait in the outbox, and lets the platform forget, once in an
// hour, what has expired.
func (s *Service) Watch(ctx context.Context) {
	var aside sync.WaitGroup
	defer aside.Wait()
	aside.Go(func() { s.courier.run(ctx) }) // a slow delivery must not make the gate's answers old
	hints := make(chan struct{}, 1)
	if s.follower != nil {
		aside.Go(func() { s.follower.Follow(ctx, func() { ring(hints) }) })
	}
	ticker := time.NewTicker(s.interval)
	defer ticker.Stop()
	failing := false
	var pruned time.Time
	for ctx.Err() == nil {
		changed, err := s.gate.poll(ctx)
		if failing != (err != nil) && ctx.Err() == nil {
			failing = err != nil
			s.report(ctx, err)
		}
		s.keys.follow(ctx, changed)
		if changed {
			_, _ = s.gate.revocations(ctx) // ahead of the request that needs it and reports its error
		}
		if now := s.clock(); err == nil && now.Sub(pruned) >= time.Hour {
			pruned = now
			s.prune(ctx, now)
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		case <-hints:
		}
	}
}

func (s *Service) report(ctx context.Context, err error) {
	if err != nil {
		s.log.WarnContext(ctx, "changes of access can't be followed; access is read for each request", "error", err)
		return
	}
	s.log.InfoContext(ctx, "changes of access are followed again")
}

func (s *Service) prune(ctx context.Context, now time.Time) {
	err := firstOf(s.platform.Tokens().Prune(ctx, now), s.platform.Keys().Prune(ctx, now.Add(-time.Hour))) // clocks differ
	if err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "expired tokens were not pruned", "error", err)
	}
}
