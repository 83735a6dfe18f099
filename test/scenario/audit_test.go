package scenario_test

import (
	"net/http"
	"testing"
	"time"
)

// TestAuditOfAccess follows log-ins, refusals and administrative acts into the trail, and finds them there.
func TestAuditOfAccess(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		marked := http.Header{"X-Request-Id": {"audit-1"}}
		wrong := `{"username":"member-acme","password":"wrong","tenant":"acme"}`
		began := time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
		w.play(t, []step{
			{name: "a project", do: "POST /projects/", body: `{"name":"P"}`, status: 201, save: map[string]string{"p": "id"}, events: []string{"created"}},
			{name: "another's", as: "owner-globex", do: "POST /projects/", body: `{"name":"P"}`, status: 201, save: map[string]string{"theirs": "id"}},
			{name: "who is who", do: "GET /members/?user={member-acme}", status: 200, save: map[string]string{"m": "results.0.id"}},
			{name: "a failed log-in", as: "nobody", do: "POST /auth/token/", body: wrong, header: marked, status: 401, events: []string{"log_in_failed"}},
			{name: "a log-in", as: "nobody", do: "POST /auth/token/", body: `{"username":"member-acme","password":"` + password + `"}`, header: marked, status: 200, save: map[string]string{"refresh": "refresh"}, events: []string{"logged_in"}},
			{name: "a log-out", as: "nobody", do: "POST /auth/token/revoke/", body: `{"token":"{refresh}"}`, status: 204, events: []string{"logged_out"}},
			{name: "a refusal", as: "viewer-acme", do: "DELETE /projects/{p}/", header: marked, status: 403, events: []string{"permission_denied"}},
			{name: "a refusal of nothing", as: "viewer-acme", do: "DELETE /projects/nonsense/", status: 403, events: []string{"permission_denied"}},
			{name: "of what is another tenant's", as: "viewer-acme", do: "DELETE /projects/{theirs}/", status: 403, events: []string{"permission_denied"}},
			{name: "of a member", as: "viewer-acme", do: "DELETE /members/{m}/", status: 403, events: []string{"permission_denied"}},
			{name: "of the tenant", as: "viewer-acme", do: "PATCH /tenant/", body: `{"name":"x"}`, status: 403, events: []string{"permission_denied"}},
			{name: "a stranger is refused unseen", as: "nobody", do: "DELETE /projects/{p}/", status: 401},
			{name: "another tenant's log-in", as: "nobody", do: "POST /auth/token/", body: `{"username":"owner-globex","password":"wrong"}`, status: 401},
		})
		w.eventually("owner-globex", "GET /events/?action=log_in_failed", `{"results":[{"actor":{"id":"{owner-globex}"}}]}`)
		event := `{"action":"permission_denied","resource":"projects","record":"{p}","actor":{"id":"{viewer-acme}","kind":"user","name":"viewer-acme"},"changes":{"operation":[null,"deleteProject"]},"request_id":"audit-1","ip":"127.0.0.1"}`
		w.play(t, []step{
			{name: "by action", do: "GET /events/?action=permission_denied&record={p}", status: 200, want: `{"results":[` + event + `]}`},
			{name: "by actor and resource", as: "admin-acme", do: "GET /events/?actor={viewer-acme}&resource=projects&count=exact", status: 200, want: `{"count":3,"results":[{"record":null},{"record":null},` + event + `]}`, absent: []string{"{theirs}"}},
			{name: "of other records", do: "GET /events/?action=permission_denied&page_size=2", status: 200, want: `{"results":[{"resource":"tenant","record":"{acme}"},{"resource":"members","record":"{m}"}]}`},
			{name: "all of a member", do: "GET /events/?record={m}&action__in=logged_in,log_in_failed,logged_out&at__gte=" + began, status: 200, want: `{"results":[{"action":"logged_out"},
				{"action":"logged_in","request_id":"audit-1"},{"action":"log_in_failed","request_id":"audit-1","resource":"members","changes":{},"actor":{"id":"{member-acme}","name":"member-acme"}}]}`},
			{name: "from when on", do: "GET /events/?action=log_in_failed&at__gte=" + began, status: 200, want: `{"results":[{"record":"{m}"}]}`},
			{name: "until when", do: "GET /events/?action=log_in_failed&at__lt=" + began, status: 200, want: `{"results":[]}`},
			{name: "who was let in when", do: "GET /events/?record={m}&action=created", status: 200, want: `{"results":[{"resource":"members","actor":{"kind":"system","name":"provisioning"},"changes":{"user":[null,"{member-acme}"],"username":[null,"member-acme"],"role":[null,"member"]}}]}`},
			{name: "how it began", do: "GET /events/?resource=tenant&action=created", status: 200, want: `{"results":[{"seq":1,"action":"created","record":"{acme}","changes":{"slug":[null,"acme"]}}]}`},
			{name: "an unknown record", do: "GET /events/?record=" + unknownID, status: 200, want: `{"results":[]}`},
			{name: "an unknown actor", do: "GET /events/?actor=" + unknownID, status: 200, want: `{"results":[]}`},
			{name: "another tenant's actor", do: "GET /events/?actor={owner-globex}", status: 200, want: `{"results":[]}`},
			{name: "another tenant's events", as: "owner-globex", do: "GET /events/?page_size=200", status: 200, absent: []string{"{member-acme}", "{p}"}},
			{name: "a filter that does not exist", do: "GET /events/?actr={viewer-acme}", status: 422},
			{name: "the chain", do: "GET /events/verify/", status: 200, want: `{"ok":true,"first_broken":null}`},
		})
	})
}

// TestThePlatformsTrail follows what no tenant's trail is for.
func TestThePlatformsTrail(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		w.operator()
		w.play(t, []step{
			{name: "an unknown user", as: "nobody", do: "POST /auth/token/", body: `{"username":"my secret","password":"wrong"}`, status: 401},
			{name: "a failed log-in", as: "nobody", do: "POST /api/admin/v1/auth/token/", body: `{"username":"root","password":"wrong"}`, status: 401},
			{name: "a member is no operator", as: "nobody", do: "POST /api/admin/v1/auth/token/", body: `{"username":"owner-acme","password":"` + password + `"}`, status: 401},
		})
		// These come behind their answers: unless they are waited for, one may stand among what follows.
		w.eventually("operator", "GET /api/admin/v1/events/?action=log_in_failed", `{"results":[{"actor":{"name":"owner-acme"}},{"record":"{root}","actor":{"name":"root"}},{"record":null,"actor":{"name":""}}]}`)
		w.play(t, []step{
			{name: "a user", as: "operator", do: "POST /api/admin/v1/users/", body: `{"username":"ann","password":"` + password + `"}`, status: 201, save: map[string]string{"ann": "id"}},
			{name: "rename a tenant", as: "operator", do: "PATCH /api/admin/v1/tenants/{acme}/", body: `{"name":"New"}`, status: 200, events: []string{"updated"}},
			{name: "look into it", as: "operator", do: "POST /api/admin/v1/tenants/{acme}/token/", body: `{"reason":"Ticket 42"}`, status: 200, events: []string{"token_exchanged"}},
			{name: "let somebody in", as: "operator", do: "POST /api/admin/v1/tenants/{acme}/members/", body: `{"username":"ann","role":"viewer"}`, status: 201, events: []string{"created"}},
		})
		w.play(t, []step{
			{name: "no name that may be a password", as: "operator", do: "GET /api/admin/v1/events/?page_size=200", status: 200, absent: []string{"my secret", password}},
			{name: "an operator's log-in", as: "operator", do: "GET /api/admin/v1/events/?action=logged_in", status: 200, want: `{"results":[{"record":"{root}","actor":{"kind":"operator","name":"root"}}]}`},
			{name: "all that root did", as: "operator", do: "GET /api/admin/v1/events/?actor={root}&page_size=4", status: 200, want: `{"results":[
				{"action":"created","resource":"members"},{"action":"token_exchanged","record":"{acme}","changes":{"reason":[null,"Ticket 42"]}},{"action":"updated","changes":{"name":["Tenant acme","New"]}},{"action":"created","resource":"users","record":"{ann}"}]}`},
			{name: "tenants", as: "operator", do: "GET /api/admin/v1/events/?resource=tenant&action=created", status: 200, want: `{"results":[{"record":"{globex}"},{"record":"{acme}"}]}`},
			{name: "nothing of what is in one", as: "operator", do: "GET /api/admin/v1/events/?actor={owner-acme}&action=logged_in", status: 200, want: `{"results":[]}`},
			{name: "the chain", as: "operator", do: "GET /api/admin/v1/events/verify/", status: 200, want: `{"ok":true,"first_broken":null}`},
			{name: "is no tenant's", do: "GET /api/admin/v1/events/", status: 401},
			{name: "is no tenant", as: "operator", do: "POST /api/admin/v1/tenants/ffffffff-ffff-ffff-ffff-ffffffffffff/token/", body: `{"reason":"x"}`, status: 404},
		})
	})
}

// eventually repeats a request until its answer contains what is wanted: some events arrive late.
func (w *world) eventually(as, do, want string) {
	w.t.Helper()
	var problem string
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		a := w.send(w.request(step{as: as, do: do}))
		if problem = contains(a.body, w.fill(want)); problem == "" {
			return
		}
	}
	w.t.Errorf("%s: %s", do, problem)
}
