package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/httpapi/problem"
)

// ServeHTTP takes one request from its first byte to its line in the log.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := s.begin(w, r)
	defer s.end(x)
	if err := s.serve(x); err != nil {
		s.refuse(x, err)
	}
}

// serve runs the steps of a request; the first one that fails decides the answer. Every request is charged, those
// that are refused as well: only then is it known to whom.
func (s *server) serve(x *exchange) error {
	if s.timeout > 0 {
		x.ctx, x.cancel = context.WithTimeout(x.ctx, s.timeout)
	}
	refusal := s.identify(x)
	if err := s.charge(x, refusal); err != nil {
		return err
	}
	if refusal != nil {
		return refusal
	}
	return x.endpoint.handle(x)
}

// identify finds out what is asked for and by whom.
func (s *server) identify(x *exchange) error {
	if err := x.refuseTwoLengths(); err != nil {
		return err
	}
	switch {
	case s.production && x.client.scheme == "http":
		x.endpoint = s.redirecting
		if underAPI(x.r) {
			x.endpoint.meter = s.preflighting.meter
		}
		return nil
	case s.origins != nil && isPreflight(x.r) && underAPI(x.r):
		x.endpoint = s.preflighting
		return nil
	case s.admin.handle != nil && underAdmin(x.r):
		x.endpoint = s.admin
		return nil
	}
	if err := s.findRoute(x); err != nil {
		return err
	}
	if err := s.authenticate(x); err != nil {
		return err
	}
	return x.readQuery()
}

// findRoute finds the operation of the request: not_found for an unknown path, method_not_allowed for a method that
// the path does not take. OPTIONS is taken by all paths and needs no token, as the answer to a wrong method tells the same.
func (s *server) findRoute(x *exchange) error {
	route := s.router.find(x.r, &x.found)
	if route == nil {
		return fault.New(fault.NotFound, "There is nothing at this path.")
	}
	e, ok := route.endpoint(x.r.Method)
	if ok {
		x.endpoint = e
		return nil
	}
	x.w.Header()["Allow"] = x.value(route.allow)
	if x.r.Method != http.MethodOptions {
		return route.refusal
	}
	if _, patched := route.endpoints[http.MethodPatch]; patched {
		x.w.Header()["Accept-Patch"] = x.value(acceptPatch)
	}
	x.endpoint = s.describing
	if !underAPI(x.r) {
		x.endpoint.meter = meter{}
	}
	return nil
}

// describe answers what a path takes; the headers are there already.
func (s *server) describe(x *exchange) error { return x.sendNothing(http.StatusNoContent) }

// begin opens an exchange and sets the headers that every answer has.
func (s *server) begin(w http.ResponseWriter, r *http.Request) *exchange {
	if s.observer != nil {
		s.observer.Began()
	}
	x, ok := s.exchanges.Get().(*exchange)
	if !ok {
		x = &exchange{}
	}
	*x = exchange{server: s, w: w, r: r, ctx: r.Context(), began: s.clock(), requestID: s.requestID(r), scratch: x.scratch[:0]}
	x.client = s.findClient(r)
	x.baseHeaders()
	s.grantOrigin(x)
	return x
}

// end closes the exchange, however it went, and writes its line in the log.
func (s *server) end(x *exchange) {
	cause := recover()
	if cause != nil {
		s.recovered(x, cause)
	}
	if x.cancel != nil {
		x.cancel()
	}
	s.logAccess(x)
	s.observe(x)
	if cause == nil && !x.aborted {
		x.linger()
	}
	if s.note != nil && x.known && !x.session.Actor.Tenant.IsZero() {
		wrote := x.status < http.StatusMultipleChoices && x.r.Method != http.MethodGet && x.r.Method != http.MethodHead
		s.note(x.session.Actor.Tenant, wrote, x.status == http.StatusTooManyRequests)
	}
	switch {
	case x.aborted:
		panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's way to cut a connection whose answer is broken
	case cause == nil: // whoever panicked may still hold the exchange
		s.release(x)
	}
}

// observe tells how the request went.
func (s *server) observe(x *exchange) {
	if s.observer == nil {
		return
	}
	id := ""
	if x.endpoint.op != nil {
		id = x.endpoint.op.ID
	}
	s.observer.Answered(id, x.status, s.clock().Sub(x.began))
}

// recovered answers a panic where nothing has been written yet, and gives the connection up otherwise.
func (s *server) recovered(x *exchange, cause any) {
	if err, ok := cause.(error); ok && err == http.ErrAbortHandler { //nolint:errorlint // a panic's value, as net/http compares it
		x.aborted = true
		return
	}
	s.logger.LogAttrs(x.ctx, slog.LevelError, "panic", slog.String("request_id", x.requestID),
		slog.String("cause", fmt.Sprint(cause)), slog.String("stack", string(debug.Stack())))
	if x.wrote {
		x.aborted = true
		return
	}
	clear(x.w.Header())
	x.baseHeaders()
	s.grantOrigin(x)
	x.sayLimits()
	x.sendProblem(fault.New(fault.Internal, ""))
}

// refuse answers an error. What a client must not see goes to the log here, once.
func (s *server) refuse(x *exchange, err error) {
	f := fault.From(err)
	if x.wrote {
		s.logFault(x, f)
		x.aborted = true
		return
	}
	if problem.Of(f.Code).Status >= http.StatusInternalServerError {
		s.logFault(x, f)
	}
	if f.Code == fault.PermissionDenied && x.known {
		s.noteRefusal(x)
	}
	x.sendProblem(f)
}

// refusalTime bounds how long a refusal waits for its event.
const refusalTime = 5 * time.Second

// noteRefusal leaves an event of what the caller may not do. That it can't be written makes nothing allowed: the answer
// is the same, and the log has it.
func (s *server) noteRefusal(x *exchange) {
	// Whoever hangs up early must not get away unseen.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.ctx), refusalTime)
	defer cancel()
	op := x.endpoint.op
	// The tag is what events call the resource, which of a list below another record is that one's.
	refusal := account.Refusal{Operation: op.ID, Resource: op.Tag, Record: s.resources.Meant(ctx, x.call(), op, x.id())}
	if err := s.accounts.Refused(ctx, x.by(), refusal); err != nil {
		s.logger.LogAttrs(x.ctx, slog.LevelError, "a refusal left no event", slog.String("request_id", x.requestID),
			slog.String("operation", refusal.Operation), slog.String("cause", err.Error()))
	}
}

func (s *server) logFault(x *exchange, f *fault.Error) {
	level := slog.LevelError
	if f.Code == fault.Unavailable {
		level = slog.LevelWarn
	}
	s.logger.LogAttrs(x.ctx, level, "request failed", slog.String("request_id", x.requestID), slog.String("cause", f.Error()))
}

// logAccess writes the line of the request. Neither the path, which may hold anything, nor the query, which may hold
// a token that was put there by mistake, gets into it.
func (s *server) logAccess(x *exchange) {
	if !s.logger.Enabled(x.ctx, slog.LevelInfo) {
		return
	}
	route, tenant, user := "", "", ""
	if x.endpoint.op != nil {
		route = x.endpoint.op.Path
	}
	if x.known {
		tenant, user = x.session.Actor.Tenant.String(), x.session.Actor.ID.String()
	}
	s.logger.LogAttrs(x.ctx, slog.LevelInfo, "request",
		slog.String("request_id", x.requestID), slog.String("method", x.r.Method[:min(len(x.r.Method), 20)]), slog.String("route", route),
		slog.Int("status", x.status), slog.Int("bytes", x.bytes), slog.Duration("duration", s.clock().Sub(x.began)),
		slog.String("client", x.ip()), slog.String("tenant", tenant), slog.String("user", user))
}
