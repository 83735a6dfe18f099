package scenario_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
)

func TestIdempotency(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		key := func(value string) http.Header { return http.Header{"Idempotency-Key": {value}} }
		w.play(t, []step{
			{name: "the first", do: "POST /projects/", body: `{"name":"Apollo"}`, header: key("k1"), status: 201, save: map[string]string{"p": "id", "tag": "ETag"}, events: []string{"created"}},
			{name: "the project changes", do: "PATCH /projects/{p}/", body: `{"name":"Artemis"}`, status: 200, events: []string{"updated"}},
			{name: "the same again", do: "POST /projects/", body: `{"name":"Apollo"}`, header: key("k1"), status: 201, want: `{"id":"{p}","name":"Apollo"}`, save: map[string]string{"tag2": "ETag", "where": "Location"}},
			{name: "quoted", do: "POST /projects/", body: `{"name":"Apollo"}`, header: key(`"k1"`), status: 201, want: `{"id":"{p}"}`},
			{name: "another body", do: "POST /projects/", body: `{"name":"Gemini"}`, header: key("k1"), status: 422, want: `{"code":"idempotency_mismatch"}`},
			{name: "another operation", do: "POST /documents/", body: `{"name":"Apollo"}`, header: key("k1"), status: 422, want: `{"code":"idempotency_mismatch"}`},
			{name: "another caller", as: "member-acme", do: "POST /projects/", body: `{"name":"Gemini"}`, header: key("k1"), status: 201, events: []string{"created"}},
			{name: "another tenant", as: "owner-globex", do: "POST /projects/", body: `{"name":"Apollo"}`, header: key("k1"), status: 201, want: `{"created_by":"{owner-globex}"}`},
			{name: "a failure", do: "POST /projects/", body: `{"name":"Artemis"}`, header: key("k2"), status: 409},
			{name: "is not kept", do: "POST /projects/", body: `{"name":"Mercury"}`, header: key("k2"), status: 201, events: []string{"created"}},
			{name: "empty", do: "POST /projects/", body: `{"name":"x"}`, header: key(""), status: 422, want: `{"errors":[{"field":"Idempotency-Key"}]}`},
			{name: "a task", do: "POST /tasks/", body: `{"project":"{p}","title":"x"}`, status: 201, save: map[string]string{"task": "id"}, events: []string{"created"}},
			{name: "an action", do: "POST /tasks/{task}/complete/", header: key("k3"), status: 200, want: `{"status":"done"}`, events: []string{"complete"}},
			{name: "reopened", do: "PATCH /tasks/{task}/", body: `{"status":"todo"}`, status: 200, events: []string{"updated"}},
			{name: "the action again", do: "POST /tasks/{task}/complete/", header: key("k3"), status: 200, want: `{"status":"done"}`},
			{name: "had no effect", do: "GET /tasks/{task}/", status: 200, want: `{"status":"todo"}`},
		})
		if w.vars["tag"] != w.vars["tag2"] || w.vars["where"] != "/api/v1/projects/"+w.vars["p"]+"/" {
			t.Errorf("the replay's headers: ETag %s, Location %s", w.vars["tag2"], w.vars["where"])
		}
		replay := w.send(w.request(step{do: "POST /projects/", body: `{"name":"Apollo"}`, header: key("k1")}))
		if replay.header.Get("Idempotency-Replayed") != "true" {
			t.Error("a replay is not marked as one")
		}
		w.atOnce(t, key("k4"))
	})
}

// atOnce sends one request many times at the same instant: it may take effect once.
func (w *world) atOnce(t *testing.T, header http.Header) {
	t.Helper()
	const many = 20
	var all sync.WaitGroup
	answers := make([]response, many)
	for i := range many {
		all.Go(func() {
			answers[i] = w.send(w.request(step{do: "POST /documents/", body: `{"name":"once"}`, header: header}))
		})
	}
	all.Wait()
	for _, a := range answers {
		if a.status != http.StatusCreated && contains(a.body, `{"code":"idempotency_in_progress","status":409}`) != "" {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if found := w.page(t, "/api/v1/documents/?name=once&count=exact"); *found.Count != 1 {
		t.Errorf("%d documents were made", *found.Count)
	}
}

// TestIdempotencyOnTwoNodes sends one request to two nodes at the same instant.
func TestIdempotencyOnTwoNodes(t *testing.T) {
	t.Parallel()
	o := onPostgreSQL(t)
	w := newWorld(t, o)
	second := w.another(o)
	var all sync.WaitGroup
	for i := range 10 {
		header := http.Header{"Idempotency-Key": {fmt.Sprint("key ", i)}}
		for _, node := range []*world{w, second} {
			all.Go(func() {
				a := node.send(node.request(step{do: "POST /documents/", body: `{"name":"once"}`, header: header}))
				if a.status != http.StatusCreated {
					t.Errorf("%d %s", a.status, a.body)
				}
			})
		}
	}
	all.Wait()
	if found := w.page(t, "/api/v1/documents/?name=once&count=exact"); *found.Count != 10 {
		t.Errorf("%d documents were made of 10 keys", *found.Count)
	}
}
