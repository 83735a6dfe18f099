package httpapi_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/resource"
)

func TestAnswersWithARecord(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		do, body string
		status   int
		location string
	}{
		{"GET " + one, "", 200, ""},
		{"POST " + all, `{}`, 201, one},
		{"POST /api/v1/tasks", `{}`, 201, one},
		{"PUT " + one, `{}`, 200, ""},
		{"PATCH " + one, `{}`, 200, ""},
		{"POST " + one + "complete/", `{}`, 200, ""},
	} {
		b := setup(t)
		rec := b.send(request{as: "member", do: c.do, body: c.body})
		h := rec.Header()
		if rec.Code != c.status || rec.Body.String() != `{"id":"`+recordID+`"}` {
			t.Errorf("%s: %d %s", c.do, rec.Code, rec.Body)
		}
		if h.Get("ETag") != `"own.whole"` || h.Get("Cache-Control") != "private, no-cache" || h.Get("Location") != c.location {
			t.Errorf("%s: %v", c.do, h)
		}
		if h.Get("Content-Type") != "application/json" || h.Get("Vary") != "Authorization" || h.Get("Content-Length") != "45" {
			t.Errorf("%s: %v", c.do, h)
		}
	}
	rec := setup(t).send(request{as: "member", do: "DELETE " + one})
	if rec.Code != 204 || rec.Body.Len() != 0 || rec.Header().Get("Content-Type") != "" || rec.Header().Get("Cache-Control") != "private, no-store" {
		t.Errorf("delete: %d %v %s", rec.Code, rec.Header(), rec.Body)
	}
}

func TestWhatAUseCaseGets(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for do, want := range map[string]call{
		"GET " + one + "?fields=id&fields=x":              {name: "Get", id: recordID, params: map[string][]string{"fields": {"id", "x"}}},
		"GET /api/v1/tasks/NON-sense/":                    {name: "Get", id: "NON-sense"},
		"GET " + all + "?a=1":                             {name: "List", params: map[string][]string{"a": {"1"}}},
		"GET /api/v1/tasks/by-status/":                    {name: "List"},
		"GET /api/v1/projects/" + recordID + "/tasks/?b=": {name: "List", id: recordID, params: map[string][]string{"b": {""}}},
		"GET /api/v1/projects/statistics":                 {name: "Report"},
		"GET /api/v1/events/verify/":                      {name: "VerifyEvents"},
		"DELETE " + one:                                   {name: "Delete", id: recordID},
	} {
		b.send(request{as: "owner", do: do, header: header("X-Request-ID", "r 1")})
		got := b.resources.last()
		if got.call.RequestID != "r 1" || got.call.IP != "192.0.2.1" || got.call.Actor.Tenant != b.accounts.tenant.ID || got.call.Actor.ID != b.accounts.user {
			t.Errorf("%s: call %+v", do, got.call)
		}
		got.call = resource.Call{}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(call{})); diff != "" {
			t.Errorf("%s: %s", do, diff)
		}
	}
}

func TestOperationsWithoutParametersRefuseThem(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, do := range []string{
		"POST " + all, "PUT " + one, "PATCH " + one, "DELETE " + one, "POST " + one + "complete/", "GET /api/v1/me/", "GET /api/v1/projects/statistics/",
		"GET /api/v1/events/verify/", "GET /healthz", "GET /readyz", "GET /", "GET /api/docs/", "GET /api/redoc/", "GET /api/schema/", "GET /api/docs/assets/favicon.svg",
	} {
		got := problem(t, b.send(request{as: "owner", do: do + "?tenant=x&b=2&a"}), 422, "validation_failed")
		if diff := cmp.Diff([]string{"a:unknown", "b:unknown", "tenant:unknown"}, fields(got)); diff != "" {
			t.Errorf("%s: %s", do, diff)
		}
	}
	for _, query := range []string{"a=%zz", "a;b", "%"} {
		problem(t, b.send(request{as: "owner", do: "GET " + all + "?" + query}), 422, "validation_failed")
	}
	if b.resources.last().name != "" {
		t.Error("a use case was asked")
	}
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	any := &resource.Precondition{Any: true}
	tags := func(tags ...string) *resource.Precondition { return &resource.Precondition{Tags: tags} }
	for _, c := range []struct {
		name  string
		lines []string
		want  *resource.Precondition
		code  string // of the refusal
	}{
		{"none", nil, nil, ""},
		{"any", []string{"*"}, any, ""},
		{"one", []string{`"a.b"`}, tags("a.b"), ""},
		{"several", []string{`"a", "b"`, `"c"`}, tags("a", "b", "c"), ""},
		{"with a comma inside", []string{`"a,b"`}, tags("a,b"), ""},
		{"with empty elements", []string{` , "a",, "b" ,`}, tags("a", "b"), ""},
		{"a weak one never matches", []string{`W/"a"`}, tags(), ""},
		{"an empty one", []string{`""`}, tags(""), ""},
		{"without quotes", []string{`a`}, nil, "malformed_body"},
		{"half quoted", []string{`"a`}, nil, "malformed_body"},
		{"nothing", []string{``}, nil, "malformed_body"},
		{"any and one", []string{`*, "a"`}, nil, "malformed_body"},
		{"no comma", []string{`"a" "b"`}, nil, "malformed_body"},
		{"a small w", []string{`w/"a"`}, nil, "malformed_body"},
		{"a space inside", []string{`"a b"`}, nil, "malformed_body"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, do := range []string{"PUT " + one, "PATCH " + one, "DELETE " + one, "POST " + one + "complete/"} {
				b := setup(t)
				h := header()
				if c.lines != nil {
					h["If-Match"] = c.lines
				}
				body := "{}"
				rec := b.send(request{as: "owner", do: do, body: body, header: h})
				if c.code != "" {
					problem(t, rec, 400, c.code)
				}
				if diff := cmp.Diff(c.want, b.resources.last().condition); diff != "" {
					t.Errorf("%s: %s", do, diff)
				}
				if asked := b.resources.last().name != ""; asked != (c.code == "") {
					t.Errorf("%s: the use case was asked: %v", do, asked)
				}
			}
		})
	}
}

func TestAPreconditionIsNeverIgnored(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		do, name, value string
		status          int
	}{
		{"POST " + all, "If-Match", `"a"`, 412},
		{"POST " + all, "If-Match", `*`, 201},
		{"GET " + all, "If-Match", `"a"`, 412},
		{"GET " + all, "If-Match", `*`, 200},
		{"GET " + all, "If-None-Match", `"a"`, 200},
		{"GET /api/v1/me/", "If-Match", `"a"`, 412},
		{"GET /api/v1/projects/statistics/", "If-Match", `"a"`, 412},
		{"PUT " + one, "If-None-Match", `*`, 412},
		{"PATCH " + one, "If-None-Match", `"a"`, 412},
		{"DELETE " + one, "If-None-Match", `"a"`, 412},
		{"GET " + one, "If-Match", `"own.whole"`, 200},
		{"GET " + one, "If-Match", `*`, 200},
		{"GET " + one, "If-Match", `"own.other"`, 412},
		{"GET " + one, "If-Match", `W/"own.whole"`, 412},
		{"GET /api/schema/", "If-Match", `"a"`, 412},
	} {
		b := setup(t)
		rec := b.send(request{as: "owner", do: c.do, body: "{}", header: header(c.name, c.value)})
		if rec.Code != c.status {
			t.Errorf("%s with %s: %s: %d %s", c.do, c.name, c.value, rec.Code, rec.Body)
		}
		if c.status == 412 {
			problem(t, rec, 412, "precondition_failed")
			if got := b.resources.last().name; got != "" && got != "Get" {
				t.Errorf("%s with %s: %s was done", c.do, c.name, got)
			}
			if rec.Header().Get("ETag") != "" {
				t.Errorf("%s: the problem has an entity tag", c.do)
			}
		}
	}
}

func TestNotModified(t *testing.T) {
	t.Parallel()
	for value, status := range map[string]int{
		`"own.whole"`: 304, `W/"own.whole"`: 304, `"x", "own.whole"`: 304, `*`: 304, `"own.other"`: 200, `own.whole`: 200, `"own.whole`: 200, ``: 200,
	} {
		for _, method := range []string{"GET ", "HEAD "} {
			rec := setup(t).send(request{as: "owner", do: method + one, header: header("If-None-Match", value)})
			h := rec.Header()
			if rec.Code != status || h.Get("ETag") != `"own.whole"` || h.Get("Cache-Control") != "private, no-cache" || h.Get("Vary") != "Authorization" {
				t.Errorf("%s%s: %d %v", method, value, rec.Code, h)
			}
			if status == 304 && (rec.Body.Len() != 0 || h.Get("Content-Length") != "" || h.Get("Content-Type") != "") {
				t.Errorf("%s%s: %v %s", method, value, h, rec.Body)
			}
		}
	}
}

// TestForeignIsUnknown: what the use case says of both is the same, and nothing of the path may make a difference.
func TestForeignIsUnknown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.resources.err = fault.Missing()
	for _, method := range []string{"GET ", "PUT ", "PATCH ", "DELETE "} {
		body := ""
		if method == "PUT " || method == "PATCH " {
			body = "{}"
		}
		foreign := b.send(request{as: "owner", do: method + one, body: body})
		unknown := b.send(request{as: "owner", do: method + all + "nonsense", body: body})
		problem(t, foreign, 404, "not_found")
		if foreign.Body.String() != unknown.Body.String() {
			t.Errorf("%s: %s and %s", method, foreign.Body, unknown.Body)
		}
		if diff := cmp.Diff(foreign.Result().Header, unknown.Result().Header); diff != "" {
			t.Errorf("%s: %s", method, diff)
		}
	}
}
