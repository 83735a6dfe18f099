package scenario_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
)

func TestMembers(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		if _, err := w.service.CreateUser(t.Context(), "newcomer", password); err != nil {
			t.Fatal(err)
		}
		list := `{"next":null,"previous":null,"results":[{"role":"viewer","user":{"username":"viewer-acme"}},{"role":"member"},{"role":"admin"},{"role":"owner","user":{"id":"{owner-acme}","username":"owner-acme"}}]}`
		w.play(t, []step{
			{name: "every member lists them", as: "viewer-acme", do: "GET /members/", status: 200, want: list, absent: []string{"globex", "password"}, save: map[string]string{"viewer": "results.0.id", "member": "results.1.id", "admin": "results.2.id", "owner": "results.3.id"}},
			{name: "by a user of another tenant", do: "GET /members/?user={owner-globex}", status: 200, want: `{"results":[]}`},
			{name: "by role, in order, counted", do: "GET /members/?role__in=owner,admin&ordering=role&count=exact&page_size=1", status: 200, want: `{"count":2,"results":[{"role":"admin"}]}`, save: map[string]string{"next": "next"}},
			{name: "search", do: "GET /members/?search=VIEWER", status: 200, want: `{"results":[{"id":"{viewer}"}]}`},
			{name: "one", as: "viewer-acme", do: "GET /members/{viewer}/", status: 200, want: `{"id":"{viewer}","user":{"id":"{viewer-acme}","username":"viewer-acme"},"role":"viewer"}`, save: map[string]string{"etag": "ETag"}},
			{name: "a user's id is no membership", do: "GET /members/{viewer-acme}/", status: 404},
			{name: "unknown parameter", do: "GET /members/?rolle=owner", status: 422, want: `{"errors":[{"field":"rolle"}]}`},

			{name: "a member adds nobody", as: "member-acme", do: "POST /members/", body: `{"username":"newcomer","role":"viewer"}`, status: 403, want: `{"code":"permission_denied"}`, events: []string{"permission_denied"}},
			{name: "an admin makes no owner", as: "admin-acme", do: "POST /members/", body: `{"username":"newcomer","role":"owner"}`, status: 403, want: `{"code":"permission_denied"}`, events: []string{"permission_denied"}},
			{name: "nobody of the name", do: "POST /members/", body: `{"username":"no-one","role":"viewer"}`, status: 422, want: `{"errors":[{"field":"username"}]}`},
			{name: "an unknown role", do: "POST /members/", body: `{"username":"newcomer","role":"king"}`, status: 422, want: `{"errors":[{"field":"role"}]}`},
			{name: "both at once", do: "POST /members/", body: `{"username":"no-one","role":"king"}`, status: 422, want: `{"errors":[{"field":"role","code":"invalid_choice"},{"field":"username","code":"not_found"}]}`},
			{name: "an unknown field", do: "POST /members/", body: `{"username":"newcomer","role":"viewer","tenant":"{globex}"}`, status: 422, want: `{"errors":[{"field":"tenant"}]}`},
			{name: "an admin adds", as: "admin-acme", do: "POST /members/", body: `{"username":"newcomer","role":"member"}`, status: 201, want: `{"role":"member","user":{"username":"newcomer"}}`, save: map[string]string{"new": "id", "place": "Location"}, events: []string{"created"}},
			{name: "where it says", do: "GET {place}", status: 200, want: `{"id":"{new}"}`},
			{name: "twice", do: "POST /members/", body: `{"username":"newcomer","role":"member"}`, status: 409, want: `{"code":"conflict","errors":[{"field":"username"}]}`},

			{name: "an admin changes a role", as: "admin-acme", do: "PATCH /members/{new}/", body: `{"role":"admin"}`, status: 200, want: `{"role":"admin"}`, events: []string{"updated"}},
			{name: "to the same", do: "PATCH /members/{new}/", body: `{"role":"admin"}`, status: 200, want: `{"role":"admin"}`},
			{name: "an admin lifts nobody above", as: "admin-acme", do: "PATCH /members/{new}/", body: `{"role":"owner"}`, status: 403, events: []string{"permission_denied"}},
			{name: "an admin demotes no owner", as: "admin-acme", do: "PATCH /members/{owner}/", body: `{"role":"viewer"}`, status: 403, events: []string{"permission_denied"}},
			{name: "an admin removes no owner", as: "admin-acme", do: "DELETE /members/{owner}/", status: 403, events: []string{"permission_denied"}},
			{name: "who it is can't be changed", do: "PATCH /members/{new}/", body: `{"username":"viewer-acme"}`, status: 422, want: `{"errors":[{"field":"username"}]}`},
			{name: "nothing to replace", do: "PUT /members/{new}/", body: `{"role":"viewer"}`, status: 405},
			{name: "an old tag", do: "PATCH /members/{viewer}/", body: `{"role":"member"}`, header: map[string][]string{"If-Match": {`"nonsense"`}}, status: 412},
			{name: "the last owner stays an owner", do: "PATCH /members/{owner}/", body: `{"role":"admin"}`, status: 409, want: `{"code":"conflict"}`},
			{name: "the last owner stays", do: "DELETE /members/{owner}/", status: 409, want: `{"code":"conflict"}`},

			{name: "another tenant's member", as: "owner-globex", do: "GET /members/{viewer}/", status: 404},
			{name: "changed from another tenant", as: "owner-globex", do: "PATCH /members/{viewer}/", body: `{"role":"admin"}`, status: 404},
			{name: "removed from another tenant", as: "owner-globex", do: "DELETE /members/{viewer}/", status: 404},
		})
		w.play(t, []step{
			{name: "a tag that holds", do: "PATCH /members/{viewer}/", body: `{"role":"member"}`, header: map[string][]string{"If-Match": {w.vars["etag"]}}, status: 200, want: `{"role":"member"}`, events: []string{"updated"}},
			{name: "and then no more", do: "PATCH /members/{viewer}/", body: `{"role":"admin"}`, header: map[string][]string{"If-Match": {w.vars["etag"]}}, status: 412},
			{name: "remove", do: "DELETE /members/{viewer}/", status: 204, events: []string{"deleted"}},
			{name: "the removed one is out at once", as: "viewer-acme", do: "GET /projects/", status: 401, want: `{"code":"token_invalid"}`},
			{name: "and gone", do: "GET /members/{viewer}/", status: 404},
		})
	})
}

func TestOwnTenant(t *testing.T) {
	onBothEngines(t, func(w *world) {
		w.play(w.t, []step{
			{name: "every member sees it", as: "viewer-acme", do: "GET /tenant/", status: 200, want: `{"id":"{acme}","slug":"acme","name":"Tenant acme","status":"active","settings":{}}`},
			{name: "an admin changes nothing", as: "admin-acme", do: "PATCH /tenant/", body: `{"name":"New"}`, status: 403, events: []string{"permission_denied"}},
			{name: "an owner does", do: "PATCH /tenant/", body: `{"name":"New","settings":{"theme":{"dark":true}}}`, status: 200, want: `{"name":"New","settings":{"theme":{"dark":true}}}`, events: []string{"updated"}},
			{name: "settings merge", do: "PATCH /tenant/", body: `{"settings":{"theme":{"dark":null,"size":2}}}`, status: 200, want: `{"name":"New","settings":{"theme":{"size":2}}}`, events: []string{"updated"}},
			{name: "the slug stays", do: "PATCH /tenant/", body: `{"slug":"other"}`, status: 422, want: `{"errors":[{"field":"slug"}]}`},
			{name: "so does the status", do: "PATCH /tenant/", body: `{"status":"suspended"}`, status: 422, want: `{"errors":[{"field":"status"}]}`},
			{name: "an empty name", do: "PATCH /tenant/", body: `{"name":""}`, status: 422, want: `{"errors":[{"field":"name"}]}`},
			{name: "the other tenant is as it was", as: "owner-globex", do: "GET /tenant/", status: 200, want: `{"name":"Tenant globex","settings":{}}`},
		})
	})
}

// TestOfManyWhoSawTheSameOneChangesIt sends changes of one record with the tag that all have seen, at the same instant.
func TestOfManyWhoSawTheSameOneChangesIt(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		w.operator()
		w.play(t, []step{
			{name: "a service account", do: "POST /service-accounts/", body: `{"name":"robot","role":"viewer"}`, status: 201, save: map[string]string{"robot": "id"}, events: []string{"created"}},
			{name: "a member", do: "GET /members/?role=viewer", status: 200, save: map[string]string{"viewer": "results.0.id"}},
		})
		for _, c := range []struct{ as, path, body string }{
			{"owner-acme", "/members/{viewer}/", `{"role":"%s"}`},
			{"owner-acme", "/service-accounts/{robot}/", `{"name":"robot %d"}`},
			{"operator", "/api/admin/v1/tenants/{acme}/", `{"name":"Acme %d"}`},
		} {
			seen := w.send(w.request(step{as: c.as, do: "GET " + c.path}))
			header := http.Header{"If-Match": {seen.header.Get("ETag")}}
			var all sync.WaitGroup
			answers := make([]response, 12)
			for i := range answers {
				body := strings.ReplaceAll(strings.ReplaceAll(c.body, "%d", strconv.Itoa(i)), "%s", []string{"member", "admin", "owner"}[i%3])
				all.Go(func() {
					answers[i] = w.send(w.request(step{as: c.as, do: "PATCH " + c.path, body: body, header: header}))
				})
			}
			all.Wait()
			changed := 0
			for _, a := range answers {
				switch a.status {
				case http.StatusOK:
					changed++
				case http.StatusPreconditionFailed:
				default:
					t.Errorf("%s: %d %s", c.path, a.status, a.body)
				}
			}
			if changed != 1 {
				t.Errorf("%s was changed %d times by those who saw the same", c.path, changed)
			}
		}
	})
}
