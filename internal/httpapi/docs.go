package httpapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/httpapi/accept"
	"github.com/tenantry/tenantry/internal/openapi"
)

// file is content that is the same for everyone, made before the first request.
type file struct {
	contentType []string
	etag        string
	body        []byte
}

func newFile(contentType string, body []byte) file {
	return file{contentType: []string{contentType}, etag: contentTag(body), body: body}
}

// contentTag names a content: half of its SHA-256.
func contentTag(body []byte) string {
	sum := sha256.Sum256(body)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// documentFiles are the four forms of the OpenAPI document, by format and version. Packed it is a twentieth.
func documentFiles(d *openapi.Document) map[string]packable {
	return map[string]packable{
		"json 3.1": newPackable("application/json", d.JSON31),
		"yaml 3.1": newPackable("application/yaml", d.YAML31),
		"json 3.0": newPackable("application/json", d.JSON30),
		"yaml 3.0": newPackable("application/yaml", d.YAML30),
	}
}

// packable is a file that is sent packed to those who can unpack it. The tags differ, since the bytes do.
type packable struct {
	plain  file
	packed func() (file, error)
}

func newPackable(contentType string, body []byte) packable {
	plain := newFile(contentType, body)
	return packable{plain, sync.OnceValues(func() (file, error) {
		packed, err := pack(body)
		return file{contentType: plain.contentType, etag: plain.etag + ".gz", body: packed}, err
	})}
}

func pack(body []byte) ([]byte, error) {
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	_, err := writer.Write(body)
	if err := errors.Join(err, writer.Close()); err != nil {
		return nil, fmt.Errorf("pack the document: %w", err)
	}
	return out.Bytes(), nil
}

// document answers with the OpenAPI document.
func (s *server) document(x *exchange) error {
	if err := x.refuseOther("format", "version"); err != nil {
		return err
	}
	format, badFormat := x.choice("format", "json", "yaml")
	version, badVersion := x.choice("version", "3.1", "3.0")
	if err := fault.Invalid(slices.Concat(badFormat, badVersion)...); err != nil {
		return err
	}
	document := s.documents[format+" "+version]
	x.w.Header()["Vary"] = s.fixed.varyEncoding
	if !accept.Gzip(x.r.Header["Accept-Encoding"]) {
		return x.sendFile(document.plain)
	}
	packed, err := document.packed()
	if err != nil {
		return err
	}
	x.w.Header()["Content-Encoding"] = s.fixed.gzip
	return x.sendFile(packed)
}

// choice returns the value of a parameter, the first of the possible ones where it is not given.
func (x *exchange) choice(name string, possible ...string) (string, []fault.Field) {
	given, present := x.query[name]
	if !present {
		return possible[0], nil
	}
	if slices.Contains(possible, given[0]) {
		return given[0], nil
	}
	return "", []fault.Field{{Name: name, Code: fault.FieldChoice, Message: "Possible values: " + strings.Join(possible, ", ") + "."}}
}

// sendFile answers with a file that browsers and proxies may keep, and ask for again by its tag.
func (x *exchange) sendFile(f file) error {
	return x.sendCached(f, x.server.fixed.publicNoCache)
}

func (x *exchange) sendCached(f file, cacheControl []string) error {
	h := x.w.Header()
	h["Etag"] = x.value(quoted(f.etag))
	h["Cache-Control"] = cacheControl
	list, present, err := ifMatch(x.r)
	if err != nil {
		return err
	}
	if present && !list.matchesStrongly(f.etag) {
		return fault.New(fault.PreconditionFailed, "The content is not the one that If-Match names.")
	}
	if notModified(x.r, f.etag) {
		return x.sendNothing(http.StatusNotModified)
	}
	return x.send(http.StatusOK, f.contentType, f.body)
}

// The policies of the pages: nothing from any other host, and no script but the files that come with us. ReDoc writes
// its styles into the page, and searches in a worker that it makes from a blob.
const (
	dataPolicy    = "default-src 'none'; frame-ancestors 'none'"
	pagePolicy    = "default-src 'none'; script-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
	swaggerPolicy = pagePolicy + "style-src 'self'"
	redocPolicy   = pagePolicy + "style-src 'self' 'unsafe-inline'; worker-src blob:"
)

func swaggerPage(title string) file {
	return newFile("text/html; charset=utf-8", []byte(pageHead(title)+`<link rel="stylesheet" href="/api/docs/assets/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/api/docs/assets/swagger-ui-bundle.js"></script>
<script src="/api/docs/assets/swagger-init.js" data-schema="/api/schema/"></script>
</body>
</html>
`))
}

func redocPage(title string) file {
	return newFile("text/html; charset=utf-8", []byte(pageHead(title)+`</head>
<body>
<div id="docs"></div>
<script src="/api/docs/assets/redoc.standalone.js"></script>
<script src="/api/docs/assets/redoc-init.js" data-schema="/api/schema/"></script>
</body>
</html>
`))
}

func pageHead(title string) string {
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>` + escapeHTML(title) + `</title>
<link rel="icon" href="/api/docs/assets/favicon.svg" type="image/svg+xml">
`
}

func escapeHTML(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;").Replace(text)
}

func (s *server) swaggerUI(x *exchange) error { return x.sendPage(s.swagger, s.fixed.swaggerPolicy) }
func (s *server) reDoc(x *exchange) error     { return x.sendPage(s.redoc, s.fixed.redocPolicy) }

func (x *exchange) sendPage(page file, policy []string) error {
	if err := x.refuseQuery(); err != nil {
		return err
	}
	h := x.w.Header()
	h["Content-Security-Policy"] = policy
	h["Cross-Origin-Opener-Policy"] = x.server.fixed.sameOrigin
	h["Permissions-Policy"] = x.server.fixed.pageFeatures
	return x.sendFile(page)
}
