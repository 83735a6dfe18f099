package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Accounts knows who calls and gives out tokens. Its errors are faults.
type Accounts interface {
	operators
	Authenticate(ctx context.Context, by account.By, raw string) (account.Session, error)
	SignIn(ctx context.Context, by account.By, username, password, ref string) (account.Grant, error)
	Refresh(ctx context.Context, by account.By, raw string) (account.Grant, error)
	SignInService(ctx context.Context, by account.By, clientID, secret string, scopes []string) (account.ServiceGrant, error)
	Verify(ctx context.Context, raw string) (account.Verified, error)
	Revoke(ctx context.Context, by account.By, raw string) error
	// Refused leaves the event of a refusal.
	Refused(ctx context.Context, by account.By, r account.Refusal) error
}

func (s *server) signIn(x *exchange) error {
	var username, password, ref string
	err := x.readTexts(text{name: "username", into: &username}, text{name: "password", into: &password}, text{name: "tenant", optional: true, into: &ref})
	if refusal := s.chargeLogin(x, username); refusal != nil {
		return refusal
	}
	if err != nil {
		return err
	}
	grant, err := s.accounts.SignIn(x.ctx, x.by(), username, password, ref)
	if err != nil {
		return err
	}
	return x.sendGrant(grant)
}

func (s *server) refreshToken(x *exchange) error {
	var refresh string
	if err := x.readTexts(text{name: "refresh", into: &refresh}); err != nil {
		return err
	}
	grant, err := s.accounts.Refresh(x.ctx, x.by(), refresh)
	if err != nil {
		return err
	}
	return x.sendGrant(grant)
}

func (s *server) verifyToken(x *exchange) error {
	var raw string
	if err := x.readTexts(text{name: "token", into: &raw}); err != nil {
		return err
	}
	v, err := s.accounts.Verify(x.ctx, raw)
	if err != nil {
		return err
	}
	out := append([]byte(`{"token_type":"`), v.Type...)
	out = append(append(out, `","user_id":"`...), v.User.String()...)
	out = append(append(out, `","tenant":"`...), v.Tenant.String()...)
	out = append(append(out, `","role":"`...), v.Role.String()...)
	out = strconv.AppendInt(append(out, `","exp":`...), v.ExpiresAt.Unix(), 10)
	return x.sendJSON(http.StatusOK, append(out, '}'))
}

func (s *server) revokeToken(x *exchange) error {
	var raw string
	if err := x.readTexts(text{name: "token", into: &raw}); err != nil {
		return err
	}
	if err := s.accounts.Revoke(x.ctx, x.by(), raw); err != nil {
		return err
	}
	return x.sendNothing(http.StatusNoContent)
}

// readTexts reads the body of an operation on tokens. From here on no cache may keep the answer, not even the
// client's own (RFC 6749, section 5.1).
func (x *exchange) readTexts(texts ...text) error {
	_, err := x.readKeyedTexts(texts...)
	return err
}

// readKeyedTexts is readTexts where the body is needed as it came as well.
func (x *exchange) readKeyedTexts(texts ...text) ([]byte, error) {
	h := x.w.Header()
	h["Cache-Control"] = x.server.fixed.noStore
	h["Pragma"] = x.server.fixed.pragma
	if err := x.refuseQuery(); err != nil {
		return nil, err
	}
	body, err := x.requireBody()
	if err != nil {
		return nil, err
	}
	return body, decodeTexts(body, texts...)
}

// sendGrant answers with a pair of tokens. They are not written into the pooled buffer: nothing secret stays there.
func (x *exchange) sendGrant(g account.Grant) error {
	out := appendTokens(make([]byte, 0, len(g.Access)+len(g.Refresh)+256), g)
	out = appendTenant(append(out, `,"tenant":`...), g.Tenant)
	out = append(out[:len(out)-1], `,"role":"`...)
	out = append(out, g.Role.String()...)
	return x.sendJSON(http.StatusOK, append(out, `"}}`...))
}

func appendTokens(dst []byte, g account.Grant) []byte {
	dst = schema.AppendString(append(dst, `{"access":`...), g.Access)
	dst = schema.AppendString(append(dst, `,"refresh":`...), g.Refresh)
	dst = append(dst, `,"token_type":"Bearer","expires_in":`...)
	return strconv.AppendInt(dst, int64(g.ExpiresIn/time.Second), 10)
}

func appendTenant(dst []byte, t tenant.Tenant) []byte {
	dst = append(append(dst, `{"id":"`...), t.ID.String()...)
	dst = schema.AppendString(append(dst, `","slug":`...), t.Slug)
	dst = schema.AppendString(append(dst, `,"name":`...), t.Name)
	return append(dst, '}')
}

// me answers who the caller is, as the gate sees it at this moment.
func (s *server) me(x *exchange) error {
	if err := x.refuseQuery(); err != nil {
		return err
	}
	if err := untagged(x.r); err != nil {
		return err
	}
	at := &x.session
	out := append([]byte(`{"user":{"id":"`), at.Actor.ID.String()...)
	out = schema.AppendString(append(out, `","username":`...), at.Actor.Name)
	out = appendTenant(append(out, `},"tenant":`...), at.Tenant)
	out = append(append(out, `,"role":"`...), at.Actor.Role.String()...)
	out = append(out, `","scopes":[`...)
	for i, scope := range at.Actor.Scopes {
		if i > 0 {
			out = append(out, ',')
		}
		out = schema.AppendString(out, scope)
	}
	out = strconv.AppendInt(append(out, `],"token":{"exp":`...), at.Claims.ExpiresAt.Unix(), 10)
	out = append(append(out, `,"kind":"`...), at.Claims.Kind...)
	return x.sendJSON(http.StatusOK, append(out, `"}}`...))
}
