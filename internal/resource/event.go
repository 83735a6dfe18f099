package resource

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// record appends the event of a write to the transaction.
func (t *Tx) record(ctx context.Context, def *Definition, action string, record id.ID, changes []byte) error {
	return t.tx.Append(ctx, storage.Event{
		ID: id.New(), At: t.now, ActorID: t.call.Actor.ID, Actor: storage.ActorJSON(t.call.Actor), Action: action,
		Resource: def.Schema.Name, Record: record, Changes: changes, RequestID: t.call.RequestID, IP: t.call.IP,
	})
}

// changesBetween returns {field: [old, new]} of the fields that differ, and whether any does. A creation has no
// old values and a deletion no new ones; built-in fields change with every write and are left out, and so are
// hidden ones, which may be secrets.
func changesBetween(r *schema.Resource, old, next []schema.Value) ([]byte, bool) {
	out := make([]byte, 1, 256)
	out[0] = '{'
	changed := false
	for i := range r.Fields {
		f := &r.Fields[i]
		if f.BuiltIn || !f.Stored() {
			continue
		}
		before, after := schema.Null(), schema.Null()
		if old != nil {
			before = old[i]
		}
		if next != nil {
			after = next[i]
		}
		if before.Equal(after) {
			continue
		}
		changed = true
		if f.Hidden {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, '"'), f.Name...), `":[`...)
		out = append(before.AppendJSON(out), ',')
		out = append(after.AppendJSON(out), ']')
	}
	return append(out, '}'), changed
}

// verifyPage is how many events VerifyEvents reads at once.
const verifyPage = 1000

// VerifyEvents recomputes the chain of the tenant's events and returns {"ok", "checked", "first_broken"}, where
// first_broken is the seq of the first event that does not fit, or is missing; null where all do.
func (s *Service) VerifyEvents(ctx context.Context, call Call, op *operation.Operation) ([]byte, error) {
	if _, err := s.begin(call, op); err != nil {
		return nil, err
	}
	checked, broken, err := s.VerifyChain(ctx, call.plane(), call.Actor.Pass)
	if err != nil {
		return nil, err
	}
	out := strconv.AppendBool([]byte(`{"ok":`), broken == 0)
	out = strconv.AppendInt(append(out, `,"checked":`...), checked, 10)
	out = append(out, `,"first_broken":`...)
	if broken == 0 {
		return append(out, "null}"...), nil
	}
	return append(strconv.AppendInt(out, broken, 10), '}'), nil
}

// VerifyChain recomputes the chain of a tenant's events, for whoever has the whole database anyway. It returns how many
// events fit, from the first one on, and the seq of the first that does not or is missing, 0 where all do.
func (s *Service) VerifyChain(ctx context.Context, t tenant.ID, pass tenant.Pass) (checked, broken int64, err error) {
	store, err := s.store(ctx, Call{Actor: policy.Actor{Tenant: t, Pass: pass}})
	if err != nil {
		return 0, 0, err
	}
	defer store.Close()
	// The head is read first: events that come meanwhile are behind it, and nothing that is in front may be missing.
	seq, hash, err := store.Head(ctx)
	if err != nil {
		return 0, 0, err
	}
	var chain verification
	err = store.View(ctx, func(tx storage.Tx) error {
		chain = verification{schema: s.registry.events.Schema, headSeq: seq, headHash: hash}
		return chain.run(ctx, tx)
	})
	return chain.checked, chain.broken, err
}

// verification walks a chain from its first event on.
type verification struct {
	schema  *schema.Resource
	checked int64
	broken  int64 // the seq of the first event that does not fit, 0 while all do
	last    [sha256.Size]byte
	after   []schema.Value
	// headSeq and headHash are of the event that was the last when the verification began.
	headSeq  int64
	headHash [sha256.Size]byte
}

func (v *verification) run(ctx context.Context, tx storage.Tx) error {
	order := []query.Key{{Field: v.schema.Field("seq")}, {Field: v.schema.Field(schema.FieldID)}}
	for v.broken == 0 {
		read := 0
		_, err := tx.List(ctx, v.schema, query.List{Order: order, After: v.after, Limit: verifyPage}, func(rec storage.Record) error {
			read++
			v.add(rec.Values)
			return nil
		})
		if err != nil {
			return err
		}
		if read < verifyPage {
			break
		}
	}
	if v.broken == 0 && v.checked < v.headSeq { // the last events are gone
		v.broken = v.checked + 1
	}
	return nil
}

func (v *verification) add(values []schema.Value) {
	if v.broken != 0 {
		return
	}
	event := eventOf(values)
	v.after = []schema.Value{values[storage.EventSeq], values[storage.EventID].Clone()}
	expected := storage.ChainHash(v.last, event.Seq, event.Payload())
	if event.Seq != v.checked+1 || hex.EncodeToString(expected[:]) != values[storage.EventHash].Text() ||
		event.Seq == v.headSeq && expected != v.headHash {
		v.broken = v.checked + 1
		return
	}
	v.checked++
	v.last = expected
}

// eventOf reads an event from the values of storage.Events.
func eventOf(values []schema.Value) storage.Event {
	return storage.Event{
		ID: values[storage.EventID].ID(), Seq: values[storage.EventSeq].Int(), At: values[storage.EventAt].Time(),
		ActorID: values[storage.EventActorID].ID(), Actor: values[storage.EventActor].Raw(),
		Action: values[storage.EventAction].Text(), Resource: values[storage.EventResource].Text(),
		Record: values[storage.EventRecord].ID(), Changes: values[storage.EventChanges].Raw(),
		RequestID: values[storage.EventRequestID].Text(), IP: values[storage.EventIP].Text(),
	}
}
