package prove

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// perCollection is how many records each tenant has of a kind: enough for a list to have a second page.
const perCollection = 3

// recipe says how the value of a field is chosen where its first choice was refused: the number of the choice.
type recipe map[string]int

// The choices behind those that a maker has.
const (
	asItIs  = 100 // the value that the record has
	leftOut = 101
)

// tries is how often a body is changed after a refusal.
const tries = 24

// fill makes records in every collection of the tenant's, those first that others refer to.
func (e *engine) fill(ctx context.Context, s *side) error {
	var waiting []*operation
	for _, op := range e.doc.ops {
		if e.doc.isCreate(op) && op.audience == tenants && len(op.keys) == 0 {
			waiting = append(waiting, op)
		}
	}
	for len(waiting) > 0 {
		var later []*operation
		for _, op := range waiting {
			if !e.canCreate(op, s) {
				later = append(later, op)
				continue
			}
			for range perCollection {
				if _, err := e.createStanding(ctx, op, s); err != nil {
					return err
				}
			}
		}
		if len(later) == len(waiting) {
			return fmt.Errorf("%s can't be called: the records that it refers to can't be made", later[0].id)
		}
		waiting = later
	}
	return e.upload(ctx, s)
}

// canCreate reports whether everything that a new record must refer to is there.
func (e *engine) canCreate(op *operation, s *side) bool {
	for name, p := range e.doc.properties(op.body) {
		to := text(p["x-references"])
		if to != "" && required(op.body, name) && e.reference(s, to) == "" {
			return false
		}
	}
	return true
}

func (e *engine) createStanding(ctx context.Context, op *operation, s *side) (*record, error) {
	made, err := e.create(ctx, op, s)
	if err != nil {
		return nil, err
	}
	s.records[op.path] = append(s.records[op.path], made)
	return made, nil
}

// create makes a record as the tenant's owner.
func (e *engine) create(ctx context.Context, op *operation, s *side) (*record, error) {
	a, err := e.persist(ctx, op, s, nil)
	if err != nil {
		return nil, err
	}
	return e.noted(s, op.path, a), nil
}

// noted remembers a record that the tenant's own people made or changed.
func (e *engine) noted(s *side, collection string, a answer) *record {
	values := a.object()
	made := &record{collection: collection, id: text(values["id"]), etag: a.header.Get("ETag"), values: values}
	if made.id != "" {
		s.created[made.id] = true
	}
	if s == e.b || s == e.a && e.victim == nil { // later an answer to the attacker could hold what is the victim's
		e.secrets.learn(s.letter, a)
	}
	return made
}

// upload gives the first record of a collection a file, where records have files. The others keep the numbers that they
// were made with: a sum over them can be told from everybody else's.
func (e *engine) upload(ctx context.Context, s *side) error {
	for _, op := range e.doc.ops {
		if !op.file || op.method != http.MethodPut {
			continue
		}
		rec := s.first(op.last())
		if rec == nil {
			continue
		}
		a, err := e.send(ctx, s.owner, e.rightful(op, s, rec))
		if err != nil {
			return err
		}
		if !a.good() {
			return fmt.Errorf("%s: %s", op.id, a.short())
		}
		*rec = *e.noted(s, rec.collection, a)
	}
	return nil
}

// persist sends a request of op as the owner of the tenant until it is taken, and remembers what the body had to be like.
func (e *engine) persist(ctx context.Context, op *operation, s *side, rec *record) (answer, error) {
	var last answer
	for range tries {
		r := e.rightful(op, s, rec)
		a, err := e.send(ctx, s.owner, r)
		if err != nil {
			return a, err
		}
		if s == e.a {
			e.shows(&Finding{Kind: Leak, Operation: op.id, Place: inPresence, Actor: s.owner.name, Request: r.shown()}, r, a)
		}
		if a.good() {
			e.report.controlled(op, inReference)
			e.report.controlled(op, inField)
			return a, nil
		}
		last = a
		if !e.adapt(op, a) {
			break
		}
	}
	return last, fmt.Errorf("%s can't be called as its rightful owner would: %s", op.id, last.short())
}

// adapt changes the recipe of op after a refusal; false where nothing is left to be changed.
func (e *engine) adapt(op *operation, refusal answer) bool {
	properties := e.doc.properties(op.body)
	blamed := map[string]string{}
	for _, f := range list(refusal.object()["errors"]) {
		name, _, _ := strings.Cut(text(object(f)["field"]), ".")
		if properties[name] != nil {
			blamed[name] = text(object(f)["code"])
		}
	}
	if len(blamed) == 0 { // it does not say, so each in turn
		for name := range properties {
			blamed[name] = ""
		}
	}
	for _, name := range slices.Sorted(maps.Keys(blamed)) {
		if code := blamed[name]; code == "unique" || !e.next(op, name, properties[name], code) {
			continue
		}
		return true
	}
	return slices.Contains(slices.Collect(maps.Values(blamed)), "unique") // the next value is another one
}

// next takes the next choice for a field.
func (e *engine) next(op *operation, name string, schema node, code string) bool {
	now := op.recipe[name]
	switch {
	case now >= leftOut:
		return false
	case now == asItIs, code == "read_only" && op.method != http.MethodPut:
		if required(op.body, name) {
			return false
		}
		op.recipe[name] = leftOut
	case code == "read_only":
		op.recipe[name] = asItIs
	case now+1 < choices(schema):
		op.recipe[name] = now + 1
	default:
		op.recipe[name] = asItIs
	}
	return true
}

// choices is how many different kinds of value a maker has for a schema.
func choices(schema node) int {
	if all := list(schema["enum"]); len(all) > 0 {
		return len(all)
	}
	switch typeOf(schema) {
	case "integer", "number", "boolean":
		return 2
	default:
		return 1
	}
}

// rightful returns a request of op as the owner of the tenant could send it: the ids of its own records, and a body that
// op takes. rec is the record that it is about, where it is about one.
func (e *engine) rightful(op *operation, s *side, rec *record) request {
	r := request{method: op.method, path: op.path, query: map[string][]string{}, header: http.Header{}, who: s.owner, media: op.media}
	for i, key := range op.keys {
		id := ""
		if i == len(op.keys)-1 && rec != nil {
			id = rec.id
		} else if first := s.first(op.collection(i)); first != nil {
			id = first.id
		}
		r.path = strings.Replace(r.path, "{"+key+"}", id, 1)
	}
	for _, p := range op.params {
		if p.in == "query" && p.required {
			r.query.Set(p.name, e.valueOf(op, s, p))
		}
	}
	switch {
	case op.file:
		r.body = []byte("the file of " + s.maker.text(0, 0))
	case op.body != nil && op.audience == nobody:
		r.setBody(e.credentials(op, s))
	case op.body != nil:
		r.setBody(e.body(op, s, rec))
	}
	if op.media == "application/x-www-form-urlencoded" {
		r.body = formOf(r.body)
	}
	return r
}

// body returns a body that op takes.
func (e *engine) body(op *operation, s *side, rec *record) node {
	out := node{}
	properties := e.doc.properties(op.body)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		choice := op.recipe[name]
		if choice == 0 && op.method == http.MethodPut && e.isImmutable(op, name) {
			choice = asItIs
		}
		if v, take := e.field(op, s, rec, name, properties[name], choice); take {
			out[name] = v
		}
	}
	return out
}

// field returns the value of one field of a body, false where it is to be left out.
func (e *engine) field(op *operation, s *side, rec *record, name string, schema node, choice int) (any, bool) {
	switch choice {
	case leftOut:
		return nil, false
	case asItIs:
		if rec == nil {
			return nil, false
		}
		v, known := rec.values[name]
		return v, known
	}
	if v, given := e.samples[e.resourceOf(op)][name]; given {
		return v, true
	}
	if to := text(schema["x-references"]); to != "" {
		id := e.reference(s, to)
		return id, id != ""
	}
	if name == "is_operator" { // nobody is made one by a test
		return false, true
	}
	if name == "username" && e.resourceOf(op) == membersOf && len(s.spares) > 0 {
		spare := s.spares[0]
		s.spares = append(s.spares[1:], spare)
		return spare.username, true
	}
	v := s.maker.value(schema, choice)
	return v, v != nil
}

// isImmutable reports whether a field can be set once: a PATCH of the same record does not take it.
func (e *engine) isImmutable(op *operation, name string) bool {
	patch := e.doc.find(http.MethodPatch, op.path)
	return patch != nil && patch.body != nil && e.doc.properties(patch.body)[name] == nil
}

// reference returns the id of a record of the tenant that a reference may name, empty where there is none yet.
func (e *engine) reference(s *side, to string) string {
	if to == "members" {
		return s.roles[viewer].user
	}
	for _, other := range e.doc.ops {
		if e.doc.isList(other) && len(other.keys) == 0 && strings.HasSuffix(other.path, "/"+to+"/") {
			if rec := s.first(other.path); rec != nil {
				return rec.id
			}
		}
	}
	return ""
}

// resourceOf returns the name of the collection that op works on.
func (e *engine) resourceOf(op *operation) string {
	path := op.path
	if at := op.last(); at != "" && !e.doc.isCreate(op) {
		path = at
	}
	return path[strings.LastIndexByte(strings.TrimSuffix(path, "/"), '/')+1 : len(path)-1]
}
