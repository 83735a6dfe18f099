package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/internal/tenant"
)

type eventsCommand struct {
	Verify eventsVerify `cmd:"" help:"Recompute the chain of each tenant's events; the exit code is 1 where one was changed or is missing."`
}

// platformTrail stands where a trail's tenant would; no slug has parentheses.
const platformTrail = "(platform)"

type eventsVerify struct {
	Storage `embed:"" group:"storage"`
	Format
	Tenant string `arg:"" optional:"" help:"The slug or id of a single tenant; without it all, and the platform's own trail."`
}

func (c *eventsVerify) Run(ctx context.Context, s *session) error {
	service, closing, err := s.keyless(ctx, c.Storage)
	if err != nil {
		return err
	}
	defer closing()
	tenants, err := c.tenants(ctx, service.Accounts())
	if err != nil {
		return err
	}
	views := make([]chainView, 0, len(tenants))
	var broken []string
	for _, t := range tenants {
		checked, first, err := service.VerifyEvents(ctx, t.ID)
		if err != nil {
			return &problem{"the events of " + t.Slug + " can't be checked", err}
		}
		view := chainView{ID: t.ID, Slug: t.Slug, OK: first == 0, Checked: checked}
		if first != 0 {
			view.FirstBroken = &first
			broken = append(broken, t.Slug)
		}
		views = append(views, view)
	}
	if err := c.write(s.env.Stdout, views, chainHeadings(), chainRows(views)); err != nil {
		return err
	}
	if len(broken) > 0 {
		return &problem{"events were changed or are missing: " + strings.Join(broken, ", "), nil}
	}
	return nil
}

func (c *eventsVerify) tenants(ctx context.Context, accounts Accounts) ([]tenant.Tenant, error) {
	if c.Tenant == "" {
		found, err := all(func(last tenant.Tenant) ([]tenant.Tenant, error) { return accounts.Tenants(ctx, last.ID, pageSize) })
		return append(found, tenant.Tenant{ID: tenant.Platform, Slug: platformTrail}), err
	}
	found, err := accounts.Tenant(ctx, c.Tenant)
	if err != nil {
		return nil, &problem{"tenant " + c.Tenant, err}
	}
	return []tenant.Tenant{found}, nil
}

// chainView is what came of one tenant's chain, with the words of the API.
type chainView struct {
	ID          tenant.ID `json:"id"`
	Slug        string    `json:"slug"`
	OK          bool      `json:"ok"`
	Checked     int64     `json:"checked"`
	FirstBroken *int64    `json:"first_broken"`
}

func chainHeadings() []string { return []string{"ID", "SLUG", "OK", "CHECKED", "FIRST BROKEN"} }

func chainRows(views []chainView) [][]string {
	rows := make([][]string, 0, len(views))
	for _, v := range views {
		first := ""
		if v.FirstBroken != nil {
			first = strconv.FormatInt(*v.FirstBroken, 10)
		}
		rows = append(rows, []string{v.ID.String(), v.Slug, yes(v.OK), strconv.FormatInt(v.Checked, 10), first})
	}
	return rows
}
