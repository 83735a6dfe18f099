package resource

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// memoLife is how long an answer is kept for a repeated request.
const memoLife = 24 * time.Hour

// The positions of the memo's fields.
const (
	memoID = iota
	memoCreatedAt
	memoFingerprint
	memoRecord
	memoETag
	memoBody
)

// memos returns the table of answers that are kept for repeated requests: rows of the tenant like any other, without
// routes.
func memos() *schema.Resource {
	r := &schema.Resource{
		Name: "idempotency-keys", Singular: "idempotency-key",
		Fields: []schema.Field{
			{Name: schema.FieldID, Type: schema.UUID, BuiltIn: true},
			{Name: schema.FieldCreatedAt, Type: schema.Time, BuiltIn: true},
			{Name: "fingerprint", Type: schema.Text},
			{Name: "record", Type: schema.UUID, Nullable: true},
			{Name: "etag", Type: schema.Text},
			{Name: "body", Type: schema.Text},
		},
	}
	r.Finish()
	return r
}

// flight knows the keyed requests that run on this node.
type flight struct {
	mu      sync.Mutex
	running map[flown]bool
}

type flown struct {
	tenant tenant.ID
	memo   id.ID
}

// take reports whether nobody else has the key; then it is the caller's until drop.
func (f *flight) take(key flown) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running[key] {
		return false
	}
	f.running[key] = true
	return true
}

func (f *flight) drop(key flown) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.running, key)
}

// writeFunc does a write, returns which record it wrote, and has it filled into rec by the time of the commit.
type writeFunc func(tx *Tx, rec *storage.Record) (id.ID, error)

// write runs fn in a transaction and returns the record that it left. Where the call has an idempotency key, that
// happens once: a repetition gets the first answer.
func (s *Service) write(ctx context.Context, call Call, op *operation.Operation, def *Definition, path string, body []byte, fn writeFunc) (Answer, error) {
	if call.IdempotencyKey == "" {
		var rec storage.Record
		var record id.ID
		err := s.update(ctx, call, func(tx *Tx) (err error) {
			record, err = fn(tx, &rec)
			return err
		})
		if err != nil {
			return Answer{}, err
		}
		return answer(def.encoder, record, rec), nil
	}
	once := onceOnly{
		def: def, fn: fn, memo: s.registry.memos,
		key:         hashID(call.Actor.ID[:], []byte(call.IdempotencyKey)),
		fingerprint: hashID([]byte(op.ID), []byte(path), body).String(),
	}
	mine := flown{call.Actor.Tenant, once.key}
	if !s.flight.take(mine) {
		return Answer{}, stillRunning()
	}
	defer s.flight.drop(mine)
	err := s.update(ctx, call, func(tx *Tx) error { return once.run(ctx, tx) })
	if fault.Is(err, fault.Conflict) {
		// Perhaps another node has just committed the same key: then its answer is there now.
		err = s.update(ctx, call, func(tx *Tx) error { return once.run(ctx, tx) })
	}
	return once.answer, err
}

// onceOnly is a keyed write.
type onceOnly struct {
	def         *Definition
	fn          writeFunc
	memo        *schema.Resource
	key         id.ID
	fingerprint string
	answer      Answer
}

func (o *onceOnly) run(ctx context.Context, tx *Tx) error {
	o.answer = Answer{}
	before, err := tx.tx.Get(ctx, o.memo, o.key)
	switch {
	case fault.Is(err, fault.NotFound):
	case err != nil:
		return err
	case before.Values[memoCreatedAt].Time().Add(memoLife).After(tx.now):
		return o.replay(before.Values)
	default:
		if err := tx.tx.Delete(ctx, o.memo, []id.ID{o.key}); err != nil {
			return err
		}
	}
	if o.key[0]%32 == 0 {
		if err := sweepMemos(ctx, tx.tx, o.memo, tx.now); err != nil {
			return err
		}
	}
	return o.first(ctx, tx)
}

func (o *onceOnly) replay(values []schema.Value) error {
	if values[memoFingerprint].Text() != o.fingerprint {
		return errMismatch()
	}
	o.answer = Answer{
		ID: values[memoRecord].ID(), Body: []byte(values[memoBody].Text()), ETag: values[memoETag].Text(), Replayed: true,
	}
	return nil
}

func errMismatch() error {
	return fault.New(fault.IdempotencyMismatch, "This Idempotency-Key was used with another request; use a new key for a new request.")
}

// first takes the key, does the write, and keeps its answer.
func (o *onceOnly) first(ctx context.Context, tx *Tx) error {
	values := []schema.Value{
		memoID: schema.ID(o.key), memoCreatedAt: schema.Moment(tx.now), memoFingerprint: schema.String(o.fingerprint),
		memoRecord: schema.Null(), memoETag: schema.String(""), memoBody: schema.String(""),
	}
	if err := tx.tx.Put(ctx, o.memo, storage.Record{Version: 1, Values: values}, 0); err != nil {
		return err
	}
	record, err := o.fn(tx, new(storage.Record))
	if err != nil {
		return err
	}
	// The answer has to be known before the commit, so it is read now; this is also where a taken key shows.
	rec, err := tx.tx.Get(ctx, o.def.Schema, record)
	if err != nil {
		return err
	}
	o.answer = answer(o.def.encoder, record, rec)
	done := append([]schema.Value(nil), values...)
	done[memoRecord] = schema.ID(o.answer.ID)
	done[memoETag], done[memoBody] = schema.String(o.answer.ETag), schema.Bytes(o.answer.Body)
	return tx.tx.Put(ctx, o.memo, storage.Record{Version: 2, Values: done}, 1)
}

// sweepMemos forgets some answers that nobody will ask for any more.
func sweepMemos(ctx context.Context, tx storage.Tx, memo *schema.Resource, now time.Time) error {
	made := memo.Field(schema.FieldCreatedAt)
	var old []id.ID
	_, err := tx.List(ctx, memo, query.List{
		Where: []query.Condition{{Field: made, Op: query.Less, Values: []schema.Value{schema.Moment(now.Add(-memoLife))}}},
		Order: []query.Key{{Field: made}, {Field: memo.Field(schema.FieldID)}},
		Limit: cascadePage,
	}, func(rec storage.Record) error {
		old = append(old, rec.Values[memoID].ID())
		return nil
	})
	if err != nil || len(old) == 0 {
		return err
	}
	return tx.Delete(ctx, memo, old)
}

// hashID makes an id of parts: the first bytes of a SHA-256 over them, each with its length, as a UUID of version 8
// (RFC 9562).
func hashID(parts ...[]byte) id.ID {
	h := sha256.New()
	for _, part := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	out := id.ID(h.Sum(nil)[:16])
	out[6], out[8] = out[6]&0x0f|0x80, out[8]&0x3f|0x80
	return out
}
