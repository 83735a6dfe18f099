package demo_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

func TestANewTenantHasTwoWeeksOfUsageBehindIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.options.Today = time.Date(2026, 3, 1, 15, 30, 0, 0, time.UTC)
	if _, err := b.run(); err != nil {
		t.Fatal(err)
	}
	if len(b.usage.counts) != 3 {
		t.Fatalf("usage of %d tenants", len(b.usage.counts))
	}
	for of, counts := range b.usage.counts {
		checkUsage(t, counts, b.options.Today)
		sizes := b.usage.sizes[of]
		if len(sizes) != 14 || !slices.IsSorted(sizes) || sizes[0] >= sizes[13] || sizes[13] != 1000 {
			t.Errorf("sizes %v", sizes)
		}
	}
	if _, err := b.run(); err != nil {
		t.Fatal(err)
	}
	for _, counts := range b.usage.counts {
		checkUsage(t, counts, b.options.Today) // the second run has added none
	}
}

// checkUsage checks that each hour of two weeks is there once, none of them the present one or of the future.
func checkUsage(t *testing.T, counts []storage.UsageCount, now time.Time) {
	t.Helper()
	var got, want []time.Time
	for _, c := range counts {
		got = append(got, c.Hour)
		if c.ID.IsZero() || c.Writes < 1 || c.Requests < c.Writes+c.Limited || now.Sub(c.Hour) < 48*time.Hour && c.Limited > 0 {
			t.Errorf("%+v", c)
		}
	}
	for at := now.Truncate(24*time.Hour).AddDate(0, 0, -13); !at.Add(time.Hour).After(now); at = at.Add(time.Hour) {
		want = append(want, at)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestATenantThatWasThereGetsNoUsage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.accounts.tenants = []tenant.Tenant{{ID: tenant.NewID(), Slug: "globex"}}
	if _, err := b.run(); err != nil {
		t.Fatal(err)
	}
	if n := len(b.usage.counts); n != 2 || b.usage.counts[b.accounts.tenants[0].ID] != nil {
		t.Errorf("usage of %d tenants", n)
	}
}
