package platform

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

type usage struct{ *plane }

// Usage implements storage.Platform.
func (p *plane) Usage() storage.Usage { return usage{p} }

func (p usage) Add(ctx context.Context, counts []storage.UsageCount) error {
	// In one order, so that two nodes never wait for each other's rows.
	counts = slices.SortedFunc(slices.Values(counts), func(a, b storage.UsageCount) int {
		return cmp.Or(bytes.Compare(a.Tenant[:], b.Tenant[:]), a.Hour.Compare(b.Hour))
	})
	return p.update(ctx, "add to the usage", func(tx transaction) error {
		for _, c := range counts {
			known, err := tx.knows(ctx, c.Tenant)
			if err == nil && known {
				err = tx.addUsage(ctx, c)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// knows reports whether there is such a tenant: what is counted of one that was erased must not hold up the others'.
func (t transaction) knows(ctx context.Context, of tenant.ID) (known bool, err error) {
	err = t.tx.QueryRowContext(ctx, t.sql("SELECT EXISTS (SELECT 1 FROM platform.tenants WHERE id = $1)"), of.String()).Scan(&known)
	return known, err
}

func (t transaction) addUsage(ctx context.Context, c storage.UsageCount) error {
	if c.Writes > 0 {
		_, err := t.exec(ctx, "INSERT INTO platform.sizes AS s (tenant_id, written, due_at) VALUES ($1, $2, $3)"+
			" ON CONFLICT (tenant_id) DO UPDATE SET written = s.written + excluded.written",
			c.Tenant.String(), c.Writes, t.moment(c.Hour))
		if err != nil {
			return err
		}
	}
	_, err := t.exec(ctx, "INSERT INTO platform.usage AS u (tenant_id, hour, id, requests, writes, limited, storage)"+
		" VALUES ($1, $2, $3, $4, $5, $6, (SELECT bytes FROM platform.sizes WHERE tenant_id = $1))"+
		" ON CONFLICT (tenant_id, hour) DO UPDATE SET requests = u.requests + excluded.requests,"+
		" writes = u.writes + excluded.writes, limited = u.limited + excluded.limited",
		c.Tenant.String(), t.moment(c.Hour), c.ID.String(), c.Requests, c.Writes, c.Limited)
	return err
}

// measurable is the condition of the tenants that may be measured now.
const measurable = "written > measured AND due_at <= $1"

func (p usage) Claim(ctx context.Context, now, until time.Time) (m storage.Measurement, found bool, err error) {
	var waiting bool
	err = p.Read.QueryRowContext(ctx, p.sql("SELECT EXISTS (SELECT 1 FROM platform.sizes WHERE "+measurable+")"), p.moment(now)).Scan(&waiting)
	if err != nil || !waiting { // on SQLite a write would wait for the others
		return m, false, p.wrap("look for tenants to measure", err)
	}
	err = p.transact(ctx, "claim a tenant to measure", func(tx transaction) error {
		var size sql.NullInt64
		row := tx.tx.QueryRowContext(ctx, p.sql("UPDATE platform.sizes SET due_at = $2 WHERE tenant_id ="+
			" (SELECT tenant_id FROM platform.sizes WHERE "+measurable+" ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)"+
			" RETURNING tenant_id, written, bytes"), p.moment(now), p.moment(until))
		err := row.Scan(intoTenant(&m.Tenant), &m.Writes, &size)
		if errors.Is(err, sql.ErrNoRows) { // another node was faster
			return errNothing
		}
		m.Bytes, found = size.Int64, err == nil
		return err
	})
	return m, found && err == nil, err
}

func (p usage) Keep(ctx context.Context, m storage.Measurement, until time.Time) error {
	return p.transact(ctx, "keep a tenant's size", func(tx transaction) error {
		n, err := tx.exec(ctx, "UPDATE platform.sizes SET bytes = $2, measured = $3, due_at = $4 WHERE tenant_id = $1 AND measured <= $3",
			m.Tenant.String(), m.Bytes, m.Writes, p.moment(until))
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.exec(ctx, "UPDATE platform.usage SET storage = $2 WHERE tenant_id = $1"+
			" AND hour = (SELECT max(hour) FROM platform.usage WHERE tenant_id = $1)", m.Tenant.String(), m.Bytes)
		return err
	})
}
