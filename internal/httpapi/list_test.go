package httpapi_test

import (
	"crypto/tls"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/resource"
)

func TestEnvelope(t *testing.T) {
	t.Parallel()
	const base = "http://example.com/api/v1/tasks/"
	for _, c := range []struct {
		name, do   string
		page       resource.Page
		body, link string
	}{
		{
			"the only page", "GET " + all,
			resource.Page{Results: []byte(`[]`), Count: -1},
			`{"next":null,"previous":null,"results":[]}`, "",
		},
		{
			"the first of several", "GET /api/v1/tasks?status=todo&page_size=2",
			resource.Page{Results: []byte(`[{}]`), Count: -1, Next: resource.Link{Param: "cursor", Value: "a+b/c="}},
			`{"next":"` + base + `?cursor=a%2Bb%2Fc%3D&page_size=2&status=todo","previous":null,"results":[{}]}`,
			`<` + base + `?cursor=a%2Bb%2Fc%3D&page_size=2&status=todo>; rel="next"`,
		},
		{
			"one between", "GET " + all + "?cursor=here&title=%3C%22%3E",
			resource.Page{Results: []byte(`[{}]`), Count: 7, Next: resource.Link{Param: "cursor", Value: "n"}, Previous: resource.Link{Param: "cursor", Value: "p"}},
			`{"count":7,"next":"` + base + `?cursor=n&title=%3C%22%3E","previous":"` + base + `?cursor=p&title=%3C%22%3E","results":[{}]}`,
			`<` + base + `?cursor=n&title=%3C%22%3E>; rel="next", <` + base + `?cursor=p&title=%3C%22%3E>; rel="prev"`,
		},
		{
			"a numbered one", "GET " + all + "?page=2",
			resource.Page{Results: []byte(`[{}]`), Count: 0, Previous: resource.Link{Param: "page", Value: "1"}},
			`{"count":0,"next":null,"previous":"` + base + `?page=1","results":[{}]}`, `<` + base + `?page=1>; rel="prev"`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.resources.page = c.page
			rec := b.send(request{as: "viewer", do: c.do})
			if diff := cmp.Diff(c.body, rec.Body.String()); diff != "" || rec.Code != 200 {
				t.Errorf("%d %s", rec.Code, diff)
			}
			if diff := cmp.Diff(c.link, rec.Header().Get("Link")); diff != "" {
				t.Errorf("Link: %s", diff)
			}
			if got := rec.Header().Get("Cache-Control"); got != "private, no-store" || rec.Header().Get("ETag") != "" {
				t.Errorf("Cache-Control %q, ETag %q", got, rec.Header().Get("ETag"))
			}
		})
	}
}

func TestOriginOfLinks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.resources.page = resource.Page{Results: []byte(`[]`), Count: -1, Next: resource.Link{Param: "page", Value: "2"}}
	const path = `/api/v1/tasks/?page=2`
	for host, want := range map[string]string{
		"api.example.org": "http://api.example.org" + path, "127.0.0.1:8000": "http://127.0.0.1:8000" + path, "[::1]:8000": "http://[::1]:8000" + path,
		"[::1]": "http://[::1]" + path, "": path, "a b": path, `x"><script>`: path, "x/y": path, "x@y": path, "x:y": path, "x:99999": path, "[x]": path,
		"[::1": path, ":80": path, "x#y": path, "[fe80::1%25eth0]": path, "x\\y": path,
	} {
		for _, secure := range []bool{false, true} {
			req := httptest.NewRequestWithContext(t.Context(), "GET", all, nil)
			req.Host = host
			req.Header.Set("Authorization", "Bearer viewer")
			expected := want
			if secure {
				req.TLS = &tls.ConnectionState{}
				if want != path {
					expected = "https" + want[len("http"):]
				}
			}
			rec := httptest.NewRecorder()
			b.handler.ServeHTTP(rec, req)
			if got, _ := decoded(t, rec.Body.String()).(map[string]any); got["next"] != expected {
				t.Errorf("host %q: next %v, want %s", host, got["next"], expected)
			}
		}
	}
}
