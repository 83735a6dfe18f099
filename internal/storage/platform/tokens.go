package platform

import (
	"context"
	"database/sql"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
)

type tokens struct{ *plane }

// afterlife is how long a family is remembered behind its end: an access token that was issued in its last moment
// is good for a while yet.
const afterlife = 48 * time.Hour

func (p tokens) CreateFamily(ctx context.Context, f storage.Family) error {
	return p.update(ctx, "create the token family", func(tx transaction) error {
		_, err := tx.exec(ctx, "INSERT INTO platform.families (id, tenant_id, user_id, current_token, expires_at) VALUES ($1, $2, $3, $4, $5)",
			f.ID.String(), nullable(f.Tenant), f.User.String(), f.Current.String(), p.moment(f.ExpiresAt))
		return err
	})
}

func (p tokens) Family(ctx context.Context, family id.ID, now time.Time) (storage.Family, error) {
	var f storage.Family
	err := p.Read.QueryRowContext(ctx, p.sql("SELECT id, tenant_id, user_id, current_token, expires_at FROM platform.families"+
		" WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2"), family.String(), p.moment(now)).
		Scan(intoID(&f.ID), intoTenant(&f.Tenant), intoID(&f.User), intoID(&f.Current), scanTime{&f.ExpiresAt})
	return f, p.wrap("find the token family", err)
}

func (p tokens) RotateFamily(ctx context.Context, family, presented, next id.ID, now time.Time) error {
	rotated := false
	err := p.transact(ctx, "rotate the token family", func(tx transaction) error {
		n, err := tx.exec(ctx, "UPDATE platform.families SET current_token = $3"+
			" WHERE id = $1 AND current_token = $2 AND revoked_at IS NULL AND expires_at > $4",
			family.String(), presented.String(), next.String(), p.moment(now))
		if rotated = n == 1; err != nil || rotated {
			return err
		}
		return tx.revoke(ctx, family, now)
	})
	if err == nil && !rotated {
		return fault.New(fault.TokenInvalid, "The refresh token is not valid any more; sign in again.")
	}
	return err
}

func (p tokens) RevokeFamily(ctx context.Context, family id.ID, now time.Time) error {
	return p.transact(ctx, "revoke the token family", func(tx transaction) error {
		return tx.revoke(ctx, family, now)
	})
}

// revoke ends a family that is not revoked yet, and then queues the plane's events and raises the generation.
func (t transaction) revoke(ctx context.Context, family id.ID, now time.Time) error {
	n, err := t.exec(ctx, "UPDATE platform.families SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", family.String(), t.moment(now))
	if err != nil {
		return err
	}
	if n == 0 {
		return errNothing
	}
	if err := t.queue(ctx, t.events); err != nil {
		return err
	}
	return t.raise(ctx)
}

func (p tokens) Revoke(ctx context.Context, token id.ID, expires time.Time) error {
	return p.change(ctx, "revoke the token", func(tx transaction) error {
		_, err := tx.exec(ctx, "INSERT INTO platform.revocations (id, expires_at) VALUES ($1, $2)"+
			" ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at", token.String(), p.moment(expires))
		return err
	})
}

func (p tokens) Revoked(ctx context.Context, now time.Time) ([]id.ID, error) {
	var out []id.ID
	err := p.rows(ctx, "list revoked tokens", func(rows *sql.Rows) error {
		var i id.ID
		err := rows.Scan(intoID(&i))
		out = append(out, i)
		return err
	}, "SELECT id FROM platform.revocations WHERE expires_at > $1"+
		" UNION ALL SELECT id FROM platform.families WHERE revoked_at IS NOT NULL AND expires_at > $2",
		p.moment(now), p.moment(now.Add(-afterlife)))
	return out, err
}

func (p tokens) Prune(ctx context.Context, now time.Time) error {
	return p.update(ctx, "prune tokens", func(tx transaction) error {
		_, err := tx.exec(ctx, "DELETE FROM platform.revocations WHERE expires_at <= $1", p.moment(now))
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, "DELETE FROM platform.families WHERE expires_at <= $1", p.moment(now.Add(-afterlife)))
		return err
	})
}
