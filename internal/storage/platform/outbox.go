package platform

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
)

type outbox struct{ *plane }

const (
	outboxColumns = "id, trail, at, actor_id, actor, action, resource, record, changes, request_id, ip, claimed_until, claims"
	outboxWidth   = 13
)

func (p outbox) Add(ctx context.Context, events ...storage.QueuedEvent) error {
	return p.transact(ctx, "queue events", func(tx transaction) error { return tx.queue(ctx, events) })
}

// queue adds events to the outbox, in one statement. An event whose writer has no claim is due from its own time on.
func (t transaction) queue(ctx context.Context, events []storage.QueuedEvent) error {
	if len(events) == 0 {
		return nil
	}
	var text strings.Builder
	text.WriteString("INSERT INTO platform.outbox (" + outboxColumns + ") VALUES ")
	args := make([]any, 0, len(events)*outboxWidth)
	for i, q := range events {
		until, claims, record := q.Until, 1, any(nil)
		if until.IsZero() {
			until, claims = q.Event.At, 0
		}
		if !q.Event.Record.IsZero() {
			record = q.Event.Record.String()
		}
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString("(" + placeholders(len(args)+1, outboxWidth) + ")")
		args = append(args, q.Event.ID.String(), q.Trail.String(), t.moment(q.Event.At), q.Event.ActorID.String(), string(q.Event.Actor),
			q.Event.Action, q.Event.Resource, record, string(q.Event.Changes), q.Event.RequestID, q.Event.IP, t.moment(until), claims)
	}
	_, err := t.exec(ctx, text.String(), args...)
	return err
}

// placeholders returns n of them, the first with the number.
func placeholders(first, n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = "$" + strconv.Itoa(first+i)
	}
	return strings.Join(names, ", ")
}

func (p outbox) Claim(ctx context.Context, now, until time.Time, limit int) ([]storage.QueuedEvent, error) {
	due, err := p.due(ctx, now)
	if err != nil || !due { // on SQLite a write would wait for the others
		return nil, err
	}
	var out []storage.QueuedEvent
	err = p.transact(ctx, "claim events", func(tx transaction) error {
		rows, err := tx.tx.QueryContext(ctx, p.sql("UPDATE platform.outbox SET claimed_until = $1, claims = claims + 1"+
			" WHERE id IN (SELECT id FROM platform.outbox WHERE claimed_until <= $2 ORDER BY claimed_until, id LIMIT $3 FOR UPDATE SKIP LOCKED)"+
			" RETURNING "+outboxColumns), p.moment(until), p.moment(now), limit)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // its error is that of rows.Err
		for rows.Next() {
			q, err := scanQueued(rows)
			if err != nil {
				return err
			}
			out = append(out, q)
		}
		return rows.Err()
	})
	// Ids rise with time, so this is the order in which they were made.
	slices.SortFunc(out, func(a, b storage.QueuedEvent) int { return cmp.Compare(a.Event.ID.String(), b.Event.ID.String()) })
	return out, err
}

func (p outbox) due(ctx context.Context, now time.Time) (bool, error) {
	var due bool
	err := p.Read.QueryRowContext(ctx, p.sql("SELECT EXISTS (SELECT 1 FROM platform.outbox WHERE claimed_until <= $1)"), p.moment(now)).Scan(&due)
	return due, p.wrap("look for events that are due", err)
}

func scanQueued(rows *sql.Rows) (storage.QueuedEvent, error) {
	var q storage.QueuedEvent
	var actor, changes string
	var claims int64
	e := &q.Event
	err := rows.Scan(intoID(&e.ID), intoTenant(&q.Trail), scanTime{&e.At}, intoID(&e.ActorID), &actor, &e.Action, &e.Resource,
		intoID(&e.Record), &changes, &e.RequestID, &e.IP, scanTime{&q.Until}, &claims)
	e.Actor, e.Changes, q.Tried = []byte(actor), []byte(changes), claims > 1
	return q, err
}

func (p outbox) Finish(ctx context.Context, events ...id.ID) error {
	return p.transact(ctx, "finish events", func(tx transaction) error {
		for part := range slices.Chunk(events, 500) {
			args := make([]any, len(part))
			for i, event := range part {
				args[i] = event.String()
			}
			if _, err := tx.exec(ctx, "DELETE FROM platform.outbox WHERE id IN ("+placeholders(1, len(part))+")", args...); err != nil {
				return err
			}
		}
		return nil
	})
}
