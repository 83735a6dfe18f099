package admin

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/tenantry/tenantry/internal/httpapi/accept"
)

//go:embed dist
var built embed.FS

// file is one file of the interface. The names of those that the page loads change with their content, so that browsers
// may keep them for good.
type file struct {
	contentType string
	caching     string
	plain       []byte
	packed      func() ([]byte, error)
}

// loadFiles reads what was embedded: the files by their paths, and the page that loads them.
func loadFiles(name string) (map[string]*file, page, error) {
	files := map[string]*file{}
	err := fs.WalkDir(built, "dist", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == "dist/index.html" {
			return err
		}
		body, err := built.ReadFile(name)
		files[name[len("dist/"):]] = &file{
			contentType: contentType(name), caching: caching(name), plain: body,
			packed: sync.OnceValues(func() ([]byte, error) { return pack(body) }),
		}
		return err
	})
	text, readErr := built.ReadFile("dist/index.html")
	if err := errors.Join(err, readErr); err != nil {
		return nil, page{}, fmt.Errorf("read the built interface: %w", err)
	}
	return files, newPage(text, name), nil
}

func caching(name string) string {
	if strings.HasPrefix(name, "dist/assets/") {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".md":
		return "text/plain; charset=utf-8"
	default:
		return "application/octet-stream"
	}
}

func pack(body []byte) ([]byte, error) {
	var out bytes.Buffer
	writer, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("pack a file of the interface: %w", err)
	}
	_, err = writer.Write(body)
	if err := errors.Join(err, writer.Close()); err != nil {
		return nil, fmt.Errorf("pack a file of the interface: %w", err)
	}
	return out.Bytes(), nil
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) error {
	body, h := f.plain, w.Header()
	if accept.Gzip(r.Header["Accept-Encoding"]) {
		packed, err := f.packed()
		if err != nil {
			return err
		}
		body = packed
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", f.caching)
	return send(w, r, f.contentType, body)
}

func send(w http.ResponseWriter, r *http.Request, contentType string, body []byte) error {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // who is gone needs no answer
	}
	return nil
}

// page is the page itself, cut where its nonce goes.
type page struct{ parts [][]byte }

// What stands in the built page for the service's name (ui/index.html) and for the nonce (ui/vite.config.ts).
const (
	nameMark  = "APPLICATION-NAME"
	nonceMark = "CSP-NONCE"
)

// newPage writes the name into the page. It comes last: a name that looks like a mark is still only a name.
func newPage(text []byte, name string) page {
	parts := bytes.Split(text, []byte(nonceMark))
	for i := range parts {
		parts[i] = bytes.ReplaceAll(parts[i], []byte(nameMark), []byte(html.EscapeString(name)))
	}
	return page{parts}
}

// pagePolicy lets the page load nothing from elsewhere and run nothing but its own files. The interface writes its
// styles into the page: the policy takes those that carry the nonce, which is another one for each answer.
const pagePolicy = "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data: blob:; style-src 'nonce-%s'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// servePage answers with the page. No cache may keep it: it would come back with a nonce that was used before.
func (p *Pages) servePage(w http.ResponseWriter, r *http.Request) error {
	raw := make([]byte, 16)
	if _, err := io.ReadFull(p.random, raw); err != nil {
		return fmt.Errorf("make a nonce: %w", err)
	}
	nonce := base64.RawURLEncoding.EncodeToString(raw)
	h := w.Header()
	h.Set("Content-Security-Policy", fmt.Sprintf(pagePolicy, nonce))
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept-Encoding")
	return send(w, r, "text/html; charset=utf-8", bytes.Join(p.page.parts, []byte(nonce)))
}
