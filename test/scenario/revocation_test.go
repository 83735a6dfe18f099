package scenario_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/tenantry/tenantry"
)

// onTwoNodes runs the test with two nodes on one SQLite directory, and on one PostgreSQL.
func onTwoNodes(t *testing.T, test func(a, b *world)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		o := tenantry.Options{DataDir: t.TempDir()}
		a := newWorld(t, o)
		test(a, a.another(o))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		o := onPostgreSQL(t)
		a := newWorld(t, o)
		test(a, a.another(o))
	})
}

// promise is how long another node may let somebody in who has been shut out on this one.
const promise = time.Second

// TestShutOutOnEveryNode makes each kind of change on one node and watches the other. A request that begins when the
// time of the promise is over must be refused; how long an answer takes says nothing.
func TestShutOutOnEveryNode(t *testing.T) {
	onTwoNodes(t, func(a, b *world) {
		t := a.t
		a.operator()
		a.play(t, []step{
			{name: "a robot", do: "POST /service-accounts/", body: `{"name":"robot","role":"member"}`, status: 201, save: map[string]string{"robot": "id", "client": "client_id", "secret": "client_secret"}, events: []string{"created"}},
			{name: "members", do: "GET /members/?ordering=role", status: 200, save: map[string]string{"admin": "results.0.id", "viewer": "results.3.id"}},
		})
		a.clientToken("robot", a.vars["client"], a.vars["secret"], "")
		b.tokens, b.vars = a.tokens, a.vars
		for _, c := range []struct {
			name, as string // who is shut out
			do       step   // by what
			probe    string
			status   int
		}{
			{"a token that is revoked", "viewer-globex", step{as: "nobody", do: "POST /auth/token/revoke/", body: `{"token":"` + a.tokens["viewer-globex"] + `"}`, status: 204}, "GET /projects/", 401},
			{"a removed member", "viewer-acme", step{do: "DELETE /members/{viewer}/", status: 204}, "GET /projects/", 401},
			{"a demoted admin", "admin-acme", step{do: "PATCH /members/{admin}/", body: `{"role":"member"}`, status: 200}, "GET /events/", 403},
			{"a deleted service account", "robot", step{do: "DELETE /service-accounts/{robot}/", status: 204}, "GET /projects/", 401},
			{"a disabled user", "member-acme", step{as: "operator", do: "PATCH /api/admin/v1/users/{member-acme}/", body: `{"is_active":false}`, status: 200}, "GET /projects/", 401},
			{"a new password", "member-globex", step{as: "operator", do: "PATCH /api/admin/v1/users/{member-globex}/", body: `{"password":"another good password"}`, status: 200}, "GET /projects/", 401},
			{"a suspended tenant", "owner-globex", step{as: "operator", do: "POST /api/admin/v1/tenants/{globex}/suspend/", status: 200}, "GET /projects/", 403},
		} {
			probe := b.request(step{as: c.as, do: c.probe})
			if got := b.send(probe); got.status != http.StatusOK {
				t.Fatalf("%s: before: %d %s", c.name, got.status, got.body)
			}
			if got := a.send(a.request(c.do)); got.status != c.do.status {
				t.Fatalf("%s: %d %s", c.name, got.status, got.body)
			}
			changed := time.Now()
			if got := a.send(probe); got.status != c.status {
				t.Errorf("%s: on the same node: %d %s", c.name, got.status, got.body)
			}
			for {
				began := time.Now()
				got := b.send(probe)
				if got.status == c.status {
					t.Logf("%s: on the other node after %v", c.name, began.Sub(changed))
					break
				}
				if got.status != http.StatusOK || began.Sub(changed) > promise {
					t.Errorf("%s: on the other node after %v: %d %s", c.name, began.Sub(changed), got.status, got.body)
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
		}
	})
}
