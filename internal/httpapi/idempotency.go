package httpapi

import (
	"strings"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/resource"
)

const maxIdempotencyKey = 255

// keyedCall is who calls, with the request's Idempotency-Key where it has one. The draft of the header makes it a
// quoted string, and most clients send it bare: both are the same key.
func (x *exchange) keyedCall() (resource.Call, error) {
	call := x.call()
	values := x.r.Header["Idempotency-Key"]
	if len(values) == 0 {
		return call, nil
	}
	key := values[0]
	if inner, ok := strings.CutPrefix(key, `"`); ok && len(inner) > 1 && strings.HasSuffix(inner, `"`) {
		key = inner[:len(inner)-1]
	}
	problem := ""
	switch {
	case len(values) > 1:
		problem = "Send this header once."
	case key == "" || len(key) > maxIdempotencyKey:
		problem = "A key has 1 to 255 characters."
	case strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c > '~' }):
		problem = "A key consists of printable ASCII characters."
	}
	if problem != "" {
		return call, fault.Invalid(fault.Field{Name: "Idempotency-Key", Code: fault.FieldFormat, Message: problem})
	}
	call.IdempotencyKey = key
	return call, nil
}

// replayed marks an answer that was given before.
func (x *exchange) replayed(answer resource.Answer) {
	if answer.Replayed {
		x.w.Header()["Idempotency-Replayed"] = []string{"true"}
	}
}

// once runs an act and returns what is to be answered. path is what the request's path means beside its operation.
func (x *exchange) once(body []byte, path string, act resource.Act) ([]byte, error) {
	call, err := x.keyedCall()
	if err != nil {
		return nil, err
	}
	answer, err := x.server.resources.Once(x.ctx, call, x.endpoint.op, path, body, act)
	if err != nil {
		return nil, err
	}
	x.replayed(answer)
	return answer.Body, nil
}
