package httpapi_test

import (
	"errors"
	"testing"

	"github.com/tenantry/tenantry/internal/httpapi"
)

func TestKeySetIsCached(t *testing.T) {
	t.Parallel()
	set := `{"keys":[{"kid":"a"}]}`
	var fails error
	b := setup(t, func(c *httpapi.Config) {
		c.KeySet = func() ([]byte, error) { return []byte(set), fails }
	})
	const path = "GET /.well-known/jwks.json"
	rec := b.send(request{do: path})
	h := rec.Header()
	if rec.Code != 200 || rec.Body.String() != set || h.Get("Content-Type") != "application/json" || h.Get("Cache-Control") != "public, max-age=60" {
		t.Errorf("%d %s %v", rec.Code, rec.Body, h)
	}
	known := header("If-None-Match", h.Get("ETag"))
	if again := b.send(request{do: path, header: known}); again.Code != 304 || again.Body.Len() != 0 || again.Header().Get("Cache-Control") != "public, max-age=60" {
		t.Errorf("again: %d %v", again.Code, again.Header())
	}
	set = `{"keys":[{"kid":"a"},{"kid":"b"}]}`
	if changed := b.send(request{do: path, header: known}); changed.Code != 200 || changed.Body.String() != set || changed.Header().Get("ETag") == h.Get("ETag") {
		t.Errorf("changed: %d %s", changed.Code, changed.Body)
	}
	problem(t, b.send(request{do: path + "?kid=a"}), 422, "validation_failed")
	problem(t, b.send(request{do: "POST /.well-known/jwks.json"}), 405, "method_not_allowed")
	fails = errors.New("key file /etc/x")
	problem(t, b.send(request{do: path}), 500, "internal")
}

func TestKeySetIsEmptyByDefault(t *testing.T) {
	t.Parallel()
	rec := setup(t).send(request{do: "GET /.well-known/jwks.json"})
	if rec.Code != 200 || rec.Body.String() != `{"keys":[]}` {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}
