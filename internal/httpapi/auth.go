package httpapi

import (
	"net/http"
	"strings"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/operation"
)

// authenticate finds out who calls, where the operation wants to know. It comes before anything of the request's
// content is looked at, so that a stranger learns nothing from it.
func (s *server) authenticate(x *exchange) error {
	if x.endpoint.op.Audience == operation.Public {
		return nil
	}
	raw, err := bearer(x.r)
	if err != nil {
		return err
	}
	ofTenant := x.endpoint.op.Audience != operation.OperatorToken
	var session account.Session
	if ofTenant {
		session, err = s.accounts.Authenticate(x.ctx, x.by(), raw)
	} else {
		session, err = s.accounts.AuthenticateOperator(x.ctx, raw)
	}
	if err != nil {
		return err
	}
	if session.Actor.Tenant.IsZero() == ofTenant {
		return fault.New(fault.TokenInvalid, "") // closed by default: neither kind of caller has business at the other's
	}
	x.session, x.known = session, true
	return nil
}

// bearer returns the request's token (RFC 6750, section 2.1). Two headers are refused, since a proxy in front might
// have looked at the other one.
func bearer(r *http.Request) (string, error) {
	lines := r.Header["Authorization"]
	switch {
	case len(lines) == 0:
		return "", fault.New(fault.NotAuthenticated, "")
	case len(lines) > 1:
		return "", fault.New(fault.TokenInvalid, "The request has more than one Authorization header.")
	}
	scheme, raw, _ := strings.Cut(strings.TrimSpace(lines[0]), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", fault.New(fault.NotAuthenticated, "")
	}
	raw = strings.TrimLeft(raw, " ")
	if !isToken(raw) {
		return "", fault.New(fault.TokenInvalid, "The Authorization header is not Bearer and one token.")
	}
	return raw, nil
}

// isToken reports whether text is of the form that RFC 6750 calls b64token.
func isToken(text string) bool {
	body := strings.TrimRight(text, "=")
	for i := range len(body) {
		c := body[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '-' && c != '.' && c != '_' && c != '~' && c != '+' && c != '/' {
			return false
		}
	}
	return body != ""
}
