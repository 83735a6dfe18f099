package platform

import (
	"context"
	"database/sql"
	"errors"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
)

type identities struct{ *plane }

const selectIdentities = "SELECT issuer, subject, user_id, created_at FROM platform.identities"

func identityTargets(i *storage.Identity) []any {
	return []any{&i.Issuer, &i.Subject, intoID(&i.User), scanTime{&i.CreatedAt}}
}

func (p identities) Create(ctx context.Context, i storage.Identity) error {
	err := p.change(ctx, "create the identity", func(tx transaction) error {
		return tx.addIdentity(ctx, i)
	})
	switch {
	case errors.Is(err, ErrUnique):
		return taken("subject", "The issuer's subject is a user already.")
	case errors.Is(err, ErrReference):
		return fault.Missing()
	default:
		return err
	}
}

func (t transaction) addIdentity(ctx context.Context, i storage.Identity) error {
	_, err := t.exec(ctx, "INSERT INTO platform.identities (issuer, subject, user_id, created_at) VALUES ($1, $2, $3, $4)",
		i.Issuer, i.Subject, i.User.String(), t.moment(i.CreatedAt))
	return err
}

func (p identities) Get(ctx context.Context, issuer, subject string) (storage.Identity, error) {
	var i storage.Identity
	err := p.Read.QueryRowContext(ctx, p.sql(selectIdentities+" WHERE issuer = $1 AND subject = $2"), issuer, subject).Scan(identityTargets(&i)...)
	return i, p.wrap("find the identity", err)
}

func (p identities) OfUser(ctx context.Context, u id.ID) ([]storage.Identity, error) {
	var out []storage.Identity
	err := p.rows(ctx, "list identities", func(rows *sql.Rows) error {
		var i storage.Identity
		err := rows.Scan(identityTargets(&i)...)
		out = append(out, i)
		return err
	}, selectIdentities+" WHERE user_id = $1 ORDER BY issuer, subject", u.String())
	return out, err
}

func (p identities) Delete(ctx context.Context, issuer, subject string) error {
	return p.change(ctx, "delete the identity", func(tx transaction) error {
		return tx.one(ctx, "DELETE FROM platform.identities WHERE issuer = $1 AND subject = $2", issuer, subject)
	})
}

func (p memberships) Join(ctx context.Context, m storage.Membership, newcomer *storage.Newcomer) error {
	err := p.change(ctx, "join the tenant", func(tx transaction) error {
		if newcomer != nil {
			if err := tx.addUser(ctx, newcomer.User); err != nil {
				return err
			}
			if err := tx.addIdentity(ctx, newcomer.Identity); err != nil {
				return err
			}
		}
		if err := tx.addMembership(ctx, m); err != nil {
			return err
		}
		// Looked for behind the insert, which waits for a removal that is not committed yet.
		return tx.refuseRemoved(ctx, m)
	})
	return notJoined(err)
}

func (t transaction) refuseRemoved(ctx context.Context, m storage.Membership) error {
	var removed int
	err := t.tx.QueryRowContext(ctx, t.sql("SELECT count(*) FROM platform.removals WHERE tenant_id = $1 AND user_id = $2"),
		m.Tenant.String(), m.User.String()).Scan(&removed)
	if err == nil && removed > 0 {
		return fault.Missing()
	}
	return err
}
