package scenario_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// form sends OAuth 2's form and returns the answer.
func (w *world) form(header http.Header, pairs ...string) response {
	w.t.Helper()
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	all := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	maps.Copy(all, header)
	return w.send(request{method: "POST", path: "/api/v1/auth/oauth/token/", body: values.Encode(), header: all})
}

// clientToken signs a service account in and keeps its token under the name as.
func (w *world) clientToken(as, id, secret, scope string) response {
	w.t.Helper()
	a := w.form(nil, "grant_type", "client_credentials", "client_id", id, "client_secret", secret, "scope", scope)
	if token, ok := lookup(decode(a.body), "access_token"); ok {
		w.tokens[as], _ = token.(string)
	}
	return a
}

func TestServiceAccounts(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		w.play(t, []step{
			{name: "a member sees none", as: "member-acme", do: "GET /service-accounts/", status: 403, events: []string{"permission_denied"}},
			{name: "an admin makes no owner", as: "admin-acme", do: "POST /service-accounts/", body: `{"name":"robot","role":"owner"}`, status: 403, events: []string{"permission_denied"}},
			{name: "no name", as: "admin-acme", do: "POST /service-accounts/", body: `{"role":"member"}`, status: 422, want: `{"errors":[{"field":"name"}]}`},
			{name: "an end that has passed", as: "admin-acme", do: "POST /service-accounts/", body: `{"name":"x","role":"member","expires_at":"2020-01-01T00:00:00Z"}`, status: 422, want: `{"errors":[{"field":"expires_at"}]}`},
			{name: "all at once", as: "admin-acme", do: "POST /service-accounts/", body: `{"name":"","role":"king","expires_at":"2020-01-01T00:00:00Z"}`, status: 422, want: `{"errors":[{"field":"name","code":"too_short"},{"field":"role","code":"invalid_choice"},{"field":"expires_at","code":"invalid"}]}`},
			{name: "a secret of one's own", as: "admin-acme", do: "POST /service-accounts/", body: `{"name":"x","role":"member","client_secret":"mine"}`, status: 422, want: `{"errors":[{"field":"client_secret"}]}`},
			{name: "create", as: "admin-acme", do: "POST /service-accounts/", body: `{"name":"robot","role":"member"}`, status: 201, want: `{"name":"robot","role":"member","expires_at":null,"last_used_at":null}`, save: map[string]string{"robot": "id", "client": "client_id", "secret": "client_secret"}, events: []string{"created"}},
			{name: "the secret is shown once", as: "admin-acme", do: "GET /service-accounts/{robot}/", status: 200, want: `{"client_id":"{client}"}`, absent: []string{"client_secret", "{secret}"}},
			{name: "nor in the list", as: "admin-acme", do: "GET /service-accounts/?search=ROB", status: 200, want: `{"results":[{"id":"{robot}"}]}`, absent: []string{"client_secret", "{secret}"}},
			{name: "nor in the trail", do: "GET /events/?resource=service-accounts&action=created", status: 200, want: `{"results":[{"action":"created","record":"{robot}"}]}`, absent: []string{"{secret}"}},
			{name: "another tenant's", as: "owner-globex", do: "GET /service-accounts/{robot}/", status: 404},
			{name: "rotated from another tenant", as: "owner-globex", do: "POST /service-accounts/{robot}/rotate/", status: 404},
		})
		client, secret := w.vars["client"], w.vars["secret"]
		if !strings.HasPrefix(secret, "tns_") || len(secret) < 40 {
			t.Errorf("the secret is %q", secret)
		}
		if a := w.clientToken("robot", client, secret, ""); a.status != 200 || a.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%d %v %s", a.status, a.header, a.body)
		}
		basic := http.Header{"Authorization": {"Basic " + basicAuth(client, secret)}}
		if a := w.form(basic, "grant_type", "client_credentials"); a.status != 200 || !strings.Contains(string(a.body), `"token_type":"Bearer"`) {
			t.Errorf("by Basic: %d %s", a.status, a.body)
		}
		w.clientToken("reader", client, secret, "projects:read")
		w.play(t, []step{
			{name: "it works", as: "robot", do: "POST /projects/", body: `{"name":"By robot"}`, status: 201, want: `{"created_by":"{robot}"}`, events: []string{"created"}},
			{name: "and its events say who", do: "GET /events/?actor={robot}&action=created", status: 200, want: `{"results":[{"actor":{"kind":"service","name":"robot"}}]}`},
			{name: "who it is", as: "robot", do: "GET /me/", status: 200, want: `{"user":{"id":"{robot}","username":"robot"},"tenant":{"slug":"acme"},"role":"member","scopes":[],"token":{"kind":"service"}}`},
			{name: "what a scope opens", as: "reader", do: "GET /projects/", status: 200},
			{name: "who a narrow one is", as: "reader", do: "GET /me/", status: 200, want: `{"scopes":["projects:read"]}`},
			{name: "what a scope does not open", as: "reader", do: "GET /tasks/", status: 403, want: `{"code":"permission_denied"}`, events: []string{"permission_denied"}},
			{name: "nor to write", as: "reader", do: "POST /projects/", body: `{"name":"No"}`, status: 403, events: []string{"permission_denied"}},
			{name: "last use is kept", do: "GET /service-accounts/?last_used_at__isnull=false", status: 200, want: `{"results":[{"id":"{robot}"}]}`, save: map[string]string{"made": "results.0.created_at", "used": "results.0.last_used_at"}},
			{name: "a demotion holds at once", do: "PATCH /service-accounts/{robot}/", body: `{"role":"viewer"}`, status: 200, want: `{"role":"viewer"}`, events: []string{"updated"}},
			{name: "so it writes no more", as: "robot", do: "POST /projects/", body: `{"name":"Again"}`, status: 403, events: []string{"permission_denied"}},
			{name: "rotate at once", do: "POST /service-accounts/{robot}/rotate/", body: `{"grace_seconds":0}`, status: 200, want: `{"id":"{robot}"}`, save: map[string]string{"second": "client_secret"}, events: []string{"rotated"}},
			{name: "rotate with a grace", do: "POST /service-accounts/{robot}/rotate/", status: 200, save: map[string]string{"third": "client_secret"}, events: []string{"rotated"}},
			{name: "too long a grace", do: "POST /service-accounts/{robot}/rotate/", body: `{"grace_seconds":99999999}`, status: 422, want: `{"errors":[{"field":"grace_seconds"}]}`},
		})
		if w.vars["used"] <= w.vars["made"] { // RFC 3339 in UTC sorts as text
			t.Errorf("made at %s, last used at %s", w.vars["made"], w.vars["used"])
		}
		a := w.send(request{as: "reader", method: "GET", path: "/api/v1/tasks/"})
		if got := a.header.Get("WWW-Authenticate"); got != `Bearer realm="tenantry", error="insufficient_scope", scope="tasks:read"` {
			t.Errorf("a scope that is missing: %s", got)
		}
		a = w.send(request{as: "viewer-acme", method: "POST", path: "/api/v1/projects/", body: `{"name":"No"}`})
		if got := a.header.Get("WWW-Authenticate"); a.status != 403 || got != "" {
			t.Errorf("a role is no scope: %d %s", a.status, got)
		}
		for name, want := range map[string]int{"secret": 401, "second": 200, "third": 200} {
			if a := w.clientToken("again", client, w.vars[name], ""); a.status != want {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
		}
		// The event of a refused secret comes behind the answer.
		w.eventually("owner-acme", "GET /events/?action=log_in_failed", `{"results":[{"actor":{"kind":"service","name":"robot"}}]}`)
		w.clientToken("brief", client, w.vars["third"], "")
		w.vars["brief"] = w.tokens["brief"]
		w.play(t, []step{
			{name: "take a token back", as: "nobody", do: "POST /auth/token/revoke/", body: `{"token":"{brief}"}`, status: 204, events: []string{"token_revoked"}},
			{name: "by the account", do: "GET /events/?action=token_revoked", status: 200, want: `{"results":[{"actor":{"id":"{robot}","kind":"service"},"resource":"service-accounts","record":"{robot}"}]}`},
			{name: "all of a change at once", do: "PATCH /service-accounts/{robot}/", body: `{"role":"king","expires_at":"2020-01-01T00:00:00Z"}`, status: 422, want: `{"errors":[{"field":"role"},{"field":"expires_at"}]}`},
			{name: "over", do: "PATCH /service-accounts/{robot}/", body: `{"expires_at":"2020-01-01T00:00:00Z"}`, status: 422},
			{name: "delete", as: "admin-acme", do: "DELETE /service-accounts/{robot}/", status: 204, events: []string{"deleted"}},
			{name: "its tokens open nothing", as: "again", do: "GET /projects/", status: 401, want: `{"code":"token_invalid"}`},
		})
	})
}

// TestOperatorsKeepServiceAccounts has an operator manage the programs of a tenant that they are no member of.
func TestOperatorsKeepServiceAccounts(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		w.operator()
		const acme, globex = "/api/admin/v1/tenants/{acme}/service-accounts/", "/api/admin/v1/tenants/{globex}/service-accounts/"
		once := http.Header{"Idempotency-Key": {"robot"}}
		w.play(t, []step{
			{name: "none yet", as: "operator", do: "GET " + acme, status: 200, want: `{"results":[]}`},
			{name: "create", as: "operator", do: "POST " + acme, body: `{"name":"robot","role":"owner"}`, header: once, status: 201, want: `{"name":"robot","role":"owner","created_by":"{root}"}`, save: map[string]string{"robot": "id", "client": "client_id", "secret": "client_secret", "place": "Location"}, events: []string{"created"}},
			{name: "sent twice", as: "operator", do: "POST " + acme, body: `{"name":"robot","role":"owner"}`, header: once, status: 201, want: `{"id":"{robot}","client_secret":"{secret}"}`},
			{name: "the key is another tenant's now", as: "operator", do: "POST " + globex, body: `{"name":"robot","role":"owner"}`, header: once, status: 422, want: `{"code":"idempotency_mismatch"}`},
			{name: "where it says, without the secret", as: "operator", do: "GET {place}", status: 200, want: `{"id":"{robot}","client_id":"{client}"}`, absent: []string{"client_secret", "{secret}"}, save: map[string]string{"tag": "ETag"}},
			{name: "listed, without the secret", as: "operator", do: "GET " + acme + "?search=ROB&count=exact", status: 200, want: `{"count":1,"results":[{"id":"{robot}"}]}`, absent: []string{"client_secret", "{secret}"}},
			{name: "as the tenant's admins see it", as: "admin-acme", do: "GET /service-accounts/{robot}/", status: 200, want: `{"id":"{robot}","created_by":"{root}"}`},
			{name: "the tenant's trail says who", do: "GET /events/?resource=service-accounts", status: 200, want: `{"results":[{"action":"created","record":"{robot}","actor":{"kind":"operator","name":"root"}}]}`, absent: []string{"{secret}"}},
			{name: "and so does the platform's", as: "operator", do: "GET /api/admin/v1/events/?resource=service-accounts", status: 200, want: `{"results":[{"action":"created","record":"{robot}","actor":{"name":"root"}}]}`, absent: []string{"{secret}"}},
			{name: "not in another tenant's list", as: "operator", do: "GET " + globex, status: 200, want: `{"results":[]}`},
			{name: "nor below another tenant", as: "operator", do: "GET " + globex + "{robot}/", status: 404},
			{name: "changed below another tenant", as: "operator", do: "PATCH " + globex + "{robot}/", body: `{"name":"mine"}`, status: 404},
			{name: "rotated below another tenant", as: "operator", do: "POST " + globex + "{robot}/rotate/", status: 404},
			{name: "deleted below another tenant", as: "operator", do: "DELETE " + globex + "{robot}/", status: 404},
			{name: "of no tenant", as: "operator", do: "GET /api/admin/v1/tenants/{robot}/service-accounts/", status: 404},
			{name: "made in no tenant", as: "operator", do: "POST /api/admin/v1/tenants/{robot}/service-accounts/", body: `{"name":"x","role":"viewer"}`, status: 404},
			{name: "not by a tenant's owner", do: "GET " + acme, status: 401, want: `{"code":"token_invalid"}`},
			{name: "who makes none here", do: "POST " + acme, body: `{"name":"x","role":"viewer"}`, status: 401, want: `{"code":"token_invalid"}`},
			{name: "a role that is none", as: "operator", do: "POST " + acme, body: `{"name":"x","role":"king"}`, status: 422, want: `{"errors":[{"field":"role"}]}`},
			{name: "change what is no more", as: "operator", do: "PATCH " + acme + "{robot}/", body: `{"role":"member"}`, header: http.Header{"If-Match": {`"nonsense"`}}, status: 412},
		})
		w.play(t, []step{
			{name: "change what was seen", as: "operator", do: "PATCH " + acme + "{robot}/", body: `{"role":"member"}`, header: http.Header{"If-Match": {w.vars["tag"]}}, status: 200, want: `{"role":"member"}`, absent: []string{"client_secret"}, events: []string{"updated"}},
		})
		if a := w.clientToken("robot", w.vars["client"], w.vars["secret"], ""); a.status != 200 {
			t.Fatalf("its token: %d %s", a.status, a.body)
		}
		w.play(t, []step{
			{name: "it works in its tenant", as: "robot", do: "POST /projects/", body: `{"name":"By robot"}`, status: 201, want: `{"created_by":"{robot}"}`, events: []string{"created"}},
			{name: "and nowhere else", as: "robot", do: "GET " + acme, status: 401, want: `{"code":"token_invalid"}`},
			{name: "rotate", as: "operator", do: "POST " + acme + "{robot}/rotate/", body: `{"grace_seconds":0}`, status: 200, want: `{"id":"{robot}"}`, save: map[string]string{"second": "client_secret"}, events: []string{"rotated"}},
		})
		for name, want := range map[string]int{"secret": 401, "second": 200} {
			if a := w.clientToken("again", w.vars["client"], w.vars[name], ""); a.status != want {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
		}
		w.suspendedAccounts(t, acme)
		w.eventually("operator", "GET /api/admin/v1/events/?resource=service-accounts",
			`{"results":[{"action":"deleted"},{"action":"rotated"},{"action":"updated"},{"action":"created"}]}`)
	})
}

// suspendedAccounts goes on in a tenant that is suspended: its programs are out, and the operator still keeps them.
func (w *world) suspendedAccounts(t *testing.T, accounts string) {
	t.Helper()
	robot := accounts + "{robot}/"
	if a := w.send(w.request(step{as: "operator", do: "POST /api/admin/v1/tenants/{acme}/suspend/"})); a.status != http.StatusOK {
		t.Fatalf("suspend: %d %s", a.status, a.body)
	}
	if a := w.clientToken("shut", w.vars["client"], w.vars["second"], ""); a.status != http.StatusBadRequest || !strings.Contains(string(a.body), "unauthorized_client") {
		t.Errorf("a token of a suspended tenant: %d %s", a.status, a.body)
	}
	if a := w.send(w.request(step{as: "again", do: "GET /projects/"})); contains(a.body, `{"code":"tenant_suspended"}`) != "" {
		t.Errorf("a token from before: %d %s", a.status, a.body)
	}
	for _, s := range []struct {
		do     string
		status int
	}{{"GET " + robot, 200}, {"DELETE " + robot, 204}, {"GET " + robot, 404}} {
		if a := w.send(w.request(step{as: "operator", do: s.do})); a.status != s.status {
			t.Errorf("%s: %d, want %d: %s", s.do, a.status, s.status, a.body)
		}
	}
	if a := w.send(w.request(step{as: "operator", do: "POST /api/admin/v1/tenants/{acme}/activate/"})); a.status != http.StatusOK {
		t.Fatalf("activate: %d %s", a.status, a.body)
	}
	if a := w.send(w.request(step{as: "again", do: "GET /projects/"})); contains(a.body, `{"code":"token_invalid"}`) != "" {
		t.Errorf("a token of a deleted account: %d %s", a.status, a.body)
	}
}

func TestClientTokenErrors(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		w.play(t, []step{
			{name: "create", do: "POST /service-accounts/", body: `{"name":"robot","role":"owner"}`, status: 201, save: map[string]string{"client": "client_id", "secret": "client_secret"}, events: []string{"created"}},
		})
		client, secret := w.vars["client"], w.vars["secret"]
		const grant = "client_credentials"
		for name, test := range map[string]struct {
			pairs  []string
			status int
			code   string
		}{
			"a wrong secret":    {[]string{"grant_type", grant, "client_id", client, "client_secret", "tns_no"}, 401, "invalid_client"},
			"nobody":            {[]string{"grant_type", grant, "client_id", w.users["owner-acme"], "client_secret", secret}, 401, "invalid_client"},
			"no id at all":      {[]string{"grant_type", grant, "client_id", "x", "client_secret", secret}, 401, "invalid_client"},
			"a password grant":  {[]string{"grant_type", "password", "client_id", client, "client_secret", secret}, 400, "unsupported_grant_type"},
			"an unknown scope":  {[]string{"grant_type", grant, "client_id", client, "client_secret", secret, "scope", "read everything"}, 400, "invalid_scope"},
			"a scope of nobody": {[]string{"grant_type", grant, "client_id", client, "client_secret", secret, "scope", "invoices:read"}, 400, "invalid_scope"},
		} {
			a := w.form(nil, test.pairs...)
			if code, _ := lookup(decode(a.body), "error"); a.status != test.status || code != test.code {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
			if got := a.header.Get("WWW-Authenticate"); (test.status == 401) != strings.HasPrefix(got, "Basic ") {
				t.Errorf("%s: WWW-Authenticate %q", name, got)
			}
			if strings.Contains(string(a.body), secret) {
				t.Errorf("%s: the answer repeats the secret", name)
			}
		}
		a := w.send(request{method: "POST", path: "/api/v1/auth/oauth/token/", body: `{"grant_type":"client_credentials"}`})
		if code, _ := lookup(decode(a.body), "error"); a.status != 400 || code != "invalid_request" {
			t.Errorf("JSON: %d %s", a.status, a.body)
		}
	})
}
