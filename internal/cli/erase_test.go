package cli_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/tenant"
)

func TestEraseTenant(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.run("tenant", "create", "acme")
	there, gone := b.fake.accounts.tenants[0].ID, tenant.NewID()
	for name, c := range map[string]struct {
		args   []string
		fails  error
		code   int
		want   string
		erased []tenant.ID
	}{
		"by its slug": {args: []string{"acme", "--confirm", "acme"}, want: "tenant.tasks   2\nfiles          0\n", erased: []tenant.ID{there}},
		"by its id": {
			args: []string{there.String(), "--confirm", "acme", "--format", "json"}, want: `"from": "tenant.tasks",`, erased: []tenant.ID{there},
		},
		"what is left of one":  {args: []string{gone.String(), "--confirm", gone.String()}, want: "REMOVED FROM", erased: []tenant.ID{gone}},
		"one that never was":   {args: []string{"nobody", "--confirm", "nobody"}, code: 1, want: "tenant nobody: There is no such tenant"},
		"without confirmation": {args: []string{"acme"}, code: 2, want: "--confirm acme"},
		"confirmed by its id":  {args: []string{"acme", "--confirm", there.String()}, code: 2, want: "--confirm acme"},
		"of another slug":      {args: []string{"acme", "--confirm", "acm"}, code: 2, want: "--confirm acme"},
		"while it is active": {
			args: []string{"acme", "--confirm", "acme"}, fails: fault.New(fault.Conflict, "x"), code: 1,
			want: "run tenantry tenant suspend acme first", erased: []tenant.ID{there},
		},
	} {
		b.fake.erased, b.fake.erasure = nil, c.fails
		got := b.run(append([]string{"tenant", "erase"}, c.args...)...)
		if got.code != c.code || !strings.Contains(got.out+got.errors, c.want) {
			t.Errorf("%s: %+v", name, got)
		}
		if diff := cmp.Diff(c.erased, b.fake.erased); diff != "" {
			t.Errorf("%s erased (-want +got):\n%s", name, diff)
		}
	}
}
