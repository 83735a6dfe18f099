package httpapi

import (
	"net/http"
	"strings"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/resource"
)

// id returns the id in the path as it came; what is none is refused below, like any unknown one.
func (x *exchange) id() string {
	if under := x.endpoint.op.Under; under != "" {
		return x.r.PathValue(under)
	}
	return x.r.PathValue("id")
}

func (s *server) getRecord(x *exchange) error {
	answer, err := s.resources.Get(x.ctx, x.call(), x.endpoint.op, x.id(), x.query)
	if err != nil {
		return err
	}
	list, present, err := ifMatch(x.r)
	if err != nil {
		return err
	}
	if present && !list.matchesStrongly(answer.ETag) {
		return fault.New(fault.PreconditionFailed, "The record is not the one that If-Match names.")
	}
	return x.sendTagged(http.StatusOK, x.server.fixed.json, answer.ETag, answer.Body)
}

func (s *server) createRecord(x *exchange) error {
	if err := x.refuseQuery(); err != nil {
		return err
	}
	if err := untagged(x.r); err != nil {
		return err
	}
	body, err := x.recordBody()
	if err != nil {
		return err
	}
	call, err := x.keyedCall()
	if err != nil {
		return err
	}
	answer, err := s.resources.Create(x.ctx, call, x.endpoint.op, body)
	if err != nil {
		return err
	}
	x.replayed(answer)
	x.w.Header()["Location"] = x.value(pathOf(x.r) + answer.ID.String() + "/")
	return x.sendRecord(http.StatusCreated, answer)
}

func (s *server) replaceRecord(x *exchange) error { return x.change(s.resources.Replace) }
func (s *server) patchRecord(x *exchange) error   { return x.change(s.resources.Patch) }
func (s *server) actOnRecord(x *exchange) error   { return x.change(s.resources.Act) }

func (x *exchange) change(run changeFunc) error {
	if err := x.refuseQuery(); err != nil {
		return err
	}
	condition, err := precondition(x.r)
	if err != nil {
		return err
	}
	body, err := x.recordBody()
	if err != nil {
		return err
	}
	call := x.call()
	if x.r.Method == http.MethodPost {
		if call, err = x.keyedCall(); err != nil {
			return err
		}
	}
	answer, err := run(x.ctx, call, x.endpoint.op, x.id(), body, condition)
	if err != nil {
		return err
	}
	x.replayed(answer)
	return x.sendRecord(http.StatusOK, answer)
}

func (s *server) deleteRecord(x *exchange) error { return x.remove(s.resources.Delete) }

func (x *exchange) remove(run removeFunc) error {
	if err := x.refuseQuery(); err != nil {
		return err
	}
	condition, err := precondition(x.r)
	if err != nil {
		return err
	}
	if err := run(x.ctx, x.call(), x.endpoint.op, x.id(), condition); err != nil {
		return err
	}
	return x.sendNothing(http.StatusNoContent)
}

// recordBody reads the body for a use case. Where the use case is going to refuse the caller anyway, nothing is read:
// who may not write learns that, and not what is wrong with the body.
func (x *exchange) recordBody() ([]byte, error) {
	op := x.endpoint.op
	refusal := policy.Decide(x.session.Actor, op.Access, op.Resource.Name, op.Rule)
	if refusal == nil {
		return x.readBody()
	}
	return nil, nil
}

// sendRecord answers a write with the record as it is now.
func (x *exchange) sendRecord(status int, answer resource.Answer) error {
	h := x.w.Header()
	h["Etag"] = x.value(quoted(answer.ETag))
	h["Cache-Control"] = x.server.fixed.privateNoCache
	return x.sendJSON(status, answer.Body)
}

// sendTagged answers a GET whose answer has an entity tag: 304 where the client has it already.
func (x *exchange) sendTagged(status int, contentType []string, etag string, body []byte) error {
	h := x.w.Header()
	h["Etag"] = x.value(quoted(etag))
	h["Cache-Control"] = x.server.fixed.privateNoCache
	if notModified(x.r, etag) {
		return x.sendNothing(http.StatusNotModified)
	}
	return x.send(status, contentType, body)
}

func quoted(etag string) string { return `"` + etag + `"` }

func (s *server) report(x *exchange) error {
	return x.sendComputed(s.resources.Report)
}

func (s *server) verifyEvents(x *exchange) error {
	return x.sendComputed(s.resources.VerifyEvents)
}

// sendComputed answers with what a use case computes without any parameter.
func (x *exchange) sendComputed(compute computeFunc) error {
	if err := x.refuseQuery(); err != nil {
		return err
	}
	if err := untagged(x.r); err != nil {
		return err
	}
	body, err := compute(x.ctx, x.call(), x.endpoint.op)
	if err != nil {
		return err
	}
	return x.sendJSON(http.StatusOK, body)
}

// pathOf returns the request's path as the document has it: with the last slash.
func pathOf(r *http.Request) string {
	path := r.URL.EscapedPath()
	if strings.HasSuffix(path, "/") {
		return path
	}
	return path + "/"
}
