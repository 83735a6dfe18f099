package account_test

import (
	"testing"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// TestAnErasedTenantIsNoMore erases one, to which another node then brings an event that it still had.
func TestAnErasedTenantIsNoMore(t *testing.T) {
	onBothEngines(t, func(t *testing.T, f *fixture) {
		t.Helper()
		f.settle(t)
		access, n := f.signIn(t, "bob", "acme").Access, len(f.trail(t, tenant.Platform))
		if _, err := f.Erase(t.Context(), by, f.acme.ID); !fault.Is(err, fault.Conflict) {
			t.Fatalf("a tenant in use is erased: %v", err)
		}
		if err := f.Suspend(t.Context(), by, "acme"); err != nil {
			t.Fatal(err)
		}
		removed, err := f.Erase(t.Context(), by, f.acme.ID)
		if err != nil {
			t.Fatal(err)
		}
		if total(removed) < 10 { // members, events, sessions and the tenant
			t.Errorf("it was removed: %v", removed)
		}
		if _, err := f.Authenticate(t.Context(), by, access); !fault.Is(err, fault.TokenInvalid) {
			t.Errorf("its members get %v", err)
		}
		if _, err := f.SignIn(t.Context(), by, "may", password, ""); err != nil {
			t.Errorf("who belongs to another tenant too gets %v", err)
		}
		f.wantActions(t, tenant.Platform, n, "suspended tenant", "erased tenant")
		late := storage.QueuedEvent{Trail: f.acme.ID, Event: storage.Event{
			ID: id.New(), At: f.clock.Now(), Actor: []byte(`{}`), Action: "tried", Resource: "members", Changes: []byte(`{}`),
		}}
		if err := f.engine.Platform().Outbox().Add(t.Context(), late); err != nil {
			t.Fatal(err)
		}
		f.wantEmpty(t)
		removed, err = f.Erase(t.Context(), by, f.acme.ID)
		if err != nil || total(removed) != 0 {
			t.Errorf("it is left: %v, %v", removed, err)
		}
	})
}

func total(removed []storage.Erased) (n int64) {
	for _, r := range removed {
		n += r.Count
	}
	return n
}
