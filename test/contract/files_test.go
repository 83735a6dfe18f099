package contract_test

import (
	"net/http"
	"strings"
	"testing"
)

// testFiles makes those calls on a file that no other operation has an answer for.
func (a *api) testFiles(t *testing.T) {
	get := a.operation(t, http.MethodGet, "/api/v1/documents/{id}/content/")
	put := a.operation(t, http.MethodPut, get.path)
	c := a.prepare(t, get)
	tag := a.send(t, get, c).header.Get("Etag")
	large := strings.Repeat("x", 101<<20)
	for _, step := range []struct {
		name    string
		op      *operation
		headers map[string]string
		body    any
		status  int
		code    string
	}{
		{"a part", get, map[string]string{"Range": "bytes=2-4"}, nil, http.StatusPartialContent, ""},
		{"several parts", get, map[string]string{"Range": "bytes=0-1,4-5"}, nil, http.StatusPartialContent, ""},
		{"known already", get, map[string]string{"If-None-Match": tag}, nil, http.StatusNotModified, ""},
		{"another one", get, map[string]string{"If-Match": `"x"`}, nil, http.StatusPreconditionFailed, "precondition_failed"},
		{"behind the end", get, map[string]string{"Range": "bytes=10-"}, nil, http.StatusRequestedRangeNotSatisfiable, "range_not_satisfiable"},
		{"no tag", put, map[string]string{"If-Match": `x`}, "x", http.StatusBadRequest, "malformed_body"},
		{"not the one", put, map[string]string{"If-Match": `"x"`}, "x", http.StatusPreconditionFailed, "precondition_failed"},
		{"no media type", put, map[string]string{"Content-Type": "x"}, "x", http.StatusUnprocessableEntity, "validation_failed"},
		{"encoded", put, map[string]string{"Content-Encoding": "gzip"}, "x", http.StatusUnsupportedMediaType, "unsupported_media_type"},
		{"too large", put, nil, large, http.StatusRequestEntityTooLarge, "body_too_large"},
	} {
		t.Run(step.name, func(t *testing.T) {
			c := c
			c.body, c.header = step.body, http.Header{}
			for name, value := range step.headers {
				c.header.Set(name, value)
			}
			got := a.send(t, step.op, c)
			if step.code != "" {
				got.isProblem(t, step.status, step.code)
			} else if got.status != step.status {
				t.Errorf("got %d: %s", got.status, got.body)
			}
		})
	}
}
