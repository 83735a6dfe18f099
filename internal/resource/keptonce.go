package resource

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// keptWrite does a write of a kept record and returns its id, which is planned for a new one, and the secret to show.
type keptWrite func(planned id.ID) (id.ID, string, error)

// keptPatience is how long a keyed write that was begun may be running; after that whoever began it is dead.
const keptPatience = time.Minute

// writeKept runs fn and returns the record that it left; with an idempotency key, once.
//
// The effect lies on another plane than the memory of answers. So the key is taken first, with the id that a new
// record is going to have, and the answer is stored behind the effect. Where the process dies in between, a repetition
// finds the key taken and, after keptPatience, does the write again with the same id: what was created already is met
// as a conflict with itself, and answered.
func (s *Service) writeKept(
	ctx context.Context, call Call, op *operation.Operation, def *Definition, path string, body []byte, fn keptWrite,
) (Answer, error) {
	planned := id.New()
	if call.IdempotencyKey == "" {
		record, secret, err := fn(planned)
		if err != nil {
			return Answer{}, err
		}
		return s.answerKept(ctx, call, op, def, record, secret)
	}
	var record id.ID
	var secret string
	m := s.keptMemo(call, op, path, body)
	return s.once(ctx, m, planned, func(planned id.ID, again bool) (err error) {
		record, secret, err = fn(planned)
		if again && fault.Is(err, fault.Conflict) && op.Kind == operation.Create {
			if _, missing := def.readKept(ctx, call, planned); missing == nil {
				record, err = planned, nil
			}
		}
		return err
	}, func() (Answer, error) { return s.answerKept(ctx, call, op, def, record, secret) })
}

// once runs a keyed write and keeps its answer, or returns the one that is kept. again says that the write of this
// plan was begun before, and that nobody knows how far it came. A write that fails gives the key back; one that is
// done does not, even where its answer can't be told.
func (s *Service) once(
	ctx context.Context, m *keptMemo, planned id.ID, write func(planned id.ID, again bool) error, tell func() (Answer, error),
) (Answer, error) {
	mine := flown{m.of, m.key}
	if !s.flight.take(mine) {
		return Answer{}, stillRunning()
	}
	defer s.flight.drop(mine)
	before, again, err := m.take(ctx, planned)
	if err != nil || before.Replayed {
		return before, err
	}
	if again {
		planned = before.ID
	}
	if err := write(planned, again); err != nil {
		m.forget(ctx)
		return Answer{}, err
	}
	out, err := tell()
	if err != nil {
		return out, err
	}
	return out, m.keep(ctx, out)
}

func stillRunning() error {
	running := fault.New(fault.IdempotencyInProgress, "The first request with this Idempotency-Key is still running; repeat it later.")
	running.RetryAfter = time.Second
	return running
}

// keptMemo is the memory of one keyed write of a kept record.
type keptMemo struct {
	service     *Service
	of          tenant.ID
	pass        tenant.Pass
	schema      *schema.Resource
	key         id.ID
	fingerprint string
	values      []schema.Value
}

func (s *Service) keptMemo(call Call, op *operation.Operation, path string, body []byte) *keptMemo {
	return &keptMemo{
		service: s, of: call.plane(), pass: call.Actor.Pass, schema: s.registry.memos,
		key:         hashID(call.Actor.ID[:], []byte(call.IdempotencyKey)),
		fingerprint: hashID([]byte(op.ID), []byte(call.Parent), []byte(path), body).String(),
	}
}

func (m *keptMemo) update(ctx context.Context, fn func(storage.Tx) error) error {
	store, err := m.service.open(ctx, m.of, m.pass)
	if err != nil {
		return err
	}
	defer store.Close()
	return store.Update(ctx, fn)
}

// take takes the key for a record with the id. Where it is taken, the answer is the one that is kept, Replayed; or, of
// a write that was cut short, again is set and ID the one that its record was going to have.
func (m *keptMemo) take(ctx context.Context, planned id.ID) (before Answer, again bool, err error) {
	now := m.service.now()
	err = m.update(ctx, func(tx storage.Tx) error {
		before, again = Answer{}, false
		if m.key[0]%32 == 0 {
			if err := sweepMemos(ctx, tx, m.schema, now); err != nil {
				return err
			}
		}
		held, err := tx.Get(ctx, m.schema, m.key)
		switch {
		case err == nil && held.Values[memoCreatedAt].Time().Add(memoLife).After(now):
			if held.Values[memoFingerprint].Text() != m.fingerprint {
				return errMismatch()
			}
			m.values = held.Values
			return m.found(now, &before, &again)
		case err == nil:
			if err := tx.Delete(ctx, m.schema, []id.ID{m.key}); err != nil {
				return err
			}
		case !fault.Is(err, fault.NotFound):
			return err
		}
		m.values = []schema.Value{
			memoID: schema.ID(m.key), memoCreatedAt: schema.Moment(now), memoFingerprint: schema.String(m.fingerprint),
			memoRecord: schema.ID(planned), memoETag: schema.String(""), memoBody: schema.String(""),
		}
		return tx.Put(ctx, m.schema, storage.Record{Version: 1, Values: m.values}, 0)
	})
	if fault.Is(err, fault.Conflict) { // another node has taken it a moment ago
		err = stillRunning()
	}
	return before, again, err
}

// found says what became of the write that took the key.
func (m *keptMemo) found(now time.Time, before *Answer, again *bool) error {
	*before = Answer{ID: m.values[memoRecord].ID()}
	if etag := m.values[memoETag].Text(); etag != "" {
		before.ETag, before.Replayed = etag, true
		body, err := m.service.seal.open(m.key, m.values[memoBody].Text())
		before.Body = body
		return err
	}
	if m.values[memoCreatedAt].Time().Add(keptPatience).After(now) {
		return stillRunning()
	}
	*again = true
	return nil
}

// keep stores the answer, sealed: there may be a secret in it.
func (m *keptMemo) keep(ctx context.Context, out Answer) error {
	values := append([]schema.Value(nil), m.values...)
	values[memoRecord], values[memoETag] = schema.ID(out.ID), schema.String(out.ETag)
	sealed, err := m.service.seal.close(m.key, out.Body)
	if err != nil {
		return err
	}
	values[memoBody] = schema.String(sealed)
	return m.update(ctx, func(tx storage.Tx) error {
		return tx.Put(ctx, m.schema, storage.Record{Version: 2, Values: values}, 1)
	})
}

// forget gives the key back after a write that was refused, so that it can be tried again.
func (m *keptMemo) forget(ctx context.Context) {
	_ = m.update(context.WithoutCancel(ctx), func(tx storage.Tx) error { // else it is forgotten after keptPatience
		return tx.Delete(ctx, m.schema, []id.ID{m.key})
	})
}
