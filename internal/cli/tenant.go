package cli

import (
	"context"
	"fmt"

	"github.com/tenantry/tenantry/internal/tenant"
)

type tenantCommand struct {
	Create   tenantCreate   `cmd:"" help:"Make a tenant."`
	List     tenantList     `cmd:"" help:"List the tenants."`
	Show     tenantShow     `cmd:"" help:"Show a tenant and its members."`
	Suspend  tenantSuspend  `cmd:"" help:"Refuse every request of a tenant's members from now on. Its data stays."`
	Activate tenantActivate `cmd:"" help:"Let a suspended tenant's members in again."`
	Erase    tenantErase    `cmd:"" help:"Remove a suspended tenant and everything of it. It can't be undone."`
}

type tenantCreate struct {
	Storage `embed:"" group:"storage"`
	Format
	Slug string `arg:"" help:"Its short name in log-ins: 1 to 63 lower-case letters, digits and inner hyphens."`
	Name string `placeholder:"NAME" help:"Its name for people; by default the slug."`
}

func (c *tenantCreate) Run(ctx context.Context, s *session) error {
	if !tenant.ValidSlug(c.Slug) {
		return &usageError{fmt.Sprintf("%q is no slug: 1 to 63 lower-case letters, digits and inner hyphens, and not a UUID", c.Slug)}
	}
	if c.Name == "" {
		c.Name = c.Slug
	}
	accounts, closing, err := s.accounts(ctx, c.Storage)
	if err != nil {
		return err
	}
	defer closing()
	made, err := accounts.CreateTenant(ctx, caller(), c.Name, c.Slug)
	if err != nil {
		return &problem{"tenant " + c.Slug + " can't be made", err}
	}
	return c.write(s.env.Stdout, viewTenant(made), tenantHeadings(), tenantRows([]tenant.Tenant{made}))
}

type tenantList struct {
	Storage `embed:"" group:"storage"`
	Format
}

func (c *tenantList) Run(ctx context.Context, s *session) error {
	accounts, closing, err := s.accounts(ctx, c.Storage)
	if err != nil {
		return err
	}
	defer closing()
	found, err := all(func(last tenant.Tenant) ([]tenant.Tenant, error) {
		return accounts.Tenants(ctx, last.ID, pageSize)
	})
	if err != nil {
		return err
	}
	views := make([]tenantView, 0, len(found))
	for _, t := range found {
		views = append(views, viewTenant(t))
	}
	return c.write(s.env.Stdout, views, tenantHeadings(), tenantRows(found))
}

type tenantShow struct {
	Storage `embed:"" group:"storage"`
	Format
	Tenant string `arg:"" help:"Its slug or id."`
}

func (c *tenantShow) Run(ctx context.Context, s *session) error {
	accounts, closing, err := s.accounts(ctx, c.Storage)
	if err != nil {
		return err
	}
	defer closing()
	found, err := accounts.Tenant(ctx, c.Tenant)
	if err != nil {
		return &problem{"tenant " + c.Tenant, err}
	}
	members, err := members(ctx, accounts, c.Tenant)
	if err != nil {
		return err
	}
	view := struct {
		tenantView
		Members []memberView `json:"members"`
	}{viewTenant(found), viewMembers(members)}
	if !c.json() {
		if err := c.write(s.env.Stdout, nil, tenantHeadings(), tenantRows([]tenant.Tenant{found})); err != nil {
			return err
		}
		s.print("")
	}
	return c.write(s.env.Stdout, view, memberHeadings(), memberRows(members))
}

type tenantSuspend struct {
	Storage `embed:"" group:"storage"`
	Tenant  string `arg:"" help:"Its slug or id."`
}

func (c *tenantSuspend) Run(ctx context.Context, s *session) error {
	accounts, closing, err := s.accounts(ctx, c.Storage)
	if err != nil {
		return err
	}
	defer closing()
	if err := accounts.Suspend(ctx, caller(), c.Tenant); err != nil {
		return &problem{"tenant " + c.Tenant, err}
	}
	s.print("Tenant %s is suspended.", c.Tenant)
	return nil
}

type tenantActivate struct {
	Storage `embed:"" group:"storage"`
	Tenant  string `arg:"" help:"Its slug or id."`
}

func (c *tenantActivate) Run(ctx context.Context, s *session) error {
	accounts, closing, err := s.accounts(ctx, c.Storage)
	if err != nil {
		return err
	}
	defer closing()
	if err := accounts.Activate(ctx, caller(), c.Tenant); err != nil {
		return &problem{"tenant " + c.Tenant, err}
	}
	s.print("Tenant %s is active.", c.Tenant)
	return nil
}

type tenantView struct {
	ID        tenant.ID     `json:"id"`
	Slug      string        `json:"slug"`
	Name      string        `json:"name"`
	Status    tenant.Status `json:"status"`
	CreatedAt string        `json:"created_at"`
}

func viewTenant(t tenant.Tenant) tenantView {
	return tenantView{t.ID, t.Slug, t.Name, t.Status, stamp(t.CreatedAt)}
}

func tenantHeadings() []string { return []string{"ID", "SLUG", "NAME", "STATUS", "CREATED"} }

func tenantRows(tenants []tenant.Tenant) [][]string {
	rows := make([][]string, 0, len(tenants))
	for _, t := range tenants {
		rows = append(rows, []string{t.ID.String(), t.Slug, t.Name, string(t.Status), moment(t.CreatedAt)})
	}
	return rows
}
