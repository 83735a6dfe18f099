package prove

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// settlePlatform signs the operator in and says what they may lay their hands on: the two tenants and their people.
func (e *engine) settlePlatform(ctx context.Context) error {
	name, password := e.provision.Operator()
	if name == "" || e.doc.find(http.MethodPost, adminSignInPath) == nil {
		return nil
	}
	p := e.newSide("p")
	p.owner = &actor{name: operator, username: name, password: password, side: p}
	p.roles[viewer] = p.owner
	p.id, p.slug = e.b.id, e.b.slug
	for _, keep := range []func(a *actor){
		func(a *actor) { p.owner.token, p.owner.refresh = a.token, a.refresh },
		func(a *actor) { p.spent = a.token },
		func(a *actor) { p.rotating = a.refresh },
	} {
		who, err := e.signInOperator(ctx, name, password)
		if err != nil {
			return err
		}
		keep(who)
	}
	p.records[adminTenants] = []*record{{collection: adminTenants, id: e.b.id}}
	p.records[adminUsers] = []*record{{collection: adminUsers, id: e.b.owner.user}}
	e.platform = p
	if err := e.moreSpares(ctx, p); err != nil {
		return err
	}
	return e.enterAsOperator(ctx)
}

func (e *engine) signInOperator(ctx context.Context, name, password string) (*actor, error) {
	a, err := e.send(ctx, nil, post(adminSignInPath, node{"username": name, "password": password}))
	if err != nil {
		return nil, err
	}
	who := &actor{token: text(a.object()["access"]), refresh: text(a.object()["refresh"])}
	if who.token == "" {
		return nil, fmt.Errorf("sign in the operator: %s", a.short())
	}
	e.secrets.share(a.body) // whom both tenants' trails name
	return who, nil
}

// enterAsOperator has the operator enter the first tenant, for a reason. From there the second is as far as for everybody.
func (e *engine) enterAsOperator(ctx context.Context) error {
	path := adminTenants + e.a.id + "/token/"
	if e.doc.find(http.MethodPost, adminTenants+"{id}/token/") == nil {
		return nil
	}
	a, err := e.send(ctx, e.platform.owner, post(path, node{"reason": "tenantry prove", "role": owner}))
	if err != nil {
		return err
	}
	who := &actor{name: operatorInside, side: e.a, token: text(a.object()["access"])}
	if who.token == "" {
		return fmt.Errorf("enter a tenant as an operator: %s", a.short())
	}
	e.a.roles[who.name] = who
	return nil
}

const operator = "an operator"

const operatorInside = "operator who entered"

// attackPlatform has everybody of the tenants, and all strangers, try what is the operators'.
func (e *engine) attackPlatform(ctx context.Context, op *operation) error {
	if e.platform == nil {
		e.report.skip(op.id + ": there was no operator to be its rightful caller")
		return nil
	}
	if op.writes() && strings.HasPrefix(op.path, adminKeys) {
		return e.attackKeys(ctx, op)
	}
	t, err := e.aimPlatform(ctx, op)
	if err != nil || t == nil {
		return err
	}
	for _, who := range e.noOperators() {
		foreign := e.reachPlatform(t, e.operators(t))
		if e.sparse {
			if _, err := e.lone(ctx, op, inToken, who, foreign, refused); err != nil {
				return err
			}
			continue
		}
		never := e.reachPlatform(t, e.nobodys(t))
		never.body = foreign.body
		if _, err := e.try(ctx, op, inToken, who, foreign, never, refused); err != nil {
			return err
		}
	}
	a, failed := e.persist(ctx, op, e.platform, t.target)
	if failed != nil {
		e.report.found(Finding{Kind: Control, Operation: op.id, Place: inToken, Detail: failed.Error()})
		return ctx.Err()
	}
	e.report.controlled(op, inToken)
	if e.doc.isCreate(op) {
		e.left(op, text(a.object()["id"]))
	}
	return nil
}

// noOperators are all who have no business at the operators' operations, as many as the service's limits let try.
func (e *engine) noOperators() []*actor {
	everybody := slices.DeleteFunc(slices.Concat(e.a.actors(), e.strangers), func(who *actor) bool { return who.name == operator })
	return e.inTurn(everybody)
}

// aimPlatform chooses the operator's record: one of the throw-away ones, or where the operation writes, one of its own.
func (e *engine) aimPlatform(ctx context.Context, op *operation) (*aim, error) {
	t := &aim{op: op}
	if op.last() == "" {
		return t, nil
	}
	if name, below := strings.CutPrefix(op.last(), adminTenants+"{id}/"); below && len(e.platform.records[op.last()]) == 0 {
		for _, rec := range e.b.records["/api/v1/"+name] {
			e.platform.records[op.last()] = append(e.platform.records[op.last()], &record{collection: op.last(), id: rec.id, values: rec.values})
		}
	}
	create := e.doc.find(http.MethodPost, op.last())
	if op.writes() && create != nil && e.doc.isCreate(create) {
		made, err := e.create(ctx, create, e.platform)
		if err != nil {
			return nil, err
		}
		e.left(create, made.id)
		t.target, t.own = made, made
		return t, nil
	}
	t.target = e.platform.first(op.last())
	t.own = t.target
	if t.target == nil {
		e.report.found(Finding{Kind: Missed, Operation: op.id, Place: inToken, Detail: "There is no record to try it on in " + op.last() + "."})
		return nil, nil //nolint:nilnil // the finding says it
	}
	return t, nil
}

// reachPlatform returns an operator's request with other ids in its path.
func (e *engine) reachPlatform(t *aim, ids []string) request {
	r := e.rightful(t.op, e.platform, t.target)
	r.path = t.op.path
	for i, key := range t.op.keys {
		r.path = strings.Replace(r.path, "{"+key+"}", ids[i], 1)
		r.sent = append(r.sent, ids[i])
	}
	return r
}

// operators are the ids in the path as the operator uses them.
func (e *engine) operators(t *aim) []string {
	out := make([]string, len(t.op.keys))
	for i := range t.op.keys {
		if i == len(t.op.keys)-1 {
			out[i] = t.target.id
		} else if rec := e.platform.first(t.op.collection(i)); rec != nil {
			out[i] = rec.id
		}
	}
	return out
}

// left takes note of a tenant or a user that has to be put away at the end.
func (e *engine) left(create *operation, id string) {
	switch create.path {
	case adminTenants:
		e.extraTenants = append(e.extraTenants, id)
	case adminUsers:
		e.users = append(e.users, id)
	}
}
