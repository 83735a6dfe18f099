package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/tenantry/tenantry/internal/fault"
)

// kind says whom a session is for. A member's and an operator's are never mixed: the cookie says which of them its
// token is, and the API takes no token of the other kind.
type kind string

const (
	member   kind = "member"
	operator kind = "operator"
)

// tokens is the path of the API's operations on tokens of the kind.
func (k kind) tokens() string {
	switch k {
	case member:
		return "/api/v1/auth/token/"
	case operator:
		return "/api/admin/v1/auth/token/"
	default:
		return ""
	}
}

// serveSession answers the operations of a session: POST member/ and POST operator/ sign in, POST refresh/ goes on,
// DELETE signs out. A page of another origin can do none of it: its requests are refused, and carry no cookie.
func (p *Pages) serveSession(w http.ResponseWriter, r *http.Request, operation string, api http.Handler) error {
	allowed := http.MethodPost
	if operation == "" {
		allowed = http.MethodDelete
	}
	switch k := kind(operation); {
	case operation != "" && operation != "refresh" && k.tokens() == "":
		return fault.New(fault.NotFound, "There is nothing at this path.")
	case r.Method != allowed:
		w.Header().Set("Allow", allowed)
		return fault.New(fault.MethodNotAllowed, "")
	case p.origins.Check(r) != nil:
		return fault.New(fault.PermissionDenied, "A page of another origin can't do this.")
	case operation == "":
		return p.signOut(w, r, api)
	case operation == "refresh":
		return p.refresh(w, r, api)
	default:
		return p.signIn(w, r, k, api)
	}
}

func (p *Pages) signIn(w http.ResponseWriter, r *http.Request, k kind, api http.Handler) error {
	got := ask(r.Context(), r, api, k.tokens(), r.Body, r.ContentLength)
	return p.grant(w, r, k, got)
}

// refresh exchanges the cookie's token. Whoever has no cookie has no session, which is no error.
func (p *Pages) refresh(w http.ResponseWriter, r *http.Request, api http.Handler) error {
	k, token, found := readCookie(r)
	if !found {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	got, err := p.exchanges.once(r.Context(), token, func() answer {
		// A page that is reloaded meanwhile cuts its request off, but the token is spent then: its next request must
		// find the answer.
		return askFor(context.WithoutCancel(r.Context()), r, api, k.tokens()+"refresh/", map[string]string{"refresh": token})
	})
	if err != nil {
		return err
	}
	if got.status == http.StatusUnauthorized {
		p.setCookie(w, r, "", -1)
	}
	return p.grant(w, r, k, got)
}

// signOut revokes the cookie's token with all that came from it. The cookie is gone whatever the API says.
func (p *Pages) signOut(w http.ResponseWriter, r *http.Request, api http.Handler) error {
	k, token, found := readCookie(r)
	p.setCookie(w, r, "", -1)
	if !found {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return askFor(r.Context(), r, api, k.tokens()+"revoke/", map[string]string{"token": token}).pass(w)
}

// grant answers with the API's answer, its refresh token moved into the cookie.
func (p *Pages) grant(w http.ResponseWriter, r *http.Request, k kind, got answer) error {
	if got.status != http.StatusOK {
		return got.pass(w)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(got.body, &members); err != nil {
		return fmt.Errorf("read the API's tokens: %w", err)
	}
	var token string
	if err := json.Unmarshal(members["refresh"], &token); err != nil || token == "" {
		return fmt.Errorf("read the API's refresh token: %w", err)
	}
	delete(members, "refresh")
	members["kind"] = json.RawMessage(`"` + k + `"`)
	body, err := json.Marshal(members)
	if err != nil {
		return fmt.Errorf("write the tokens: %w", err)
	}
	p.setCookie(w, r, string(k)+"."+token, 0)
	got.copyHeaders(w)
	w.Header().Set("Cache-Control", "no-store")
	return send(w, r, "application/json", body)
}

// cookieName and cookiePath keep the cookie to the session's own operations: no other request carries it.
const (
	cookieName = "tenantry_session"
	cookiePath = "/admin/session/"
)

func readCookie(r *http.Request) (kind, string, bool) {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return "", "", false
	}
	of, token, _ := strings.Cut(cookie.Value, ".")
	return kind(of), token, kind(of).tokens() != "" && token != ""
}

// setCookie sets the cookie for as long as the browser runs, or, with a negative age, takes it away.
func (p *Pages) setCookie(w http.ResponseWriter, r *http.Request, value string, age int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // it is Secure wherever a browser would send it back then
		Name: cookieName, Value: value, Path: cookiePath, MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		// What the browser says of its page's origin holds behind any proxy, and can at worst make a cookie stricter.
		Secure: p.production || r.TLS != nil || strings.HasPrefix(r.Header.Get("Origin"), "https://"),
	})
}

// answer is what the API answered.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { a.body = append(a.body, b...); return len(b), nil }

// copyHeaders copies what a client of the API would have got.
func (a *answer) copyHeaders(w http.ResponseWriter) {
	for name, values := range a.header {
		if name != "Content-Length" && name != "X-Request-Id" {
			w.Header()[name] = values
		}
	}
}

// pass hands the answer on as it is.
func (a answer) pass(w http.ResponseWriter) error {
	a.copyHeaders(w)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // who is gone needs no answer
	return nil
}

// askFor asks the API with a body of the given texts.
func askFor(ctx context.Context, r *http.Request, api http.Handler, path string, texts map[string]string) answer {
	body, err := json.Marshal(texts)
	if err != nil {
		return answer{status: http.StatusInternalServerError} // a map of texts always has a JSON form
	}
	r = r.Clone(ctx)
	r.Header.Set("Content-Type", "application/json")
	return ask(ctx, r, api, path, io.NopCloser(bytes.NewReader(body)), int64(len(body)))
}

// forwarded are the headers by which the API knows a client, what it sends, and which request this is.
var forwarded = [...]string{
	"Content-Type", "Content-Encoding", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Request-Id", "User-Agent",
}

// ask asks the API as the client itself would, who is charged for it.
func ask(ctx context.Context, r *http.Request, api http.Handler, path string, body io.ReadCloser, length int64) answer {
	inner := &http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: path}, RequestURI: path, Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: http.Header{}, Body: body, ContentLength: length, Host: r.Host, RemoteAddr: r.RemoteAddr, TLS: r.TLS,
	}
	for _, name := range forwarded {
		if values := r.Header[name]; values != nil {
			inner.Header[name] = values
		}
	}
	got := answer{status: http.StatusOK, header: http.Header{}}
	api.ServeHTTP(&got, inner.WithContext(ctx))
	return got
}
