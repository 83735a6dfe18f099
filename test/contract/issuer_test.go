package contract_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
)

// TestIssuersOnSQLite has the server take the tokens of real OpenID Connect providers.
func TestIssuersOnSQLite(t *testing.T) {
	t.Parallel()
	testIssuers(t, "--data-dir", filepath.Join(t.TempDir(), "data"))
}

// TestIssuersOnPostgreSQL is the same with the other engine.
func TestIssuersOnPostgreSQL(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	testIssuers(t, "--data-dir", filepath.Join(t.TempDir(), "data"), "--database-url", db.ServerURL, "--migration-url", db.OwnerURL)
}

// federation is a server with the providers whose tokens it takes: users of the first are linked by hand, those of the
// second join acme, and the third can't be reached.
type federation struct {
	api

	storage       []string // the flags that say where the data is
	first, second *provider
	away          string
}

func testIssuers(t *testing.T, storage ...string) {
	t.Helper()
	f := &federation{storage: storage, away: "https://" + freeAddr(t)}
	f.first = newProvider(t, people{
		"u-ada": {"org": "acme"}, "u-bob": {"org": "globex"}, "u-cid": {}, "u-eve": {"org": "acme"}, "u-two": {"org": []string{"acme", "globex"}},
		"member-acme": {"org": "acme"},
	})
	f.second = newProvider(t, people{
		"u-ada": {"org": "acme", "name": "member-acme"}, "n-1": {"org": "acme", "name": "newman"}, "n-2": {"org": "globex", "name": "newton"},
	})
	issuers := strings.Join([]string{
		f.first.URL + ",audience=" + audience + ",tenant=org,dangerously-private",
		f.second.URL + ",audience=" + audience + ",tenant=org,username=name,join=viewer,tenants=acme,dangerously-private",
		f.away + ",audience=" + audience + ",tenant=org,dangerously-private",
	}, ";")
	f.base, f.issued = startServerIn(t, []string{"SSL_CERT_FILE=" + certificate(t, f.first, f.second)}, append(storage, "--oidc-issuer", issuers)...)
	f.user(t, "link", "member-acme", f.first.URL, "u-ada")
	f.user(t, "link", "viewer-acme", f.first.URL, "u-cid")
	f.user(t, "link", "owner-acme", f.first.URL, "u-bob")
	f.user(t, "link", "admin-acme", f.first.URL, "u-two")
	f.ready(t)

	// One after the other: they count what the providers are asked for.
	for _, part := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"a linked user gets in", f.testLinked},
		{"everybody else does not", f.testRefused},
		{"forged tokens are refused, and fetch once", f.testForged},
		{"a new key is taken at once", f.testRotation},
		{"an issuer that is away", f.testAway},
		{"new members join", f.testJoin},
		{"a revoked token is refused", f.testRevoked},
		{"an unlinked user is refused", f.testUnlinked},
	} {
		t.Run(part.name, part.run)
	}
}

// user runs a command about a user and an issuer beside the server.
func (f *federation) user(t *testing.T, command, username, issuer, subject string) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"user", command, username, "--issuer", issuer, "--subject", subject}, f.storage...)
	if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
		t.Fatalf("user %s: %v\n%s", command, err, out)
	}
}

// ready waits until the server knows its issuers' keys and its users' identities.
func (f *federation) ready(t *testing.T) {
	t.Helper()
	token := f.first.logIn(t, "u-ada", "read").access
	f.eventually(t, token, http.StatusOK)
}

func (f *federation) eventually(t *testing.T, token string, want int) {
	t.Helper()
	got := f.me(t, token)
	for deadline := time.Now().Add(10 * time.Second); got.status != want; got = f.me(t, token) {
		if time.Now().After(deadline) {
			t.Fatalf("got %d, want %d: %s", got.status, want, got.body)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (f *federation) me(t *testing.T, token string) answer {
	t.Helper()
	return f.do(t, http.MethodGet, "/api/v1/me/", token, "", nil, nil)
}

// refuses checks that a token opens nothing, and that the answer is that of any other such token.
func (f *federation) refuses(t *testing.T, name, token, code string) {
	t.Helper()
	got := f.me(t, token)
	got.isProblem(t, http.StatusUnauthorized, code)
	if header := got.header.Get("WWW-Authenticate"); !strings.HasPrefix(header, "Bearer") || !strings.Contains(header, `error="invalid_token"`) {
		t.Errorf("%s: WWW-Authenticate: %s", name, header)
	}
	if t.Failed() {
		t.Fatalf("%s: %d %s", name, got.status, got.body)
	}
}

func (f *federation) testLinked(t *testing.T) {
	t.Helper()
	token := f.first.logIn(t, "u-ada", "projects:read", "projects:write", "profile").access
	me := f.me(t, token).object(t)
	user, _ := me["user"].(map[string]any)
	tenant, _ := me["tenant"].(map[string]any)
	if text(user["username"]) != "member-acme" || text(tenant["slug"]) != "acme" || text(me["role"]) != "member" || fmt.Sprint(me["scopes"]) != "[projects:read projects:write]" {
		t.Errorf("me: %v", me)
	}
	body := strings.NewReader(`{"name":"By another issuer"}`)
	created := f.do(t, http.MethodPost, "/api/v1/projects/", token, "application/json", nil, body)
	if created.status != http.StatusCreated || text(created.object(t)["created_by"]) != text(user["id"]) {
		t.Errorf("create: %d %s", created.status, created.body)
	}
	f.do(t, http.MethodGet, "/api/v1/tasks/", token, "", nil, nil).isProblem(t, http.StatusForbidden, "permission_denied")
	f.do(t, http.MethodGet, "/api/v1/events/", token, "", nil, nil).isProblem(t, http.StatusForbidden, "permission_denied")
}

func (f *federation) testRefused(t *testing.T) {
	t.Helper()
	f.refuses(t, "an unknown subject", f.first.logIn(t, "u-eve", "read").access, "token_invalid")
	f.refuses(t, "a username as subject", f.first.logIn(t, "member-acme", "read").access, "token_invalid")
	f.refuses(t, "a tenant whose member the user is not", f.first.logIn(t, "u-bob", "read").access, "token_invalid")
	f.refuses(t, "no tenant", f.first.logIn(t, "u-cid", "read").access, "token_invalid")
	f.refuses(t, "two tenants", f.first.logIn(t, "u-two", "read").access, "token_invalid")
	f.refuses(t, "no scope of ours", f.first.logIn(t, "u-ada", "profile").access, "token_invalid")
	f.refuses(t, "an ID token", f.first.logIn(t, "u-ada", "read").id, "token_invalid")
	f.refuses(t, "the first one's subject of the second", f.second.logIn(t, "u-ada", "read").access, "token_invalid")
	unknown := newProvider(t, people{"u-ada": {"org": "acme"}})
	f.refuses(t, "a provider that nobody named", unknown.logIn(t, "u-ada", "read").access, "token_invalid")
	if documents, keySets := unknown.fetched(); documents+keySets > 0 {
		t.Error("a provider that nobody named was asked for its keys")
	}
}

// claims are those of a good token of the first provider's.
func (f *federation) claims(p *provider, id int) string {
	now := time.Now().Unix()
	return fmt.Sprintf(`{"iss":%q,"aud":%q,"sub":"u-ada","org":"acme","iat":%d,"exp":%d,"jti":"forged-%d"}`, p.URL, audience, now, now+300, id)
}

func (f *federation) testForged(t *testing.T) {
	t.Helper()
	key := f.first.current()
	strange, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.me(t, f.first.forge(t, jose.ES256, key.private, key.id, f.claims(f.first, 0))); got.status != http.StatusOK {
		t.Fatalf("what the provider could sign itself: %d %s", got.status, got.body)
	}
	over := strings.Replace(f.claims(f.first, 0), `"exp":`, `"exp":1,"end":`, 1)
	f.refuses(t, "an expired one", f.first.forge(t, jose.ES256, key.private, key.id, over), "token_expired")
	documents, keySets := f.first.fetched()
	for i := range 1000 {
		f.refuses(t, "another's signature", f.first.forge(t, jose.ES256, strange, key.id, f.claims(f.first, i)), "token_invalid")
	}
	if d, k := f.first.fetched(); d != documents || k != keySets {
		t.Errorf("a thousand bad signatures led to %d and %d fetches", d-documents, k-keySets)
	}
	for i := range 1000 {
		f.refuses(t, "another's key", f.first.forge(t, jose.ES256, strange, fmt.Sprint("kid-", i), f.claims(f.first, i)), "token_invalid")
	}
	if d, k := f.first.fetched(); d != documents || k > keySets+1 {
		t.Errorf("a thousand unknown keys led to %d and %d fetches", d-documents, k-keySets)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	f.refuses(t, "the public key as a secret", f.first.forge(t, jose.HS256, der, key.id, f.claims(f.first, 1)), "token_invalid")
	block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	f.refuses(t, "the public key's file as a secret", f.first.forge(t, jose.HS256, block, key.id, f.claims(f.first, 1)), "token_invalid")
	for name, change := range map[string][2]string{
		"another audience":       {audience, "another-api"},
		"another issuer":         {f.first.URL, f.second.URL},
		"the issuer and a slash": {f.first.URL, f.first.URL + "/"},
		"no end":                 {`"exp"`, `"expires"`},
		"no issuer":              {`"iss"`, `"issuer"`},
	} {
		claims := strings.Replace(f.claims(f.first, 2), change[0], change[1], 1)
		f.refuses(t, name, f.first.forge(t, jose.ES256, key.private, key.id, claims), "token_invalid")
	}
}

// testRotation uses the second provider: the first one was asked for its keys just now.
func (f *federation) testRotation(t *testing.T) {
	t.Helper()
	before := f.second.logIn(t, "n-1", "read").access
	f.eventually(t, before, http.StatusOK)
	f.second.rotate(t)
	after := f.second.logIn(t, "n-1", "read").access
	if got := f.me(t, after); got.status != http.StatusOK {
		t.Errorf("signed with the new key: %d %s", got.status, got.body)
	}
	if got := f.me(t, before); got.status != http.StatusOK {
		t.Errorf("signed with the former one: %d %s", got.status, got.body)
	}
}

func (f *federation) testAway(t *testing.T) {
	t.Helper()
	key := f.first.current()
	token := f.first.forge(t, jose.ES256, key.private, key.id, strings.Replace(f.claims(f.first, 3), f.first.URL, f.away, 1))
	got := f.me(t, token)
	got.isProblem(t, http.StatusServiceUnavailable, "unavailable")
	if got.header.Get("Retry-After") == "" {
		t.Errorf("headers: %v", got.header)
	}
}

func (f *federation) testJoin(t *testing.T) {
	t.Helper()
	token := f.second.logIn(t, "n-1", "read").access
	me := f.me(t, token).object(t)
	user, _ := me["user"].(map[string]any)
	if text(user["username"]) != "newman" || text(me["role"]) != "viewer" {
		t.Fatalf("me: %v", me)
	}
	owner := f.token(t, "acme", "owner")
	events := f.do(t, http.MethodGet, "/api/v1/events/?resource=members&action=created&actor="+text(user["id"]), owner, "", nil, nil)
	if page, _ := events.object(t)["results"].([]any); len(page) != 1 || !strings.Contains(string(events.body), f.second.URL) {
		t.Errorf("events: %s", events.body)
	}
	f.refuses(t, "a tenant that the provider may not speak for", f.second.logIn(t, "n-2", "read").access, "token_invalid")
	f.refuses(t, "a name that is taken", f.second.logIn(t, "u-ada", "read").access, "token_invalid")

	members := f.do(t, http.MethodGet, "/api/v1/members/?page_size=200", owner, "", nil, nil).object(t)
	results, _ := members["results"].([]any)
	for _, entry := range results {
		member, _ := entry.(map[string]any)
		if who, _ := member["user"].(map[string]any); text(who["id"]) == text(user["id"]) {
			if got := f.do(t, http.MethodDelete, "/api/v1/members/"+text(member["id"])+"/", owner, "", nil, nil); got.status != http.StatusNoContent {
				t.Fatalf("remove: %d %s", got.status, got.body)
			}
			f.refuses(t, "somebody who was removed", token, "token_invalid")
			f.refuses(t, "the same with a new token", f.second.logIn(t, "n-1", "read").access, "token_invalid")
			return
		}
	}
	t.Errorf("the new member is none: %v", results)
}

// token returns one of the server's own, of the sample user of the role.
func (f *federation) token(t *testing.T, slug, role string) string {
	t.Helper()
	for _, tenant := range f.issued.Tenants {
		for _, u := range tenant.Users {
			if tenant.Slug == slug && u.Role == role && strings.HasPrefix(u.Username, role) {
				return u.AccessToken
			}
		}
	}
	t.Fatalf("no %s of %s", role, slug)
	return ""
}

func (f *federation) testRevoked(t *testing.T) {
	t.Helper()
	token, another := f.first.logIn(t, "u-ada", "read").access, f.first.logIn(t, "u-ada", "read").access
	body := func() *strings.Reader { return strings.NewReader(`{"token":"` + token + `"}`) }
	verified := f.do(t, http.MethodPost, "/api/v1/auth/token/verify/", "", "application/json", nil, body())
	if verified.status != http.StatusOK || text(verified.object(t)["token_type"]) != "access" || text(verified.object(t)["role"]) != "member" {
		t.Errorf("verify: %d %s", verified.status, verified.body)
	}
	if got := f.do(t, http.MethodPost, "/api/v1/auth/token/revoke/", "", "application/json", nil, body()); got.status != http.StatusNoContent {
		t.Errorf("revoke: %d %s", got.status, got.body)
	}
	f.refuses(t, "the revoked one", token, "token_invalid")
	if got := f.me(t, another); got.status != http.StatusOK {
		t.Errorf("another of the user's: %d %s", got.status, got.body)
	}
}

func (f *federation) testUnlinked(t *testing.T) {
	t.Helper()
	token := f.first.logIn(t, "u-ada", "read").access
	if got := f.me(t, token); got.status != http.StatusOK {
		t.Fatalf("before: %d %s", got.status, got.body)
	}
	f.user(t, "unlink", "member-acme", f.first.URL, "u-ada")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second) // the command line is another process than the server
	defer cancel()
	for f.me(t, token).status == http.StatusOK {
		if ctx.Err() != nil {
			t.Fatal("a second later the token is still good")
		}
		time.Sleep(20 * time.Millisecond)
	}
	f.refuses(t, "afterwards", token, "token_invalid")
}
