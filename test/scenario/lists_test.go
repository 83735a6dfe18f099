package scenario_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

type page struct {
	Count    *int64  `json:"count"`
	Next     *string `json:"next"`
	Previous *string `json:"previous"`
	Results  []struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	} `json:"results"`
}

func (w *world) page(t *testing.T, path string) page {
	t.Helper()
	if u, err := url.Parse(path); err == nil && u.IsAbs() {
		path = u.RequestURI()
	}
	a := w.send(request{as: "owner-acme", method: "GET", path: path})
	var p page
	if err := json.Unmarshal(a.body, &p); err != nil || a.status != 200 {
		t.Fatalf("%s: %d %s", path, a.status, a.body)
	}
	return p
}

func (p page) titles() []string {
	out := []string{}
	for _, r := range p.Results {
		out = append(out, r.Title)
	}
	return out
}

// fill makes tasks with the titles in a project and returns the project.
func (w *world) fillTasks(t *testing.T, bodies ...string) {
	t.Helper()
	w.play(t, []step{{name: "project", do: "POST /projects/", body: `{"name":"P"}`, status: 201, save: map[string]string{"p": "id"}, events: []string{"created"}}})
	for _, body := range bodies {
		a := w.send(w.request(step{do: "POST /tasks/", body: `{"project":"{p}",` + body + `}`}))
		if a.status != 201 {
			t.Fatalf("create %s: %d %s", body, a.status, a.body)
		}
	}
}

func TestPaging(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		var bodies, want []string
		for i := range 11 {
			bodies = append(bodies, fmt.Sprintf(`"title":"t%02d"`, i))
			want = append([]string{fmt.Sprintf("t%02d", i)}, want...)
		}
		w.fillTasks(t, bodies...)
		var got []string
		var back *string
		for at := "/api/v1/tasks/?page_size=4"; ; {
			p := w.page(t, at)
			got = append(got, p.titles()...)
			back = p.Previous
			if len(got) == 4 { // a task that comes while the client pages is neither repeated nor skips another
				w.send(w.request(step{do: "POST /tasks/", body: `{"project":"{p}","title":"late"}`}))
			}
			if p.Next == nil {
				break
			}
			at = *p.Next
		}
		if !slices.Equal(got, want) {
			t.Errorf("forwards: %v, want %v", got, want)
		}
		var backwards []string
		for back != nil {
			p := w.page(t, *back)
			backwards = append(p.titles(), backwards...)
			back = p.Previous
		}
		if want := append([]string{"late"}, want[:8]...); !slices.Equal(backwards, want) {
			t.Errorf("backwards: %v, want %v", backwards, want)
		}
		second := w.page(t, "/api/v1/tasks/?page=2&page_size=5")
		if second.Count == nil || *second.Count != 12 || len(second.Results) != 5 || second.Next == nil || second.Previous == nil {
			t.Errorf("page 2: %+v", second)
		}
		if past := w.page(t, "/api/v1/tasks/?page=9&page_size=5"); len(past.Results) != 0 || past.Next != nil {
			t.Errorf("page 9: %+v", past)
		}
		if counted := w.page(t, "/api/v1/tasks/?count=exact&title__in=t01,t02"); counted.Count == nil || *counted.Count != 2 {
			t.Errorf("count: %+v", counted.Count)
		}
		w.refuseCursors(t)
	})
}

// refuseCursors checks that a cursor is good for its own tenant, resource, filter and order alone.
func (w *world) refuseCursors(t *testing.T) {
	t.Helper()
	next, err := url.Parse(*w.page(t, "/api/v1/tasks/?page_size=2&status=todo").Next)
	if err != nil {
		t.Fatal(err)
	}
	cursor := next.Query().Get("cursor")
	refused := `{"errors":[{"field":"cursor"}]}`
	flipped := "A" + cursor[1:]
	if strings.HasPrefix(cursor, "A") {
		flipped = "B" + cursor[1:]
	}
	w.play(t, []step{
		{name: "another tenant", as: "owner-globex", do: "GET /tasks/?status=todo&cursor=" + cursor, status: 422, want: refused},
		{name: "another resource", do: "GET /documents/?cursor=" + cursor, status: 422, want: refused},
		{name: "another filter", do: "GET /tasks/?status=done&cursor=" + cursor, status: 422, want: refused},
		{name: "another order", do: "GET /tasks/?status=todo&ordering=title&cursor=" + cursor, status: 422, want: refused},
		{name: "altered", do: "GET /tasks/?status=todo&cursor=" + flipped, status: 422, want: refused},
		{name: "cut", do: "GET /tasks/?status=todo&cursor=" + cursor[:len(cursor)-1], status: 422, want: refused},
		{name: "another page size", do: "GET /tasks/?status=todo&page_size=3&cursor=" + cursor, status: 200},
	})
}

func TestFilters(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		w.fillTasks(t,
			`"title":"Äpfel kaufen","due_date":"2026-03-01","priority":"low"`,
			`"title":"birnen kaufen","due_date":"2026-01-15","status":"done"`,
			`"title":"100% Saft","description":"aus ÄPFELN"`,
			`"title":"Zucker_rohr","assignee":"`+w.users["member-acme"]+`"`,
		)
		for query, want := range map[string][]string{
			"title=birnen kaufen":                         {"birnen kaufen"},
			"title__icontains=KAUFEN&ordering=title":      {"birnen kaufen", "Äpfel kaufen"},
			"title__icontains=äpfel":                      {"Äpfel kaufen"},
			"title__icontains=%":                          {"100% Saft"},
			"title__icontains=_":                          {"Zucker_rohr"},
			"title__gte=Z&ordering=title":                 {"Zucker_rohr", "birnen kaufen", "Äpfel kaufen"},
			"status__in=done":                             {"birnen kaufen"},
			"status__in=todo,done&priority=low":           {"Äpfel kaufen"},
			"due_date__gte=2026-01-15&ordering=due_date":  {"birnen kaufen", "Äpfel kaufen"},
			"due_date__gt=2026-01-15":                     {"Äpfel kaufen"},
			"due_date__lt=2026-03-01":                     {"birnen kaufen"},
			"due_date__lte=2026-03-01&ordering=-due_date": {"Äpfel kaufen", "birnen kaufen"},
			"due_date=2026-03-01":                         {"Äpfel kaufen"},
			"due_date__isnull=true&ordering=title":        {"100% Saft", "Zucker_rohr"},
			"assignee=" + w.users["member-acme"]:          {"Zucker_rohr"},
			"assignee__isnull=false":                      {"Zucker_rohr"},
			"assignee__isnull=False":                      {"Zucker_rohr"},
			"project_name=P&ordering=title&page_size=1":   {"100% Saft"},
			"completed_at__isnull=false":                  {"birnen kaufen"},
			"search=äpfel&ordering=title":                 {"100% Saft", "Äpfel kaufen"},
			"search=kaufen apf":                           {},
			"search=kaufen äpf":                           {"Äpfel kaufen"},
			"ordering=due_date,title":                     {"birnen kaufen", "Äpfel kaufen", "100% Saft", "Zucker_rohr"},
			"ordering=-due_date,title":                    {"100% Saft", "Zucker_rohr", "Äpfel kaufen", "birnen kaufen"},
			"created_at__lt=2020-01-01T00:00:00Z":         {},
			"created_at__gt=2020-01-01T00:00:00%2B02:00&ordering=title&page_size=1": {"100% Saft"},
			"created_by=" + unknownID: {},
		} {
			escaped := strings.NewReplacer(" ", "%20", "icontains=%", "icontains=%25").Replace(query)
			if got := w.page(t, "/api/v1/tasks/?"+escaped).titles(); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", query, got, want)
			}
		}
		// Paging through an order that has nulls meets every record once.
		var got []string
		for at := "/api/v1/tasks/?ordering=due_date,-title&page_size=1"; at != ""; {
			p := w.page(t, at)
			got = append(got, p.titles()...)
			at = ""
			if p.Next != nil {
				at = *p.Next
			}
		}
		if want := []string{"birnen kaufen", "Äpfel kaufen", "Zucker_rohr", "100% Saft"}; !slices.Equal(got, want) {
			t.Errorf("paging with nulls: %q, want %q", got, want)
		}
	})
}
