package tenant_test

import (
	"crypto/rand"
	"io"
	"testing"

	"github.com/tenantry/tenantry/internal/tenant"
)

func passes(t *testing.T) *tenant.Passes {
	t.Helper()
	p, err := tenant.NewPasses(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPassIsForOneTenantOfOneService(t *testing.T) {
	t.Parallel()
	here, elsewhere := passes(t), passes(t)
	a, b := tenant.NewID(), tenant.NewID()
	if !here.Admit(here.For(a), a) {
		t.Error("a tenant's pass is not good for it")
	}
	for name, pass := range map[string]tenant.Pass{
		"another tenant's": here.For(b), "another service's": elsewhere.For(a), "none": {},
	} {
		if here.Admit(pass, a) {
			t.Errorf("the pass is admitted: %s", name)
		}
	}
}

func TestNoPassWithoutRandomness(t *testing.T) {
	t.Parallel()
	if _, err := tenant.NewPasses(empty{}); err == nil {
		t.Error("passes were made without a key")
	}
}

type empty struct{}

func (empty) Read([]byte) (int, error) { return 0, io.EOF }
