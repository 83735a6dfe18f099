package platform

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/storage"
)

type keys struct{ *plane }

func (p keys) List(ctx context.Context) ([]storage.SigningKey, error) {
	var out []storage.SigningKey
	err := p.rows(ctx, "list signing keys", func(rows *sql.Rows) error {
		var k storage.SigningKey
		err := rows.Scan(&k.ID, &k.Algorithm, &k.Sealed, &k.Public, scanTime{&k.CreatedAt}, scanTime{&k.ActivatesAt},
			scanNullTime{&k.DeactivatesAt}, scanNullTime{&k.RetiresAt})
		if len(k.Sealed) == 0 {
			k.Sealed = nil
		}
		out = append(out, k)
		return err
	}, "SELECT id, algorithm, sealed, public, created_at, activates_at, deactivates_at, retires_at FROM platform.signing_keys"+
		" ORDER BY activates_at, id")
	return out, err
}

func (p keys) Rotate(ctx context.Context, k storage.SigningKey, keep time.Duration) error {
	err := p.alone(ctx, "rotate the signing keys", func(tx transaction) error {
		end, err := tx.lastToken(ctx, k, keep)
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, "UPDATE platform.signing_keys SET deactivates_at = $1, retires_at = $2 WHERE retires_at IS NULL",
			p.moment(k.ActivatesAt), p.moment(end))
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, "INSERT INTO platform.signing_keys (id, algorithm, sealed, public, created_at, activates_at)"+
			" VALUES ($1, $2, $3, $4, $5, $6)", k.ID, k.Algorithm, k.Sealed, k.Public, p.moment(k.CreatedAt), p.moment(k.ActivatesAt))
		return err
	})
	if errors.Is(err, ErrUnique) {
		return fault.New(fault.Conflict, "There is such a key already.")
	}
	return err
}

// lastToken returns when the last token expires that is signed before k. The longest of those that there are is as
// long as any; one more of that length may be signed until k is active.
func (t transaction) lastToken(ctx context.Context, k storage.SigningKey, keep time.Duration) (time.Time, error) {
	end, longest := k.ActivatesAt.Add(keep), time.Time{}
	err := t.tx.QueryRowContext(ctx, t.sql("SELECT max(expires_at) FROM platform.families WHERE revoked_at IS NULL")).Scan(scanNullTime{&longest})
	if last := longest.Add(k.ActivatesAt.Sub(k.CreatedAt)); last.After(end) {
		end = last
	}
	return end, err
}

func (p keys) Retire(ctx context.Context, key string, now time.Time) error {
	return p.alone(ctx, "retire the signing key", func(tx transaction) error {
		if err := tx.retire(ctx, key, now); err != nil {
			return err
		}
		return tx.keepSigning(ctx, now)
	})
}

func (t transaction) retire(ctx context.Context, key string, now time.Time) error {
	if key == storage.DefaultKey {
		n, err := t.exec(ctx, "INSERT INTO platform.signing_keys (id, algorithm, sealed, public, created_at, activates_at, retires_at)"+
			" VALUES ($1, 'HS256', $2, '', $3, $4, $5) ON CONFLICT (id) DO NOTHING",
			key, []byte{}, t.moment(now), t.moment(now), t.moment(now))
		return changed(n, err)
	}
	// What has ended by itself may still have its private half.
	n, err := t.exec(ctx, "UPDATE platform.signing_keys SET sealed = $2,"+
		" retires_at = CASE WHEN retires_at <= $3 THEN retires_at ELSE $4 END"+
		" WHERE id = $1 AND (length(sealed) > 0 OR retires_at IS NULL)", key, []byte{}, t.moment(now), t.moment(now))
	if err != nil || n > 0 {
		return err
	}
	return t.known(ctx, key)
}

// changed returns errNothing where no row was changed.
func changed(n int64, err error) error {
	if err == nil && n == 0 {
		return errNothing
	}
	return err
}

// known returns errNothing for a key that there is, and not_found for another.
func (t transaction) known(ctx context.Context, key string) error {
	var n int64
	err := t.tx.QueryRowContext(ctx, t.sql("SELECT count(*) FROM platform.signing_keys WHERE id = $1"), key).Scan(&n)
	if err == nil && n == 0 {
		return fault.Missing()
	}
	return changed(0, err)
}

// keepSigning refuses a change that leaves nothing to sign with, now or later. The secret does for both.
func (t transaction) keepSigning(ctx context.Context, now time.Time) error {
	var secretRetired, current, endless int
	err := t.tx.QueryRowContext(ctx, t.sql("SELECT"+
		" count(CASE WHEN id = $1 THEN 1 END),"+
		" count(CASE WHEN activates_at <= $2 AND (deactivates_at IS NULL OR deactivates_at > $3)"+
		" AND (retires_at IS NULL OR retires_at > $4) THEN 1 END),"+
		" count(CASE WHEN retires_at IS NULL THEN 1 END) FROM platform.signing_keys"),
		storage.DefaultKey, t.moment(now), t.moment(now), t.moment(now)).Scan(&secretRetired, &current, &endless)
	if err != nil || secretRetired == 0 || current > 0 && endless > 0 {
		return err
	}
	return fault.New(fault.Conflict, "No key would be left that signs; rotate the keys first and wait until the new one is current.")
}

func (p keys) Prune(ctx context.Context, now time.Time) error {
	return p.update(ctx, "prune signing keys", func(tx transaction) error {
		_, err := tx.exec(ctx, "UPDATE platform.signing_keys SET sealed = $1 WHERE retires_at <= $2 AND length(sealed) > 0",
			[]byte{}, p.moment(now))
		return err
	})
}

// alone is change for changes that must see each other: it raises the generation first, where the next one waits.
func (p keys) alone(ctx context.Context, doing string, fn func(transaction) error) error {
	return p.update(ctx, doing, func(t transaction) error {
		if err := t.raise(ctx); err != nil {
			return err
		}
		return fn(t)
	})
}

// scanNullTime is scanTime for a column that may be null, which is the zero time.
type scanNullTime struct{ to *time.Time }

func (s scanNullTime) Scan(from any) error {
	if from == nil {
		*s.to = time.Time{}
		return nil
	}
	return scanTime(s).Scan(from)
}
