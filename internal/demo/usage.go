package demo

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
)

// Usage keeps the counters of what tenants ask for and how much room they take; storage.Usage does.
type Usage interface {
	Add(ctx context.Context, counts []storage.UsageCount) error
	Keep(ctx context.Context, m storage.Measurement, until time.Time) error
}

// usageDays is how many days of usage a new sample tenant has behind it.
const usageDays = 14

// past gives a new sample tenant two weeks of usage, up to the hour before this one, so that there are charts to look at.
// Only counters are made up: records and events are as old as they are. The tenant's data grows day by day to what it is,
// and is due to be measured by whoever serves it.
func (f *filling) past(ctx context.Context, o office) error {
	size, err := f.resources.Size(ctx, o.tenant.ID, f.accounts.Pass(o.tenant.ID))
	if err != nil {
		return err
	}
	today := f.options.Today.Truncate(24 * time.Hour)
	for back := usageDays - 1; back >= 0; back-- {
		counts := f.generator.hours(today.AddDate(0, 0, -back), back)
		if len(counts) == 0 {
			continue
		}
		for i := range counts {
			counts[i].ID, counts[i].Tenant = id.New(), o.tenant.ID
		}
		if err := f.usage.Add(ctx, counts); err != nil {
			return err
		}
		m := storage.Measurement{Tenant: o.tenant.ID, Bytes: size * int64(3*usageDays-2*back) / (3 * usageDays)}
		if err := f.usage.Keep(ctx, m, f.options.Today); err != nil {
			return err
		}
	}
	return nil
}

// hours returns the counts of the hours of a day that are over: people work by day and on weekdays, programs always.
func (g *generator) hours(day time.Time, back int) []storage.UsageCount {
	var out []storage.UsageCount
	for n := range 24 {
		hour := day.Add(time.Duration(n) * time.Hour)
		if !hour.Add(time.Hour).After(g.today) {
			out = append(out, g.hour(hour, back))
		}
	}
	return out
}

func (g *generator) hour(at time.Time, back int) storage.UsageCount {
	r := g.random("usage", back, at.Hour())
	requests := 2 + r.IntN(6)
	if weekend := at.Weekday() == time.Saturday || at.Weekday() == time.Sunday; !weekend && at.Hour() >= 7 && at.Hour() < 19 {
		requests += 20 + r.IntN(60)
	}
	count := storage.UsageCount{Hour: at, Requests: int64(requests), Writes: int64(1 + requests*(15+r.IntN(15))/100)}
	if back == hash(g.slug)%5+4 && at.Hour() == 14 { // a program of theirs ran away, once and some days ago
		count.Limited = int64(20 + r.IntN(40))
		count.Requests += count.Limited
	}
	return count
}
