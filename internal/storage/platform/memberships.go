package platform

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

type memberships struct{ *plane }

func (p memberships) Create(ctx context.Context, m storage.Membership) error {
	err := p.change(ctx, "create the membership", func(tx transaction) error {
		if err := tx.addMembership(ctx, m); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "DELETE FROM platform.removals WHERE tenant_id = $1 AND user_id = $2", m.Tenant.String(), m.User.String())
		return err
	})
	return notJoined(err)
}

func (t transaction) addMembership(ctx context.Context, m storage.Membership) error {
	_, err := t.exec(ctx, "INSERT INTO platform.memberships (id, tenant_id, user_id, role, created_at) VALUES ($1, $2, $3, $4, $5)",
		m.ID.String(), m.Tenant.String(), m.User.String(), m.Role.String(), t.moment(m.CreatedAt))
	return err
}

func notJoined(err error) error {
	switch {
	case errors.Is(err, ErrUnique):
		return taken("username", "This user is a member already.")
	case errors.Is(err, ErrReference):
		return fault.Missing()
	default:
		return err
	}
}

const selectStandings = "SELECT " + tenantColumns + ", " + userColumns + ", m.id, m.role, m.created_at" +
	" FROM platform.memberships AS m JOIN platform.tenants AS t ON t.id = m.tenant_id" +
	" JOIN platform.users AS u ON u.id = m.user_id"

func scanStanding(scan func(...any) error) (storage.Standing, error) {
	var s storage.Standing
	var role string
	targets := append(tenantTargets(&s.Tenant), userTargets(&s.User)...)
	targets = append(targets, intoID(&s.Membership.ID), &role, scanTime{&s.Membership.CreatedAt})
	err := scan(targets...)
	s.Membership.Tenant, s.Membership.User = s.Tenant.ID, s.User.ID
	s.Membership.Role, _ = policy.ParseRole(role) // an unknown role is none
	return s, err
}

func (p memberships) Standing(ctx context.Context, t tenant.ID, u id.ID) (storage.Standing, error) {
	row := p.Read.QueryRowContext(ctx, p.sql(selectStandings+" WHERE m.tenant_id = $1 AND m.user_id = $2"), t.String(), u.String())
	s, err := scanStanding(row.Scan)
	return s, p.wrap("find the standing", err)
}

func (p memberships) OfUser(ctx context.Context, u id.ID) ([]storage.Standing, error) {
	return p.standings(ctx, " WHERE m.user_id = $1 ORDER BY t.slug", u.String())
}

func (p memberships) OfTenant(ctx context.Context, t tenant.ID, page storage.Page) ([]storage.Standing, error) {
	return p.standings(ctx, " WHERE m.tenant_id = $1 AND m.id > $2 ORDER BY m.id LIMIT $3", t.String(), page.After.String(), page.Limit)
}

func (p memberships) standings(ctx context.Context, where string, args ...any) ([]storage.Standing, error) {
	var out []storage.Standing
	err := p.rows(ctx, "list standings", func(rows *sql.Rows) error {
		s, err := scanStanding(rows.Scan)
		out = append(out, s)
		return err
	}, selectStandings+where, args...)
	return out, err
}

func (p memberships) SetRole(ctx context.Context, t tenant.ID, m id.ID, role policy.Role) error {
	return p.change(ctx, "set the role", func(tx transaction) error {
		if role != policy.Owner {
			if err := tx.keepOwner(ctx, t, m); err != nil {
				return err
			}
		}
		return tx.one(ctx, "UPDATE platform.memberships SET role = $3 WHERE tenant_id = $1 AND id = $2",
			t.String(), m.String(), role.String())
	})
}

func (p memberships) Delete(ctx context.Context, t tenant.ID, m id.ID) error {
	return p.change(ctx, "delete the membership", func(tx transaction) error {
		if err := tx.keepOwner(ctx, t, m); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "INSERT INTO platform.removals (tenant_id, user_id) SELECT tenant_id, user_id"+
			" FROM platform.memberships WHERE tenant_id = $1 AND id = $2 ON CONFLICT DO NOTHING", t.String(), m.String())
		if err != nil {
			return err
		}
		return tx.one(ctx, "DELETE FROM platform.memberships WHERE tenant_id = $1 AND id = $2", t.String(), m.String())
	})
}

// keepOwner refuses to take the role from the tenant's last owner. It locks all owners: of two calls that would
// each leave the other's, the second waits and sees what the first has left.
func (t transaction) keepOwner(ctx context.Context, of tenant.ID, m id.ID) error {
	rows, err := t.tx.QueryContext(ctx, t.sql("SELECT id FROM platform.memberships WHERE tenant_id = $1 AND role = 'owner' ORDER BY id FOR UPDATE"), of.String())
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // its error is that of rows.Err
	var owners []id.ID
	for rows.Next() {
		var owner id.ID
		if err := rows.Scan(intoID(&owner)); err != nil {
			return err
		}
		owners = append(owners, owner)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if slices.Equal(owners, []id.ID{m}) {
		return fault.New(fault.Conflict, "A tenant keeps at least one owner; make another member an owner first.")
	}
	return nil
}
