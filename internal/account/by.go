package account

import (
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// By is who does something, and from where; events say so.
type By struct {
	Actor     policy.Actor
	RequestID string
	IP        string
	// Seen is what they saw of the record that they change; nil changes it whatever it is. Where it is not so any more,
	// the change fails with precondition_failed.
	Seen *storage.Seen
}

// System returns the caller that is a part of this program instead of a user, such as the command line.
func System(name string) By { return By{Actor: policy.Actor{Kind: policy.System, Name: name}} }

// as returns the same caller, who has turned out to be a user.
func (b By) as(u storage.User) By {
	b.Actor = policy.Actor{Kind: policy.User, ID: u.ID, Name: u.Username}
	return b
}

// What events of the platform are about.
const (
	aboutMembers = "members"
	aboutTenant  = "tenant"
	aboutUsers   = "users"

	aboutServiceAccounts = "service-accounts"
)

// change is what an act does to one field. No secret may be in it.
type change struct {
	field     string
	old, next schema.Value
}

func made(field string, value schema.Value) change { return change{field, schema.Null(), value} }

func gone(field string, value schema.Value) change { return change{field, value, schema.Null()} }

// event returns the event of an act at this moment.
func (s *Service) event(by By, action, resource string, record id.ID, changes ...change) storage.Event {
	out := []byte{'{'}
	for i, c := range changes {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(schema.AppendString(out, c.field), ':', '[')
		out = append(c.old.AppendJSON(out), ',')
		out = append(c.next.AppendJSON(out), ']')
	}
	return storage.Event{
		ID: id.New(), At: s.moment(), ActorID: by.Actor.ID, Actor: storage.ActorJSON(by.Actor), Action: action,
		Resource: resource, Record: record, Changes: append(out, '}'), RequestID: by.RequestID, IP: by.IP,
	}
}

// concerning puts an event into the trail of the tenant that it concerns. What an operator does goes into the
// platform's as well, so that one trail shows all that operators do.
func concerning(t tenant.ID, by By, e storage.Event) []storage.QueuedEvent {
	if by.Actor.Kind == policy.Operator && by.Actor.Tenant.IsZero() {
		return in(e, t, tenant.Platform)
	}
	return in(e, t)
}

// in puts an event into trails. In each it has an id of its own: the outbox takes an id once.
func in(e storage.Event, trails ...tenant.ID) []storage.QueuedEvent {
	queued := make([]storage.QueuedEvent, len(trails))
	for i, trail := range trails {
		queued[i] = storage.QueuedEvent{Trail: trail, Event: e}
		if i > 0 {
			queued[i].Event.ID = id.New()
		}
	}
	return queued
}
