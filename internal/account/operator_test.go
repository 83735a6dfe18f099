package account_test

import (
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/token"
)

// TestOperatorNeedsALogInOfTheirOwn signs tokens with the service's own key, as whoever shares the secret could.
func TestOperatorNeedsALogInOfTheirOwn(t *testing.T) {
	t.Parallel()
	f := setup(t)
	root, err := f.CreateUser(t.Context(), by, "root", password, true)
	if err != nil {
		t.Fatal(err)
	}
	granted, err := f.SignInOperator(t.Context(), by, "root", password)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.AuthenticateOperator(t.Context(), granted.Access); err != nil {
		t.Fatalf("a log-in: %v", err)
	}
	member, err := f.SignIn(t.Context(), by, "bob", password, "acme")
	if err != nil {
		t.Fatal(err)
	}
	claims, err := f.tokens.Verify(member.Access, token.Access)
	if err != nil {
		t.Fatal(err)
	}
	for name, family := range map[string]id.ID{"a log-in that never was": id.New(), "a member's log-in": claims.Family} {
		forged, err := f.tokens.SignOperator(token.OperatorClaims{
			Type: token.Access, User: root.ID, Family: family, ExpiresAt: f.clock.Now().Add(time.Minute),
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.AuthenticateOperator(t.Context(), forged); !fault.Is(err, fault.TokenInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := f.RevokeOperator(t.Context(), by, granted.Access); err != nil {
		t.Fatal(err)
	}
	if _, err := f.AuthenticateOperator(t.Context(), granted.Access); !fault.Is(err, fault.TokenInvalid) {
		t.Errorf("after signing out: %v", err)
	}
}
