package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/tenant"
)

type tenantErase struct {
	Storage `embed:"" group:"storage"`
	Format
	Tenant  string `arg:"" help:"Its slug or id. An id may be that of a tenant that is no more."`
	Confirm string `placeholder:"SLUG" help:"The tenant's slug once more, or the id of one that is no more."`
}

// Help is the longer text of tenant erase --help.
func (*tenantErase) Help() string {
	return "Removes the tenant's records, events, members, service accounts, sessions, usage and files, and the tenant, and prints how much " +
		"that was from where. The tenant has to be suspended. On PostgreSQL the role that owns the tables does it (--migration-url). " +
		"Users belong to no tenant and stay, and so do backups. Where it was cut short, or to see that nothing is left, run it again with the tenant's id."
}

func (c *tenantErase) Run(ctx context.Context, s *session) error {
	service, closing, err := s.keyless(ctx, c.Storage)
	if err != nil {
		return err
	}
	defer closing()
	t, name, err := c.find(ctx, service.Accounts())
	if err != nil {
		return &problem{"tenant " + c.Tenant, err}
	}
	if c.Confirm != name {
		return &usageError{fmt.Sprintf("erasing a tenant can't be undone; if you mean it, add --confirm %s", name)}
	}
	removed, err := service.EraseTenant(ctx, t)
	if fault.Is(err, fault.Conflict) {
		return &problem{fmt.Sprintf("tenant %s is not suspended; run %s tenant suspend %s first", name, s.program.Name, name), nil}
	}
	if err != nil {
		return &problem{"tenant " + name + " can't be erased", err}
	}
	return c.write(s.env.Stdout, viewErased(t, removed), []string{"REMOVED FROM", "COUNT"}, erasedRows(removed))
}

// find returns the tenant and what it has to be confirmed by. One that is no more has its id alone.
func (c *tenantErase) find(ctx context.Context, accounts Accounts) (tenant.ID, string, error) {
	found, err := accounts.Tenant(ctx, c.Tenant)
	if t, ok := tenant.ParseID(c.Tenant); ok && fault.Is(err, fault.NotFound) {
		return t, t.String(), nil
	}
	return found.ID, found.Slug, err
}

type erasedView struct {
	Tenant  tenant.ID    `json:"tenant"`
	Removed []removedOne `json:"removed"`
}

type removedOne struct {
	From  string `json:"from"`
	Count int64  `json:"count"`
}

func viewErased(t tenant.ID, removed []account.Erased) erasedView {
	view := erasedView{Tenant: t, Removed: []removedOne{}}
	for _, r := range removed {
		view.Removed = append(view.Removed, removedOne{r.Place, r.Count})
	}
	return view
}

func erasedRows(removed []account.Erased) [][]string {
	rows := make([][]string, 0, len(removed))
	for _, r := range removed {
		rows = append(rows, []string{r.Place, strconv.FormatInt(r.Count, 10)})
	}
	return rows
}
