package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/operation"
)

// endpoint is one operation with the function that runs it.
type endpoint struct {
	op     *operation.Operation
	handle func(x *exchange) error
	meter  meter
}

// route is everything that one path takes. GET stands for HEAD as well.
type route struct {
	path      string
	endpoints map[string]endpoint
	allow     string // the value of the Allow header
	refusal   *fault.Error
}

// router finds the route of a path. The matching is ServeMux's; its answers are not: it redirects unclean paths and
// answers in plain text, so it is handed a writer that only takes note of the route.
type router struct {
	mux *http.ServeMux
}

// found is the writer that a ServeMux gets.
type found struct {
	route   *route
	ignored http.Header
}

func (f *found) Header() http.Header {
	if f.ignored == nil {
		f.ignored = http.Header{}
	}
	return f.ignored
}
func (f *found) Write(p []byte) (int, error) { return len(p), nil }
func (f *found) WriteHeader(int)             {}

// ServeHTTP takes note that the route was found.
func (rt *route) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if f, ok := w.(*found); ok {
		f.route = rt
	}
}

// newRouter returns a router over the routes.
func newRouter(routes []*route) (*router, error) {
	rt := &router{mux: http.NewServeMux()}
	for _, one := range routes {
		one.finish()
		for _, pattern := range patterns(one.path) {
			if err := rt.handle(pattern, one); err != nil {
				return nil, err
			}
		}
	}
	return rt, nil
}

// handle registers a pattern. ServeMux reports patterns that collide by a panic; here it is an error of the table.
func (rt *router) handle(pattern string, one *route) (err error) {
	defer func() {
		if collision := recover(); collision != nil {
			err = fmt.Errorf("route %s: %v", pattern, collision)
		}
	}()
	rt.mux.Handle(pattern, one)
	return nil
}

// patterns returns a path with and without its last slash, so that neither needs a redirect.
func patterns(path string) []string {
	bare := strings.TrimSuffix(path, "/")
	if bare == "" {
		return []string{"/{$}"}
	}
	return []string{bare, bare + "/{$}"}
}

// find returns the route of the request, nil where there is none, and sets the request's path values.
func (rt *router) find(r *http.Request, note *found) *route {
	if !plain(r.URL.Path) || !plain(r.URL.EscapedPath()) {
		return nil
	}
	rt.mux.ServeHTTP(note, r)
	return note.route
}

// plain reports whether a path can mean one thing only: an encoded slash, a backslash and NUL are refused, so that a
// proxy in front and we can't read one path differently. Empty and dot segments are ServeMux's to refuse.
func plain(path string) bool {
	if path == "" || path[0] != '/' {
		return false
	}
	for i := range len(path) {
		switch path[i] {
		case '%':
			if strings.EqualFold(path[i:min(i+3, len(path))], "%2f") {
				return false
			}
		case '\\', 0:
			return false
		}
	}
	return true
}

// add puts an endpoint on the route of its path.
func add(routes map[string]*route, order []*route, e endpoint) ([]*route, error) {
	key := strings.TrimSuffix(e.op.Path, "/")
	one := routes[key]
	if one == nil {
		one = &route{path: e.op.Path, endpoints: map[string]endpoint{}}
		routes[key] = one
		order = append(order, one)
	}
	if other, taken := one.endpoints[e.op.Method]; taken {
		return nil, fmt.Errorf("operation %s: %s %s is %s already", e.op.ID, e.op.Method, e.op.Path, other.op.ID)
	}
	one.endpoints[e.op.Method] = e
	return order, nil
}

// finish prepares what the route answers to a method that it does not take.
func (rt *route) finish() {
	methods := []string{http.MethodOptions}
	for method := range rt.endpoints {
		methods = append(methods, method)
		if method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
	}
	slices.Sort(methods)
	rt.allow = strings.Join(methods, ", ")
	rt.refusal = fault.New(fault.MethodNotAllowed, "This path takes "+rt.allow+".")
}

// endpoint returns the endpoint of a method.
func (rt *route) endpoint(method string) (endpoint, bool) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	e, ok := rt.endpoints[method]
	return e, ok
}
