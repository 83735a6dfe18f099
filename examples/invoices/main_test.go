package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tenantry/tenantry"
	"github.com/tenantry/tenantry/tenantrytest"
)

// client is an owner of a tenant of the example.
type client struct {
	t          *testing.T
	url, token string
}

func newClient(t *testing.T) *client {
	t.Helper()
	service, err := newApp().Open(t.Context(), tenantry.Options{DataDir: t.TempDir(), SigningKey: []byte("a signing key for tests, 32 bytes+")})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(service.Handler())
	t.Cleanup(func() {
		server.Close()
		if err := service.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := service.CreateTenant(t.Context(), "acme", "Acme"); err != nil {
		t.Fatal(err)
	}
	if _, err := service.CreateUser(t.Context(), "owner", "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	if err := service.AddMember(t.Context(), "acme", "owner", "owner"); err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, url: server.URL}
	c.token = c.send("POST", "/api/v1/auth/token/", `{"username":"owner","password":"correct horse battery"}`, 200)["access"].(string)
	return c
}

func (c *client) send(method, path, body string, status int) map[string]any {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, bytes.NewBufferString(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var out map[string]any
	if res.StatusCode != http.StatusNoContent {
		if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
			c.t.Fatal(err)
		}
	}
	if res.StatusCode != status {
		c.t.Fatalf("%s %s: %d %v, want %d", method, path, res.StatusCode, out, status)
	}
	return out
}

func TestInvoices(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	customer := c.send("POST", "/api/v1/customers/", `{"name":"Initech"}`, 201)["id"].(string)
	body := `{"number":"2026-1","customer":"` + customer + `","currency":"EUR","cents":100}`
	invoice := c.send("POST", "/api/v1/invoices/", body, 201)
	if invoice["paid"] != false || invoice["customer_name"] != "Initech" {
		t.Errorf("the new invoice is %v", invoice)
	}
	path := "/api/v1/invoices/" + invoice["id"].(string) + "/"
	c.send("POST", "/api/v1/invoices/", body, 409)
	c.send("PATCH", path, `{"number":"2026-2"}`, 422)
	c.send("PATCH", path, `{"paid":true}`, 422)
	c.send("PATCH", path, `{"currency":"GBP","cents":1000001}`, 422)
	c.send("DELETE", "/api/v1/customers/"+customer+"/", "", 409) // an invoice names it
	if paid := c.send("POST", path+"pay/", "", 200); paid["paid"] != true {
		t.Errorf("the paid invoice is %v", paid)
	}
	c.send("DELETE", path, "", 409)
	if shown := c.send("GET", "/api/v1/customers/"+customer+"/", "", 200); shown["invoices"] != 1.0 {
		t.Errorf("the customer is %v", shown)
	}
}

func TestNoTenantReachesAnothers(t *testing.T) {
	t.Parallel()
	tenantrytest.Attack(t, newApp())
}
