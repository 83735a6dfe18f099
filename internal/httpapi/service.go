package httpapi

import (
	"errors"
	"mime"
	"net/http"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/httpapi/oauth"
)

// clientToken gives a service account its access token. Its errors are those of OAuth 2, so that stock clients
// understand them; what is not the client's fault stays a problem document.
func (s *server) clientToken(x *exchange) error {
	h := x.w.Header()
	h["Cache-Control"], h["Pragma"] = s.fixed.noStore, s.fixed.pragma
	request, err := x.clientRequest()
	if err == nil {
		err = s.grantClient(x, request)
	}
	refused, ok := errors.AsType[*oauth.Error](err)
	if known := (*fault.Error)(nil); !ok && errors.As(err, &known) {
		refused = oauth.FromFault(known)
	}
	if refused == nil {
		return err
	}
	if refused.Status == http.StatusUnauthorized {
		h["Www-Authenticate"] = s.fixed.basic
	}
	return x.sendJSON(refused.Status, refused.Append(nil))
}

func (x *exchange) clientRequest() (oauth.Request, error) {
	if err := x.refuseQuery(); err != nil {
		return oauth.Request{}, &oauth.Error{Code: "invalid_request", Description: "Send the parameters in the body.", Status: http.StatusBadRequest}
	}
	media, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if err != nil || media != oauth.FormType || len(x.r.Header["Content-Type"]) > 1 {
		return oauth.Request{}, fault.New(fault.UnsupportedMediaType, "")
	}
	if err := x.refuseCoding(); err != nil {
		return oauth.Request{}, err
	}
	body, err := x.readBytes()
	if err != nil {
		return oauth.Request{}, err
	}
	return oauth.Parse(body, x.r.Header["Authorization"])
}

func (s *server) grantClient(x *exchange, r oauth.Request) error {
	grant, err := s.accounts.SignInService(x.ctx, x.by(), r.ClientID, r.Secret, r.Scopes)
	if err != nil {
		return err
	}
	return x.sendJSON(http.StatusOK, oauth.AppendToken(nil, grant.Access, grant.ExpiresIn, grant.Scopes))
}
