package prove

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

// attackByBody puts the victim's values into a body that is right otherwise.
func (e *engine) attackByBody(ctx context.Context, t *aim) error {
	if t.op.body == nil || t.op.media == "application/x-www-form-urlencoded" {
		return nil
	}
	for _, step := range []func(context.Context, *aim) error{e.attackByReference, e.attackByField, e.attackByUnique} {
		if err := step(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// attackByReference refers to the victim's records and members.
func (e *engine) attackByReference(ctx context.Context, t *aim) error {
	properties := e.doc.properties(t.op.body)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		to := text(properties[name]["x-references"])
		theirs := e.reference(e.b, to)
		if to == "" || theirs == "" {
			continue
		}
		for _, who := range []*actor{e.a.owner, e.a.roles[member]} {
			if err := e.attackByValue(ctx, t, who, inReference, name, theirs, newID(e.Clock())); err != nil {
				return err
			}
		}
	}
	return nil
}

// attackByValue sends the attacker's own body with one field replaced. Where that is taken, whatever can be read of the
// record may show what the field led to.
func (e *engine) attackByValue(ctx context.Context, t *aim, who *actor, place, name string, theirs, nobodys any) error {
	foreign, err := e.ownWrite(ctx, t)
	if err != nil {
		return err
	}
	never := foreign.clone()
	foreign.setField(name, theirs)
	never.setField(name, nobodys)
	got, err := e.try(ctx, t.op, place, who, foreign, never, refused)
	if err != nil || !got.good() {
		return err
	}
	return e.readBack(ctx, t, place, text(got.object()["id"]))
}

// setField replaces one field of a body.
func (r *request) setField(name string, value any) {
	body := bodyOf(*r)
	body[name] = value
	r.setBody(body)
	r.sent = append(r.sent, text(value))
}

// ownWrite returns a request of op that the attacker may send, on a record of their own.
func (e *engine) ownWrite(ctx context.Context, t *aim) (request, error) {
	own := t.own
	if own != nil {
		var err error
		if own, err = e.recordFor(ctx, t.op, e.a); err != nil || own == nil {
			return request{}, err
		}
	}
	return e.rightful(t.op, e.a, own).clone(), nil
}

// readBack reads all that can be read of a record that the attacker has just written.
func (e *engine) readBack(ctx context.Context, t *aim, place, id string) error {
	for _, op := range e.doc.ops {
		if op.method != http.MethodGet || op.audience != tenants || len(op.keys) > 1 {
			continue
		}
		about := op.last() == t.op.last() || op.last() == t.op.path
		if len(op.keys) == 1 && (!about || id == "") || len(op.keys) == 0 && !e.doc.isList(op) {
			continue
		}
		r := e.rightful(op, e.a, &record{id: id}).clone()
		for _, p := range op.params {
			if p.name == "expand" {
				r.query.Set("expand", selections(p)[0])
			}
		}
		if _, err := e.lone(ctx, op, place, e.a.owner, r, alike); err != nil {
			return err
		}
		e.report.controlled(op, place) // reading it is the writer's right
	}
	return nil
}

func bodyOf(r request) node {
	var body node
	if json.Unmarshal(r.body, &body) != nil || body == nil {
		body = node{}
	}
	return body
}

// attackByField sends fields that a client has no say in: those that name a tenant, and those that the server sets.
func (e *engine) attackByField(ctx context.Context, t *aim) error {
	fields := map[string][2]any{
		"tenant": {e.b.id, newID(e.Clock())}, "tenant_id": {e.b.id, newID(e.Clock())}, "tenant_slug": {e.b.slug, "prove-b-" + newMark()},
		"owner": {e.b.owner.user, newID(e.Clock())}, "user_id": {e.b.owner.user, newID(e.Clock())},
	}
	known := e.doc.properties(t.op.body)
	theirs := t.target
	if theirs == nil {
		theirs = e.b.first(t.op.path)
	}
	if theirs != nil {
		for name := range e.doc.properties(t.op.answer) {
			switch v := theirs.values[name].(type) {
			case string:
				fields[name] = [2]any{v, neverLike(v)}
			case float64:
				if v >= 100_000 { // a small number may be right here as well
					fields[name] = [2]any{v, v + 1}
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if known[name] != nil {
			continue
		}
		if err := e.attackByValue(ctx, t, e.a.owner, inField, name, fields[name][0], fields[name][1]); err != nil {
			return err
		}
	}
	return nil
}

// attackByUnique creates what the victim has: the values that are taken there are free here.
func (e *engine) attackByUnique(ctx context.Context, t *aim) error {
	if !e.doc.isCreate(t.op) || len(t.op.keys) > 0 {
		return nil
	}
	shared := &side{maker: &maker{mark: newMark(), clock: e.Clock}}
	theirs := e.withValuesOf(shared, t.op, e.b)
	if _, err := e.control(ctx, t.op, e.b.owner, theirs, inUnique); err != nil {
		return err
	}
	e.secrets.wrote(theirs)
	foreign, never := e.rightful(t.op, e.a, nil), e.withValuesOf(shared, t.op, e.a)
	foreign.setBody(e.inOwnTerms(t.op, bodyOf(foreign), bodyOf(theirs)))
	_, err := e.try(ctx, t.op, inUnique, e.a.owner, foreign, never, similar)
	return err
}

// inOwnTerms returns the victim's body with the attacker's references.
func (e *engine) inOwnTerms(op *operation, own, theirs node) node {
	for name, p := range e.doc.properties(op.body) {
		if v, had := theirs[name]; had && text(p["x-references"]) == "" && name != "username" {
			own[name] = v
		}
	}
	return own
}
