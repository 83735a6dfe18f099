package httpapi_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/httpapi"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/policy"
)

// TestEveryOperationIsRouted asks for each operation of the table, with and without the last slash.
func TestEveryOperationIsRouted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, op := range table() {
		path := strings.ReplaceAll(op.Path, "{id}", recordID)
		for _, path := range []string{path, strings.TrimSuffix(path, "/") + "/", strings.TrimSuffix(path, "/")} {
			if path == "" {
				continue
			}
			r := request{as: "owner", do: op.Method + " " + path, body: `{"token":"x","refresh":"x","username":"x","password":"x"}`}
			if op.Audience == operation.OperatorToken {
				r.as, r.body = "operator", `{"reason":"x"}`
			}
			if op.Kind == operation.RotateKeys || op.Kind == operation.RetireKey {
				r.body = `{}`
			}
			rec := b.send(r)
			if op.Kind == operation.ClientToken && rec.Code == http.StatusBadRequest && strings.Contains(rec.Body.String(), "invalid_request") {
				continue // it takes no JSON
			}
			if strings.Contains(path, "/auth/") && rec.Code == http.StatusUnprocessableEntity {
				continue // the body has what another of them takes
			}
			if rec.Code < 200 || rec.Code > 299 {
				t.Errorf("%s %s: %d %s", op.Method, path, rec.Code, rec.Body)
			}
		}
	}
}

func TestSlashMakesNoDifference(t *testing.T) {
	t.Parallel()
	b := setup(t)
	with := b.send(request{as: "owner", do: "GET " + one})
	without := b.send(request{as: "owner", do: "GET " + strings.TrimSuffix(one, "/")})
	if diff := cmp.Diff(with.Result().Header, without.Result().Header); diff != "" || with.Body.String() != without.Body.String() || without.Code != 200 {
		t.Errorf("with the slash %s, without %s: %s", with.Body, without.Body, diff)
	}
}

// TestLinks follows whatever the service names as a place to go.
func TestLinks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var index struct{ Links map[string]string }
	var root map[string]string
	for path, into := range map[string]any{"/": &index, "/api/v1/": &root} {
		if err := json.Unmarshal(b.send(request{do: "GET " + path}).Body.Bytes(), into); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	if want := map[string]string{"me": "/api/v1/me/", "projects": "/api/v1/projects/", "tasks": "/api/v1/tasks/", "events": "/api/v1/events/"}; !maps.Equal(root, want) {
		t.Errorf("the API offers %v, want %v", root, want)
	}
	for _, links := range []map[string]string{index.Links, root} {
		for name, path := range links {
			if rec := b.send(request{as: "owner", do: "GET " + path}); rec.Code != 200 || rec.Header().Get("Location") != "" {
				t.Errorf("%s: %s answers %d", name, path, rec.Code)
			}
		}
	}
}

func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, path := range []string{
		"/nowhere", "/api", "/api/", "/api/v1/nowhere/", "/api/v1/tasks/x/y/z/", "//", "/api/v1//tasks/", "//api/v1/tasks/",
		"/api/v1/tasks//", "/api/v1/./tasks/", "/api/v1/x/../tasks/", "/api/v1/tasks/..", "/api/v1/tasks/.", "/api/v1/%2e%2e/tasks/", "/api/v1%2Ftasks/",
		"/api/v1/tasks/a%2Fb/", "/api/v1/tasks/a\\b/", "/api/v1/tasks/a%5Cb/", "/api/v1/tasks/%00/", "/api/v1/tasks/..%2f", "/api/docs/assets/", "/api/docs/assets/nowhere.js",
		"/api/docs/assets/README.md", "/api/docs/assets/..%2fassets.go", "/API/v1/tasks/",
	} {
		rec := b.send(request{as: "owner", do: "GET " + path})
		problem(t, rec, 404, "not_found")
		if rec.Header().Get("Location") != "" {
			t.Errorf("%s redirects to %s", path, rec.Header().Get("Location"))
		}
	}
	if last := b.resources.last(); last.name != "" {
		t.Errorf("a use case was asked: %+v", last)
	}
}

// TestStarAndAuthorityForms are requests whose target is no path.
func TestStarAndAuthorityForms(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, do := range []string{"OPTIONS *", "CONNECT example.com:443"} {
		problem(t, b.send(request{do: do}), 404, "not_found")
	}
}

func TestAnEncodedIDIsMatchedAfterDecoding(t *testing.T) {
	t.Parallel()
	b := setup(t)
	encoded := strings.ReplaceAll(recordID, "-", "%2d")
	if rec := b.send(request{as: "owner", do: "GET " + all + encoded + "/"}); rec.Code != 200 || b.resources.last().id != recordID {
		t.Errorf("%d %+v", rec.Code, b.resources.last())
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for path, allow := range map[string]string{
		all:                        "GET, HEAD, OPTIONS, POST",
		one:                        "DELETE, GET, HEAD, OPTIONS, PATCH, PUT",
		one + "complete/":          "OPTIONS, POST",
		"/api/v1/me":               "GET, HEAD, OPTIONS",
		"/api/v1/auth/token/":      "OPTIONS, POST",
		"/healthz":                 "GET, HEAD, OPTIONS",
		"/":                        "GET, HEAD, OPTIONS",
		"/api/docs/assets/swagger": "GET, HEAD, OPTIONS",
	} {
		rec := b.send(request{do: "OPTIONS " + path})
		if h := rec.Header(); rec.Code != 204 || rec.Body.Len() != 0 || h.Get("Allow") != allow || (h.Get("Accept-Patch") != "") != strings.Contains(allow, "PATCH") {
			t.Errorf("OPTIONS %s: %d %v", path, rec.Code, h)
		}
		for _, method := range []string{"TRACE", "DELETE", "PATCH", "PUT", "POST", "get", "PROPFIND", strings.Repeat("X", 100)} {
			if slices.Contains(strings.Split(allow, ", "), method) {
				continue
			}
			rec := b.send(request{do: method + " " + path})
			problem(t, rec, 405, "method_not_allowed")
			if got := rec.Header().Get("Allow"); got != allow {
				t.Errorf("%s %s: Allow %q, want %q", method, path, got, allow)
			}
		}
	}
	if len(b.accounts.asked) != 0 || len(b.resources.calls) != 0 {
		t.Error("a method that is not taken reaches the gate or a use case")
	}
	problem(t, b.send(request{do: "OPTIONS /nowhere"}), 404, "not_found")
	override := header("X-HTTP-Method-Override", "DELETE", "X-Method-Override", "DELETE")
	if b.send(request{as: "owner", do: "GET " + one, header: override}); b.resources.last().name != "Get" {
		t.Errorf("a header turned GET into %s", b.resources.last().name)
	}
}

func TestHeadIsGetWithoutBody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, path := range []string{one, all, "/healthz", "/api/schema/", "/api/docs/", "/api/docs/assets/favicon.svg", "/nowhere"} {
		get, head := b.send(request{as: "owner", do: "GET " + path}), b.send(request{as: "owner", do: "HEAD " + path})
		if diff := cmp.Diff(get.Result().Header, head.Result().Header); diff != "" || head.Code != get.Code {
			t.Errorf("%s: %d, %d, headers: %s", path, get.Code, head.Code, diff)
		}
		if head.Body.Len() != 0 || head.Header().Get("Content-Length") == "0" {
			t.Errorf("%s: HEAD answered %q of length %s", path, head.Body, head.Header().Get("Content-Length"))
		}
	}
}

func TestMistakesOfTheTable(t *testing.T) {
	t.Parallel()
	good := table()
	r := good[len(good)-1].Resource
	for name, op := range map[string]operation.Operation{
		"a kind that nobody handles":    {ID: "x", Method: "GET", Path: "/x/", Kind: 250},
		"a place that is taken":         {ID: "x", Method: "GET", Path: "/healthz/", Kind: operation.Health},
		"a record without a resource":   {ID: "x", Method: "GET", Path: "/x/", Kind: operation.Get, Audience: operation.TenantToken, Access: policy.Read},
		"a record without a token":      {ID: "x", Method: "GET", Path: "/x/", Kind: operation.Get, Resource: r, Access: policy.Read},
		"a caller without a token":      {ID: "x", Method: "GET", Path: "/x/", Kind: operation.Me, Access: policy.Read},
		"a record without an access":    {ID: "x", Method: "GET", Path: "/x/", Kind: operation.Get, Audience: operation.TenantToken, Resource: r},
		"a pattern that collides":       {ID: "x", Method: "GET", Path: "/api/v1/{name}/{id}/", Kind: operation.Health},
		"a pattern that can't be read":  {ID: "x", Method: "GET", Path: "/x/{", Kind: operation.Health},
		"a report's schema is not here": {ID: "x", Method: "GET", Path: "/x/", Kind: operation.Report, Audience: operation.TenantToken, Access: policy.Read},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := setup(t).config
			c.Operations = append(slices.Clone(good), op)
			if name == "a pattern that collides" {
				c.Operations = append(c.Operations, operation.Operation{ID: "y", Method: "GET", Path: "/api/{version}/tasks/{id}/", Kind: operation.Health})
			}
			if _, err := httpapi.New(c); err == nil {
				t.Error("nobody minds")
			}
		})
	}
	if _, err := httpapi.New(httpapi.Config{}); err == nil {
		t.Error("an empty configuration is taken")
	}
}
