package httpapi

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/resource"
	"github.com/tenantry/tenantry/internal/schema"
)

// operators knows the platform's operators and gives out their tokens.
type operators interface {
	AuthenticateOperator(ctx context.Context, raw string) (account.Session, error)
	SignInOperator(ctx context.Context, by account.By, username, password string) (account.Grant, error)
	RefreshOperator(ctx context.Context, by account.By, raw string) (account.Grant, error)
	RevokeOperator(ctx context.Context, by account.By, raw string) error
	Exchange(ctx context.Context, by account.By, tenant, reason string, role policy.Role) (account.Grant, error)
	signingKeys
}

func (s *server) signInOperator(x *exchange) error {
	var username, password string
	err := x.readTexts(text{name: "username", into: &username}, text{name: "password", into: &password})
	if refusal := s.chargeLogin(x, username); refusal != nil {
		return refusal
	}
	if err != nil {
		return err
	}
	grant, err := s.accounts.SignInOperator(x.ctx, x.by(), username, password)
	if err != nil {
		return err
	}
	return x.sendOperatorGrant(grant)
}

func (s *server) refreshOperator(x *exchange) error {
	var refresh string
	if err := x.readTexts(text{name: "refresh", into: &refresh}); err != nil {
		return err
	}
	grant, err := s.accounts.RefreshOperator(x.ctx, x.by(), refresh)
	if err != nil {
		return err
	}
	return x.sendOperatorGrant(grant)
}

func (s *server) revokeOperator(x *exchange) error {
	var raw string
	if err := x.readTexts(text{name: "token", into: &raw}); err != nil {
		return err
	}
	if err := s.accounts.RevokeOperator(x.ctx, x.by(), raw); err != nil {
		return err
	}
	return x.sendNothing(http.StatusNoContent)
}

func (x *exchange) sendOperatorGrant(g account.Grant) error {
	out := appendTokens(make([]byte, 0, len(g.Access)+len(g.Refresh)+256), g)
	out = appendUser(append(out, `,"user":`...), g.User)
	return x.sendJSON(http.StatusOK, append(out, '}'))
}

func appendUser(dst []byte, u account.User) []byte {
	dst = append(append(dst, `{"id":"`...), u.ID.String()...)
	dst = schema.AppendString(append(dst, `","username":`...), u.Username)
	return append(dst, '}')
}

// meOperator answers who the operator is.
func (s *server) meOperator(x *exchange) error {
	if err := x.refuseQuery(); err != nil {
		return err
	}
	if err := untagged(x.r); err != nil {
		return err
	}
	out := appendUser([]byte(`{"user":`), x.session.User)
	out = strconv.AppendInt(append(out, `,"token":{"exp":`...), x.session.Claims.ExpiresAt.Unix(), 10)
	return x.sendJSON(http.StatusOK, append(out, `,"kind":"operator"}}`...))
}

// defaultExchangeRole is what an operator is in a tenant where they ask for nothing else.
const defaultExchangeRole = policy.Admin

// exchangeToken lets an operator into a tenant, for a reason.
func (s *server) exchangeToken(x *exchange) error {
	if err := untagged(x.r); err != nil {
		return err
	}
	var reason, asked string
	body, err := x.readKeyedTexts(text{name: "reason", into: &reason}, text{name: "role", optional: true, into: &asked})
	if err != nil {
		return err
	}
	role := defaultExchangeRole
	if asked != "" {
		var known bool
		if role, known = policy.ParseRole(asked); !known {
			return fault.Invalid(fault.Field{Name: "role", Code: fault.FieldChoice, Message: "must be viewer, member, admin or owner"})
		}
	}
	entered, err := x.once(body, x.id(), resource.Act{Do: func() ([]byte, error) {
		grant, err := s.accounts.Exchange(x.ctx, x.by(), x.id(), reason, role)
		if err != nil {
			return nil, err
		}
		return appendEntered(nil, grant, s.seconds()), nil
	}})
	if err != nil {
		return err
	}
	return x.sendJSON(http.StatusOK, untilThen(entered, s.seconds()))
}

// seconds is the time now, as tokens have it.
func (s *server) seconds() int64 { return s.clock().Unix() }

// appendEntered appends what is kept of an operator's way into a tenant: its answer, with the token's end in a line of
// its own where the seconds till then belong, since a repetition is later.
func appendEntered(dst []byte, g account.Grant, now int64) []byte {
	dst = schema.AppendString(append(dst, `{"access":`...), g.Access)
	dst = append(dst, `,"token_type":"Bearer","expires_in":`...)
	dst = append(strconv.AppendInt(append(dst, '\n'), now+int64(g.ExpiresIn/time.Second), 10), '\n')
	dst = appendTenant(append(dst, `,"tenant":`...), g.Tenant)
	dst = append(dst[:len(dst)-1], `,"role":"`...)
	dst = append(dst, g.Role.String()...)
	return append(dst, `"}}`...)
}

// untilThen returns what appendEntered has kept as the answer of now.
func untilThen(entered []byte, now int64) []byte {
	parts := bytes.SplitN(entered, []byte{'\n'}, 3)
	if len(parts) != 3 {
		return entered
	}
	end, _ := strconv.ParseInt(string(parts[1]), 10, 64) // written by appendEntered
	return append(strconv.AppendInt(parts[0], max(end-now, 0), 10), parts[2]...)
}
