package prove

import (
	"context"
	"net/http"
	"strings"
)

// platformPath is where the operations of the platform's operators lie.
const platformPath = "/api/admin/"

// ofPlatform reports whether the operation is the operators': no token of a tenant opens it.
func (op *operation) ofPlatform() bool {
	return op.audience == operators || strings.HasPrefix(op.path, platformPath)
}

// attackPlatform has everybody of the attacker's tenant, and everybody who is nobody, try an operation of the operators
// on the victim's tenant. The control is an operator, who tries it on a tenant that never was: it must not be the token
// that keeps them out.
func (e *engine) attackPlatform(ctx context.Context, op *operation) error {
	if op.audience == nobody {
		return e.attackOperatorTokens(ctx, op)
	}
	for _, who := range append(e.a.actors(), e.strangers...) {
		if who.token != "" && who.token == e.operator {
			continue
		}
		if _, err := e.lone(ctx, op, inToken, who, e.platformRequest(op, e.b.id), refused); err != nil {
			return err
		}
	}
	if e.operator == "" {
		return nil
	}
	a, err := e.send(ctx, &actor{name: "an operator", token: e.operator}, e.platformRequest(op, newID(e.Clock())))
	if err != nil {
		return err
	}
	if a.status != http.StatusUnauthorized && a.status != http.StatusForbidden && a.status < http.StatusInternalServerError {
		e.report.controlled(op, inToken)
	}
	return nil
}

// platformRequest is a request about a tenant, with a body that says nothing.
func (e *engine) platformRequest(op *operation, tenant string) request {
	path := op.path
	for i, key := range op.keys {
		id := tenant
		if i > 0 {
			id = newID(e.Clock())
		}
		path = strings.Replace(path, "{"+key+"}", id, 1)
	}
	if op.body == nil {
		return request{method: op.method, path: path, sent: []string{tenant}}
	}
	r := jsonRequest(op.method, path, node{})
	r.sent = []string{tenant}
	return r
}

// attackOperatorTokens tries the credentials and tokens of a tenant's owner where operators sign in. What only takes a
// token back says nothing of it, by its standard (RFC 7009, section 2.2).
func (e *engine) attackOperatorTokens(ctx context.Context, op *operation) error {
	want := refused
	if op.status == http.StatusNoContent {
		want = alike
	}
	for _, value := range []string{e.a.owner.token, e.a.owner.refresh} {
		body := node{}
		for name := range e.doc.properties(op.body) {
			switch name {
			case "username":
				body[name] = e.a.owner.username
			case "password":
				body[name] = e.a.owner.password
			default:
				body[name] = value
			}
		}
		if _, err := e.lone(ctx, op, inToken, &actor{name: "nobody"}, jsonRequest(op.method, op.path, body), want); err != nil {
			return err
		}
	}
	if e.operator != "" { // somebody was let in by these operations
		e.report.controlled(op, inToken)
	}
	return nil
}
