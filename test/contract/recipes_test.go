package contract_test

import (
	"net/http"
	"testing"
)

// recipes complete the calls that the document alone can't tell how to make, by method and path.
var recipes = map[string]func(t *testing.T, a *api, c *call){
	"POST /api/v1/auth/token/": func(_ *testing.T, a *api, c *call) {
		tenant := a.issued.Tenants[0]
		c.body = map[string]any{
			"username": tenant.Users[0].Username, "password": tenant.Users[0].Password, "tenant": tenant.Slug,
		}
	},
	"POST /api/v1/auth/token/refresh/": func(_ *testing.T, a *api, c *call) {
		c.body = map[string]any{"refresh": a.issued.Tenants[0].Users[1].RefreshToken}
	},
	"POST /api/v1/auth/token/verify/": func(_ *testing.T, a *api, c *call) {
		c.body = map[string]any{"token": a.issued.Tenants[0].Users[0].AccessToken}
	},
	"POST /api/v1/auth/token/revoke/": func(_ *testing.T, a *api, c *call) {
		c.body = map[string]any{"token": a.issued.Tenants[0].Users[2].RefreshToken}
	},
	"PUT /api/v1/documents/{id}/content/": func(_ *testing.T, _ *api, c *call) {
		c.contentType, c.body = "application/octet-stream", "0123456789"
	},
	"GET /api/v1/documents/{id}/content/":    uploaded,
	"DELETE /api/v1/documents/{id}/content/": uploaded,
}

// uploaded gives the record of the call a file.
func uploaded(t *testing.T, a *api, c *call) {
	t.Helper()
	op := a.operation(t, http.MethodPut, "/api/v1/documents/{id}/content/")
	put := call{token: c.token, id: c.id, contentType: "application/octet-stream", body: "0123456789"}
	if got := a.send(t, op, put); got.status != http.StatusOK {
		t.Fatalf("upload: %d %s", got.status, got.body)
	}
}

// reference returns the id of a record that a field of this name can hold.
func (a *api) reference(t *testing.T, name string) (id any, ok bool) {
	t.Helper()
	switch name {
	case "project":
		return a.create(t, "/api/v1/projects/")["id"], true
	case "assignee":
		return a.issued.Tenants[0].Users[0].ID, true
	default:
		return nil, false
	}
}
