package httpapi

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/tenantry/tenantry/internal/fault"
)

const (
	jsonType  = "application/json"
	mergeType = "application/merge-patch+json"
	// acceptPatch is the value of that header (RFC 5789, section 3.1).
	acceptPatch = mergeType + ", " + jsonType
	// firstRead is what is set aside for a body before any of it has come, whatever length it claims.
	firstRead = 16 << 10
)

// readBody returns the request's JSON body; nil where there is none. The bytes belong to the request alone: what a
// use case keeps of them must not change with the next one.
func (x *exchange) readBody() ([]byte, error) {
	if x.r.Body == nil || x.r.Body == http.NoBody || x.r.ContentLength == 0 {
		return nil, nil
	}
	if err := x.checkMedia(); err != nil {
		return nil, err
	}
	return x.readBytes()
}

// readBytes returns the request's body, whatever it is; nil where there is none.
func (x *exchange) readBytes() ([]byte, error) {
	if x.r.Body == nil || x.r.Body == http.NoBody || x.r.ContentLength == 0 {
		return nil, nil
	}
	limit := x.server.maxBody
	if x.r.ContentLength > limit {
		return nil, tooLarge()
	}
	size := int64(firstRead)
	if x.r.ContentLength > 0 {
		size = min(size, x.r.ContentLength+1)
	}
	body, err := readAll(http.MaxBytesReader(x.w, x.r.Body, limit), size)
	if err == nil {
		return body, nil
	}
	if limited := (*http.MaxBytesError)(nil); errors.As(err, &limited) {
		return nil, tooLarge()
	}
	return nil, fault.Wrap(fault.MalformedBody, "The body ended early.", err)
}

// readAll is io.ReadAll with a first size.
func readAll(from io.Reader, size int64) ([]byte, error) {
	out := make([]byte, 0, size)
	for {
		if len(out) == cap(out) {
			out = append(out, 0)[:len(out)]
		}
		n, err := from.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// requireBody is readBody for an operation that can't do without one.
func (x *exchange) requireBody() ([]byte, error) {
	body, err := x.readBody()
	if err != nil {
		return nil, err
	}
	if len(body) == 0 {
		return nil, fault.New(fault.MalformedBody, "The request has no body; it takes a JSON object.")
	}
	return body, nil
}

// checkMedia refuses a body that does not say it is JSON. A body without a Content-Type is refused as well: guessing
// what it is would make us read what another server on the way took for something else.
func (x *exchange) checkMedia() error {
	if err := x.refuseCoding(); err != nil {
		return err
	}
	lines := x.r.Header["Content-Type"]
	if len(lines) == 1 && x.isJSON(lines[0]) {
		return nil
	}
	if x.r.Method == http.MethodPatch {
		x.w.Header().Set("Accept-Patch", acceptPatch)
		return fault.New(fault.UnsupportedMediaType, "Send the body as "+mergeType+" or "+jsonType+", in UTF-8.")
	}
	return fault.New(fault.UnsupportedMediaType, "Send the body as "+jsonType+", in UTF-8.")
}

// refuseCoding refuses a body that is not what its Content-Type says until it is decoded.
func (x *exchange) refuseCoding() error {
	for _, coding := range x.r.Header["Content-Encoding"] {
		if coding != "" && !strings.EqualFold(coding, "identity") {
			return fault.New(fault.UnsupportedMediaType, "The body is encoded; send it as it is, without Content-Encoding.")
		}
	}
	return nil
}

func (x *exchange) isJSON(contentType string) bool {
	if contentType == jsonType {
		return true
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || media != jsonType && (media != mergeType || x.r.Method != http.MethodPatch) {
		return false
	}
	charset, given := params["charset"]
	return !given || strings.EqualFold(charset, "utf-8")
}

func tooLarge() error {
	return fault.New(fault.BodyTooLarge, "")
}
