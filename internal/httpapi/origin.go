package httpapi

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/rs/cors"

	"github.com/tenantry/tenantry/internal/origin"
)

// The headers that pages of other origins may send and read. Credentials of the browser are never allowed: tokens
// travel in a header that a page has to set itself.
const (
	exposedHeaders = "ETag, Location, Link, X-Request-ID, RateLimit, RateLimit-Policy, Retry-After, Idempotency-Replayed"
	preflightVary  = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
	preflightAge   = 7200 // seconds; browsers keep an answer for no longer
)

// newOrigins returns the rules for pages of the given origins, nil where there are none: then no answer says anything
// about origins, and browsers refuse all of them.
func newOrigins(given []string) (*cors.Cors, error) {
	if len(given) == 0 {
		return nil, nil //nolint:nilnil // no rules
	}
	exact := make([]string, 0, len(given))
	for _, text := range given {
		o, err := origin.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("CORS origin: %w", err)
		}
		exact = append(exact, string(o))
	}
	return cors.New(cors.Options{
		AllowOriginFunc: func(o string) bool { return slices.Contains(exact, o) },
		AllowedMethods:  []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete},
		AllowedHeaders:  []string{"Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", "Range", "If-Range", "X-Request-ID"},
		MaxAge:          preflightAge,
	}), nil
}

// grantOrigin says whether a page of the request's origin may read the answer.
func (s *server) grantOrigin(x *exchange) {
	// Of two headers, a browser sends none, and one of them would be granted unseen.
	if s.origins == nil || !underAPI(x.r) || len(x.r.Header["Origin"]) != 1 {
		return
	}
	h, note := x.w.Header(), headerNote{}
	s.origins.HandlerFunc(note, asBrowsersAsk(x.r))
	if note["Access-Control-Allow-Origin"] == nil {
		return
	}
	delete(note, "Vary") // ours says it already
	maps.Copy(h, http.Header(note))
	if !isPreflight(x.r) {
		h["Access-Control-Expose-Headers"] = s.fixed.exposed
	}
}

// asBrowsersAsk returns a preflight with the names of its headers in the one form that rs/cors reads: that of browsers,
// in lower case, sorted, each once. Others who ask, proxies and people with curl, write them as they like.
func asBrowsersAsk(r *http.Request) *http.Request {
	const name = "Access-Control-Request-Headers"
	lines := r.Header[name]
	if len(lines) == 0 || !isPreflight(r) {
		return r
	}
	var asked []string
	for one := range strings.SplitSeq(strings.ToLower(strings.Join(lines, ",")), ",") {
		if one = strings.Trim(one, " \t"); one != "" {
			asked = append(asked, one)
		}
	}
	slices.Sort(asked)
	out := *r
	out.Header = r.Header.Clone()
	out.Header[name] = []string{strings.Join(slices.Compact(asked), ",")}
	return &out
}

// headerNote is a writer that takes note of the headers alone.
type headerNote http.Header

func (n headerNote) Header() http.Header         { return http.Header(n) }
func (n headerNote) Write(p []byte) (int, error) { return len(p), nil }
func (n headerNote) WriteHeader(int)             {}

// isPreflight reports whether a browser asks what a page may do.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header["Origin"] != nil && r.Header["Access-Control-Request-Method"] != nil
}

// preflight answers a browser that asks; the headers are there already.
func (s *server) preflight(x *exchange) error {
	x.w.Header()["Vary"] = s.fixed.varyPreflight
	return x.sendNothing(http.StatusNoContent)
}
