package cli

import (
	"context"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/id"
)

// members returns all members of the tenant.
func members(ctx context.Context, accounts Tenants, ref string) ([]account.Member, error) {
	return all(func(last account.Member) ([]account.Member, error) {
		return accounts.Members(ctx, ref, last.ID, pageSize)
	})
}

type memberView struct {
	UserID   id.ID  `json:"user_id"`
	Username string `json:"username"`
	Role     string `json:"role"`
	Active   bool   `json:"is_active"`
}

func viewMembers(members []account.Member) []memberView {
	views := make([]memberView, 0, len(members))
	for _, m := range members {
		views = append(views, memberView{m.User.ID, m.User.Username, m.Role.String(), m.User.Active})
	}
	return views
}

func memberHeadings() []string { return []string{"USER ID", "USERNAME", "ROLE", "ACTIVE"} }

func memberRows(members []account.Member) [][]string {
	rows := make([][]string, 0, len(members))
	for _, m := range members {
		rows = append(rows, []string{m.User.ID.String(), m.User.Username, m.Role.String(), yes(m.User.Active)})
	}
	return rows
}
