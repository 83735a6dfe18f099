package platform

import (
	"context"

	"github.com/tenantry/tenantry/internal/storage"
)

type usage struct{ *plane }

// Usage implements storage.Platform.
func (p *plane) Usage() storage.Usage { return usage{p} }

func (p usage) Add(ctx context.Context, counts []storage.UsageCount) error {
	return p.update(ctx, "add to the usage", func(tx transaction) error {
		for _, c := range counts {
			_, err := tx.exec(ctx, "INSERT INTO platform.usage AS u (tenant_id, hour, id, requests, writes, limited) VALUES ($1, $2, $3, $4, $5, $6)"+
				" ON CONFLICT (tenant_id, hour) DO UPDATE SET requests = u.requests + excluded.requests,"+
				" writes = u.writes + excluded.writes, limited = u.limited + excluded.limited",
				c.Tenant.String(), p.moment(c.Hour), c.ID.String(), c.Requests, c.Writes, c.Limited)
			if err != nil {
				return err
			}
		}
		return nil
	})
}
