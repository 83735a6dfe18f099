package scenario_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tenantry/tenantry"
	"github.com/tenantry/tenantry/resources"
)

// canary is in every text of the other tenant; it must never be in an answer to ours.
const canary = "cAnArY-7f3a9c"

// fuzzWorld is one service for all inputs of a fuzz test: an owner of acme, and globex full of canaries.
type fuzzWorld struct {
	handler http.Handler
	token   string
	foreign map[string]string
}

func newFuzzWorld(f *testing.F) *fuzzWorld {
	f.Helper()
	app := tenantry.New(tenantry.Config{})
	resources.Register(app)
	service, err := app.Open(context.Background(), tenantry.Options{
		DataDir: f.TempDir(), SigningKey: []byte(signingKey), Logger: slog.New(slog.DiscardHandler), SQLiteSynchronous: "normal", Passwords: cheap,
		RateAnonymous: "off", RateAuthenticated: "off", RateLogin: "off", RateLoginAddress: "off",
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = service.Close() })
	w := &fuzzWorld{handler: service.Handler(), foreign: map[string]string{}}
	tokens := map[string]string{}
	for _, slug := range []string{"acme", "globex"} {
		if _, err := service.CreateTenant(f.Context(), slug, map[string]string{"acme": "Acme", "globex": canary}[slug]); err != nil {
			f.Fatal(err)
		}
		if _, err := service.CreateUser(f.Context(), slug, password); err != nil {
			f.Fatal(err)
		}
		if err := service.AddMember(f.Context(), slug, slug, "owner"); err != nil {
			f.Fatal(err)
		}
		tokens[slug] = field(w.do("POST", "/api/v1/auth/token/", "", `{"username":"`+slug+`","password":"`+password+`"}`, nil), "access")
	}
	w.token = tokens["acme"]
	w.plant(f, tokens["globex"])
	return w
}

// plant fills the other tenant.
func (w *fuzzWorld) plant(f *testing.F, token string) {
	f.Helper()
	text := `"` + canary + `"`
	project := field(w.do("POST", "/api/v1/projects/", token, `{"name":`+text+`,"description":`+text+`}`, nil), "id")
	w.foreign["PROJECT"] = project
	w.foreign["TASK"] = field(w.do("POST", "/api/v1/tasks/", token, `{"project":"`+project+`","title":`+text+`,"description":`+text+`}`, nil), "id")
	w.foreign["DOCUMENT"] = field(w.do("POST", "/api/v1/documents/", token, `{"name":`+text+`,"file_path":`+text+`,"metadata":{"a":`+text+`}}`, nil), "id")
	for name, id := range w.foreign {
		if id == "" {
			f.Fatalf("no %s was planted", name)
		}
	}
	// The control: the rightful owner finds the canary.
	if found := w.do("GET", "/api/v1/tasks/?search="+canary, token, "", nil); !strings.Contains(found.Body.String(), canary) {
		f.Fatal("the canary's owner does not find it")
	}
	w.do("POST", "/api/v1/projects/", w.token, `{"name":"own"}`, nil)
}

func field(r *httptest.ResponseRecorder, name string) string {
	value, _ := lookup(decode(r.Body.Bytes()), name)
	text, _ := value.(string)
	return text
}

func (w *fuzzWorld) do(method, target, token, body string, header map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://localhost/", strings.NewReader(body))
	path, query, _ := strings.Cut(target, "?")
	r.URL.Path, r.URL.RawPath, r.URL.RawQuery = path, "", query
	r.RequestURI = target
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	return recorder
}

// fill puts the other tenant's ids where an input names them, so that inputs outlive the ids of one run.
func (w *fuzzWorld) fill(text string) string {
	for name, id := range w.foreign {
		text = strings.ReplaceAll(text, name, id)
	}
	return text
}

// check is what holds of every answer: no failure of ours, and nothing of the other tenant.
func (w *fuzzWorld) check(t *testing.T, a *httptest.ResponseRecorder) {
	t.Helper()
	if a.Code >= 500 {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	if strings.Contains(a.Body.String(), canary) {
		t.Errorf("the other tenant shows: %d %s", a.Code, a.Body)
	}
	for name, values := range a.Header() {
		if strings.Contains(strings.Join(values, ","), canary) {
			t.Errorf("the other tenant shows in %s: %q", name, values)
		}
	}
}

var lists = []string{"projects", "tasks", "documents", "events", "tasks/by-status", "projects/PROJECT/tasks"}

func FuzzQuery(f *testing.F) {
	w := newFuzzWorld(f)
	for i := range lists {
		for _, seed := range []string{
			"page_size=1", "project=PROJECT", "id__in=PROJECT,TASK", "title__icontains=c", "search=%63AnArY", "ordering=-project_name",
			"expand=project&fields=id", "cursor=AAAA", "page=500&page_size=20", "count=exact", "a;b=c", "%zz", "created_at__lt=9999-12-31T23:59:60Z",
			"tasks_count__gte=1e400", "status__in=,,,", "record=TASK&actor=PROJECT", "name=%00", "name=%ff", "x=1&x=2", "title__gt=" + strings.Repeat("ä", 3000),
		} {
			f.Add(uint8(i), seed)
		}
	}
	f.Fuzz(func(t *testing.T, list uint8, query string) {
		w.check(t, w.do("GET", w.fill("/api/v1/"+lists[int(list)%len(lists)]+"/?"+query), w.token, "", nil))
	})
}

func FuzzBody(f *testing.F) {
	w := newFuzzWorld(f)
	writes := []string{
		"POST /api/v1/projects/", "POST /api/v1/tasks/", "POST /api/v1/documents/", "PATCH /api/v1/projects/PROJECT/", "PUT /api/v1/tasks/TASK/",
		"POST /api/v1/tasks/TASK/complete/", "POST /api/v1/auth/token/", "POST /api/v1/auth/token/refresh/", "POST /api/v1/auth/token/verify/",
		"POST /api/v1/auth/token/revoke/",
	}
	for i := range writes {
		for _, seed := range []string{
			`{"name":"x"}`, `{"title":"x","project":"PROJECT"}`, `{"name":"x","metadata":{"a":[1,{"b":null}]}}`, `{"name":"` + "\xff" + `"}`,
			`{"name":"\u0000"}`, `{"name":"\ud800"}`, `[]`, `null`, ``, `{"name":1e999}`, `{"file_size":9223372036854775808,"name":"x"}`, `{"":""}`,
			`{"tenant":"PROJECT","name":"x"}`, strings.Repeat(`{"metadata":`, 40) + "1" + strings.Repeat("}", 40), `{"username":"globex","password":"x"}`,
			`{"token":"eyJhbGciOiJub25lIn0.e30."}`, `{"due_date":"0000-00-00","title":"x","project":"PROJECT"}`,
		} {
			f.Add(uint8(i), seed)
		}
	}
	f.Fuzz(func(t *testing.T, write uint8, body string) {
		method, path, _ := strings.Cut(writes[int(write)%len(writes)], " ")
		w.check(t, w.do(method, w.fill(path), w.token, w.fill(body), nil))
	})
}

func FuzzHeader(f *testing.F) {
	w := newFuzzWorld(f)
	names := []string{
		"If-Match", "If-None-Match", "Idempotency-Key", "X-Request-ID", "Authorization", "Content-Type", "Accept", "Origin", "X-Forwarded-For",
		"X-Tenant-ID", "Host", "Range", "Accept-Encoding", "X-Forwarded-Host", "X-HTTP-Method-Override",
	}
	for i := range names {
		for _, seed := range []string{`*`, `"a", W/"b"`, `"`, ``, "\x00", "ä", "PROJECT", "Bearer x", "application/json; charset=utf-16", "bytes=5-1", strings.Repeat("x", 300)} {
			f.Add(uint8(i), seed)
		}
	}
	f.Fuzz(func(t *testing.T, name uint8, value string) {
		header := map[string]string{names[int(name)%len(names)]: w.fill(value)}
		w.check(t, w.do("GET", "/api/v1/projects/", w.token, "", header))
		w.check(t, w.do("PATCH", w.fill("/api/v1/projects/PROJECT/"), w.token, `{"name":"x"}`, header))
		w.check(t, w.do("POST", "/api/v1/documents/", w.token, `{"name":"x"}`, header))
	})
}

func FuzzPath(f *testing.F) {
	w := newFuzzWorld(f)
	for _, seed := range []string{
		"projects/PROJECT", "projects/PROJECT/", "tasks/TASK/complete", "documents/DOCUMENT/content/", "../admin/v1/", "projects//PROJECT", "projects/%2e%2e/",
		"projects/" + strings.Repeat("x", 5000), "\x00", "events/verify/x", "tasks/by-status/", "projects/PROJECT/documents/", "me", "auth/token",
	} {
		for method := range uint8(7) {
			f.Add(method, seed)
		}
	}
	methods := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
	f.Fuzz(func(t *testing.T, method uint8, path string) {
		w.check(t, w.do(methods[int(method)%len(methods)], w.fill("/api/v1/"+path), w.token, "{}", nil))
	})
}
