package scenario_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
)

func basicAuth(user, secret string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + secret))
}

// operator makes an operator and signs them in, under the name "operator".
func (w *world) operator() {
	w.t.Helper()
	root, err := w.service.CreateOperator(w.t.Context(), "root", password)
	if err != nil {
		w.t.Fatal(err)
	}
	w.vars["root"] = root.String()
	w.tokens["operator"] = w.operatorSignIn("root").Access
}

func (w *world) operatorSignIn(username string) grant {
	w.t.Helper()
	body, _ := json.Marshal(map[string]string{"username": username, "password": password})
	a := w.send(request{method: "POST", path: "/api/admin/v1/auth/token/", body: string(body)})
	var g grant
	if err := json.Unmarshal(a.body, &g); err != nil || a.status != http.StatusOK || g.Access == "" {
		w.t.Fatalf("sign in %s: %d %s", username, a.status, a.body)
	}
	return g
}

func TestOperators(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		w.operator()
		w.play(t, []step{
			{name: "who it is", as: "operator", do: "GET /api/admin/v1/me/", status: 200, want: `{"user":{"username":"root"},"token":{"kind":"operator"}}`},
			{name: "an operator's token opens no tenant", as: "operator", do: "GET /projects/", status: 401, want: `{"code":"token_invalid"}`},
			{name: "nor says who is there", as: "operator", do: "GET /me/", status: 401},
			{name: "a tenant's token opens no platform", do: "GET /api/admin/v1/tenants/", status: 401, want: `{"code":"token_invalid"}`},
			{name: "nor creates tenants", do: "POST /api/admin/v1/tenants/", body: `{"slug":"x","name":"X"}`, status: 401},
			{name: "no token", as: "nobody", do: "GET /api/admin/v1/users/", status: 401, want: `{"code":"not_authenticated"}`},
			{name: "a member signs in nowhere here", as: "nobody", do: "POST /api/admin/v1/auth/token/", body: `{"username":"owner-acme","password":"` + password + `"}`, status: 401, want: `{"code":"credentials_invalid"}`},

			{name: "tenants", as: "operator", do: "GET /api/admin/v1/tenants/?ordering=slug&count=exact", status: 200, want: `{"count":2,"results":[{"slug":"acme","status":"active"},{"slug":"globex"}]}`},
			{name: "found", as: "operator", do: "GET /api/admin/v1/tenants/?search=GLOB", status: 200, want: `{"results":[{"slug":"globex"}]}`},
			{name: "create", as: "operator", do: "POST /api/admin/v1/tenants/", body: `{"slug":"initech","name":"Initech","settings":{"a":1}}`, status: 201, want: `{"slug":"initech","status":"active","settings":{"a":1}}`, save: map[string]string{"initech": "id"}},
			{name: "again", as: "operator", do: "POST /api/admin/v1/tenants/", body: `{"slug":"initech","name":"Initech"}`, status: 409, want: `{"errors":[{"field":"slug"}]}`},
			{name: "no slug", as: "operator", do: "POST /api/admin/v1/tenants/", body: `{"slug":"No Slug","name":""}`, status: 422, want: `{"errors":[{"field":"slug","code":"invalid"},{"field":"name","code":"too_short"}]}`},
			{name: "rename", as: "operator", do: "PATCH /api/admin/v1/tenants/{initech}/", body: `{"name":"Initech Inc"}`, status: 200, want: `{"name":"Initech Inc"}`},
			{name: "unknown", as: "operator", do: "GET /api/admin/v1/tenants/{owner-acme}/", status: 404},

			{name: "create a user", as: "operator", do: "POST /api/admin/v1/users/", body: `{"username":"peter","password":"` + password + `"}`, status: 201, want: `{"username":"peter","is_active":true,"is_operator":false}`, absent: []string{"password"}, save: map[string]string{"peter": "id"}},
			{name: "all at once", as: "operator", do: "POST /api/admin/v1/users/", body: `{"username":" paul","password":"` + password + `","is_active":1}`, status: 422, want: `{"errors":[{"field":"username","code":"invalid"},{"field":"is_active","code":"invalid_type"}]}`},
			{name: "a short password", as: "operator", do: "POST /api/admin/v1/users/", body: `{"username":"paul","password":"short"}`, status: 422, want: `{"errors":[{"field":"password"}]}`},
			{name: "users", as: "operator", do: "GET /api/admin/v1/users/?is_operator=true", status: 200, want: `{"results":[{"username":"root"}]}`},
			{name: "let in", as: "operator", do: "POST /api/admin/v1/tenants/{initech}/members/", body: `{"username":"peter","role":"owner"}`, status: 201, want: `{"role":"owner","user":{"id":"{peter}"}}`, save: map[string]string{"m": "id", "place": "Location"}},
			{name: "where it says", as: "operator", do: "GET {place}", status: 200, want: `{"id":"{m}"}`},
			{name: "not of another tenant", as: "operator", do: "GET /api/admin/v1/tenants/{acme}/members/{m}/", status: 404},
			{name: "members", as: "operator", do: "GET /api/admin/v1/tenants/{initech}/members/", status: 200, want: `{"results":[{"id":"{m}"}]}`},
			{name: "of no tenant", as: "operator", do: "GET /api/admin/v1/tenants/{peter}/members/", status: 404},
			{name: "the last owner stays", as: "operator", do: "DELETE /api/admin/v1/tenants/{initech}/members/{m}/", status: 409},
		})
		w.tokens["peter"] = w.signIn("peter", "initech").Access
		w.play(t, []step{
			{name: "peter works", as: "peter", do: "POST /projects/", body: `{"name":"TPS"}`, status: 201},
			{name: "suspend", as: "operator", do: "POST /api/admin/v1/tenants/{initech}/suspend/", status: 200, want: `{"status":"suspended"}`},
			{name: "at once", as: "peter", do: "GET /projects/", status: 403, want: `{"code":"tenant_suspended"}`},
			{name: "nobody enters it", as: "operator", do: "POST /api/admin/v1/tenants/{initech}/token/", body: `{"reason":"look"}`, status: 403, want: `{"code":"tenant_suspended"}`},
			{name: "activate", as: "operator", do: "POST /api/admin/v1/tenants/{initech}/activate/", status: 200, want: `{"status":"active"}`},
			{name: "works again", as: "peter", do: "GET /projects/", status: 200},
			{name: "disable", as: "operator", do: "PATCH /api/admin/v1/users/{peter}/", body: `{"is_active":false}`, status: 200, want: `{"is_active":false}`},
			{name: "is out", as: "peter", do: "GET /projects/", status: 401, want: `{"code":"token_invalid"}`},
			{name: "enable", as: "operator", do: "PATCH /api/admin/v1/users/{peter}/", body: `{"is_active":true}`, status: 200},
			{name: "a new password", as: "operator", do: "PATCH /api/admin/v1/users/{peter}/", body: `{"password":"another good password"}`, status: 200, absent: []string{"password"}},
			{name: "ends the sessions", as: "peter", do: "GET /projects/", status: 401},
		})
	})
}

// TestOperatorsKeepKeys has no key wait until the nodes have learnt of it: a key that is not current signs nothing.
func TestOperatorsKeepKeys(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		w.operator()
		w.play(t, []step{
			{name: "the secret alone", as: "operator", do: "GET /api/admin/v1/keys/", status: 200, want: `{"next":null,"results":[{"kid":"default","state":"current","verifies":true,"public":null}]}`},
			{name: "a tenant's owner makes none", do: "POST /api/admin/v1/keys/rotate/", status: 401, want: `{"code":"token_invalid"}`},
			{name: "nor ends one", do: "POST /api/admin/v1/keys/default/retire/", status: 401},
			{name: "not for every algorithm", as: "operator", do: "POST /api/admin/v1/keys/rotate/", body: `{"algorithm":"HS256"}`, status: 422, want: `{"errors":[{"field":"algorithm"}]}`},
			{name: "nor in two years", as: "operator", do: "POST /api/admin/v1/keys/rotate/", body: `{"activate_in":63072000}`, status: 422, want: `{"errors":[{"field":"activate_in"}]}`},
			{name: "the last one stays", as: "operator", do: "POST /api/admin/v1/keys/default/retire/", status: 409},
			{name: "rotate", as: "operator", do: "POST /api/admin/v1/keys/rotate/", body: `{"algorithm":"ES256","activate_in":1}`, status: 201, want: `{"algorithm":"ES256","state":"next","verifies":true,"public":{"kty":"EC"}}`, save: map[string]string{"kid": "kid"}},
			{name: "is there", as: "operator", do: "GET /api/admin/v1/keys/", status: 200, want: `{"results":[{"kid":"default"},{"kid":"{kid}","state":"next"}]}`},
			{name: "the trail names who made it", as: "operator", do: "GET /api/admin/v1/events/?action=rotated", status: 200, want: `{"results":[{"actor":{"name":"root"},"resource":"signing-keys","changes":{"kid":[null,"{kid}"]}}]}`},
			{name: "no such key", as: "operator", do: "POST /api/admin/v1/keys/nothing/retire/", status: 404},
		})
		if a := w.send(request{method: "GET", path: "/.well-known/jwks.json"}); !strings.Contains(string(a.body), w.vars["kid"]) {
			t.Errorf("the key set has no %s: %s", w.vars["kid"], a.body)
		}
		w.eventually("operator", "GET /api/admin/v1/keys/", `{"results":[{"kid":"default","state":"standby"},{"kid":"{kid}","state":"current"}]}`)
		w.tokens["operator"] = w.operatorSignIn("root").Access
		w.play(t, []step{
			{name: "what the secret signed is good", do: "GET /projects/", status: 200},
			{name: "retire the secret", as: "operator", do: "POST /api/admin/v1/keys/default/retire/", status: 204},
			{name: "its tokens are refused", do: "GET /projects/", status: 401, want: `{"code":"token_invalid"}`},
			{name: "the operator's new one is good", as: "operator", do: "GET /api/admin/v1/keys/", status: 200, want: `{"results":[{"kid":"default","state":"retired","verifies":false},{"kid":"{kid}","state":"current"}]}`},
		})
		w.eventually("operator", "GET /api/admin/v1/events/?action=retired", `{"results":[{"actor":{"name":"root"},"changes":{"kid":["default",null]}}]}`)
	})
}

// TestOperatorsRepeat sends what is no record's creation twice with one key.
func TestOperatorsRepeat(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		w.operator()
		key := func(value string) http.Header { return http.Header{"Idempotency-Key": {value}} }
		const rotate, enter = "POST /api/admin/v1/keys/rotate/", "POST /api/admin/v1/tenants/{acme}/token/"
		later := `{"algorithm":"ES256","activate_in":86400}`
		w.play(t, []step{
			{name: "rotate", as: "operator", do: rotate, body: later, header: key("k1"), status: 201, save: map[string]string{"kid": "kid"}},
			{name: "again", as: "operator", do: rotate, body: later, header: key("k1"), status: 201, want: `{"kid":"{kid}","state":"next","public":{"kty":"EC"}}`},
			{name: "another body", as: "operator", do: rotate, body: `{"algorithm":"EdDSA"}`, header: key("k1"), status: 422, want: `{"code":"idempotency_mismatch"}`},
			{name: "one key was made", as: "operator", do: "GET /api/admin/v1/keys/", status: 200, want: `{"results":[{"kid":"default"},{"kid":"{kid}"}]}`},
			{name: "a refusal", as: "operator", do: rotate, body: `{"algorithm":"HS256"}`, header: key("k2"), status: 422},
			{name: "gives the key back", as: "operator", do: rotate, body: later, header: key("k2"), status: 201, save: map[string]string{"second": "kid"}},
			{name: "too long a key", as: "operator", do: rotate, header: key(strings.Repeat("k", 256)), status: 422, want: `{"errors":[{"field":"Idempotency-Key"}]}`},

			{name: "retire", as: "operator", do: "POST /api/admin/v1/keys/{kid}/retire/", header: key("k3"), status: 204},
			{name: "again", as: "operator", do: "POST /api/admin/v1/keys/{kid}/retire/", header: key("k3"), status: 204},
			{name: "another key", as: "operator", do: "POST /api/admin/v1/keys/{second}/retire/", header: key("k3"), status: 422, want: `{"code":"idempotency_mismatch"}`},

			{name: "enter", as: "operator", do: enter, body: `{"reason":"Ticket 42"}`, header: key("k4"), status: 200, save: map[string]string{"inside": "access"}, events: []string{"token_exchanged"}},
			{name: "again", as: "operator", do: enter, body: `{"reason":"Ticket 42"}`, header: key("k4"), status: 200, want: `{"access":"{inside}","token_type":"Bearer","tenant":{"slug":"acme","role":"admin"}}`},
			{name: "for another reason", as: "operator", do: enter, body: `{"reason":"Ticket 43"}`, header: key("k4"), status: 422, want: `{"code":"idempotency_mismatch"}`},
			{name: "into another tenant", as: "operator", do: "POST /api/admin/v1/tenants/{globex}/token/", body: `{"reason":"Ticket 42"}`, header: key("k4"), status: 422, want: `{"code":"idempotency_mismatch"}`},
			{name: "the key of a rotation", as: "operator", do: enter, body: `{"reason":"Ticket 42"}`, header: key("k1"), status: 422, want: `{"code":"idempotency_mismatch"}`},
			{name: "without a key", as: "operator", do: enter, body: `{"reason":"Ticket 42"}`, status: 200, events: []string{"token_exchanged"}},
		})
		w.tokens["inside"] = w.vars["inside"]
		w.play(t, []step{{name: "the token is good", as: "inside", do: "GET /projects/", status: 200}})
		repeated := w.send(w.request(step{as: "operator", do: enter, body: `{"reason":"Ticket 42"}`, header: key("k4")}))
		left, _ := lookup(decode(repeated.body), "expires_in")
		if seconds, _ := left.(float64); repeated.header.Get("Idempotency-Replayed") != "true" || repeated.header.Get("Cache-Control") != "no-store" || seconds < 1 || seconds > 900 {
			t.Errorf("the repetition: %v, %v seconds left", repeated.header, left)
		}
		w.rotateAtOnce(t, key("k5"))
	})
}

// rotateAtOnce sends one rotation many times at the same instant: it may make one key.
func (w *world) rotateAtOnce(t *testing.T, header http.Header) {
	t.Helper()
	count := func() int {
		results, _ := lookup(decode(w.send(w.request(step{as: "operator", do: "GET /api/admin/v1/keys/"})).body), "results")
		keys, _ := results.([]any)
		return len(keys)
	}
	before := count()
	answers := make([]response, 10)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			answers[i] = w.send(w.request(step{as: "operator", do: "POST /api/admin/v1/keys/rotate/", body: `{"activate_in":86400}`, header: header}))
		})
	}
	all.Wait()
	for _, a := range answers {
		if a.status != http.StatusCreated && contains(a.body, `{"code":"idempotency_in_progress","status":409}`) != "" {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if made := count() - before; made != 1 {
		t.Errorf("%d keys were made", made)
	}
}

// TestOperatorsSeeWhatTheyChange has something change between a look at a record and the act that depends on it.
func TestOperatorsSeeWhatTheyChange(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		w.operator()
		seen := func(name string) http.Header { return http.Header{"If-Match": {"{" + name + "}"}} }
		const globex, robot = "/api/admin/v1/tenants/{globex}/", "/api/admin/v1/tenants/{globex}/service-accounts/{robot}/"
		w.play(t, []step{
			{name: "as it is", as: "operator", do: "GET " + globex, status: 200, save: map[string]string{"active": "ETag"}},
			{name: "another operator suspends", as: "operator", do: "POST " + globex + "suspend/", status: 200, save: map[string]string{"suspended": "ETag"}},
			{name: "a program", as: "operator", do: "POST /api/admin/v1/tenants/{globex}/service-accounts/", body: `{"name":"robot","role":"viewer"}`, status: 201, save: map[string]string{"robot": "id", "client": "client_id", "secret": "client_secret"}},
			{name: "as it is", as: "operator", do: "GET " + robot, status: 200, save: map[string]string{"first": "ETag"}},

			{name: "activate what was seen active", as: "operator", do: "POST " + globex + "activate/", header: seen("active"), status: 412, want: `{"code":"precondition_failed"}`},
			{name: "suspend it", as: "operator", do: "POST " + globex + "suspend/", header: seen("active"), status: 412},
			{name: "rename it", as: "operator", do: "PATCH " + globex, body: `{"name":"Mine"}`, header: seen("active"), status: 412},
			{name: "it is suspended still", as: "operator", do: "POST " + globex + "suspend/", header: seen("suspended"), status: 200, want: `{"status":"suspended","name":"Tenant globex"}`},
			{name: "activate what was seen suspended", as: "operator", do: "POST " + globex + "activate/", header: seen("suspended"), status: 200, want: `{"status":"active"}`},
		})
		if a := w.clientToken("robot", w.vars["client"], w.vars["secret"], ""); a.status != http.StatusOK {
			t.Fatalf("its token: %d %s", a.status, a.body)
		}
		w.play(t, []step{
			{name: "that it was used spoils nothing", as: "operator", do: "POST " + robot + "rotate/", header: seen("first"), status: 200, save: map[string]string{"second": "ETag"}},
			{name: "a rotation does", as: "operator", do: "POST " + robot + "rotate/", header: seen("first"), status: 412},
			{name: "also for who renames", as: "operator", do: "PATCH " + robot, body: `{"name":"Other"}`, header: seen("first"), status: 412},
			{name: "as it is told", as: "operator", do: "PATCH " + robot, body: `{"name":"Other"}`, header: seen("second"), status: 200, want: `{"name":"Other"}`, absent: []string{"former"}, save: map[string]string{"third": "ETag"}},
			{name: "a rotation of keys has no tag", as: "operator", do: "POST /api/admin/v1/keys/rotate/", header: seen("third"), status: 412},
			{name: "nor has a retirement", as: "operator", do: "POST /api/admin/v1/keys/default/retire/", header: seen("third"), status: 412},
			{name: "nor the way in", as: "operator", do: "POST " + globex + "token/", body: `{"reason":"look"}`, header: seen("third"), status: 412},
		})
		w.oneOf(t, "POST "+robot+"rotate/", seen("third"))
	})
}

// oneOf sends one request many times at the same instant, all upon what one look has told: one may take effect.
func (w *world) oneOf(t *testing.T, do string, header http.Header) {
	t.Helper()
	var all sync.WaitGroup
	answers := make([]response, 10)
	for i := range answers {
		all.Go(func() { answers[i] = w.send(w.request(step{as: "operator", do: do, header: header})) })
	}
	all.Wait()
	done := 0
	for _, a := range answers {
		switch a.status {
		case http.StatusOK:
			done++
		case http.StatusPreconditionFailed:
		default:
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if done != 1 {
		t.Errorf("%s took effect %d times", do, done)
	}
}

func TestExchange(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		w.operator()
		w.play(t, []step{
			{name: "no reason", as: "operator", do: "POST /api/admin/v1/tenants/{acme}/token/", body: `{}`, status: 422, want: `{"errors":[{"field":"reason"}]}`},
			{name: "an empty one", as: "operator", do: "POST /api/admin/v1/tenants/{acme}/token/", body: `{"reason":"  "}`, status: 422, want: `{"errors":[{"field":"reason"}]}`},
			{name: "no such tenant", as: "operator", do: "POST /api/admin/v1/tenants/{owner-acme}/token/", body: `{"reason":"x"}`, status: 404},
			{name: "by a member", do: "POST /api/admin/v1/tenants/{acme}/token/", body: `{"reason":"x"}`, status: 401},
			{name: "enter", as: "operator", do: "POST /api/admin/v1/tenants/{acme}/token/", body: `{"reason":"Ticket 42"}`, status: 200, want: `{"token_type":"Bearer","tenant":{"slug":"acme","role":"admin"}}`, save: map[string]string{"inside": "access"}, events: []string{"token_exchanged"}},
			{name: "the trail says why", as: "admin-acme", do: "GET /events/?action=token_exchanged", status: 200, want: `{"results":[{"actor":{"kind":"operator","name":"root"},"changes":{"reason":[null,"Ticket 42"]}}]}`},
			{name: "only to look", as: "operator", do: "POST /api/admin/v1/tenants/{acme}/token/", body: `{"reason":"look","role":"viewer"}`, status: 200, save: map[string]string{"looking": "access"}, events: []string{"token_exchanged"}},
		})
		w.tokens["inside"], w.tokens["looking"] = w.vars["inside"], w.vars["looking"]
		w.play(t, []step{
			{name: "who it is", as: "inside", do: "GET /me/", status: 200, want: `{"user":{"username":"root"},"tenant":{"slug":"acme"},"role":"admin"}`},
			{name: "a write names the operator", as: "inside", do: "POST /projects/", body: `{"name":"Fixed"}`, status: 201, save: map[string]string{"fixed": "id"}, events: []string{"created"}},
			{name: "as the trail says", do: "GET /events/?record={fixed}", status: 200, want: `{"results":[{"actor":{"kind":"operator","name":"root"}}]}`},
			{name: "a viewer's token writes nothing", as: "looking", do: "POST /projects/", body: `{"name":"No"}`, status: 403, events: []string{"permission_denied"}},
			{name: "nothing of the other tenant", as: "inside", do: "GET /members/?user={owner-globex}", status: 200, want: `{"results":[]}`},
			{name: "it opens no platform", as: "inside", do: "GET /api/admin/v1/tenants/", status: 401},
			{name: "what it is good for", as: "nobody", do: "POST /auth/token/verify/", body: `{"token":"{inside}"}`, status: 200, want: `{"token_type":"access","tenant":"{acme}","role":"admin"}`},
			{name: "taken back", as: "nobody", do: "POST /auth/token/revoke/", body: `{"token":"{inside}"}`, status: 204, events: []string{"token_revoked"}},
			{name: "by the operator", do: "GET /events/?action=token_revoked", status: 200, want: `{"results":[{"actor":{"id":"{root}","kind":"operator","on_behalf_of":"{root}"},"resource":"tenant","record":"{acme}"}]}`},
		})
	})
}
