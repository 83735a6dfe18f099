package platform

import (
	"context"
	"database/sql"
	"errors"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
)

type users struct{ *plane }

const userColumns = "u.id, u.username, u.password_hash, u.active, u.operator, u.created_at"

func userTargets(u *storage.User) []any {
	return []any{intoID(&u.ID), &u.Username, &u.PasswordHash, &u.Active, &u.Operator, scanTime{&u.CreatedAt}}
}

func (p users) Create(ctx context.Context, u storage.User) error {
	err := p.change(ctx, "create the user", func(tx transaction) error {
		return tx.addUser(ctx, u)
	})
	if errors.Is(err, ErrUnique) {
		return taken("username", "Another user has this name.")
	}
	return err
}

func (t transaction) addUser(ctx context.Context, u storage.User) error {
	_, err := t.exec(ctx, "INSERT INTO platform.users (id, username, password_hash, active, operator, created_at)"+
		" VALUES ($1, $2, $3, $4, $5, $6)",
		u.ID.String(), u.Username, u.PasswordHash, u.Active, u.Operator, t.moment(u.CreatedAt))
	return err
}

func (p users) Get(ctx context.Context, u id.ID) (storage.User, error) {
	return p.find(ctx, "SELECT "+userColumns+" FROM platform.users AS u WHERE u.id = $1", u.String())
}

func (p users) ByName(ctx context.Context, username string) (storage.User, error) {
	return p.find(ctx, "SELECT "+userColumns+" FROM platform.users AS u WHERE u.username = $1", username)
}

func (p users) find(ctx context.Context, text, key string) (storage.User, error) {
	var u storage.User
	err := p.Read.QueryRowContext(ctx, p.sql(text), key).Scan(userTargets(&u)...)
	return u, p.wrap("find the user", err)
}

func (p users) List(ctx context.Context, page storage.Page) ([]storage.User, error) {
	var out []storage.User
	err := p.rows(ctx, "list users", func(rows *sql.Rows) error {
		var u storage.User
		err := rows.Scan(userTargets(&u)...)
		out = append(out, u)
		return err
	}, "SELECT "+userColumns+" FROM platform.users AS u WHERE u.id > $1 ORDER BY u.id LIMIT $2", page.After.String(), page.Limit)
	return out, err
}

func (p users) SetPassword(ctx context.Context, u id.ID, hash string) error {
	return p.change(ctx, "set the password", func(tx transaction) error {
		if err := tx.one(ctx, "UPDATE platform.users SET password_hash = $2 WHERE id = $1", u.String(), hash); err != nil {
			return err
		}
		// Families keep their expiry as the moment of revocation: the password's change has no clock of its own,
		// and whether a family is revoked is all that anybody asks.
		_, err := tx.exec(ctx, "UPDATE platform.families SET revoked_at = expires_at WHERE user_id = $1 AND revoked_at IS NULL", u.String())
		return err
	})
}

func (p users) Rehash(ctx context.Context, u id.ID, former, hash string) error {
	return p.update(ctx, "store a stronger hash", func(tx transaction) error {
		_, err := tx.exec(ctx, "UPDATE platform.users SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
			u.String(), former, hash)
		return err
	})
}

func (p users) SetActive(ctx context.Context, u id.ID, active bool) error {
	return p.change(ctx, "enable or disable the user", func(tx transaction) error {
		return tx.one(ctx, "UPDATE platform.users SET active = $2 WHERE id = $1", u.String(), active)
	})
}

func (p users) SetOperator(ctx context.Context, u id.ID, operator bool) error {
	return p.change(ctx, "make the user an operator or none", func(tx transaction) error {
		return tx.one(ctx, "UPDATE platform.users SET operator = $2 WHERE id = $1", u.String(), operator)
	})
}
