package storage

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/schema"
)

// Event is one line of a tenant's audit trail.
type Event struct {
	ID  id.ID
	Seq int64
	At  time.Time
	// ActorID is who did it; Actor the same as a compact JSON object {"id","kind","name","on_behalf_of"?}.
	ActorID id.ID
	Actor   []byte
	Action  string
	// Resource and Record say what it was done to; a zero Record means the resource as a whole.
	Resource string
	Record   id.ID
	// Changes is a compact JSON object {field: [old, new]}.
	Changes   []byte
	RequestID string
	IP        string
	Hash      [sha256.Size]byte
}

// ActorJSON returns an actor as Event.Actor has it.
func ActorJSON(a policy.Actor) []byte {
	out := append([]byte(`{"id":"`), a.ID.String()...)
	out = append(append(out, `","kind":"`...), a.Kind...)
	out = schema.AppendString(append(out, `","name":`...), a.Name)
	if !a.OnBehalfOf.IsZero() {
		out = append(append(append(out, `,"on_behalf_of":"`...), a.OnBehalfOf.String()...), '"')
	}
	return append(out, '}')
}

// Payload returns the bytes that the event adds to the chain: all its fields but Seq and Hash, each as its length
// in eight bytes, big-endian, and its content, so that no two events have the same bytes.
func (e Event) Payload() []byte {
	at := e.At.UTC().Format(schema.TimeForm)
	out := make([]byte, 0, 256+len(e.Changes)+len(e.Actor))
	for _, part := range [...][]byte{
		e.ID[:], []byte(at), e.ActorID[:], e.Actor, []byte(e.Action), []byte(e.Resource), e.Record[:], e.Changes,
		[]byte(e.RequestID), []byte(e.IP),
	} {
		out = binary.BigEndian.AppendUint64(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out
}

// ChainHash returns the hash of an event: SHA-256 over the hash of the one before (32 zero bytes for the first),
// its Seq in eight bytes, big-endian, and its Payload. An engine may let the database compute it.
func ChainHash(previous [sha256.Size]byte, seq int64, payload []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write(previous[:])
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(seq))) //nolint:gosec // seq is never negative
	h.Write(payload)
	return [sha256.Size]byte(h.Sum(nil))
}

// The positions of Events' fields that code reads by place.
const (
	EventID = iota
	EventSeq
	EventAt
	EventActor
	EventAction
	EventResource
	EventRecord
	EventChanges
	EventRequestID
	EventIP
	EventHash
	EventActorID
)

// Events returns the trail as a resource, so that it is listed and filtered like any other.
func Events() *schema.Resource {
	r := &schema.Resource{
		Name: "events", Singular: "event", AppendOnly: true,
		Description: "The audit trail: one event for every write, log-in, refusal and administrative act.",
		Order:       []schema.Order{{Field: "seq", Desc: true}},
		Fields: []schema.Field{
			{Name: schema.FieldID, Type: schema.UUID, BuiltIn: true, Description: "The event's id."},
			{Name: "seq", Type: schema.Integer, Description: "The event's number in its tenant, from 1 without gaps."},
			{Name: "at", Type: schema.Time, Filter: true, Description: "When it happened."},
			{Name: "actor", Type: schema.JSON, Description: "Who did it."},
			{Name: "action", Type: schema.Text, Word: true, Filter: true, Description: "What was done: created, updated, deleted, an action's name, logged_in, log_in_failed, permission_denied, suspended and the like."},
			{Name: "resource", Type: schema.Text, Word: true, Filter: true, Description: "The resource it was done to."},
			{Name: "record", Type: schema.UUID, Nullable: true, Filter: true, Description: "The record it was done to."},
			{Name: "changes", Type: schema.JSON, Description: "The fields that changed: [old, new] each."},
			{Name: "request_id", Type: schema.Text, Description: "The request that caused it."},
			{Name: "ip", Type: schema.Text, Description: "The client's address."},
			{Name: "hash", Type: schema.Text, Description: "SHA-256, in hex, over the event before it and this one."},
			{Name: "actor_id", Type: schema.UUID, Hidden: true, Filter: true, Param: "actor", Description: "The caller's id."},
		},
	}
	for i := range r.Fields {
		r.Fields[i].ReadOnly = true
	}
	r.Finish()
	return r
}
