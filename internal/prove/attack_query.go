package prove

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// attackByQuery tries every parameter of the query string with the victim's values, on the attacker's own records.
func (e *engine) attackByQuery(ctx context.Context, t *aim) error {
	if t.op.writes() {
		return nil
	}
	for _, p := range t.op.params {
		if p.in != "query" {
			continue
		}
		var err error
		switch {
		case p.name == "count":
			err = e.attackByCount(ctx, t)
		case selects(p.name):
			err = e.attackBySelection(ctx, t, p)
		case filters(p.name):
			err = e.attackByFilter(ctx, t, p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// attackBySelection asks for the attacker's own records in every form that there is.
func (e *engine) attackBySelection(ctx context.Context, t *aim, p parameter) error {
	for _, value := range selections(p) {
		r := e.rightful(t.op, e.a, t.own).clone()
		r.query.Set(p.name, value)
		if _, err := e.lone(ctx, t.op, inSelection, e.a.owner, r, alike); err != nil {
			return err
		}
	}
	r := e.rightful(t.op, e.b, t.target).clone()
	r.query.Set(p.name, selections(p)[0])
	_, err := e.control(ctx, t.op, e.b.owner, r, inSelection)
	return err
}

func selections(p parameter) []string {
	switch p.name {
	case "page":
		return []string{"1", "2"}
	case "page_size":
		return []string{"1", "200"}
	}
	all := list(p.schema["enum"])
	if typeOf(p.schema) == "array" {
		all = list(object(p.schema["items"])["enum"])
	}
	var out []string
	for _, one := range all {
		out = append(out, text(one))
	}
	if p.name != "ordering" && len(out) > 1 && typeOf(p.schema) == "array" {
		out = []string{strings.Join(out, ",")} // the whole is more than its parts
	}
	return out
}

// attackByCount holds the count of a list against the records that it really has.
func (e *engine) attackByCount(ctx context.Context, t *aim) error {
	r := e.rightful(t.op, e.a, t.own).clone()
	r.query.Set("count", "exact")
	r.query.Set("page_size", "1")
	a, err := e.lone(ctx, t.op, inSelection, e.a.owner, r, alike)
	if err != nil {
		return err
	}
	counted, known := a.object()["count"].(float64)
	items, err := e.pages(ctx, e.a.owner, e.rightful(t.op, e.a, t.own))
	if err != nil {
		return err
	}
	if known && int(counted) != len(items) {
		e.report.found(Finding{
			Kind: Leak, Operation: t.op.id, Place: inSelection, Actor: e.a.owner.name, Request: r.shown(),
			Detail: fmt.Sprintf("The list counts %d records and has %d.", int(counted), len(items)),
		})
	}
	return nil
}

// pages returns the records of all pages of a list.
func (e *engine) pages(ctx context.Context, who *actor, r request) ([]node, error) {
	r = r.clone()
	r.query.Set("page_size", "200")
	var out []node
	for range 50 {
		a, err := e.send(ctx, who, r)
		if err != nil {
			return nil, err
		}
		page := a.object()
		for _, item := range list(page["results"]) {
			out = append(out, object(item))
		}
		cursor := cursorOf(text(page["next"]))
		if cursor == "" {
			return out, nil
		}
		r = r.clone()
		r.query.Set("cursor", cursor)
	}
	return out, nil
}

func cursorOf(next string) string {
	u, err := url.Parse(next)
	if err != nil {
		return ""
	}
	return u.Query().Get("cursor")
}

// attackByFilter filters and searches the attacker's records by what the victim's have: as the owner, who sees most, and as
// one of the others in turn.
func (e *engine) attackByFilter(ctx context.Context, t *aim, p parameter) error {
	value := e.valueOf(t.op, e.b, p)
	rightful := e.rightful(t.op, e.b, t.target).clone()
	rightful.query.Set(p.name, value)
	if _, err := e.control(ctx, t.op, e.b.owner, rightful, inFilter); err != nil {
		return err
	}
	for _, who := range []*actor{e.a.owner, e.anotherOf(e.a)} {
		if err := e.filterAs(ctx, t, who, p, value); err != nil {
			return err
		}
	}
	return nil
}

// anotherOf returns those who belong to the tenant and are not its owner, one after the other.
func (e *engine) anotherOf(s *side) *actor {
	all := s.actors()[1:]
	e.turn++
	return all[e.turn%len(all)]
}

// filterAs filters as somebody. Where nobody else could have the value, that must find as little as a value that never was.
func (e *engine) filterAs(ctx context.Context, t *aim, who *actor, p parameter, value string) error {
	if err := e.elsewhere(ctx, who); err != nil {
		return err
	}
	foreign := e.rightful(t.op, e.a, t.own).clone()
	foreign.query.Set(p.name, value)
	foreign.sent = append(foreign.sent, value)
	if !finds(p.name) || !e.isSecret(value) {
		_, err := e.lone(ctx, t.op, inFilter, who, foreign, alike)
		return err
	}
	never := foreign.clone()
	other := neverLike(value)
	never.query.Set(p.name, other)
	never.sent = []string{other}
	_, err := e.try(ctx, t.op, inFilter, who, foreign, never, alike)
	return err
}

// finds reports whether a look-up finds equal values alone, and not those before or after.
func finds(param string) bool {
	_, lookup, found := strings.Cut(param, "__")
	return !found || slices.Contains([]string{"exact", "in", "icontains", "contains"}, lookup)
}

// isSecret reports whether the value is one that the victim alone can have.
func (e *engine) isSecret(value string) bool {
	return len(value) >= leastWord && !e.secrets.own[value] && (strings.Contains(value, e.b.maker.mark) || e.secrets.of[value] == e.b.letter)
}

// neverLike returns a value of the same form that never was: every letter and digit is another one.
func neverLike(value string) string {
	out := []byte(value)
	changed := false
	for i, c := range out {
		for _, class := range []string{"0123456789", "abcdef", "ghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"} {
			at := strings.IndexByte(class, c)
			if at < 0 || len(out) == 36 && i == 14 { // the version of a UUID stays
				continue
			}
			out[i] = class[(at+1+int(random(int64(len(class)-1))))%len(class)]
			changed = true
		}
	}
	if !changed {
		return value + "x"
	}
	return string(out)
}

// valueOf returns the tenant's value for a parameter: that of its record's field, or one of the kind.
func (e *engine) valueOf(op *operation, s *side, p parameter) string {
	base, lookup, _ := strings.Cut(p.name, "__")
	schema := p.schema
	if typeOf(schema) == "array" {
		schema = object(schema["items"])
	}
	if lookup == "isnull" {
		return "true"
	}
	if rec := e.anyRecord(op, s); rec != nil {
		switch v := rec.values[base].(type) {
		case string:
			if v != "" {
				return v
			}
		case bool:
			return strconv.FormatBool(v)
		case float64:
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
	}
	if text(schema["format"]) == "uuid" {
		return s.owner.user
	}
	switch v := s.maker.value(schema, 0).(type) {
	case string:
		return v
	case nil:
		return s.maker.mark
	default:
		return strings.Trim(fmt.Sprint(v), "[]")
	}
}

// anyRecord returns a record of the kind that op answers with.
func (e *engine) anyRecord(op *operation, s *side) *record {
	if rec := s.first(op.path); rec != nil {
		return rec
	}
	if len(op.keys) > 0 && !op.isItem() { // a list below another record
		segments := strings.Split(strings.TrimSuffix(op.path, "/"), "/")
		for path, all := range s.records {
			if strings.HasSuffix(path, "/"+segments[len(segments)-1]+"/") && len(all) > 0 {
				return all[0]
			}
		}
	}
	var best *record
	for path, all := range s.records { // the innermost collection around it
		if strings.HasPrefix(op.path, path) && len(all) > 0 && (best == nil || len(path) > len(best.collection)) {
			best = all[0]
		}
	}
	return best
}

// attackByCursor continues the attacker's list at the place where the victim's left off.
func (e *engine) attackByCursor(ctx context.Context, t *aim) error {
	if !t.op.takes("query", "cursor") {
		return nil
	}
	theirs := e.rightful(t.op, e.b, t.target).clone()
	theirs.query.Set("page_size", "1")
	a, err := e.send(ctx, e.b.owner, theirs)
	if err != nil {
		return err
	}
	cursor := cursorOf(text(a.object()["next"]))
	if cursor == "" {
		e.report.excuse(t.op, inCursor, "the list has one page and gives no cursor")
		return nil
	}
	foreign := e.rightful(t.op, e.a, t.own).clone()
	foreign.query.Set("page_size", "1")
	never := foreign.clone()
	other := make([]byte, len(cursor)*3/4)
	_, _ = rand.Read(other) // never fails
	foreign.query.Set("cursor", cursor)
	never.query.Set("cursor", encode(other))
	foreign.sent, never.sent = []string{cursor}, []string{encode(other)}
	for _, who := range []*actor{e.a.owner, e.a.roles[ofBoth]} {
		if _, err := e.try(ctx, t.op, inCursor, who, foreign, never, refused); err != nil {
			return err
		}
	}
	theirs.query.Set("cursor", cursor)
	_, err = e.control(ctx, t.op, e.b.owner, theirs, inCursor)
	return err
}

// attackByCondition uses the victim's entity tags: on the attacker's own record, and on the victim's.
func (e *engine) attackByCondition(ctx context.Context, t *aim) error {
	tag, err := e.tagOf(ctx, t)
	if err != nil || tag == "" {
		return err
	}
	other := `"` + neverLike(strings.Trim(tag, `"`)) + `"`
	for _, place := range []string{inMatch, inNoneMatch} {
		if !t.op.takes("header", place) {
			continue
		}
		foreign := e.rightful(t.op, e.a, t.own).with(place, tag)
		never := e.rightful(t.op, e.a, t.own).with(place, other)
		foreign.sent, never.sent = []string{tag}, []string{other}
		never.body = foreign.body
		want := alike
		if t.op.writes() {
			want = refused
		}
		if _, err := e.try(ctx, t.op, place, e.a.owner, foreign, never, want); err != nil {
			return err
		}
		foreign, never = e.reach(t, e.theirs(t), 0).with(place, tag), e.reach(t, e.nobodys(t), 0).with(place, tag)
		never.body = foreign.body
		if _, err := e.try(ctx, t.op, place, e.a.owner, foreign, never, refused); err != nil {
			return err
		}
		if !t.op.writes() { // the last control does it otherwise
			if _, err := e.control(ctx, t.op, e.b.owner, e.rightful(t.op, e.b, t.target).with(place, tag), place); err != nil {
				return err
			}
		}
	}
	return nil
}

// tagOf returns the entity tag of the victim's record, or of its file.
func (e *engine) tagOf(ctx context.Context, t *aim) (string, error) {
	if t.target == nil || !t.op.takes("header", inMatch) {
		return "", nil
	}
	if t.op.writes() {
		return t.target.etag, nil
	}
	a, err := e.send(ctx, e.b.owner, e.rightful(t.op, e.b, t.target))
	if err == nil {
		e.secrets.learn(e.b.letter, a)
	}
	return a.header.Get("ETag"), err
}

// attackByKey repeats the victim's Idempotency-Key, as somebody else and as the same person in the other tenant.
func (e *engine) attackByKey(ctx context.Context, t *aim) error {
	if !t.op.takes("header", inKey) {
		return nil
	}
	there, here := e.b.roles[ofBoth], e.a.roles[ofBoth]
	shared := &side{maker: &maker{mark: newMark(), clock: e.Clock}} // values that are nobody's secret
	theirs := e.withValuesOf(shared, t.op, e.b)
	if t.target != nil {
		rec, err := e.recordFor(ctx, t.op, e.b)
		if err != nil || rec == nil {
			return err
		}
		theirs = e.rightful(t.op, e.b, rec)
	}
	key := "key-" + newMark()
	theirs = theirs.with(inKey, key)
	e.secrets.wrote(theirs)
	if _, err := e.control(ctx, t.op, there, theirs, inKey); err != nil {
		return err
	}
	for _, who := range []*actor{here, e.a.owner} {
		foreign, err := e.keyed(ctx, t, shared, theirs, who == here)
		if err != nil {
			return err
		}
		never, err := e.keyed(ctx, t, shared, theirs, false)
		if err != nil {
			return err
		}
		foreign.header.Set(inKey, key)
		never.header.Set(inKey, "key-"+newMark())
		if _, err := e.try(ctx, t.op, inKey, who, foreign, never, similar); err != nil {
			return err
		}
	}
	a, err := e.control(ctx, t.op, there, theirs, inKey)
	if err == nil && a.good() && a.header.Get("Idempotency-Replayed") == "" {
		e.report.found(Finding{Kind: Control, Operation: t.op.id, Place: inKey, Detail: "The rightful owner's repetition is not answered by the first answer."})
	}
	return err
}

// keyed returns the attacker's request for a key: the victim's very body where same is set and the body may be.
func (e *engine) keyed(ctx context.Context, t *aim, shared *side, theirs request, same bool) (request, error) {
	if t.own == nil {
		r := e.withValuesOf(shared, t.op, e.a)
		if same && !e.refers(t.op) {
			r.body = theirs.body
		}
		return r.clone(), nil
	}
	own, err := e.recordFor(ctx, t.op, e.a)
	if err != nil {
		return request{}, err
	}
	return e.rightful(t.op, e.a, own).clone(), nil
}

// withValuesOf is rightful with texts that are nobody's secret.
func (e *engine) withValuesOf(shared *side, op *operation, s *side) request {
	plain := *s
	plain.maker = shared.maker
	r := e.rightful(op, &plain, nil)
	s.spares = plain.spares
	return r
}

// refers reports whether a body of op names other records.
func (e *engine) refers(op *operation) bool {
	for _, p := range e.doc.properties(op.body) {
		if text(p["x-references"]) != "" {
			return true
		}
	}
	return false
}
