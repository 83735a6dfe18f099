package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/schema"
)

// health says that the process lives.
func (s *server) health(x *exchange) error { return x.sendConstant(s.fixed.healthy) }

// readyTime is how long a database may take to say that it is there. Whoever asks gives up soon, and takes the silence
// of one server for that of all.
const readyTime = 2 * time.Second

// readiness says whether a request could be served now.
func (s *server) readiness(x *exchange) error {
	if err := x.refuseQuery(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(x.ctx, readyTime)
	defer cancel()
	if err := s.ready(ctx); err != nil {
		if !fault.Is(err, fault.Unavailable) {
			err = fault.Wrap(fault.Unavailable, "The service is not ready.", err)
		}
		return err
	}
	return x.sendConstant(s.fixed.ready)
}

// root names what lies below the API's prefix.
func (s *server) root(x *exchange) error { return x.sendConstant(s.fixed.root) }

func (x *exchange) sendConstant(body []byte) error {
	if err := x.refuseQuery(); err != nil {
		return err
	}
	return x.sendJSON(http.StatusOK, body)
}

// rootBody names what can be read right below the prefix: one list for each resource, and whatever else has no id.
func rootBody(operations []operation.Operation) []byte {
	out := []byte{'{'}
	for i := range operations {
		op := &operations[i]
		name, below := strings.CutPrefix(strings.TrimSuffix(op.Path, "/"), operation.Prefix)
		if !below || op.Method != http.MethodGet || strings.Contains(name, "/") {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = schema.AppendString(out, name)
		out = schema.AppendString(append(out, ':'), op.Path)
	}
	return append(out, '}')
}
