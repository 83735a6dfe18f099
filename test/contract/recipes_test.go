package contract_test

import "testing"

// recipes complete the calls that the document alone can't tell how to make, by method and path.
var recipes = map[string]func(a *api, c *call){
	"POST /api/v1/auth/token/": func(a *api, c *call) {
		tenant := a.issued.Tenants[0]
		c.body = map[string]any{
			"username": tenant.Users[0].Username, "password": tenant.Users[0].Password, "tenant": tenant.Slug,
		}
	},
	"POST /api/v1/auth/token/refresh/": func(a *api, c *call) {
		c.body = map[string]any{"refresh": a.issued.Tenants[0].Users[1].RefreshToken}
	},
	"POST /api/v1/auth/token/verify/": func(a *api, c *call) {
		c.body = map[string]any{"token": a.issued.Tenants[0].Users[0].AccessToken}
	},
	"POST /api/v1/auth/token/revoke/": func(a *api, c *call) {
		c.body = map[string]any{"token": a.issued.Tenants[0].Users[2].RefreshToken}
	},
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
