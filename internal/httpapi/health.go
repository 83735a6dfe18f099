package httpapi

import (
	"net/http"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/schema"
)

// health says that the process lives.
func (s *server) health(x *exchange) error { return x.sendConstant(s.fixed.healthy) }

// readiness says whether a request could be served now.
func (s *server) readiness(x *exchange) error {
	if err := x.refuseQuery(); err != nil {
		return err
	}
	if err := s.ready(x.ctx); err != nil {
		if !fault.Is(err, fault.Unavailable) {
			err = fault.Wrap(fault.Unavailable, "The service is not ready.", err)
		}
		return err
	}
	return x.sendConstant(s.fixed.ready)
}

// index names the service, its version and where to go from here.
func (s *server) index(x *exchange) error { return x.sendConstant(s.fixed.index) }

func (x *exchange) sendConstant(body []byte) error {
	if err := x.refuseQuery(); err != nil {
		return err
	}
	return x.sendJSON(http.StatusOK, body)
}

func indexBody(name, version string) []byte {
	out := append([]byte(nil), `{"name":`...)
	out = schema.AppendString(out, name)
	out = append(out, `,"version":`...)
	out = schema.AppendString(out, version)
	return append(out, `,"links":{"api":"/api/v1/","schema":"/api/schema/","docs":"/api/docs/","redoc":"/api/redoc/",`+
		`"health":"/healthz","readiness":"/readyz"}}`...)
}
