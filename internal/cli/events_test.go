package cli_test

import (
	"testing"

	"github.com/tenantry/tenantry/internal/tenant"
)

func TestEventsVerify(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.run("tenant", "create", "acme")
	b.run("tenant", "create", "globex")
	acme, globex := b.fake.accounts.tenants[0].ID, b.fake.accounts.tenants[1].ID
	b.fake.broken = map[tenant.ID]int64{globex: 8}
	const headings = "ID                                     SLUG         OK    CHECKED   FIRST BROKEN\n"
	want := result{
		1, headings + acme.String() + "   acme         yes   7\n" + globex.String() + "   globex       no    7   8\n" +
			"ffffffff-ffff-ffff-ffff-ffffffffffff   (platform)   yes   7\n",
		"tenantry: events were changed or are missing: globex\n",
	}
	if got := b.run("events", "verify"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	want = result{0, "[\n  {\n    \"id\": \"" + acme.String() + "\",\n    \"slug\": \"acme\",\n    \"ok\": true,\n    \"checked\": 7,\n    \"first_broken\": null\n  }\n]\n", ""}
	if got := b.run("events", "verify", "acme", "--format", "json"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	want = result{1, "", "tenantry: tenant initech: There is no such tenant\n"}
	if got := b.run("events", "verify", "initech"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
