package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/account"
	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/httpapi/problem"
	"github.com/tenantry/tenantry/internal/resource"
)

// maxScratch is the largest buffer that is kept for the next request.
const maxScratch = 64 << 10

// maxShown is how many parameters at fault an answer names, and how much of a name it shows.
const maxShown = 100

// exchange is one request and its answer. It is used again for other requests of any tenant, so nothing in it may
// outlive its request: scratch is only ever written by httpapi, and given to the connection, which copies it.
type exchange struct {
	server    *server
	w         http.ResponseWriter
	r         *http.Request
	ctx       context.Context //nolint:containedctx // the exchange is the request
	cancel    context.CancelFunc
	began     time.Time
	requestID string
	client    client
	address   string // of the client, once it is asked for
	found     found
	endpoint  endpoint
	query     url.Values

	// known says that session is the caller's, told by its token.
	known   bool
	session account.Session
	bill    bill

	wrote   bool // the status is out
	aborted bool // the connection has to be cut
	status  int
	bytes   int
	values  []string // holds the values of headers
	scratch []byte
}

func (s *server) release(x *exchange) {
	scratch := x.scratch
	if cap(scratch) > maxScratch {
		scratch = nil
	}
	*x = exchange{scratch: scratch}
	s.exchanges.Put(x)
}

// requestID returns the request's id: the client's where it is usable, a new one otherwise.
func (s *server) requestID(r *http.Request) string {
	if given := r.Header["X-Request-Id"]; len(given) == 1 && usableID(given[0]) {
		return given[0]
	}
	return s.newRequestID()
}

func usableID(text string) bool {
	if text == "" || len(text) > 128 {
		return false
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// value returns a header's value, with one allocation for those of the whole answer.
func (x *exchange) value(text string) []string {
	if x.values == nil {
		x.values = make([]string, 0, 5)
	}
	x.values = append(x.values, text)
	return x.values[len(x.values)-1 : len(x.values) : len(x.values)]
}

func (x *exchange) baseHeaders() {
	h, fixed := x.w.Header(), &x.server.fixed
	h["X-Request-Id"] = x.value(x.requestID)
	h["X-Content-Type-Options"] = fixed.noSniff
	h["Referrer-Policy"] = fixed.noReferrer
	h["X-Frame-Options"] = fixed.deny
	h["Content-Security-Policy"] = fixed.dataPolicy
	h["Cross-Origin-Resource-Policy"] = fixed.sameOrigin
	if x.server.production {
		h["Strict-Transport-Security"] = fixed.strictTransport
	}
	h["Cache-Control"] = fixed.privateNoStore
	h["Vary"] = fixed.varyAuthorization
}

// readQuery takes the query string apart.
func (x *exchange) readQuery() error {
	if x.r.URL.RawQuery == "" {
		return nil
	}
	query, err := url.ParseQuery(x.r.URL.RawQuery)
	if err != nil {
		return fault.New(fault.ValidationFailed, "The query string can't be read: its parts are name=value, joined by &, percent-encoded.")
	}
	x.query = query
	return nil
}

// refuseQuery is for operations that take no parameters: a misspelt or misplaced one must not be ignored.
func (x *exchange) refuseQuery() error { return x.refuseOther() }

// refuseOther refuses all parameters but the allowed ones, and those given twice.
func (x *exchange) refuseOther(allowed ...string) error {
	var wrong []fault.Field
	for name, values := range x.query {
		shown := name[:min(len(name), maxShown)]
		switch {
		case !slices.Contains(allowed, name):
			wrong = append(wrong, fault.Field{Name: shown, Code: fault.FieldUnknown, Message: "This operation takes no such parameter."})
		case len(values) > 1:
			wrong = append(wrong, fault.Field{Name: shown, Code: fault.FieldRepeated, Message: "Give this parameter once."})
		}
	}
	slices.SortFunc(wrong, func(a, b fault.Field) int { return strings.Compare(a.Name, b.Name) })
	return fault.Invalid(wrong[:min(len(wrong), maxShown)]...)
}

// ip returns the client's address for logs and events. It is written out once.
func (x *exchange) ip() string {
	if x.address == "" {
		x.address = x.client.ip()
	}
	return x.address
}

// call is who calls, for a use case.
func (x *exchange) call() resource.Call {
	call := resource.Call{Actor: x.session.Actor, RequestID: x.requestID, IP: x.ip()}
	if x.endpoint.op.Under != "" {
		call.Parent = x.r.PathValue("id")
	}
	return call
}

// by is who calls, for an act on accounts; where nobody is known yet, it is from where.
func (x *exchange) by() account.By {
	return account.By{Actor: x.session.Actor, RequestID: x.requestID, IP: x.ip()}
}

// sendJSON answers with a JSON text.
func (x *exchange) sendJSON(status int, body []byte) error {
	return x.send(status, x.server.fixed.json, body)
}

// send writes the answer in one piece. A HEAD gets the headers of the GET, its Content-Length included.
func (x *exchange) send(status int, contentType []string, body []byte) error {
	h := x.w.Header()
	h["Content-Type"] = contentType
	h["Content-Length"] = x.value(strconv.Itoa(len(body)))
	x.writeHeader(status)
	if x.r.Method == http.MethodHead {
		return nil
	}
	n, err := x.w.Write(body)
	x.bytes = n
	if err != nil {
		x.aborted = true // the client is gone, and nobody is left to be told
	}
	return nil
}

// sendNothing answers without a body.
func (x *exchange) sendNothing(status int) error {
	if status == http.StatusNotModified {
		x.server.giveBack(x) // whoever asks whether something has changed spares us the answer
	}
	x.writeHeader(status)
	return nil
}

func (x *exchange) writeHeader(status int) {
	x.wrote, x.status = true, status
	x.w.WriteHeader(status)
}

func (x *exchange) sendProblem(f *fault.Error) {
	kind := problem.Of(f.Code)
	h := x.w.Header()
	delete(h, "Etag")
	delete(h, "Content-Encoding")
	h["Cache-Control"] = x.server.fixed.privateNoStore
	switch kind.Status {
	case http.StatusUnauthorized:
		h["Www-Authenticate"] = x.value(problem.Authenticate(f))
	case http.StatusForbidden:
		if f.Scope != "" {
			h["Www-Authenticate"] = x.value(problem.Authenticate(f))
		}
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		seconds := max(int64((f.RetryAfter+time.Second-1)/time.Second), 1)
		h["Retry-After"] = x.value(strconv.FormatInt(seconds, 10))
	}
	x.scratch = problem.Append(x.scratch[:0], f, x.requestID)
	_ = x.send(kind.Status, x.server.fixed.problem, x.scratch)
}
