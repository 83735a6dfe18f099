// Package oauth reads and answers what OAuth 2 says of its token endpoint for clients that act for themselves: the
// client credentials grant (RFC 6749, section 4.4), with credentials by HTTP Basic or in the form (section 2.3.1), and the
// errors of section 5.2. It knows no accounts, and writes to no connection.
package oauth

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/schema"
)

// FormType is the media type of a request's body.
const FormType = "application/x-www-form-urlencoded"

// Error is an error of RFC 6749, section 5.2.
type Error struct {
	Code, Description string
	// Status is 401 where the client is not who it says, else 400.
	Status int
}

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Description }

func invalidRequest(description string) *Error {
	return &Error{"invalid_request", description, http.StatusBadRequest}
}

// Request is a request for a token.
type Request struct {
	ClientID, Secret string
	Scopes           []string
}

// Parse reads a request's form and its Authorization header; every error is an *Error.
func Parse(body []byte, authorization []string) (Request, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return Request{}, invalidRequest("The body is no form: name=value, joined by &, percent-encoded.")
	}
	for _, name := range []string{"grant_type", "client_id", "client_secret", "scope"} {
		if len(form[name]) > 1 {
			return Request{}, invalidRequest("The parameter " + name + " is given twice.")
		}
	}
	switch form.Get("grant_type") {
	case "client_credentials":
	case "":
		return Request{}, invalidRequest("The parameter grant_type is missing.")
	default:
		return Request{}, &Error{"unsupported_grant_type", "This server takes grant_type=client_credentials.", http.StatusBadRequest}
	}
	r := Request{ClientID: form.Get("client_id"), Secret: form.Get("client_secret"), Scopes: strings.Fields(form.Get("scope"))}
	if len(authorization) > 0 {
		if err := r.basic(authorization, form); err != nil {
			return Request{}, err
		}
	}
	if r.ClientID == "" || r.Secret == "" {
		return Request{}, InvalidClient("Send the client's id and secret, by HTTP Basic or in the form.")
	}
	return r, nil
}

// basic takes the credentials from the header. Both parts were form-encoded before they were joined.
func (r *Request) basic(authorization []string, form url.Values) error {
	scheme, encoded, _ := strings.Cut(authorization[0], " ")
	if len(authorization) > 1 || !strings.EqualFold(scheme, "Basic") {
		return InvalidClient("The Authorization header is not Basic and one pair of credentials.")
	}
	if form.Has("client_secret") {
		return invalidRequest("The client's secret is given twice: by HTTP Basic and in the form.")
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return InvalidClient("The Authorization header can't be read.")
	}
	user, password, _ := strings.Cut(string(decoded), ":")
	id, err1 := url.QueryUnescape(user)
	secret, err2 := url.QueryUnescape(password)
	if err1 != nil || err2 != nil {
		return InvalidClient("The Authorization header can't be read.")
	}
	if r.ClientID != "" && r.ClientID != id {
		return invalidRequest("The form names another client than the Authorization header.")
	}
	r.ClientID, r.Secret = id, secret
	return nil
}

// InvalidClient is the error of a client that is not who it says.
func InvalidClient(description string) *Error {
	return &Error{"invalid_client", description, http.StatusUnauthorized}
}

// FromFault returns what a fault is called here; nil for one that is not the client's.
func FromFault(f *fault.Error) *Error {
	switch f.Code {
	case fault.CredentialsInvalid:
		return InvalidClient("The client's id or secret is wrong.")
	case fault.TenantSuspended:
		return &Error{"unauthorized_client", "The tenant of this client is suspended.", http.StatusBadRequest}
	case fault.ValidationFailed:
		return &Error{"invalid_scope", "Scopes are read, write, and <resource>:read or <resource>:write of a resource of this service.", http.StatusBadRequest}
	case fault.MalformedBody, fault.UnsupportedMediaType, fault.BodyTooLarge:
		return invalidRequest("Send a form of at most a few hundred bytes as " + FormType + ".")
	default:
		return nil
	}
}

// Append appends the error as JSON.
func (e *Error) Append(dst []byte) []byte {
	dst = schema.AppendString(append(dst, `{"error":`...), e.Code)
	dst = schema.AppendString(append(dst, `,"error_description":`...), e.Description)
	return append(dst, '}')
}

// AppendToken appends the answer to a request that went well (section 5.1).
func AppendToken(dst []byte, access string, expires time.Duration, scopes []string) []byte {
	dst = schema.AppendString(append(dst, `{"access_token":`...), access)
	dst = append(dst, `,"token_type":"Bearer","expires_in":`...)
	dst = strconv.AppendInt(dst, int64(expires/time.Second), 10)
	if len(scopes) > 0 {
		dst = schema.AppendString(append(dst, `,"scope":`...), strings.Join(scopes, " "))
	}
	return append(dst, '}')
}
