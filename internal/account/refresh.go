package account

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/issuer"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/token"
)

// Refresh exchanges a refresh token for the next pair. Each is good once: a second use means that two parties hold
// it, so the whole family ends, with the access tokens that came from it. Otherwise it fails as Authenticate does,
// and asks the database, since a session that is extended must not rest on what was true a second ago.
func (s *Service) Refresh(ctx context.Context, by By, raw string) (Grant, error) {
	claims, err := s.verify(ctx, raw, token.Refresh)
	if err != nil {
		return Grant{}, err
	}
	at, err := s.platform.Memberships().Standing(ctx, claims.Tenant, claims.User)
	if err != nil {
		return Grant{}, stranger(err)
	}
	if err := judge(at); err != nil {
		return Grant{}, err
	}
	next := id.New()
	reused := in(s.event(by.as(at.User), "token_reused", aboutMembers, at.Membership.ID), claims.Tenant)
	err = s.platform.Recording(reused...).Tokens().RotateFamily(ctx, claims.Family, claims.ID, next, s.clock())
	if fault.Is(err, fault.TokenInvalid) {
		s.courier.ring()
		s.gate.drop() // the family may have been revoked just now
		s.log.WarnContext(ctx, "a refresh token was used that is not current; its family is revoked",
			"tenant", claims.Tenant.String(), "user", claims.User.String(), "family", claims.Family.String())
		return Grant{}, token.Invalid(errRotated)
	}
	if err != nil {
		return Grant{}, err
	}
	family := storage.Family{ID: claims.Family, Current: next, ExpiresAt: claims.ExpiresAt}
	return s.sign(at, family, s.accessTTL)
}

// Verified is what may be told of a good token.
type Verified struct {
	Type      token.Type
	User      id.ID
	Tenant    tenant.ID
	Role      policy.Role
	ExpiresAt time.Time
}

// Verify tells what an access or a refresh token is good for at this moment; it fails as Authenticate does. A
// refresh token that was exchanged or revoked is good for nothing.
func (s *Service) Verify(ctx context.Context, raw string) (Verified, error) {
	claims, err := s.either(ctx, raw)
	if err != nil {
		return Verified{}, err
	}
	if claims.Type == token.Refresh {
		family, err := s.platform.Tokens().Family(ctx, claims.Family, s.clock())
		if err != nil {
			return Verified{}, stranger(err)
		}
		if family.Current != claims.ID {
			return Verified{}, token.Invalid(errRotated)
		}
	}
	at, err := s.admit(ctx, claims)
	if err != nil {
		return Verified{}, err
	}
	return Verified{
		Type: claims.Type, User: claims.User, Tenant: claims.Tenant, Role: at.role(claims), ExpiresAt: claims.ExpiresAt,
	}, nil
}

// either returns the claims of a token of either type, or of another issuer's.
func (s *Service) either(ctx context.Context, raw string) (token.Claims, error) {
	if claims, known, err := s.existing(ctx, raw); known {
		return claims, err
	}
	claims, err := s.verify(ctx, raw, token.Access)
	if fault.Is(err, fault.TokenInvalid) {
		return s.tokens.Verify(raw, token.Refresh)
	}
	return claims, err
}

// Revoke takes a token back: an access token alone, a refresh token with its family. What is no token of ours, or
// none any more, needs no taking back and is no error (RFC 7009, section 2.2).
func (s *Service) Revoke(ctx context.Context, by By, raw string) error {
	claims, err := s.either(ctx, raw)
	if fault.Is(err, fault.Unavailable) { // it may be one of another issuer, or of a key that is not known here yet
		return err
	}
	if err != nil {
		return nil
	}
	// Asked first, so that repeating it does not empty every node's caches.
	if known, err := s.gate.isRevoked(ctx, claims.ID, claims.Family); err != nil || known {
		return err
	}
	at, err := s.gate.standing(ctx, placeOf(claims))
	if fault.Is(err, fault.NotFound) { // it opens nothing any more
		at, err = &standing{}, nil
		at.User.ID = claims.User
	}
	if err != nil {
		return err
	}
	action := "token_revoked"
	if claims.Type == token.Refresh {
		action = "logged_out"
	}
	// What is revoked already leaves no event, which only the outbox knows.
	defer s.courier.ring()
	defer s.gate.drop()
	p := s.platform.Recording(in(s.revoked(by, action, claims, at), claims.Tenant)...)
	if claims.Type == token.Refresh {
		return p.Tokens().RevokeFamily(ctx, claims.Family, s.clock())
	}
	return p.Tokens().Revoke(ctx, claims.ID, claims.ExpiresAt.Add(issuer.Leeway)) // what other issuers' tokens get
}

// revoked is the event of a token that is taken back: by its bearer, about what let them in.
func (s *Service) revoked(by By, action string, c token.Claims, at *standing) storage.Event {
	by = by.as(at.User)
	by.Actor.Kind, by.Actor.OnBehalfOf = placeOf(c).kind, c.OnBehalfOf
	switch by.Actor.Kind {
	case policy.Service:
		return s.event(by, action, aboutServiceAccounts, c.User)
	case policy.Operator:
		return s.event(by, action, aboutTenant, id.ID(c.Tenant))
	default:
		return s.event(by, action, aboutMembers, at.Membership.ID)
	}
}
