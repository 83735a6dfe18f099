package contract_test

import (
	"net/http"
	"net/url"
	"testing"
)

// recipes complete the calls that the document alone can't tell how to make, by method and path.
func recipes() map[string]func(t *testing.T, a *api, c *call) {
	return map[string]func(t *testing.T, a *api, c *call){
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
		"POST " + clientTokenPath: func(t *testing.T, a *api, c *call) {
			t.Helper()
			robot := a.create(t, "/api/v1/service-accounts/")
			c.contentType = "application/x-www-form-urlencoded"
			c.body = url.Values{
				"grant_type": {"client_credentials"}, "scope": {"projects:read write"},
				"client_id": {text(robot["client_id"])}, "client_secret": {text(robot["client_secret"])},
			}.Encode()
		},
		"POST /api/v1/members/":                                  newMember,
		"PATCH /api/v1/service-accounts/{id}/":                   inTheFuture,
		"POST /api/admin/v1/tenants/":                            newSlug,
		"POST /api/admin/v1/tenants/{id}/members/":               newMember,
		"GET /api/admin/v1/tenants/{id}/members/{member_id}/":    existingMember,
		"PATCH /api/admin/v1/tenants/{id}/members/{member_id}/":  existingMember,
		"DELETE /api/admin/v1/tenants/{id}/members/{member_id}/": existingMember,
		"GET " + theirAccounts + "{service_account_id}/":         existingAccount,
		"PATCH " + theirAccounts + "{service_account_id}/": func(t *testing.T, a *api, c *call) {
			t.Helper()
			existingAccount(t, a, c)
			inTheFuture(t, a, c)
		},
		"DELETE " + theirAccounts + "{service_account_id}/":      existingAccount,
		"POST " + theirAccounts + "{service_account_id}/rotate/": existingAccount,
		"POST /api/admin/v1/auth/token/": func(_ *testing.T, a *api, c *call) {
			c.body = map[string]any{"username": a.issued.Operator.Username, "password": a.issued.Operator.Password}
		},
		"POST /api/admin/v1/auth/token/refresh/": func(t *testing.T, a *api, c *call) {
			t.Helper()
			_, refresh := a.operatorTokens(t)
			c.body = map[string]any{"refresh": refresh}
		},
		"POST /api/admin/v1/auth/token/revoke/": func(t *testing.T, a *api, c *call) {
			t.Helper()
			access, _ := a.operatorTokens(t)
			c.body = map[string]any{"token": access}
		},
		"POST /api/admin/v1/keys/{kid}/retire/": func(t *testing.T, a *api, c *call) {
			t.Helper()
			op := a.operation(t, http.MethodPost, "/api/admin/v1/keys/rotate/")
			c.key = text(a.send(t, op, a.prepare(t, op)).object(t)["kid"])
		},
		"PUT /api/v1/documents/{id}/content/": func(_ *testing.T, _ *api, c *call) {
			c.contentType, c.body = "application/octet-stream", "0123456789"
		},
		"GET /api/v1/documents/{id}/content/":    uploaded,
		"DELETE /api/v1/documents/{id}/content/": uploaded,
	}
}

// operatorTokens signs the operator in.
func (a *api) operatorTokens(t *testing.T) (access, refresh string) {
	t.Helper()
	op := a.operation(t, http.MethodPost, "/api/admin/v1/auth/token/")
	got := a.send(t, op, a.prepare(t, op)).object(t)
	return text(got["access"]), text(got["refresh"])
}

// newMember names a user who is a member of nothing yet. The last owner of a tenant stays, so nobody here is one.
func newMember(t *testing.T, a *api, c *call) {
	t.Helper()
	c.body = map[string]any{"username": a.create(t, "/api/admin/v1/users/")["username"], "role": "viewer"}
}

// existingMember adds a member to the tenant of the call.
func existingMember(t *testing.T, a *api, c *call) {
	t.Helper()
	op := a.operation(t, http.MethodPost, "/api/admin/v1/tenants/{id}/members/")
	add := call{token: c.token, id: c.id, contentType: "application/json"}
	newMember(t, a, &add)
	c.below = text(a.send(t, op, add).object(t)["id"])
}

// theirAccounts are a tenant's service accounts, for operators.
const theirAccounts = "/api/admin/v1/tenants/{id}/service-accounts/"

// existingAccount adds a service account to the tenant of the call.
func existingAccount(t *testing.T, a *api, c *call) {
	t.Helper()
	op := a.operation(t, http.MethodPost, theirAccounts)
	add := call{token: c.token, id: c.id, contentType: "application/json", body: map[string]any{"name": "Nightly import", "role": "viewer"}}
	c.below = text(a.send(t, op, add).object(t)["id"])
}

// inTheFuture is where an account's end lies.
func inTheFuture(_ *testing.T, _ *api, c *call) {
	if fields, ok := c.body.(map[string]any); ok {
		fields["expires_at"] = "2999-12-31T23:59:59Z"
	}
}

// newSlug gives a tenant a slug that is none yet.
func newSlug(_ *testing.T, _ *api, c *call) {
	c.body = map[string]any{"slug": "t" + randomID()[24:], "name": "Made by the contract test"}
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
