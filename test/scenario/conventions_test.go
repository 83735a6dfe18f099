package scenario_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestBodies(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		create := func(name, body string, status int, want string) step {
			return step{name: name, do: "POST /projects/", body: body, status: status, want: want}
		}
		field := func(name, code string) string {
			return `{"code":"validation_failed","errors":[{"field":"` + name + `","code":"` + code + `"}]}`
		}
		malformed := `{"code":"malformed_body","status":400}`
		w.play(t, []step{
			create("an array", `[]`, 400, malformed),
			create("text", `"x"`, 400, malformed),
			create("null", `null`, 400, malformed),
			create("no JSON", `{"name":`, 400, malformed),
			create("more behind", `{"name":"x"} {}`, 400, malformed),
			create("a name twice", `{"name":"x","name":"y"}`, 400, malformed),
			create("a name twice, deeper", `{"name":"x","metadata":{"a":1,"a":2}}`, 400, malformed),
			create("bad UTF-8", "{\"name\":\"\xff\"}", 400, malformed),
			{name: "nothing", do: "POST /projects/", status: 400, want: malformed},
			{name: "another content type", do: "POST /projects/", body: `{"name":"x"}`, header: http.Header{"Content-Type": {"text/plain"}}, status: 415, want: `{"code":"unsupported_media_type"}`},
			{name: "a form", do: "POST /projects/", body: `name=x`, header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, status: 415},
			create("too large", `{"name":"`+strings.Repeat("x", 1<<20)+`"}`, 413, `{"code":"body_too_large"}`),
			create("an unknown field", `{"name":"x","colour":"red"}`, 422, field("colour", "unknown")),
			create("another case", `{"Name":"x","name":"x"}`, 422, field("Name", "unknown")),
			create("tenant", `{"name":"x","tenant":"{acme}"}`, 422, field("tenant", "unknown")),
			create("tenant_id", `{"name":"x","tenant_id":"{globex}"}`, 422, field("tenant_id", "unknown")),
			create("an id", `{"name":"x","id":"`+unknownID+`"}`, 422, field("id", "read_only")),
			create("created_at", `{"name":"x","created_at":"2020-01-01T00:00:00Z"}`, 422, field("created_at", "read_only")),
			create("created_by", `{"name":"x","created_by":null}`, 422, field("created_by", "read_only")),
			create("a derived field", `{"name":"x","tasks_count":7}`, 422, field("tasks_count", "read_only")),
			create("null", `{"name":null}`, 422, field("name", "null")),
			create("a number", `{"name":7}`, 422, field("name", "invalid_type")),
			create("too long", `{"name":"`+strings.Repeat("ä", 256)+`"}`, 422, field("name", "too_long")),
			create("NUL", `{"name":"a\u0000b"}`, 422, `{"code":"validation_failed","errors":[{"field":"name"}]}`),
			create("no such status", `{"name":"x","status":"gone"}`, 422, field("status", "invalid_choice")),
			create("all at once", `{"name":"","status":"gone","colour":1}`, 422,
				`{"errors":[{"field":"name","code":"too_short"},{"field":"status","code":"invalid_choice"},{"field":"colour","code":"unknown"}]}`),
			{name: "255 characters", do: "POST /projects/", body: `{"name":"` + strings.Repeat("ä", 255) + `"}`, status: 201, save: map[string]string{"p": "id", "made": "created_at"}, events: []string{"created"}},
			{name: "a read-only field with its value", do: "PATCH /projects/{p}/", body: `{"created_at":"{made}","id":"{p}","description":"d"}`, status: 200, events: []string{"updated"}},
			{name: "with another", do: "PATCH /projects/{p}/", body: `{"id":"` + unknownID + `"}`, status: 422, want: field("id", "read_only")},
			{name: "replace without a required field", do: "PUT /projects/{p}/", body: `{}`, status: 422, want: field("name", "required")},
		})
	})
}

func TestQueries(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		steps := []step{{name: "project", do: "POST /projects/", body: `{"name":"P"}`, status: 201, save: map[string]string{"p": "id"}, events: []string{"created"}}}
		for _, query := range []string{
			"colour=red", "status=gone", "status__in=todo,gone", "page_size=0", "page_size=201", "page_size=x", "page_size=", "cursor=x",
			"cursor=", "page=0", "page=x", "page=2&cursor=x", "page=501", "count=yes", "ordering=colour", "ordering=description",
			"ordering=title,title", "fields=colour", "expand=colour", "due_date__gte=x", "due_date=2026-02-30", "description=x",
			"title__gte__gte=x", "project=x", "status=todo&status=done", "created_at__lt=yesterday", "assignee__isnull=maybe", "tenant=x",
			"title__isnull=true", "search=%00", "access_token=x",
		} {
			name, _, _ := strings.Cut(query, "=")
			steps = append(steps, step{name: query, do: "GET /tasks/?" + query, status: 422, want: `{"code":"validation_failed","errors":[{"field":"` + name + `"}]}`})
		}
		for _, unknown := range []string{"GET /tasks/{p}/?x=1", "GET /projects/statistics/?x=1", "GET /me/?x=1", "GET /events/verify/?x=1", "GET /projects/{p}/tasks/?x=1"} {
			steps = append(steps, step{name: "an unknown parameter", do: unknown, status: 422, want: `{"errors":[{"field":"x","code":"unknown"}]}`})
		}
		for _, write := range []string{"POST /projects/?x=1", "PUT /projects/{p}/?x=1", "PATCH /projects/{p}/?x=1"} {
			steps = append(steps, step{name: "an unknown parameter of a write", do: write, body: `{"name":"Q"}`, status: 422, want: `{"errors":[{"field":"x"}]}`})
		}
		w.play(t, append(steps, step{name: "of a deletion", do: "DELETE /projects/{p}/?x=1", status: 422}))
	})
}

func TestEveryAnswer(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		w.play(t, []step{{name: "project", do: "POST /projects/", body: `{"name":"P"}`, status: 201, save: map[string]string{"p": "id", "where": "Location"}, events: []string{"created"}}})
		if want := "/api/v1/projects/" + w.vars["p"] + "/"; w.vars["where"] != want {
			t.Errorf("Location %q, want %q", w.vars["where"], want)
		}
		one := "/api/v1/projects/" + w.vars["p"]
		slash, none := w.send(request{as: "owner-acme", method: "GET", path: one + "/"}), w.send(request{as: "owner-acme", method: "GET", path: one})
		if none.status != 200 || string(slash.body) != string(none.body) {
			t.Errorf("without the slash: %d %s", none.status, none.body)
		}
		made := regexp.MustCompile(`"created_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"`)
		if !made.Match(slash.body) {
			t.Errorf("created_at is not in RFC 3339 with microseconds: %s", slash.body)
		}
		for name, want := range map[string]string{"Cache-Control": "private, no-cache", "Vary": "Authorization", "Content-Type": "application/json"} {
			if got := slash.header.Get(name); got != want {
				t.Errorf("get: %s is %q, want %q", name, got, want)
			}
		}
		list := w.send(request{as: "owner-acme", method: "GET", path: "/api/v1/projects/"})
		if got := list.header.Get("Cache-Control"); got != "private, no-store" {
			t.Errorf("list: Cache-Control is %q", got)
		}
		given := w.send(request{method: "GET", path: "/nowhere", header: http.Header{"X-Request-Id": {"abc 1"}}})
		if given.status != 404 || given.header.Get("X-Request-ID") != "abc 1" || given.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("unknown path: %d %v %s", given.status, given.header, given.body)
		}
		if long := w.send(request{method: "GET", path: "/healthz", header: http.Header{"X-Request-Id": {strings.Repeat("x", 129)}}}); len(long.header.Get("X-Request-ID")) > 128 {
			t.Error("a request id of 129 characters was taken")
		}
		wrong := w.send(request{as: "owner-acme", method: "POST", path: one + "/"})
		if wrong.status != 405 || !strings.Contains(wrong.header.Get("Allow"), "PATCH") {
			t.Errorf("POST on a record: %d, Allow %q", wrong.status, wrong.header.Get("Allow"))
		}
		for _, path := range []string{"/api/v1//projects/", "/api/v1/./projects/", "/api/v1/x/../projects/", "/api/v1/projects/x/y/z/"} {
			if a := w.send(request{as: "owner-acme", method: "GET", path: path}); a.status != 404 {
				t.Errorf("%s: %d", path, a.status)
			}
		}
		head := w.send(request{as: "owner-acme", method: "HEAD", path: one + "/"})
		if head.status != 200 || len(head.body) != 0 || head.header.Get("ETag") != slash.header.Get("ETag") {
			t.Errorf("HEAD: %d %q", head.status, head.header.Get("ETag"))
		}
		unauthenticated := w.send(request{method: "GET", path: one + "/"})
		if got := unauthenticated.header.Get("WWW-Authenticate"); unauthenticated.status != 401 || !strings.HasPrefix(got, "Bearer") {
			t.Errorf("no token: %d, WWW-Authenticate %q", unauthenticated.status, got)
		}
		twice := w.send(request{method: "GET", path: one + "/", header: http.Header{"Authorization": {"Bearer " + w.tokens["owner-acme"], "Bearer " + w.tokens["owner-acme"]}}})
		if twice.status != 401 {
			t.Errorf("two Authorization headers: %d", twice.status)
		}
	})
}

// TestForeignIsUnknown compares, byte by byte, what a foreign id and an id that never was answer.
func TestForeignIsUnknown(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		w.play(t, []step{
			{name: "foreign project", as: "owner-globex", do: "POST /projects/", body: `{"name":"Theirs"}`, status: 201, save: map[string]string{"project": "id"}},
			{name: "foreign task", as: "owner-globex", do: "POST /tasks/", body: `{"project":"{project}","title":"Theirs"}`, status: 201, save: map[string]string{"task": "id"}},
			{name: "foreign document", as: "owner-globex", do: "POST /documents/", body: `{"name":"Theirs"}`, status: 201, save: map[string]string{"document": "id"}},
		})
		fixed := http.Header{"X-Request-Id": {"fixed"}}
		for _, probe := range []struct{ do, body, foreign string }{
			{"GET /projects/ID/", "", "project"},
			{"PUT /projects/ID/", `{"name":"x"}`, "project"},
			{"PATCH /projects/ID/", `{"name":"x"}`, "project"},
			{"DELETE /projects/ID/", "", "project"},
			{"GET /projects/ID/tasks/", "", "project"},
			{"GET /tasks/ID/", "", "task"},
			{"PUT /tasks/ID/", `{"title":"x"}`, "task"},
			{"PATCH /tasks/ID/", `{"title":"x"}`, "task"},
			{"DELETE /tasks/ID/", "", "task"},
			{"POST /tasks/ID/complete/", "", "task"},
			{"GET /documents/ID/", "", "document"},
			{"PUT /documents/ID/", `{"name":"x"}`, "document"},
			{"PATCH /documents/ID/", `{"name":"x"}`, "document"},
			{"DELETE /documents/ID/", "", "document"},
			{"POST /tasks/", `{"title":"x","project":"ID"}`, "project"},
			{"POST /documents/", `{"name":"x","project":"ID"}`, "project"},
			{"GET /tasks/?project=ID", "", "project"},
			{"GET /tasks/?id=ID", "", "task"},
			{"GET /events/?record=ID", "", "task"},
			{"GET /tasks/?project__in=ID&count=exact", "", "project"},
		} {
			answer := func(id string) response {
				return w.send(w.request(step{do: strings.ReplaceAll(probe.do, "ID", id), body: strings.ReplaceAll(probe.body, "ID", id), header: fixed}))
			}
			foreign, unknown := answer(w.vars[probe.foreign]), answer(unknownID)
			if foreign.status != unknown.status || string(foreign.body) != string(unknown.body) {
				t.Errorf("%s: foreign %d %s, unknown %d %s", probe.do, foreign.status, foreign.body, unknown.status, unknown.body)
			}
		}
		w.play(t, []step{{name: "the foreign records are as they were", as: "owner-globex", do: "GET /projects/{project}/", status: 200, want: `{"name":"Theirs","tasks_count":1}`}})
	})
}
