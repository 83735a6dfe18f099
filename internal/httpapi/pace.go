package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
)

// pace is a request whose body or answer may take as long as it likes, as long as bytes keep coming: each read and
// each write gets a time of its own in the place of those that bound a whole request. A client that stalls is cut.
type pace struct {
	http.ResponseWriter

	control *http.ResponseController
	body    io.Reader
	stall   time.Duration
}

// takeTime puts a request at its own pace. Between the end of its body and its answer net/http itself reads without a
// deadline, to learn whether the client has gone.
func (x *exchange) takeTime() *pace {
	if x.cancel != nil {
		x.cancel()
	}
	x.ctx, x.cancel = context.WithCancel(x.r.Context())
	p := &pace{ResponseWriter: x.w, control: http.NewResponseController(x.w), body: x.r.Body, stall: x.server.stall}
	x.w = p
	return p
}

// deadline is when a step ends that begins now. A writer that has no connection has no deadlines either, so that the
// errors of setting them say nothing.
func (p *pace) deadline() time.Time {
	return time.Now().Add(p.stall) //nolint:forbidigo // a connection's deadlines are in real time, whatever the clock says
}

// Read reads the body.
func (p *pace) Read(b []byte) (int, error) {
	_ = p.control.SetReadDeadline(p.deadline())
	n, err := p.body.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fault.Wrap(fault.MalformedBody, "The body ended early.", err)
	}
	return n, err
}

// Write writes the answer.
func (p *pace) Write(b []byte) (int, error) {
	_ = p.control.SetWriteDeadline(p.deadline())
	return p.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (p *pace) Unwrap() http.ResponseWriter { return p.ResponseWriter }
