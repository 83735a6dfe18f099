package prove

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// aim is what the attacks on one operation reach for.
type aim struct {
	op *operation
	// target is the victim's record that the operation is about, nil where it is about none; before is what its owner
	// was answered with about it.
	target *record
	before map[string]answer
	// own is a record of the attacker's of the same kind.
	own *record
}

// attack tries everything on one operation.
func (e *engine) attack(ctx context.Context, op *operation) error {
	if op.audience == nobody {
		return e.attackPublic(ctx, op)
	}
	if op.audience == operators {
		return e.attackPlatform(ctx, op)
	}
	t, err := e.aim(ctx, op)
	if err != nil {
		return err
	}
	if t == nil {
		return nil
	}
	for _, step := range []func(context.Context, *aim) error{
		e.attackByStrangers, e.attackByPath, e.attackByHints, e.attackByQuery, e.attackByCondition, e.attackByCursor, e.attackByKey,
		e.attackByBody, e.unchanged, e.asOwner,
	} {
		if err := step(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// aim chooses the records. An operation that writes gets ones of its own: its control may be the end of them.
func (e *engine) aim(ctx context.Context, op *operation) (*aim, error) {
	t := &aim{op: op}
	if op.last() != "" {
		for _, s := range []*side{e.a, e.b} {
			rec, err := e.recordFor(ctx, op, s)
			if err != nil || rec == nil {
				return nil, err
			}
			if s == e.a {
				t.own = rec
			} else {
				t.target = rec
			}
		}
	}
	if err := e.rehearse(ctx, t); err != nil {
		return nil, err
	}
	var err error
	t.before, err = e.seen(ctx, t)
	return t, err
}

// recordFor returns a record that op can be tried on: the first of the tenant's, or a fresh one.
func (e *engine) recordFor(ctx context.Context, op *operation, s *side) (*record, error) {
	if op.writes() {
		if create := e.doc.find(http.MethodPost, op.last()); create != nil && e.doc.isCreate(create) {
			return e.fresh(ctx, create, s)
		}
	}
	rec := s.first(op.last())
	if rec == nil {
		e.report.found(Finding{Kind: Missed, Operation: op.id, Place: inPath, Detail: "There is no record to try it on in " + op.last() + "."})
	}
	return rec, nil
}

// fresh makes a record, with a file where records have them.
func (e *engine) fresh(ctx context.Context, create *operation, s *side) (*record, error) {
	rec, err := e.create(ctx, create, s)
	if err != nil {
		return nil, err
	}
	for _, op := range e.doc.ops {
		if op.file && op.method == http.MethodPut && op.last() == create.path {
			a, err := e.control(ctx, op, s.owner, e.rightful(op, s, rec), inPath)
			if err != nil {
				return nil, err
			}
			if a.good() {
				*rec = *e.noted(s, rec.collection, a)
			}
		}
	}
	return rec, nil
}

// rehearse finds out, on a record of the attacker's own, what a body has to be like to be taken.
func (e *engine) rehearse(ctx context.Context, t *aim) error {
	if t.op.body == nil || e.doc.isCreate(t.op) {
		return nil
	}
	var own *record
	if t.own != nil {
		var err error
		if own, err = e.recordFor(ctx, t.op, e.a); err != nil || own == nil {
			return err
		}
	}
	if _, err := e.persist(ctx, t.op, e.a, own); err != nil {
		e.report.found(Finding{Kind: Control, Operation: t.op.id, Place: inPath, Detail: err.Error()})
	}
	return nil
}

// seen asks as the victim for everything that an operation could have changed: the record itself with all that lies
// below it, or what is at the operation's path.
func (e *engine) seen(ctx context.Context, t *aim) (map[string]answer, error) {
	out := map[string]answer{}
	if !t.op.writes() {
		return out, nil
	}
	for _, op := range e.doc.ops {
		about := t.target != nil && op.last() == t.target.collection && len(op.keys) == 1 || len(op.keys) == 0 && op.path == t.op.path
		if op.method != http.MethodGet || op.audience != t.op.audience || e.doc.isList(op) || !about {
			continue
		}
		a, err := e.send(ctx, e.b.owner, e.rightful(op, e.b, t.target))
		if err != nil {
			return nil, err
		}
		e.secrets.learn(e.b.letter, a)
		out[op.id] = a
	}
	return out, nil
}

// unchanged looks whether the victim's is still what it was.
func (e *engine) unchanged(ctx context.Context, t *aim) error {
	after, err := e.seen(ctx, t)
	if err != nil {
		return err
	}
	for name, a := range t.before {
		if difference := differ(request{}, after[name], request{}, a, alike); difference != "" {
			e.report.found(Finding{
				Kind: Leak, Operation: t.op.id, Place: inPath,
				Detail: "The other tenant's record was changed: " + name + " answers " + difference + ".",
			})
		}
	}
	return nil
}

// reach returns the request of op as the attacker would send it: a body that is right in their own tenant, and in the
// path the ids that are given. Where there are several keys, those before from stay the attacker's own.
func (e *engine) reach(t *aim, ids []string, from int) request {
	r := e.rightful(t.op, e.a, t.own)
	r.path = t.op.path
	for i, key := range t.op.keys {
		id := ids[i]
		if i < from {
			id = e.ownKey(t, i)
		} else {
			r.sent = append(r.sent, id)
		}
		r.path = strings.Replace(r.path, "{"+key+"}", url.PathEscape(id), 1)
	}
	return r
}

func (e *engine) ownKey(t *aim, i int) string {
	if i == len(t.op.keys)-1 {
		return t.own.id
	}
	if rec := e.a.first(t.op.collection(i)); rec != nil {
		return rec.id
	}
	return ""
}

// theirs are the victim's ids for the keys of the path.
func (e *engine) theirs(t *aim) []string {
	out := make([]string, len(t.op.keys))
	for i := range t.op.keys {
		if i == len(t.op.keys)-1 {
			out[i] = t.target.id
		} else if rec := e.b.first(t.op.collection(i)); rec != nil {
			out[i] = rec.id
		}
	}
	return out
}

// nobodys are ids that never were.
func (e *engine) nobodys(t *aim) []string {
	out := make([]string, len(t.op.keys))
	for i := range out {
		out[i] = newID(e.Clock())
	}
	return out
}

// attackByStrangers has everybody try who has no valid token of a tenant.
func (e *engine) attackByStrangers(ctx context.Context, t *aim) error {
	if t.op.audience != tenants {
		return nil
	}
	e.tried++
	if !e.some(e.tried, 2) {
		return nil
	}
	for _, who := range e.inTurn(e.strangers) {
		if len(t.op.keys) == 0 || e.sparse {
			if _, err := e.lone(ctx, t.op, inToken, who, e.reach(t, e.theirs(t), 0), refused); err != nil {
				return err
			}
			continue
		}
		foreign, never := e.reach(t, e.theirs(t), 0), e.reach(t, e.nobodys(t), 0)
		never.body = foreign.body
		if _, err := e.try(ctx, t.op, inToken, who, foreign, never, refused); err != nil {
			return err
		}
	}
	return nil
}

// attackByPath has everybody of the attacker's tenant try the victim's ids in the path.
func (e *engine) attackByPath(ctx context.Context, t *aim) error {
	for from := range t.op.keys {
		for _, who := range e.a.actors() {
			if err := e.elsewhere(ctx, who); err != nil {
				return err
			}
			foreign, never := e.reach(t, e.theirs(t), from), e.reach(t, e.nobodys(t), from)
			never.body = foreign.body
			if _, err := e.try(ctx, t.op, inPath, who, foreign, never, refused); err != nil {
				return err
			}
		}
	}
	return nil
}

// elsewhere has somebody who belongs to both tenants show up in the other one, so that the service has them in mind there.
func (e *engine) elsewhere(ctx context.Context, who *actor) error {
	if who != e.a.roles[ofBoth] {
		return nil
	}
	_, err := e.send(ctx, e.b.roles[ofBoth], request{method: http.MethodGet, path: mePath})
	return err
}

// hint is one way to tell a service which tenant is meant, beside the token.
type hint struct {
	place string
	set   func(r *request, id, slug string)
}

// hints are those that services of this kind are known to listen to.
func hints() []hint {
	header := func(name string, value func(id, slug string) string) hint {
		return hint{inHeader, func(r *request, id, slug string) { r.header.Add(name, value(id, slug)) }}
	}
	byID := func(id, _ string) string { return id }
	bySlug := func(_, slug string) string { return slug }
	byHost := func(_, slug string) string { return slug + ".example.com" }
	query := func(name string) hint {
		return hint{inQuery, func(r *request, id, _ string) { r.query.Set(name, id) }}
	}
	return []hint{
		header("X-Tenant-Id", byID), header("X-Tenant", bySlug), header("Tenant", byID), header("X-Org-Id", byID),
		header("Host", byHost), header("X-Forwarded-Host", byHost),
		header("Forwarded", func(_, slug string) string { return "host=" + slug + ".example.com" }),
		header("Cookie", func(id, slug string) string { return "tenant=" + slug + "; tenant_id=" + id }),
		query("tenant"), query("tenant_id"),
	}
}

// allHeaders is every hint that is a header, at once.
func allHeaders() hint {
	return hint{inHeader, func(r *request, id, slug string) {
		for _, h := range hints() {
			if h.place == inHeader {
				h.set(r, id, slug)
			}
		}
	}}
}

// attackByHints says in headers and parameters that the victim's tenant is meant: by themselves, and beside the victim's
// ids in the path. Everybody sends all headers at once, the owner each of them too.
func (e *engine) attackByHints(ctx context.Context, t *aim) error {
	for _, h := range hints() {
		if err := e.attackByHint(ctx, t, e.a.owner, h); err != nil {
			return err
		}
	}
	for _, who := range e.a.actors() {
		if err := e.elsewhere(ctx, who); err != nil {
			return err
		}
		if err := e.attackByHint(ctx, t, who, allHeaders()); err != nil {
			return err
		}
	}
	return e.hintRightfully(ctx, t)
}

func (e *engine) attackByHint(ctx context.Context, t *aim, who *actor, h hint) error {
	neverID, neverSlug := newID(e.Clock()), "prove-b-"+newMark()+"x00"
	if len(t.op.keys) > 0 {
		foreign, never := e.reach(t, e.theirs(t), 0).clone(), e.reach(t, e.nobodys(t), 0).clone()
		never.body = foreign.body
		h.set(&foreign, e.b.id, e.b.slug)
		h.set(&never, neverID, neverSlug)
		foreign.sent, never.sent = append(foreign.sent, e.b.id, e.b.slug), append(never.sent, neverID, neverSlug)
		_, err := e.try(ctx, t.op, h.place, who, foreign, never, refused)
		return err
	}
	foreign, never := e.rightful(t.op, e.a, nil).clone(), e.rightful(t.op, e.a, nil).clone()
	h.set(&foreign, e.b.id, e.b.slug)
	h.set(&never, neverID, neverSlug)
	foreign.sent, never.sent = append(foreign.sent, e.b.id, e.b.slug), append(never.sent, neverID, neverSlug)
	want := alike
	if t.op.writes() {
		want = similar
	}
	_, err := e.try(ctx, t.op, h.place, who, foreign, never, want)
	return err
}

// hintRightfully has the victim name their own tenant; in a parameter, nobody may.
func (e *engine) hintRightfully(ctx context.Context, t *aim) error {
	if t.op.writes() { // the last control does it
		return nil
	}
	r := e.rightful(t.op, e.b, t.target).clone()
	if _, err := e.control(ctx, t.op, e.b.owner, r, inQuery); err != nil {
		return err
	}
	for _, h := range hints() {
		if h.place == inHeader {
			h.set(&r, e.b.id, e.b.slug)
		}
	}
	_, err := e.control(ctx, t.op, e.b.owner, r, inHeader)
	return err
}

// asOwner has the victim do what the attackers could not.
func (e *engine) asOwner(ctx context.Context, t *aim) error {
	r := e.rightful(t.op, e.b, t.target).clone()
	places := []string{inToken}
	if len(t.op.keys) > 0 {
		places = append(places, inPath)
	}
	if t.op.writes() {
		places = append(places, inHeader, inQuery)
		r.header.Set("X-Tenant-Id", e.b.id)
		if t.target != nil && t.target.etag != "" && t.op.takes("header", inMatch) {
			places = append(places, inMatch)
			r.header.Set(inMatch, t.target.etag)
		}
	}
	a, err := e.send(ctx, e.b.owner, r)
	if err == nil && a.status == http.StatusConflict && t.target != nil {
		a, err = e.afterActions(ctx, t, r, a)
	}
	if err == nil {
		e.judge(t.op, e.b.owner, r, a, places)
	}
	return err
}

// afterActions brings a record, whose state a request is at odds with, into others by all that can be done to it, until
// the request is taken: a loan is deleted once the book is back.
func (e *engine) afterActions(ctx context.Context, t *aim, r request, conflict answer) (answer, error) {
	for _, op := range e.doc.ops {
		if op == t.op || op.method != http.MethodPost || op.last() != t.op.last() || op.audience != tenants {
			continue
		}
		a, err := e.send(ctx, e.b.owner, e.rightful(op, e.b, t.target))
		if err != nil || !a.good() {
			return conflict, err
		}
		e.secrets.learn(e.b.letter, a)
		if tag := a.header.Get("ETag"); r.header.Get(inMatch) != "" {
			r.header.Set(inMatch, tag)
		}
		if a, err = e.send(ctx, e.b.owner, r); err != nil || a.good() {
			return a, err
		}
	}
	return conflict, nil
}
