package account

import (
	"context"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// UserState is what operators may set of a user.
type UserState struct {
	// Password is a new password. An empty one leaves the present one, and a new user without any.
	Password         string
	Active, Operator bool
}

// AddUser adds a user under the id; validation_failed, conflict where the name is taken.
func (s *Service) AddUser(ctx context.Context, by By, user id.ID, username string, state UserState) (User, error) {
	if err := CheckUser(username, state); err != nil {
		return User{}, err
	}
	u := storage.User{ID: user, Username: username, Active: state.Active, Operator: state.Operator, CreatedAt: s.moment()}
	if state.Password != "" {
		var err error
		if u.PasswordHash, err = s.hash(ctx, state.Password); err != nil {
			return User{}, err
		}
	}
	event := s.event(by, "created", aboutUsers, u.ID, made("username", schema.String(username)),
		made("is_active", schema.Bool(state.Active)), made("is_operator", schema.Bool(state.Operator)))
	return publicUser(u), s.change(ctx, in(event, tenant.Platform), func(p storage.Platform) error { return p.Users().Create(ctx, u) })
}

// CheckUser returns what AddUser would find wrong.
func CheckUser(username string, state UserState) error {
	fields := usernameFields(username)
	if state.Password != "" {
		fields = append(fields, passwordFields(state.Password)...)
	}
	return fault.Invalid(fields...)
}

func usernameFields(username string) []fault.Field {
	if validUsername(username) {
		return nil
	}
	return []fault.Field{invalid("username", "A username has 1 to 150 printable characters, the first and last no spaces.")}
}

// ChangeUser brings a user to the state: each part of it that differs is a change of its own, with its event.
// validation_failed, not_found, conflict where operators would take their own access.
func (s *Service) ChangeUser(ctx context.Context, by By, user id.ID, next UserState) error {
	u, err := s.platform.Users().Get(ctx, user)
	if err != nil {
		return err
	}
	if was := by.Seen; was != nil && (u.Active != was.Values[storage.UserRecordActive].Bool() || u.Operator != was.Values[storage.UserRecordOperator].Bool()) {
		return storage.Changed() // perhaps to what is asked for, so that no statement would notice
	}
	if user == by.Actor.ID && (!next.Active || !next.Operator) {
		return fault.New(fault.Conflict, "You can't take your own access; another operator can.")
	}
	if next.Password != "" {
		if err := fault.Invalid(passwordFields(next.Password)...); err != nil {
			return err
		}
		if err := s.setPassword(ctx, by, u, next.Password); err != nil {
			return err
		}
	}
	if next.Operator != u.Operator {
		event := s.event(by, "updated", aboutUsers, u.ID, change{"is_operator", schema.Bool(u.Operator), schema.Bool(next.Operator)})
		if err := s.change(ctx, in(event, tenant.Platform), func(p storage.Platform) error {
			return p.Provided(by.Seen).Users().SetOperator(ctx, u.ID, next.Operator)
		}); err != nil {
			return err
		}
		by.Seen = by.Seen.With(storage.UserRecordOperator, schema.Bool(next.Operator))
	}
	return s.setActive(ctx, by, u, next.Active)
}

func (s *Service) setPassword(ctx context.Context, by By, u storage.User, password string) error {
	hash, err := s.hash(ctx, password)
	if err != nil {
		return err
	}
	event := s.event(by, "password_changed", aboutUsers, u.ID)
	return s.change(ctx, in(event, tenant.Platform), func(p storage.Platform) error { return p.Provided(by.Seen).Users().SetPassword(ctx, u.ID, hash) })
}

func (s *Service) setActive(ctx context.Context, by By, u storage.User, active bool) error {
	if u.Active == active {
		return nil
	}
	action := "disabled"
	if active {
		action = "enabled"
	}
	event := s.event(by, action, aboutUsers, u.ID, change{"is_active", schema.Bool(u.Active), schema.Bool(active)})
	return s.change(ctx, in(event, tenant.Platform), func(p storage.Platform) error { return p.Provided(by.Seen).Users().SetActive(ctx, u.ID, active) })
}
