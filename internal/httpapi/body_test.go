package httpapi_test

import (
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/httpapi"
)

func TestMediaTypes(t *testing.T) {
	t.Parallel()
	const put, patch = "PUT " + one, "PATCH " + one
	for _, c := range []struct {
		name, do string
		header   []string
		status   int
	}{
		{"JSON", put, []string{"Content-Type", "application/json"}, 200},
		{"in capitals", put, []string{"Content-Type", "Application/JSON"}, 200},
		{"in UTF-8", put, []string{"Content-Type", `application/json; charset="UTF-8"`}, 200},
		{"in Latin-1", put, []string{"Content-Type", "application/json; charset=iso-8859-1"}, 415},
		{"a merge patch", patch, []string{"Content-Type", "application/merge-patch+json"}, 200},
		{"JSON for a patch", patch, []string{"Content-Type", "application/json"}, 200},
		{"a merge patch for a replace", put, []string{"Content-Type", "application/merge-patch+json"}, 415},
		{"a JSON patch", patch, []string{"Content-Type", "application/json-patch+json"}, 415},
		{"text", put, []string{"Content-Type", "text/plain"}, 415},
		{"a form", put, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		{"nonsense", put, []string{"Content-Type", "application/json;;="}, 415},
		{"empty", put, []string{"Content-Type", ""}, 415},
		{"two", put, []string{"Content-Type", "application/json", "Content-Type", "application/json"}, 415},
		{"packed", put, []string{"Content-Type", "application/json", "Content-Encoding", "gzip"}, 415},
		{"not packed", put, []string{"Content-Type", "application/json", "Content-Encoding", "identity"}, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			rec := b.send(request{as: "member", do: c.do, body: `{"a":1}`, header: header(c.header...)})
			if c.status == 200 {
				if rec.Code != 200 || b.resources.last().body != `{"a":1}` {
					t.Errorf("%d %s, the use case got %q", rec.Code, rec.Body, b.resources.last().body)
				}
				return
			}
			problem(t, rec, c.status, "unsupported_media_type")
			if (rec.Header().Get("Accept-Patch") != "") != (c.do == patch) {
				t.Errorf("Accept-Patch %q", rec.Header().Get("Accept-Patch"))
			}
			if b.resources.last().name != "" {
				t.Error("a use case was asked")
			}
		})
	}
	b := setup(t)
	req := httptest.NewRequestWithContext(t.Context(), "PUT", one, strings.NewReader("{}"))
	req.Header.Set("Authorization", "Bearer owner")
	rec := httptest.NewRecorder()
	b.handler.ServeHTTP(rec, req)
	problem(t, rec, 415, "unsupported_media_type") // no Content-Type at all
}

func TestSizes(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *httpapi.Config) { c.MaxBody = 100_000 })
	send := func(size int64, length int64) *httptest.ResponseRecorder {
		req := httptest.NewRequestWithContext(t.Context(), "POST", all, io.LimitReader(endless{}, size))
		req.ContentLength = length
		req.Header.Set("Authorization", "Bearer owner")
		req.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		b.handler.ServeHTTP(rec, req)
		return rec
	}
	for _, length := range []int64{100_000, -1} {
		if rec := send(100_000, length); rec.Code != 201 || len(b.resources.last().body) != 100_000 {
			t.Errorf("exactly the limit, length %d: %d, %d bytes", length, rec.Code, len(b.resources.last().body))
		}
	}
	for _, length := range []int64{100_001, -1} {
		problem(t, send(100_001, length), 413, "body_too_large")
	}
	if rec := send(3, -1); rec.Code != 201 || b.resources.last().body != "   " {
		t.Errorf("a short body of unknown length: %d %q", rec.Code, b.resources.last().body)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset by 10.0.0.7") }

func TestABodyThatBreaksOff(t *testing.T) {
	t.Parallel()
	b := setup(t)
	req := httptest.NewRequestWithContext(t.Context(), "POST", all, broken{})
	req.ContentLength = 10
	req.Header.Set("Authorization", "Bearer owner")
	req.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	b.handler.ServeHTTP(rec, req)
	problem(t, rec, 400, "malformed_body")
	if strings.Contains(rec.Body.String(), "10.0.0.7") {
		t.Errorf("the cause leaks: %s", rec.Body)
	}
}

// TestBodiesThatDontMatter are of operations that take none.
func TestBodiesThatDontMatter(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, c := range []struct {
		do     string
		status int
	}{{"GET " + one, 200}, {"DELETE " + one, 204}, {"POST " + one + "complete/", 200}} {
		if rec := b.send(request{as: "owner", do: c.do}); rec.Code != c.status {
			t.Errorf("%s without a body: %d %s", c.do, rec.Code, rec.Body)
		}
		if c.status != 200 || strings.HasPrefix(c.do, "GET") {
			if rec := b.send(request{as: "owner", do: c.do, body: "nonsense", header: header("Content-Type", "text/plain")}); rec.Code != c.status {
				t.Errorf("%s with a body: %d %s", c.do, rec.Code, rec.Body)
			}
		}
	}
}
