package httpapi

import (
	"net/http"
	"strings"
)

// Pages serve what is no API: they get every request below a path, and say themselves which of them they answer.
type Pages interface {
	// Serve answers. An error is a fault, and is returned before anything is written. api answers as the API would answer
	// the same client, who is charged for it.
	Serve(w http.ResponseWriter, r *http.Request, api http.Handler) error
}

// adminPath is where the web interface is.
const adminPath = "/admin/"

// underAdmin reports whether the request is for the web interface.
func underAdmin(r *http.Request) bool {
	below := strings.HasPrefix(r.URL.Path, adminPath) || r.URL.Path+"/" == adminPath
	return below && plain(r.URL.Path) && plain(r.URL.EscapedPath())
}

// servePages lets pages answer. What is the same for every answer, from headers to the line in the log, stays ours.
func (x *exchange) servePages(pages Pages) error {
	r := x.r.Clone(x.ctx)
	r.Header["X-Request-Id"] = []string{x.requestID}
	return pages.Serve(pageWriter{x}, r, x.server)
}

// pageWriter takes note of what pages write.
type pageWriter struct{ x *exchange }

func (w pageWriter) Header() http.Header { return w.x.w.Header() }

func (w pageWriter) WriteHeader(status int) { w.x.writeHeader(status) }

func (w pageWriter) Write(p []byte) (int, error) {
	if !w.x.wrote {
		w.x.writeHeader(http.StatusOK)
	}
	n, err := w.x.w.Write(p)
	w.x.bytes += n
	return n, err
}
