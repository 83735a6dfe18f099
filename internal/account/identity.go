package account

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/issuer"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Identity is whom another issuer means by one of its subjects.
type Identity struct {
	Issuer, Subject string
	CreatedAt       time.Time
}

// LinkIdentity makes the issuer's subject the user: the issuer's tokens open from then on what the user may do;
// validation_failed, not_found, conflict where the subject is a user already.
func (s *Service) LinkIdentity(ctx context.Context, by By, username string, i Identity) error {
	if err := fault.Invalid(identityFields(i)...); err != nil {
		return err
	}
	u, err := s.user(ctx, username)
	if err != nil {
		return err
	}
	stored := storage.Identity{Issuer: i.Issuer, Subject: i.Subject, User: u.ID, CreatedAt: s.moment()}
	event := s.event(by, "identity_linked", aboutUsers, u.ID, made("issuer", schema.String(i.Issuer)), made("subject", schema.String(i.Subject)))
	return s.change(ctx, in(event, tenant.Platform), func(p storage.Platform) error { return p.Identities().Create(ctx, stored) })
}

// UnlinkIdentity makes the issuer's subject nobody; not_found where it is not the user.
func (s *Service) UnlinkIdentity(ctx context.Context, by By, username string, i Identity) error {
	u, err := s.user(ctx, username)
	if err != nil {
		return err
	}
	stored, err := s.platform.Identities().Get(ctx, i.Issuer, i.Subject)
	if fault.Is(err, fault.NotFound) || err == nil && stored.User != u.ID {
		return fault.New(fault.NotFound, "The issuer's subject is not this user.")
	}
	if err != nil {
		return err
	}
	event := s.event(by, "identity_unlinked", aboutUsers, u.ID, gone("issuer", schema.String(i.Issuer)), gone("subject", schema.String(i.Subject)))
	return s.change(ctx, in(event, tenant.Platform), func(p storage.Platform) error { return p.Identities().Delete(ctx, i.Issuer, i.Subject) })
}

// Identities returns whom other issuers mean by the user; not_found.
func (s *Service) Identities(ctx context.Context, username string) ([]Identity, error) {
	u, err := s.user(ctx, username)
	if err != nil {
		return nil, err
	}
	stored, err := s.platform.Identities().OfUser(ctx, u.ID)
	identities := make([]Identity, len(stored))
	for n, i := range stored {
		identities[n] = Identity{i.Issuer, i.Subject, i.CreatedAt}
	}
	return identities, err
}

func identityFields(i Identity) []fault.Field {
	var fields []fault.Field
	if !issuer.ValidURL(i.Issuer) {
		fields = append(fields, invalid("issuer", "An issuer is its https URL, as its tokens have it in iss."))
	}
	if !issuer.ValidSubject(i.Subject) {
		fields = append(fields, invalid("subject", "A subject has 1 to 255 printable characters."))
	}
	return fields
}
