package storage_test

import (
	"context"
	"crypto/rand"
	"testing"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// open is an engine that opens everything for everybody.
type open struct{ storage.Engine }

func (open) Open(context.Context, tenant.ID) (storage.Store, error) { return nil, nil } //nolint:nilnil // what it is does not matter

func (open) Platform() storage.Platform { return platform{} }

type platform struct{ storage.Platform }

func (platform) Directory(tenant.ID) storage.Directory { return directory{} }

type directory struct{}

func (directory) Get(context.Context, *schema.Resource, id.ID) (storage.Record, error) {
	return storage.Record{Version: 1}, nil
}

func (directory) List(context.Context, *schema.Resource, query.List, func(storage.Record) error) (int64, error) {
	return 0, nil
}

// TestTheDoorOpensWithTheTenantsPassAlone names tenants that the pass is not for.
func TestTheDoorOpensWithTheTenantsPassAlone(t *testing.T) {
	t.Parallel()
	passes, err := tenant.NewPasses(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	door := storage.Door{Engine: open{}, Passes: passes, Files: func(tenant.ID) storage.Files { return nil }}
	own, other := tenant.NewID(), tenant.NewID()
	for name, c := range map[string]struct {
		pass      tenant.Pass
		of        tenant.ID
		opens     bool
		directory bool
	}{
		"its own":                {passes.For(own), own, true, true},
		"another's":              {passes.For(own), other, false, false},
		"no pass":                {tenant.Pass{}, own, false, false},
		"no tenant":              {passes.For(own), tenant.ID{}, false, false},
		"a pass for no tenant":   {passes.For(tenant.ID{}), tenant.ID{}, true, false},
		"an operator's, records": {passes.For(tenant.Platform), own, false, true},
		"an operator's, lists":   {passes.For(tenant.Platform), tenant.ID{}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, storeErr := door.Open(t.Context(), c.of, c.pass)
			_, filesErr := door.OpenFiles(c.of, c.pass)
			_, selfErr := door.Self(c.of, c.pass)
			_, directoryErr := door.Directory(c.of, c.pass)
			for what, got := range map[string]bool{"store": storeErr == nil, "files": filesErr == nil, "self": selfErr == nil} {
				if got != c.opens {
					t.Errorf("the %s opens: %v", what, got)
				}
			}
			if got := directoryErr == nil; got != c.directory {
				t.Errorf("the directory opens: %v", got)
			}
		})
	}
}

func TestATenantFindsItselfAlone(t *testing.T) {
	t.Parallel()
	passes, err := tenant.NewPasses(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	own := tenant.NewID()
	self, err := storage.Door{Engine: open{}, Passes: passes}.Self(own, passes.For(own))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := self.Get(t.Context(), nil, id.ID(own)); err != nil {
		t.Error(err)
	}
	if _, err := self.Get(t.Context(), nil, id.New()); !fault.Is(err, fault.NotFound) {
		t.Errorf("another tenant's record: %v", err)
	}
	if _, err := self.List(t.Context(), nil, query.List{}, nil); err == nil {
		t.Error("the tenants are listed")
	}
}
