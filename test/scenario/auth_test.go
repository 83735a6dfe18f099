package scenario_test

import (
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"

	"github.com/tenantry/tenantry"
	"github.com/tenantry/tenantry/resources"
)

func TestTokens(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		w.play(t, []step{
			{
				name: "sign in", as: "nobody", do: "POST /auth/token/", body: `{"username":"owner-acme","password":"` + password + `"}`, status: 200, events: []string{"logged_in"},
				want: `{"token_type":"Bearer","expires_in":900,"tenant":{"id":"{acme}","slug":"acme","role":"owner"}}`, save: map[string]string{"access": "access", "refresh": "refresh"},
			},
			{name: "with the tenant's id", as: "nobody", do: "POST /auth/token/", body: `{"username":"owner-acme","password":"` + password + `","tenant":"{acme}"}`, status: 200, events: []string{"logged_in"}},
			{name: "a wrong password", as: "nobody", do: "POST /auth/token/", body: `{"username":"owner-acme","password":"wrong"}`, status: 401, events: []string{"log_in_failed"}, want: `{"code":"credentials_invalid"}`},
			{name: "an unknown user", as: "nobody", do: "POST /auth/token/", body: `{"username":"x","password":"wrong"}`, status: 401, want: `{"code":"credentials_invalid"}`},
			{name: "another tenant", as: "nobody", do: "POST /auth/token/", body: `{"username":"owner-acme","password":"` + password + `","tenant":"globex"}`, status: 401, want: `{"code":"credentials_invalid"}`},
			{name: "no such tenant", as: "nobody", do: "POST /auth/token/", body: `{"username":"owner-acme","password":"` + password + `","tenant":"nowhere"}`, status: 401, want: `{"code":"credentials_invalid"}`},
			{name: "without a password", as: "nobody", do: "POST /auth/token/", body: `{"username":"owner-acme","x":1}`, status: 422, want: `{"code":"validation_failed"}`, absent: []string{"owner-acme"}},
			{name: "a username twice", as: "nobody", do: "POST /auth/token/", body: `{"username":"owner-acme","username":"x","password":"y"}`, status: 400},
			{name: "verify", as: "nobody", do: "POST /auth/token/verify/", body: `{"token":"{access}"}`, status: 200, want: `{"token_type":"access","user_id":"{owner-acme}","tenant":"{acme}","role":"owner"}`},
			{name: "verify a refresh token", as: "nobody", do: "POST /auth/token/verify/", body: `{"token":"{refresh}"}`, status: 200, want: `{"token_type":"refresh"}`},
			{name: "verify nonsense", as: "nobody", do: "POST /auth/token/verify/", body: `{"token":"x"}`, status: 401, want: `{"code":"token_invalid"}`},
			{name: "refresh", as: "nobody", do: "POST /auth/token/refresh/", body: `{"refresh":"{refresh}"}`, status: 200, want: `{"token_type":"Bearer"}`, save: map[string]string{"access2": "access", "refresh2": "refresh"}},
			{name: "an access token is no refresh token", as: "nobody", do: "POST /auth/token/refresh/", body: `{"refresh":"{access2}"}`, status: 401, want: `{"code":"token_invalid"}`},
			{name: "the old one again", as: "nobody", do: "POST /auth/token/refresh/", body: `{"refresh":"{refresh}"}`, status: 401, events: []string{"token_reused"}, want: `{"code":"token_invalid"}`},
			{name: "ends the whole family", as: "nobody", do: "POST /auth/token/refresh/", body: `{"refresh":"{refresh2}"}`, status: 401},
		})
		w.tokens["reused"] = w.vars["access2"]
		w.play(t, []step{{name: "and its access tokens", as: "reused", do: "GET /me/", status: 401, want: `{"code":"token_invalid"}`}})
		fresh := w.signIn("member-acme", "acme")
		w.tokens["fresh"], w.tokens["refresh"] = fresh.Access, fresh.Refresh
		w.vars["fresh"] = fresh.Access
		w.play(t, []step{
			{name: "a refresh token is no access token", as: "refresh", do: "GET /me/", status: 401, want: `{"code":"token_invalid"}`},
			{name: "good until revoked", as: "fresh", do: "GET /me/", status: 200},
			{name: "revoke", as: "nobody", do: "POST /auth/token/revoke/", body: `{"token":"{fresh}"}`, status: 204, events: []string{"token_revoked"}},
			{name: "revoke nonsense", as: "nobody", do: "POST /auth/token/revoke/", body: `{"token":"x"}`, status: 204},
			{name: "no longer", as: "fresh", do: "GET /me/", status: 401, want: `{"code":"token_invalid"}`},
			{name: "of another tenant", as: "owner-globex", do: "GET /me/", status: 200, want: `{"tenant":{"slug":"globex"}}`},
		})
	})
}

func TestProductionTakesNoWeakPasswords(t *testing.T) {
	t.Parallel()
	o := tenantry.Options{DataDir: t.TempDir(), SigningKey: []byte(rand.Text() + rand.Text())}
	open := func(production bool, p tenantry.Passwords) error {
		app := tenantry.New(tenantry.Config{})
		resources.Register(app)
		o.Production, o.Passwords = production, p
		service, err := app.Open(t.Context(), o)
		if err == nil {
			err = service.Close()
		}
		return err
	}
	for _, p := range []tenantry.Passwords{cheap, {}} {
		if err := open(false, p); err != nil {
			t.Errorf("%+v in development: %v", p, err)
		}
	}
	if err := open(true, tenantry.Passwords{}); err != nil {
		t.Errorf("the default in production: %v", err)
	}
	if err := open(true, cheap); err == nil || !strings.Contains(err.Error(), "Options.Passwords") {
		t.Errorf("%+v in production: %v", cheap, err)
	}
}

func TestSeveralTenants(t *testing.T) {
	onBothEngines(t, func(w *world) {
		t := w.t
		if err := w.service.AddMember(t.Context(), "globex", "owner-acme", "viewer"); err != nil {
			t.Fatal(err)
		}
		a := w.send(request{method: "POST", path: "/api/v1/auth/token/", body: `{"username":"owner-acme","password":"` + password + `"}`})
		var choices struct {
			Tenants []struct{ ID, Slug, Name string }
		}
		if err := json.Unmarshal(a.body, &choices); err != nil || a.status != 422 || len(choices.Tenants) != 2 || choices.Tenants[0].Slug != "acme" {
			t.Fatalf("%d %s", a.status, a.body)
		}
		w.tokens["visitor"] = w.signIn("owner-acme", "globex").Access
		w.play(t, []step{{name: "another role there", as: "visitor", do: "GET /me/", status: 200, want: `{"role":"viewer","tenant":{"slug":"globex"}}`}})
	})
}
