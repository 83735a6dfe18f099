package admin

import (
	"crypto/rand"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
)

// Config is what the interface needs.
type Config struct {
	// Name is the service's, as the pages show it.
	Name string
	// Clock is required.
	Clock func() time.Time
	// Random is where values come from that nobody may guess; by default crypto/rand.
	Random io.Reader
	// Production marks cookies for https only, also where we can't see that a browser came by it.
	Production bool
}

// Pages is the interface.
type Pages struct {
	files      map[string]*file
	page       page
	random     io.Reader
	production bool
	origins    *http.CrossOriginProtection
	exchanges  exchanges
}

// New returns the interface.
func New(c Config) (*Pages, error) {
	if c.Random == nil {
		c.Random = rand.Reader
	}
	files, front, err := loadFiles(c.Name)
	if err != nil {
		return nil, err
	}
	return &Pages{
		files: files, page: front, random: c.Random, production: c.Production, origins: http.NewCrossOriginProtection(),
		exchanges: exchanges{clock: c.Clock, known: map[digest]*exchange{}},
	}, nil
}

// Serve answers a request for /admin/ or anything below it. What it refuses is a fault, and returned before anything
// is written. api is the API, as it would answer the same client.
func (p *Pages) Serve(w http.ResponseWriter, r *http.Request, api http.Handler) error {
	rest := strings.TrimPrefix(r.URL.Path, "/admin")
	if session, found := strings.CutPrefix(rest, "/session/"); found {
		return p.serveSession(w, r, strings.TrimSuffix(session, "/"), api)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		return fault.New(fault.MethodNotAllowed, "")
	}
	switch rest {
	case "":
		w.Header().Set("Location", "/admin/")
		w.WriteHeader(http.StatusPermanentRedirect)
		return nil
	case "/":
		return p.servePage(w, r)
	}
	if one, found := p.files[strings.TrimPrefix(rest, "/")]; found {
		return one.serve(w, r)
	}
	return fault.New(fault.NotFound, "There is nothing at this path.")
}
