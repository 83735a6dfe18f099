package scenario_test

import (
	"net/http"
	"testing"
)

// unknownID is well formed and names nothing.
const unknownID = "01900000-0000-7000-8000-000000000000"

func TestProjects(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		w.play(t, []step{
			{name: "an empty list", do: "GET /projects/", status: 200, want: `{"next":null,"previous":null,"results":[]}`},
			{
				name: "create with defaults", do: "POST /projects/", body: `{"name":"Apollo"}`, status: 201,
				want: `{"name":"Apollo","description":"","status":"active","tasks_count":0,"created_by":"{owner-acme}"}`,
				save: map[string]string{"apollo": "id"}, events: []string{"created"},
			},
			{
				name: "the same name again", do: "POST /projects/", body: `{"name":"Apollo"}`, status: 409,
				want: `{"code":"conflict","errors":[{"field":"name","code":"not_unique"}]}`,
			},
			{
				name: "the same name in another tenant", as: "owner-globex", do: "POST /projects/", body: `{"name":"Apollo"}`, status: 201,
				save: map[string]string{"foreign": "id"},
			},
			{name: "get", do: "GET /projects/{apollo}/", status: 200, want: `{"id":"{apollo}","name":"Apollo"}`, save: map[string]string{"tag": "ETag"}},
			{
				name: "replace resets what is left out", do: "PUT /projects/{apollo}/", body: `{"name":"Apollo 2","status":"completed"}`, status: 200,
				want: `{"name":"Apollo 2","status":"completed","description":""}`, events: []string{"updated"},
			},
			{name: "patch", do: "PATCH /projects/{apollo}/", body: `{"description":"x"}`, status: 200, want: `{"name":"Apollo 2","description":"x"}`, events: []string{"updated"}},
			{name: "patch that changes nothing", do: "PATCH /projects/{apollo}/", body: `{"description":"x"}`, status: 200},
			{name: "rename to a taken name", do: "POST /projects/", body: `{"name":"Gemini"}`, status: 201, save: map[string]string{"gemini": "id"}, events: []string{"created"}},
			{name: "conflict on patch", do: "PATCH /projects/{gemini}/", body: `{"name":"Apollo 2"}`, status: 409, want: `{"errors":[{"field":"name"}]}`},
			{name: "delete", do: "DELETE /projects/{gemini}/", status: 204, events: []string{"deleted"}},
			{name: "is gone", do: "GET /projects/{gemini}/", status: 404, want: `{"code":"not_found"}`},
			{name: "another tenant's", do: "GET /projects/{foreign}/", status: 404},
			{name: "another tenant's, deleted", do: "DELETE /projects/{foreign}/", status: 404},
			{name: "another tenant's, patched", do: "PATCH /projects/{foreign}/", body: `{"name":"mine"}`, status: 404},
			{name: "nonsense for an id", do: "GET /projects/nonsense/", status: 404},
		})
	})
}

func TestTasks(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		w.play(t, []step{
			{name: "project", do: "POST /projects/", body: `{"name":"Apollo"}`, status: 201, save: map[string]string{"project": "id"}, events: []string{"created"}},
			{name: "foreign project", as: "owner-globex", do: "POST /projects/", body: `{"name":"Theirs"}`, status: 201, save: map[string]string{"foreign": "id"}},
			{
				name: "create", do: "POST /tasks/", body: `{"project":"{project}","title":"Fly","due_date":"2026-01-31","assignee":"{member-acme}"}`, status: 201,
				want: `{"project":"{project}","project_name":"Apollo","title":"Fly","status":"todo","priority":"medium","assignee":"{member-acme}","due_date":"2026-01-31","completed_at":null}`,
				save: map[string]string{"task": "id"}, events: []string{"created"},
			},
			{name: "counted", do: "GET /projects/{project}/", status: 200, want: `{"tasks_count":1}`},
			{
				name: "all references at once", do: "POST /tasks/", body: `{"project":"{foreign}","title":"","assignee":"{owner-globex}"}`, status: 422,
				want: `{"code":"validation_failed","errors":[{"field":"project","code":"not_found"},{"field":"title","code":"too_short"},{"field":"assignee","code":"not_found"}]}`,
			},
			{
				name: "an unknown project", do: "POST /tasks/", body: `{"project":"` + unknownID + `","title":"x"}`, status: 422,
				want: `{"errors":[{"field":"project","code":"not_found"}]}`,
			},
			{name: "no project", do: "POST /tasks/", body: `{"title":"x"}`, status: 422, want: `{"errors":[{"field":"project","code":"required"}]}`},
			{name: "moved to a foreign project", do: "PATCH /tasks/{task}/", body: `{"project":"{foreign}"}`, status: 422, want: `{"errors":[{"field":"project","code":"not_found"}]}`},
			{name: "complete", do: "POST /tasks/{task}/complete/", status: 200, want: `{"status":"done"}`, save: map[string]string{"completed": "completed_at"}, events: []string{"complete"}},
			{name: "complete again", do: "POST /tasks/{task}/complete/", status: 200, want: `{"status":"done","completed_at":"{completed}"}`},
			{name: "reopen", do: "PATCH /tasks/{task}/", body: `{"status":"in_progress"}`, status: 200, want: `{"status":"in_progress","completed_at":null}`, events: []string{"updated"}},
			{name: "done by patch", do: "PATCH /tasks/{task}/", body: `{"status":"done"}`, status: 200, save: map[string]string{"completed": "completed_at"}, events: []string{"updated"}},
			{name: "by status", do: "GET /tasks/by-status/?status=done", status: 200, want: `{"results":[{"id":"{task}"}]}`},
			{name: "by another status", do: "GET /tasks/by-status/?status=todo", status: 200, want: `{"results":[]}`},
			{name: "by no status", do: "GET /tasks/by-status/", status: 422, want: `{"errors":[{"field":"status","code":"required"}]}`},
			{name: "of the project", do: "GET /projects/{project}/tasks/?title=Fly", status: 200, want: `{"results":[{"id":"{task}"}]}`},
			{name: "of a foreign project", do: "GET /projects/{foreign}/tasks/", status: 404},
			{name: "filtered by a foreign project", do: "GET /tasks/?project={foreign}", status: 200, want: `{"results":[]}`},
			{name: "expanded", do: "GET /tasks/{task}/?expand=project&fields=id", status: 200, want: `{"id":"{task}","project_details":{"id":"{project}","name":"Apollo","tasks_count":1}}`, absent: []string{`"title"`}},
			{name: "expanded list", do: "GET /tasks/?expand=project", status: 200, want: `{"results":[{"title":"Fly","project_details":{"id":"{project}"}}]}`},
			{name: "renamed project shows", do: "PATCH /projects/{project}/", body: `{"name":"Artemis"}`, status: 200, events: []string{"updated"}},
			{name: "in the task", do: "GET /tasks/{task}/", status: 200, want: `{"project_name":"Artemis"}`},
			{name: "a document", do: "POST /documents/", body: `{"name":"plan.pdf","project":"{project}","file_size":12,"metadata":{"a":{"b":1}}}`, status: 201, want: `{"project_name":"Artemis","content_type":"application/octet-stream","file_path":"","checksum":null}`, save: map[string]string{"document": "id"}, events: []string{"created"}},
			{name: "metadata is merged", do: "PATCH /documents/{document}/", body: `{"metadata":{"a":{"c":2},"d":3}}`, status: 200, want: `{"metadata":{"a":{"b":1,"c":2},"d":3}}`, events: []string{"updated"}},
			{name: "of the project", do: "GET /documents/?project={project}", status: 200, want: `{"results":[{"id":"{document}"}]}`},
			{
				name: "statistics", do: "GET /projects/statistics/", status: 200,
				want: `{"total_projects":1,"active_projects":1,"completed_projects":0,"archived_projects":0,"projects_with_tasks":1,
				  "tasks":{"total":1,"by_status":{"todo":0,"in_progress":0,"done":1},"by_priority":{"low":0,"medium":1,"high":0,"critical":0},"overdue":0,"completion_rate":1},
				  "documents":{"total":1,"bytes":12}}`,
			},
			{name: "a file of absurd size, kept elsewhere", do: "POST /documents/", body: `{"name":"a","project":"{project}","file_size":9223372036854775807}`, status: 201, events: []string{"created"}},
			{name: "adds up to no more than 64 bits", do: "GET /projects/statistics/", status: 200, want: `{"documents":{"total":2,"bytes":9223372036854775807}}`},
			{name: "delete the project with all of it", do: "DELETE /projects/{project}/", status: 204, events: []string{"deleted", "deleted", "deleted", "deleted"}},
			{name: "the task went", do: "GET /tasks/{task}/", status: 404},
			{name: "the document went", do: "GET /documents/{document}/", status: 404},
			{name: "the trail holds", do: "GET /events/verify/", status: 200, want: `{"ok":true,"checked":22,"first_broken":null}`},
			{name: "the trail shows the change", do: "GET /events/?action=complete", status: 200, want: `{"results":[{"resource":"tasks","record":"{task}","actor":{"id":"{owner-acme}","kind":"user","name":"owner-acme"},"changes":{"status":["todo","done"]}}]}`},
			{name: "an unknown record finds nothing", do: "GET /events/?record=" + unknownID, status: 200, want: `{"results":[]}`},
		})
	})
}

func TestETags(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		w.play(t, []step{
			{name: "project", do: "POST /projects/", body: `{"name":"Apollo"}`, status: 201, save: map[string]string{"project": "id", "tag": "ETag"}, events: []string{"created"}},
			{name: "other project", do: "POST /projects/", body: `{"name":"Gemini"}`, status: 201, save: map[string]string{"other": "id", "foreign-tag": "ETag"}, events: []string{"created"}},
		})
		with := func(name, value string) http.Header { return http.Header{name: {w.fill(value)}} }
		w.play(t, []step{{name: "not modified", do: "GET /projects/{project}/", header: with("If-None-Match", "{tag}"), status: 304}})
		w.play(t, []step{
			{name: "a task changes the count", do: "POST /tasks/", body: `{"project":"{project}","title":"x"}`, status: 201, events: []string{"created"}},
			{name: "modified", do: "GET /projects/{project}/", header: with("If-None-Match", "{tag}"), status: 200},
			{name: "another record's tag", do: "PATCH /projects/{project}/", header: with("If-Match", "{foreign-tag}"), body: `{"name":"no"}`, status: 412, want: `{"code":"precondition_failed"}`},
			{name: "a weak tag", do: "PATCH /projects/{project}/", header: with("If-Match", "W/{tag}"), body: `{"name":"no"}`, status: 412},
			{name: "the own fields are as they were", do: "PATCH /projects/{project}/", header: with("If-Match", "{tag}"), body: `{"name":"Apollo 2"}`, status: 200, events: []string{"updated"}},
			{name: "they are not any more", do: "PUT /projects/{project}/", header: with("If-Match", "{tag}"), body: `{"name":"no"}`, status: 412},
			{name: "nor for a deletion", do: "DELETE /projects/{project}/", header: with("If-Match", "{tag}"), status: 412},
			{name: "any", do: "DELETE /projects/{other}/", header: with("If-Match", "*"), status: 204, events: []string{"deleted"}},
		})
	})
}

func TestRoles(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		w.play(t, []step{
			{name: "a viewer reads", as: "viewer-acme", do: "GET /projects/", status: 200},
			{name: "a viewer writes", as: "viewer-acme", do: "POST /projects/", body: `{"name":"x"}`, status: 403, want: `{"code":"permission_denied"}`, events: []string{"permission_denied"}},
			{name: "a member writes", as: "member-acme", do: "POST /projects/", body: `{"name":"x"}`, status: 201, want: `{"created_by":"{member-acme}"}`, events: []string{"created"}},
			{name: "a member reads events", as: "member-acme", do: "GET /events/", status: 403, events: []string{"permission_denied"}},
			{name: "an admin reads events", as: "admin-acme", do: "GET /events/", status: 200},
			{name: "nobody", as: "nobody", do: "GET /projects/", status: 401, want: `{"code":"not_authenticated"}`},
			{name: "me", as: "viewer-acme", do: "GET /me/", status: 200, want: `{"user":{"id":"{viewer-acme}","username":"viewer-acme"},"tenant":{"id":"{acme}","slug":"acme"},"role":"viewer","token":{"kind":"user"}}`},
		})
	})
}
