package prove

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// furnish fills both tenants, and looks meanwhile whether the one notices the other: what the first is answered must be
// the same byte for byte before the second has anything and after.
func (e *engine) furnish(ctx context.Context) error {
	if err := e.fill(ctx, e.a); err != nil {
		return err
	}
	if err := e.discover(ctx, e.a); err != nil {
		return err
	}
	before, err := e.calm(ctx, e.a)
	if err != nil {
		return err
	}
	if err := e.fill(ctx, e.b); err != nil {
		return err
	}
	if err := e.discover(ctx, e.b); err != nil {
		return err
	}
	if e.victim, err = e.readAll(ctx, e.b); err != nil {
		return err
	}
	after, err := e.readAll(ctx, e.a)
	if err != nil {
		return err
	}
	for _, one := range slices.Sorted(maps.Keys(before)) {
		e.holdPresence(before[one], after[one])
	}
	return nil
}

// calm reads all of the tenant's once nothing changes any more: its trail may be a moment behind.
func (e *engine) calm(ctx context.Context, s *side) (map[string]read, error) {
	before, err := e.readAll(ctx, s)
	for range 20 {
		if err == nil {
			err = sleep(ctx, 300*time.Millisecond)
		}
		if err != nil {
			return nil, err
		}
		var after map[string]read
		if after, err = e.readAll(ctx, s); err != nil {
			return nil, err
		}
		same := true
		for name, one := range before {
			same = same && differ(one.sent, one.got, one.sent, after[name].got, alike) == ""
		}
		if same {
			break
		}
		before = after
	}
	return before, err
}

// read is a request and its answer.
type read struct {
	op   *operation
	sent request
	got  answer
}

// holdPresence holds two answers to one request against each other, one from before the victim had anything.
func (e *engine) holdPresence(before, after read) {
	op := before.op
	e.report.attempted(op, inPresence)
	if after.got.good() || after.got.status == http.StatusNotFound {
		e.report.controlled(op, inPresence)
	}
	f := Finding{Kind: Leak, Operation: op.id, Place: inPresence, Actor: e.a.owner.name, Request: before.sent.shown()}
	if e.shows(&f, before.sent, after.got) {
		return
	}
	if difference := differ(before.sent, after.got, before.sent, before.got, alike); difference != "" {
		f.Detail = "Answered otherwise since the other tenant has records: " + difference + "."
		e.report.found(f)
	}
}

// discover finds the records of collections that fill makes none in.
func (e *engine) discover(ctx context.Context, s *side) error {
	for _, op := range e.doc.ops {
		if !e.doc.isList(op) || op.audience != tenants || len(op.keys) > 0 || len(s.records[op.path]) > 0 {
			continue
		}
		items, err := e.pages(ctx, s.owner, e.rightful(op, s, nil))
		if err != nil {
			return err
		}
		for _, item := range items {
			if id := text(item["id"]); id != "" {
				s.records[op.path] = append(s.records[op.path], &record{collection: op.path, id: id, values: item})
			}
		}
	}
	return nil
}

// readAll reads all that the tenant's owner can read: every list page by page, every report, every record and what lies
// below it. Its own people know what is in there.
func (e *engine) readAll(ctx context.Context, s *side) (map[string]read, error) {
	out := map[string]read{}
	for _, op := range e.doc.ops {
		if op.method != http.MethodGet || op.audience != tenants || len(op.keys) > 1 {
			continue
		}
		var about []*record
		if len(op.keys) == 0 {
			about = []*record{nil}
		} else {
			about = s.records[op.last()]
		}
		for _, rec := range about {
			r := e.rightful(op, s, rec).clone()
			if op.takes("query", "page_size") {
				r.query.Set("page_size", "200")
				r.query.Set("count", "exact")
			}
			a, err := e.send(ctx, s.owner, r)
			if err != nil {
				return nil, err
			}
			if a.good() {
				e.secrets.learn(s.letter, a)
			}
			out[op.id+" "+r.path] = read{op, r, a}
		}
	}
	return out, nil
}

// conclude tries what has to come last, and looks once more whether all that was the victim's still is.
func (e *engine) conclude(ctx context.Context) error {
	for _, step := range []func(context.Context) error{e.attackByMade, e.time, e.probe, e.compareVictim, e.suspend} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// probe asks the database itself.
func (e *engine) probe(ctx context.Context) error {
	if e.Probe == nil {
		return nil
	}
	checks, err := e.Probe(ctx, e.a.id, e.b.id)
	if err != nil {
		return fmt.Errorf("ask the database: %w", err)
	}
	if len(checks) == 0 {
		e.report.found(Finding{Kind: Missed, Operation: "database", Place: inDatabase, Detail: "Nothing was asked."})
	}
	e.report.Database = checks
	for _, c := range checks {
		if !c.OK {
			e.report.found(Finding{Kind: Leak, Operation: c.Name, Place: inDatabase, Detail: c.Detail})
		}
	}
	return nil
}

// compareVictim reads the victim's tenant once more. What was there must be there unchanged, beside it only what its own
// people made, and nothing in it may come from the attacker, the trail included.
func (e *engine) compareVictim(ctx context.Context) error {
	after, err := e.readAll(ctx, e.b)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(e.victim)) {
		then, now := e.victim[name], after[name]
		if e.doc.isList(then.op) {
			e.compareList(then, now)
		} else if len(then.op.keys) > 0 {
			e.compareRecord(then, now)
		}
		if strings.Contains(string(now.got.body), e.run+e.a.letter+"-") {
			e.report.found(Finding{
				Kind: Leak, Operation: then.op.id, Place: inPresence, Request: then.sent.shown(),
				Detail: "A request of the first tenant's left something in the second.",
			})
		}
	}
	return nil
}

// compareRecord holds a record against what it was. What the server derives from other records may be another now.
func (e *engine) compareRecord(then, now read) {
	difference := ""
	before, after := then.got.object(), now.got.object()
	switch properties := e.doc.properties(then.op.answer); {
	case then.got.status != now.got.status:
		difference = now.got.short()
	case before == nil, !then.got.good():
		difference = differ(then.sent, now.got, then.sent, then.got, alike)
	default:
		for name := range before {
			if fixed := properties[name]["readOnly"] == true && name != "updated_at"; !fixed && !reflected(before[name], after[name]) {
				difference = "the field " + name
			}
		}
	}
	if difference != "" {
		e.report.found(Finding{
			Kind: Leak, Operation: then.op.id, Place: inPresence, Request: then.sent.shown(),
			Detail: "The other tenant's record is not what it was: " + difference + ".",
		})
	}
}

// reflected reports whether two values from JSON are the same.
func reflected(a, b any) bool {
	one, _ := json.Marshal(a) // what was read from JSON can be written
	other, _ := json.Marshal(b)
	return bytes.Equal(one, other)
}

// compareList looks for records that somebody else added or took away.
func (e *engine) compareList(then, now read) {
	before, after := idsOf(then.got), idsOf(now.got)
	full := len(after) == 200 // there are more pages, so that nothing can be said of what is missing
	for _, id := range before {
		if !slices.Contains(after, id) && !full {
			e.report.found(Finding{
				Kind: Leak, Operation: then.op.id, Place: inPresence, Request: then.sent.shown(),
				Detail: "A record of the other tenant is gone: " + id + ".",
			})
		}
	}
	for _, id := range after {
		op := e.made[id]
		if op == nil || slices.Contains(before, id) || e.b.created[id] {
			continue
		}
		e.report.found(Finding{
			Kind: Leak, Operation: op.id, Place: inHeader,
			Detail: fmt.Sprintf("What the first tenant's owner created stands in the second tenant's list, %s.", then.op.id),
		})
	}
}

func idsOf(a answer) []string {
	var out []string
	for _, item := range list(a.object()["results"]) {
		out = append(out, text(object(item)["id"]))
	}
	return out
}

// attackByMade writes into a record of the attacker's what the server itself wrote into one of the victim's, such as the
// key of a file, and asks for all that lies below the record. It comes late: from then on the attacker may see the value.
func (e *engine) attackByMade(ctx context.Context) error {
	for _, create := range e.doc.ops {
		if !e.doc.isCreate(create) || create.audience != tenants || len(create.keys) > 0 {
			continue
		}
		theirs, err := e.fresh(ctx, create, e.b)
		if err != nil {
			return err
		}
		properties := e.doc.properties(create.body)
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			value := text(theirs.values[name])
			if len(value) < leastWord || properties[name]["x-references"] != nil || properties[name]["enum"] != nil || strings.Contains(value, e.b.maker.mark) {
				continue
			}
			if err := e.attackWithMade(ctx, create, name, value); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *engine) attackWithMade(ctx context.Context, create *operation, name, value string) error {
	values := []string{value, neverLike(value)}
	var ids [2]string
	for i := range values {
		r := e.rightful(create, e.a, nil).clone()
		body := bodyOf(r)
		body[name] = values[i]
		r.setBody(body)
		r.sent = []string{values[i]}
		a, err := e.lone(ctx, create, inMade, e.a.owner, r, alike)
		if err != nil {
			return err
		}
		if !a.good() { // not taken at all, which is as good
			return nil
		}
		e.report.controlled(create, inMade)
		ids[i] = text(a.object()["id"])
	}
	for _, op := range e.doc.ops {
		if op.method != http.MethodGet || op.last() != create.path || len(op.keys) != 1 || op.isItem() {
			continue
		}
		var requests [2]request
		for i := range requests {
			requests[i] = e.rightful(op, e.a, &record{id: ids[i]}).clone()
			requests[i].sent = []string{ids[i], values[i]}
		}
		if _, err := e.try(ctx, op, inMade, e.a.owner, requests[0], requests[1], alike); err != nil {
			return err
		}
		if _, err := e.control(ctx, op, e.b.owner, e.rightful(op, e.b, nil), inMade); err != nil {
			return err
		}
	}
	return nil
}

// suspend ends both tenants, and has the first one's people try again: a token that was good a moment ago opens nothing.
func (e *engine) suspend(ctx context.Context) error {
	if err := e.provision.Suspend(ctx, e.a.id); err != nil {
		return fmt.Errorf("suspend a tenant: %w", err)
	}
	if err := sleep(ctx, e.Settle); err != nil {
		return err
	}
	e.client.renew = nil // nobody joins any more
	tried := 0
	for _, op := range e.doc.ops {
		if op.audience != tenants || len(op.keys) > 1 {
			continue
		}
		if len(op.keys) == 1 && e.a.first(op.last()) == nil {
			continue
		}
		if tried++; !e.some(tried, 5) {
			continue
		}
		if _, err := e.lone(ctx, op, inSuspension, e.a.owner, e.rightful(op, e.a, e.a.first(op.last())), refused); err != nil {
			return err
		}
		e.report.controlled(op, inSuspension) // it was answered before, or an earlier control has failed
	}
	return nil
}

// cleanUp puts away what was made, as far as that can be: tenants are suspended, users disabled. It goes on after errors,
// and says what is left.
func (e *engine) cleanUp(ctx context.Context) {
	for _, id := range append([]string{e.a.id, e.b.id}, e.extraTenants...) {
		if id == "" { // it never came to be
			continue
		}
		end := ", suspended; the command tenant erase removes it"
		if err := e.provision.Suspend(ctx, id); err != nil {
			end = ", which could not be suspended: " + err.Error()
		}
		e.report.Left = append(e.report.Left, "tenant "+id+end)
	}
	disabled := 0
	for _, id := range e.users {
		if err := e.provision.Disable(ctx, id); err != nil {
			e.report.Left = append(e.report.Left, "user "+id+", who could not be disabled: "+err.Error())
			continue
		}
		disabled++
	}
	if disabled > 0 {
		e.report.Left = append(e.report.Left, fmt.Sprintf("%d users, disabled, most of whose names hold %s or %s", disabled, e.a.maker.mark, e.b.maker.mark))
	}
}
