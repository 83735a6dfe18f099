package postgres_test

import (
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/postgres"
	"github.com/tenantry/tenantry/internal/tenant"
)

// TestOnlyTheOwnerErases holds the server's role, and then the owner who has to prove the tenant like everybody.
func TestOnlyTheOwnerErases(t *testing.T) {
	t.Parallel()
	b, _, _ := filledWith(t, proving)
	server := open(t, postgres.Config{URL: b.db.ServerURL, Resources: resources(), Clock: clock, Proof: proof()})
	_, err := server.Platform().Tenants().Erase(t.Context(), b.a)
	if err == nil || !strings.Contains(err.Error(), "--migration-url") {
		t.Errorf("the server's role gets %v", err)
	}
	if n := rowsOf(erased(t, b.node(t, postgres.Proof{Secret: []byte("no key that the database knows...")}), b.a)); n != -1 {
		t.Errorf("without the key %d records were erased", n)
	}
	if n := rowsOf(erased(t, b.node(t, proof()), b.a)); n == 0 {
		t.Error("the owner erased no record")
	}
	if n := rowsOf(erased(t, b.node(t, proof()), b.a)); n != 0 {
		t.Errorf("%d records were left", n)
	}
}

func erased(t *testing.T, e *postgres.Engine, of tenant.ID) ([]storage.Erased, error) {
	t.Helper()
	return e.Platform().Tenants().Erase(t.Context(), of)
}

// rowsOf counts the tenant's own rows, -1 where there was an error.
func rowsOf(removed []storage.Erased, err error) (n int64) {
	if err != nil {
		return -1
	}
	for _, r := range removed {
		if strings.HasPrefix(r.Place, "tenant.") {
			n += r.Count
		}
	}
	return n
}
