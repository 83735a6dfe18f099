package contract_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// TestStockOAuthClient signs a service account in with the OAuth 2 client of the Go project, in both ways to send
// credentials that RFC 6749 has.
func TestStockOAuthClient(t *testing.T) {
	t.Parallel()
	a := &api{}
	a.base, a.issued = startServer(t)
	a.doc = a.document(t, "/api/schema/")
	robot := a.create(t, "/api/v1/service-accounts/")
	for name, style := range map[string]oauth2.AuthStyle{"by Basic": oauth2.AuthStyleInHeader, "in the form": oauth2.AuthStyleInParams} {
		config := clientcredentials.Config{
			ClientID: text(robot["client_id"]), ClientSecret: text(robot["client_secret"]), TokenURL: a.base + clientTokenPath,
			Scopes: []string{"projects:read"}, AuthStyle: style,
		}
		token, err := config.Token(t.Context())
		if err != nil || token.TokenType != "Bearer" || !token.Expiry.After(time.Now()) {
			t.Fatalf("%s: %+v, %v", name, token, err)
		}
		for path, want := range map[string]int{"/api/v1/projects/": http.StatusOK, "/api/v1/tasks/": http.StatusForbidden} {
			res, err := config.Client(t.Context()).Get(a.base + path)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			body, _ := io.ReadAll(res.Body)
			if err := res.Body.Close(); err != nil || res.StatusCode != want {
				t.Errorf("%s: %s: %d %s %v", name, path, res.StatusCode, body, err)
			}
		}
		config.ClientSecret = "wrong"
		if _, err := config.Token(t.Context()); err == nil || !strings.Contains(err.Error(), "invalid_client") {
			t.Errorf("%s: a wrong secret: %v", name, err)
		}
	}
}
