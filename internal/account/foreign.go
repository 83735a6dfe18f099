package account

import (
	"context"
	"errors"

	"github.com/maypok86/otter/v2"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/issuer"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/token"
)

// Issuers verifies the tokens of other issuers; issuer.Verifier does.
type Issuers interface {
	// Verify returns the claims of a good token. known is false where it is none of theirs, and may be one of ours.
	Verify(ctx context.Context, raw string) (claims *issuer.Claims, known bool, err error)
}

// foreigners knows whom the tokens of other issuers mean.
type foreigners struct {
	issuers Issuers
	known   *otter.Cache[claimant, *located]
}

// claimant is whom a token means, and in which tenant, in the words of its issuer.
type claimant struct{ issuer, subject, tenant string }

// located is who and where that is.
type located struct {
	asOf
	place
}

// newForeigners returns nil where there are no other issuers.
func newForeigners(issuers Issuers) (*foreigners, error) {
	if issuers == nil {
		return nil, nil //nolint:nilnil // there are none
	}
	known, err := otter.New(&otter.Options[claimant, *located]{MaximumSize: remembered})
	return &foreigners{issuers, known}, err
}

var (
	errUsername = errors.New("token has no name that a user could have")
	errJoined   = errors.New("token's user may not join the tenant: their name is taken, or they were removed from it")
)

// access returns what an access token says, be it ours or another issuer's, who may bring new members along.
func (s *Service) access(ctx context.Context, by By, raw string) (token.Claims, error) {
	c, err := s.foreign(ctx, raw)
	if err != nil {
		return token.Claims{}, err
	}
	if c == nil {
		return s.verify(ctx, raw, token.Access)
	}
	at, err := s.locate(ctx, c)
	if err == nil && c.Issuer.JoinRole() != policy.NoRole {
		_, err = s.gate.standing(ctx, at)
	}
	if fault.Is(err, fault.NotFound) && c.Issuer.JoinRole() != policy.NoRole {
		at, err = s.letIn(ctx, by, c)
	}
	if err != nil {
		return token.Claims{}, stranger(err)
	}
	return claimsOf(c, at), nil
}

// existing is access without new members: nothing changes by it. known is false for a token that is not another
// issuer's.
func (s *Service) existing(ctx context.Context, raw string) (claims token.Claims, known bool, err error) {
	c, err := s.foreign(ctx, raw)
	if c == nil || err != nil {
		return claims, err != nil, err
	}
	at, err := s.locate(ctx, c)
	if err != nil {
		return claims, true, stranger(err)
	}
	return claimsOf(c, at), true, nil
}

// foreign returns the claims of another issuer's token, nil for what is none.
func (s *Service) foreign(ctx context.Context, raw string) (*issuer.Claims, error) {
	if s.foreigners == nil {
		return nil, nil //nolint:nilnil // there are no other issuers
	}
	c, known, err := s.foreigners.issuers.Verify(ctx, raw)
	if !known || err != nil {
		return nil, err
	}
	return c, nil
}

// claimsOf says in our words what a token of another issuer says. Its role there is nothing to us.
func claimsOf(c *issuer.Claims, at place) token.Claims {
	return token.Claims{
		ID: c.ID, Type: token.Access, Kind: policy.User, User: at.caller, Tenant: at.tenant, Scopes: c.Scopes,
		IssuedAt: c.IssuedAt, NotBefore: c.NotBefore, ExpiresAt: c.ExpiresAt,
	}
}

// locate returns whom and where the claims mean; not_found where the subject is nobody here, the tenant does not exist
// or is none that the issuer may speak for. That is never remembered.
func (s *Service) locate(ctx context.Context, c *issuer.Claims) (place, error) {
	g := s.gate
	now, m, key := g.clock(), g.now.Load(), claimant{c.Issuer.URL, c.Subject, c.Tenant}
	if at, ok := s.foreigners.known.GetIfPresent(key); ok && at.good(m, now) {
		return at.place, nil
	}
	name := "located\x00" + key.issuer + "\x00" + key.subject + "\x00" + key.tenant // none of which has a zero in it
	at, err := share(ctx, g, name, now, m, func(ctx context.Context, of asOf) (*located, error) {
		identity, err := s.platform.Identities().Get(ctx, key.issuer, key.subject)
		if err != nil {
			return nil, err
		}
		t, err := s.spokenFor(ctx, c)
		if err != nil {
			return nil, err
		}
		found := &located{of, place{policy.User, t.ID, identity.User}}
		s.foreigners.known.Set(key, found)
		return found, nil
	})
	if err != nil {
		return place{}, err
	}
	return at.place, nil
}

// spokenFor returns the tenant that the claims name; not_found also for one that their issuer may not speak for.
func (s *Service) spokenFor(ctx context.Context, c *issuer.Claims) (tenant.Tenant, error) {
	t, err := s.Tenant(ctx, c.Tenant)
	if err == nil && !c.Issuer.SpeaksFor(t) {
		return tenant.Tenant{}, fault.Missing()
	}
	return t, err
}

// letIn makes the claims' subject a member of the tenant that they name, and at first a user where they are none. It
// fails as locate does where they may not join: the tenant is not active, the user disabled or once removed from it,
// or another user has their name.
func (s *Service) letIn(ctx context.Context, by By, c *issuer.Claims) (place, error) {
	if revoked, err := s.gate.isRevoked(ctx, c.ID); err != nil || revoked {
		return place{}, firstOf(err, token.Invalid(errRevoked))
	}
	t, err := s.spokenFor(ctx, c)
	if err != nil {
		return place{}, closed(err)
	}
	if t.Status != tenant.Active {
		return place{}, fault.Missing()
	}
	user, newcomer, err := s.whoJoins(ctx, c)
	if err != nil {
		return place{}, closed(err)
	}
	m := storage.Membership{ID: id.New(), Tenant: t.ID, User: user.ID, Role: c.Issuer.JoinRole(), CreatedAt: s.moment()}
	events := s.joined(by.as(user), c, m, user, newcomer)
	err = s.change(ctx, events, func(p storage.Platform) error { return p.Memberships().Join(ctx, m, newcomer) })
	switch {
	case err == nil:
		s.log.InfoContext(ctx, "a user of another issuer joined", "issuer", c.Issuer.URL, "tenant", t.ID.String(), "user", user.ID.String())
		return place{policy.User, t.ID, user.ID}, nil
	case !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound):
		return place{}, closed(err)
	}
	// Another request with the same token may have been faster.
	at, err := s.locate(ctx, c)
	if err == nil {
		_, err = s.gate.standing(ctx, at)
	}
	if fault.Is(err, fault.NotFound) {
		s.log.InfoContext(ctx, "a user of another issuer did not join", "issuer", c.Issuer.URL, "tenant", t.ID.String(), "cause", errJoined)
	}
	return at, err
}

// joined returns the events of a join: one in the tenant, and one of the platform for a new user.
func (s *Service) joined(by By, c *issuer.Claims, m storage.Membership, u storage.User, newcomer *storage.Newcomer) []storage.QueuedEvent {
	from := made("issuer", schema.String(c.Issuer.URL))
	events := in(s.event(by, "created", aboutMembers, m.ID, made("user", schema.ID(u.ID)), made("username", schema.String(u.Username)),
		made("role", schema.String(m.Role.String())), from), m.Tenant)
	if newcomer == nil {
		return events
	}
	return append(events, in(s.event(by, "created", aboutUsers, u.ID, made("username", schema.String(u.Username)), made("is_active", schema.Bool(true)),
		made("is_operator", schema.Bool(false)), from, made("subject", schema.String(c.Subject))), tenant.Platform)...)
}

// whoJoins returns the user whom the claims mean, with what is to be created where there is none.
func (s *Service) whoJoins(ctx context.Context, c *issuer.Claims) (storage.User, *storage.Newcomer, error) {
	identity, err := s.platform.Identities().Get(ctx, c.Issuer.URL, c.Subject)
	if err == nil {
		user, err := s.platform.Users().Get(ctx, identity.User)
		if err == nil && !user.Active {
			err = token.Invalid(errDisabled)
		}
		return user, nil, err
	}
	if !fault.Is(err, fault.NotFound) {
		return storage.User{}, nil, err
	}
	if !validUsername(c.Username) {
		return storage.User{}, nil, token.Invalid(errUsername)
	}
	now := s.moment()
	user := storage.User{ID: id.New(), Username: c.Username, Active: true, CreatedAt: now}
	return user, &storage.Newcomer{User: user, Identity: storage.Identity{
		Issuer: c.Issuer.URL, Subject: c.Subject, User: user.ID, CreatedAt: now,
	}}, nil
}
