package prove

import (
	"context"
	"net/http"
	"strings"
)

// attackKeys has everybody try to make and to end signing keys. The keys are those of the running service, so that the
// request is one that comes to nothing whoever sends it: what tells the operator from all others is what it is refused for.
func (e *engine) attackKeys(ctx context.Context, op *operation) error {
	r := e.idleOnKeys(op)
	for _, who := range e.noOperators() {
		a, err := e.lone(ctx, op, inToken, who, r, refused)
		if err != nil {
			return err
		}
		barred := a.status == http.StatusUnauthorized || a.status == http.StatusForbidden
		if a.status != 0 && !barred { // 0: a limit of the service was spent, and nothing sent
			e.report.found(Finding{
				Kind: Leak, Operation: op.id, Place: inToken, Actor: who.name, Request: r.shown(),
				Detail: "Not refused for who asks: " + a.short(),
			})
		}
	}
	a, err := e.send(ctx, e.platform.owner, r)
	if err != nil {
		return err
	}
	if a.status != http.StatusNotFound && a.status != http.StatusUnprocessableEntity {
		e.report.found(Finding{Kind: Control, Operation: op.id, Place: inToken, Detail: "The operator's request was not refused for what it asks: " + a.short()})
		return nil
	}
	e.report.controlled(op, inToken)
	return nil
}

// idleOnKeys returns a request that names a key that never was, or asks for an algorithm that there is not.
func (e *engine) idleOnKeys(op *operation) request {
	r := request{method: op.method, path: op.path, query: map[string][]string{}, header: http.Header{}, media: op.media}
	for _, key := range op.keys {
		r.path = strings.Replace(r.path, "{"+key+"}", newMark(), 1)
	}
	if op.body != nil {
		r.setBody(node{"algorithm": "none"})
	}
	return r
}
