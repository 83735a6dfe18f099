package admin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/admin"
	"github.com/tenantry/tenantry/internal/fault"
)

// api is an API that takes note of what it is asked.
type api struct {
	lock   sync.Mutex
	asked  []string
	answer func(w http.ResponseWriter, r *http.Request, body string)
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.lock.Lock()
	a.asked = append(a.asked, fmt.Sprint(r.Method, " ", r.URL.Path, " ", string(body)))
	a.lock.Unlock()
	a.answer(w, r, string(body))
}

// tokens answers with a pair of tokens, the refresh token another one each time.
func tokens() func(http.ResponseWriter, *http.Request, string) {
	var n int
	var lock sync.Mutex
	return func(w http.ResponseWriter, _ *http.Request, _ string) {
		lock.Lock()
		defer lock.Unlock()
		n++
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("RateLimit", `"login";r=9`)
		_, _ = fmt.Fprintf(w, `{"access":"access-%d","refresh":"refresh-%d","token_type":"Bearer","expires_in":900}`, n, n)
	}
}

type bundle struct {
	t     *testing.T
	pages *admin.Pages
	api   *api
	now   time.Time
}

func setup(t *testing.T, production bool) *bundle {
	t.Helper()
	b := &bundle{t: t, api: &api{answer: tokens()}, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	pages, err := admin.New(admin.Config{Name: `CSP-NONCE "&" <b>`, Clock: func() time.Time { return b.now }, Production: production})
	if err != nil {
		t.Fatal(err)
	}
	b.pages = pages
	return b
}

// send makes a request; edit may be nil.
func (b *bundle) send(method, path, body string, edit func(*http.Request)) (*httptest.ResponseRecorder, error) {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, path, strings.NewReader(body))
	if edit != nil {
		edit(r)
	}
	rec := httptest.NewRecorder()
	return rec, b.pages.Serve(rec, r, b.api)
}

func (b *bundle) mustSend(method, path, body string, edit func(*http.Request)) *httptest.ResponseRecorder {
	b.t.Helper()
	rec, err := b.send(method, path, body, edit)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	return rec
}

func withCookie(value string) func(*http.Request) {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "tenantry_session", Value: value}) }
}

func cookie(t *testing.T, rec *httptest.ResponseRecorder) *http.Cookie {
	t.Helper()
	cookies := rec.Header()["Set-Cookie"]
	if len(cookies) != 1 {
		t.Fatalf("there are %d cookies in %v", len(cookies), rec.Header())
	}
	parsed, err := http.ParseSetCookie(cookies[0])
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestSigningInKeepsTheRefreshTokenFromScripts(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"member": "/api/v1/auth/token/", "operator": "/api/admin/v1/auth/token/"} {
		b := setup(t, false)
		rec := b.mustSend("POST", "/admin/session/"+path+"/", `{"username":"u","password":"p"}`, nil)
		if got := b.api.asked[0]; got != "POST "+want+` {"username":"u","password":"p"}` {
			t.Errorf("the API was asked %s", got)
		}
		var answer map[string]any
		if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil || answer["access"] != "access-1" || answer["kind"] != path || answer["refresh"] != nil {
			t.Errorf("%s: %v", rec.Body, err)
		}
		c := cookie(t, rec)
		if c.Value != path+".refresh-1" || c.Path != "/admin/session/" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || c.MaxAge != 0 {
			t.Errorf("the cookie is %v", c)
		}
		if rec.Header().Get("Cache-Control") != "no-store" || rec.Header().Get("RateLimit") == "" {
			t.Errorf("headers %v", rec.Header())
		}
	}
}

func TestTheCookieIsForHTTPSAlone(t *testing.T) {
	t.Parallel()
	origin := func(o string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Origin", o); r.Host = "example.com" }
	}
	for name, c := range map[string]struct {
		production bool
		edit       func(*http.Request)
		want       bool
	}{
		"in production":        {true, nil, true},
		"from a page of https": {false, origin("https://example.com"), true},
		"from a page without":  {false, origin("http://example.com"), false},
		"over a connection TLS": {false, func(r *http.Request) {
			r.URL.Scheme = "https"
			r.TLS = httptest.NewRequest("GET", "https://x/", nil).TLS
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, c.production)
			if got := cookie(t, b.mustSend("POST", "/admin/session/member/", `{}`, c.edit)); got.Secure != c.want {
				t.Errorf("the cookie is %v", got)
			}
		})
	}
}

func TestARefusedSignInIsTheAPIsAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t, false)
	const problem = `{"code":"validation_failed","tenants":[{"slug":"acme"}]}`
	b.api.answer = func(w http.ResponseWriter, _ *http.Request, _ string) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(422)
		_, _ = io.WriteString(w, problem)
	}
	rec := b.mustSend("POST", "/admin/session/member/", `{}`, nil)
	if rec.Code != 422 || rec.Body.String() != problem || rec.Header().Get("Retry-After") != "7" || rec.Header().Get("Set-Cookie") != "" {
		t.Errorf("%d %v %s", rec.Code, rec.Header(), rec.Body)
	}
}

func TestTheAPILearnsWhoAsks(t *testing.T) {
	t.Parallel()
	b := setup(t, false)
	var got *http.Request
	answer := b.api.answer
	b.api.answer = func(w http.ResponseWriter, r *http.Request, body string) { got = r; answer(w, r, body) }
	b.mustSend("POST", "/admin/session/member/", `{}`, func(r *http.Request) {
		r.RemoteAddr = "203.0.113.9:1234"
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Forwarded-For", "198.51.100.7")
		r.Header.Set("X-Request-ID", "mine")
		r.Header.Set("Authorization", "Bearer x")
		r.Header.Set("Cookie", "a=b")
	})
	for name, want := range map[string]string{
		"Content-Type": "application/json", "X-Forwarded-For": "198.51.100.7", "X-Request-Id": "mine", "Authorization": "", "Cookie": "",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s is %q", name, got.Header.Get(name))
		}
	}
	if got.RemoteAddr != "203.0.113.9:1234" {
		t.Errorf("address %s", got.RemoteAddr)
	}
}

func TestAPageOfAnotherOriginCanDoNothing(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*http.Request){
		"cross-site":   func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"same-site":    func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"other origin": func(r *http.Request) { r.Header.Set("Origin", "https://evil.example"); r.Host = "example.com" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, false)
			for _, do := range []string{"POST member/", "POST operator/", "POST refresh/", "DELETE "} {
				method, path, _ := strings.Cut(do, " ")
				rec, err := b.send(method, "/admin/session/"+path, `{}`, func(r *http.Request) {
					withCookie("member.stolen")(r)
					edit(r)
				})
				if !fault.Is(err, fault.PermissionDenied) || len(rec.Header()) != 0 || len(b.api.asked) != 0 {
					t.Errorf("%s: %v, %v, %v", do, err, rec.Header(), b.api.asked)
				}
			}
		})
	}
	b := setup(t, false)
	b.mustSend("POST", "/admin/session/member/", `{}`, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") })
}

func TestRefreshing(t *testing.T) {
	t.Parallel()
	b := setup(t, false)
	if rec := b.mustSend("POST", "/admin/session/refresh/", "", nil); rec.Code != 204 || len(b.api.asked) != 0 {
		t.Errorf("without a cookie: %d %v", rec.Code, b.api.asked)
	}
	for _, broken := range []string{"x", "member", "member.", "owner.x", ".x"} {
		if rec := b.mustSend("POST", "/admin/session/refresh/", "", withCookie(broken)); rec.Code != 204 || len(b.api.asked) != 0 {
			t.Errorf("with the cookie %q: %d %v", broken, rec.Code, b.api.asked)
		}
	}
	rec := b.mustSend("POST", "/admin/session/refresh/", "", withCookie("operator.old.token"))
	if got := b.api.asked[0]; got != `POST /api/admin/v1/auth/token/refresh/ {"refresh":"old.token"}` {
		t.Errorf("the API was asked %s", got)
	}
	if c := cookie(t, rec); c.Value != "operator.refresh-1" {
		t.Errorf("the cookie is %v", c)
	}
}

func TestASecondExchangeOfATokenGetsTheFirstOnesAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t, false)
	bodies := make(chan string, 8)
	var group sync.WaitGroup
	for range cap(bodies) {
		group.Go(func() {
			r := httptest.NewRequestWithContext(context.Background(), "POST", "/admin/session/refresh/", nil)
			withCookie("member.shared")(r)
			rec := httptest.NewRecorder()
			if err := b.pages.Serve(rec, r, b.api); err != nil {
				t.Error(err)
			}
			bodies <- rec.Body.String() + rec.Header().Get("Set-Cookie")
		})
	}
	group.Wait()
	close(bodies)
	first := <-bodies
	for body := range bodies {
		if body != first {
			t.Errorf("one got %s, another %s", first, body)
		}
	}
	if len(b.api.asked) != 1 {
		t.Errorf("the API was asked %d times", len(b.api.asked))
	}
	b.now = b.now.Add(11 * time.Second)
	b.mustSend("POST", "/admin/session/refresh/", "", withCookie("member.shared"))
	if len(b.api.asked) != 2 {
		t.Error("a token that comes again much later is not shown to the API")
	}
}

func TestAnExchangeOutlivesItsPage(t *testing.T) {
	t.Parallel()
	b := setup(t, false)
	ctx, leave := context.WithCancel(t.Context())
	answer := b.api.answer
	b.api.answer = func(w http.ResponseWriter, r *http.Request, body string) {
		leave()
		if err := r.Context().Err(); err != nil {
			t.Errorf("the exchange ended with its page: %v", err)
		}
		answer(w, r, body)
	}
	r := httptest.NewRequestWithContext(ctx, "POST", "/admin/session/refresh/", nil)
	withCookie("member.token")(r)
	if err := b.pages.Serve(httptest.NewRecorder(), r, b.api); err != nil {
		t.Fatal(err)
	}
	if c := cookie(t, b.mustSend("POST", "/admin/session/refresh/", "", withCookie("member.token"))); c.Value != "member.refresh-1" || len(b.api.asked) != 1 {
		t.Errorf("the reloaded page got %v after %v", c, b.api.asked)
	}
}

func TestAnEndedSessionLosesItsCookie(t *testing.T) {
	t.Parallel()
	for status, gone := range map[int]bool{401: true, 403: false, 503: false} {
		b := setup(t, false)
		b.api.answer = func(w http.ResponseWriter, _ *http.Request, _ string) { w.WriteHeader(status) }
		rec := b.mustSend("POST", "/admin/session/refresh/", "", withCookie("member.token"))
		if got := strings.Contains(rec.Header().Get("Set-Cookie"), "Max-Age=0"); rec.Code != status || got != gone {
			t.Errorf("%d: %d %v", status, rec.Code, rec.Header())
		}
	}
}

func TestSigningOut(t *testing.T) {
	t.Parallel()
	b := setup(t, false)
	b.api.answer = func(w http.ResponseWriter, _ *http.Request, _ string) { w.WriteHeader(204) }
	rec := b.mustSend("DELETE", "/admin/session/", "", withCookie("member.token"))
	if got := b.api.asked[0]; got != `POST /api/v1/auth/token/revoke/ {"token":"token"}` {
		t.Errorf("the API was asked %s", got)
	}
	if c := cookie(t, rec); rec.Code != 204 || c.MaxAge >= 0 || c.Path != "/admin/session/" {
		t.Errorf("%d, the cookie is %v", rec.Code, c)
	}
	if rec := b.mustSend("DELETE", "/admin/session/", "", nil); rec.Code != 204 {
		t.Errorf("without a session: %d", rec.Code)
	}
}

func TestOtherPathsAndMethods(t *testing.T) {
	t.Parallel()
	for do, want := range map[string]fault.Code{
		"GET /admin/nothing":            fault.NotFound,
		"GET /admin/assets/":            fault.NotFound,
		"GET /admin/index.html":         fault.NotFound,
		"POST /admin/session/owner/":    fault.NotFound,
		"POST /admin/":                  fault.MethodNotAllowed,
		"GET /admin/session/":           fault.MethodNotAllowed,
		"GET /admin/session/member/":    fault.MethodNotAllowed,
		"DELETE /admin/session/member/": fault.MethodNotAllowed,
	} {
		b := setup(t, false)
		method, path, _ := strings.Cut(do, " ")
		rec, err := b.send(method, path, "", nil)
		if !fault.Is(err, want) || (want == fault.MethodNotAllowed) != (rec.Header().Get("Allow") != "") {
			t.Errorf("%s: %v %v", do, err, rec.Header())
		}
	}
}

func TestThePage(t *testing.T) {
	t.Parallel()
	b := setup(t, false)
	first, second := b.mustSend("GET", "/admin/", "", nil), b.mustSend("GET", "/admin/", "", nil)
	nonce := func(rec *httptest.ResponseRecorder) string {
		found := regexp.MustCompile(`style-src 'nonce-([A-Za-z0-9_-]{22})'`).FindStringSubmatch(rec.Header().Get("Content-Security-Policy"))
		if found == nil || !strings.Contains(rec.Body.String(), `nonce="`+found[1]+`"`) {
			t.Fatalf("policy %s, page %s", rec.Header().Get("Content-Security-Policy"), rec.Body)
		}
		return found[1]
	}
	if nonce(first) == nonce(second) {
		t.Error("a nonce came twice")
	}
	for _, part := range []string{"default-src 'none'", "script-src 'self';", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(first.Header().Get("Content-Security-Policy"), part) {
			t.Errorf("the policy lacks %s", part)
		}
	}
	if first.Header().Get("Cache-Control") != "no-store" {
		t.Error("the page may be kept, with its nonce")
	}
	const name = "CSP-NONCE &#34;&amp;&#34; &lt;b&gt;"
	if body := first.Body.String(); strings.Count(body, name) != 2 || strings.Count(body, "CSP-NONCE") != 2 || strings.Contains(body, "APPLICATION-NAME") || strings.Contains(body, "http://") || strings.Contains(body, "https://") {
		t.Errorf("the page is %s", body)
	}
	if rec := b.mustSend("GET", "/admin", "", nil); rec.Code != 308 || rec.Header().Get("Location") != "/admin/" {
		t.Errorf("without its slash: %d %v", rec.Code, rec.Header())
	}
}

func TestTheFilesOfThePage(t *testing.T) {
	t.Parallel()
	b := setup(t, false)
	page := b.mustSend("GET", "/admin/", "", nil).Body.String()
	links := regexp.MustCompile(`(?:src|href)="(/[^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(links) < 2 {
		t.Fatalf("the page loads %v", links)
	}
	for _, link := range links {
		plain := b.mustSend("GET", link[1], "", nil)
		packed := b.mustSend("GET", link[1], "", func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") })
		if plain.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || plain.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: %v", link[1], plain.Header())
		}
		if plain.Header().Get("Content-Encoding") != "" || packed.Header().Get("Content-Encoding") != "gzip" || packed.Body.Len() >= plain.Body.Len() {
			t.Errorf("%s: %d bytes, packed %d", link[1], plain.Body.Len(), packed.Body.Len())
		}
		if head := b.mustSend("HEAD", link[1], "", nil); head.Body.Len() != 0 || head.Header().Get("Content-Length") != plain.Header().Get("Content-Length") {
			t.Errorf("HEAD %s: %v", link[1], head.Header())
		}
	}
}

func TestThoseWhoseWorkIsInItAreNamed(t *testing.T) {
	t.Parallel()
	rec := setup(t, false).mustSend("GET", "/admin/licenses.md", "", nil)
	if h := rec.Header(); h.Get("Content-Type") != "text/plain; charset=utf-8" || h.Get("Cache-Control") != "no-cache" {
		t.Errorf("headers %v", h)
	}
	if !strings.Contains(rec.Body.String(), "## react-admin - ") {
		t.Error("react-admin is not named")
	}
}
