package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/resource"
)

// contents are the use cases on records' files.
type contents interface {
	PutContent(ctx context.Context, call resource.Call, op *operation.Operation, id string, up resource.Upload, p *resource.Precondition) (resource.Answer, error)
	GetContent(ctx context.Context, call resource.Call, op *operation.Operation, id string) (resource.Content, error)
	DeleteContent(ctx context.Context, call resource.Call, op *operation.Operation, id string, p *resource.Precondition) error
}

// putContent stores the body as the record's file. The use case reads it when it knows that it may.
func (s *server) putContent(x *exchange) error {
	if err := x.refuseQuery(); err != nil {
		return err
	}
	condition, err := precondition(x.r)
	if err != nil {
		return err
	}
	up, err := x.upload()
	if err != nil {
		return err
	}
	answer, err := s.resources.PutContent(x.ctx, x.call(), x.endpoint.op, x.id(), up, condition)
	if err != nil {
		return err
	}
	return x.sendRecord(http.StatusOK, answer)
}

// upload prepares the body for a use case, and the connection for a body that takes its time.
func (x *exchange) upload() (resource.Upload, error) {
	if len(x.r.Header["Content-Range"]) > 0 { // RFC 9110, section 14.4: what is a part must not be stored as the whole
		return resource.Upload{}, fault.New(fault.MalformedBody, "A file is stored as a whole; send it without Content-Range.")
	}
	if err := x.refuseCoding(); err != nil {
		return resource.Upload{}, err
	}
	lines := x.r.Header["Content-Type"]
	if len(lines) > 1 {
		return resource.Upload{}, fault.Invalid(fault.Field{Name: "Content-Type", Code: fault.FieldRepeated, Message: "Send this header once."})
	}
	up := resource.Upload{Type: strings.Join(lines, ""), Length: x.r.ContentLength, Body: x.takeTime()}
	return up, nil
}

// getContent answers with the record's file, or the part of it that the client asks for.
func (s *server) getContent(x *exchange) error {
	if err := x.refuseQuery(); err != nil {
		return err
	}
	list, present, err := ifMatch(x.r)
	if err != nil {
		return err
	}
	x.takeTime()
	content, err := s.resources.GetContent(x.ctx, x.call(), x.endpoint.op, x.id())
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }() // it was only read
	if present && !list.matchesStrongly(content.ETag) {
		return fault.New(fault.PreconditionFailed, "The file is not the one that If-Match names.")
	}
	h := x.w.Header()
	h["Etag"] = x.value(quoted(content.ETag))
	h["Cache-Control"] = s.fixed.privateNoCache
	if notModified(x.r, content.ETag) {
		return x.sendNothing(http.StatusNotModified)
	}
	h["Content-Type"] = x.value(content.Type)
	h["Content-Disposition"] = x.value(attachment(content.Name))
	h["Content-Security-Policy"] = s.fixed.filePolicy
	return x.sendContent(content)
}

// sendContent lets net/http choose the ranges. What it would refuse by itself is refused as everything else is.
func (x *exchange) sendContent(content resource.Content) error {
	w, from := &contentWriter{x: x}, &contentReader{ReadSeeker: content}
	http.ServeContent(w, rangeRequest(x.r, content), "", time.Time{}, from)
	switch {
	case from.err != nil && x.wrote:
		x.server.logFault(x, fault.From(from.err))
		x.aborted = true
	case from.err != nil:
		x.withoutFile()
		return fmt.Errorf("read file: %w", from.err)
	case w.failed:
		x.aborted = true // the client is gone, and nobody is left to be told
	case w.refused:
		size, err := content.Seek(0, io.SeekEnd)
		if err != nil {
			return fmt.Errorf("measure file: %w", err)
		}
		x.withoutFile()
		x.w.Header()["Content-Range"] = x.value("bytes */" + strconv.FormatInt(size, 10))
		return fault.New(fault.RangeNotSatisfiable, "")
	}
	return nil
}

// withoutFile takes back the headers that describe a file, for an answer that is none.
func (x *exchange) withoutFile() {
	h := x.w.Header()
	for _, name := range []string{"Accept-Ranges", "Content-Disposition", "Content-Length", "Content-Range", "Etag"} {
		delete(h, name)
	}
	h["Content-Security-Policy"] = x.server.fixed.dataPolicy
}

func (s *server) deleteContent(x *exchange) error {
	return x.remove(s.resources.DeleteContent)
}

// rangeRequest returns the request without a Range that is to be ignored: one of another unit than bytes, any of a HEAD
// (RFC 9110, section 14.2), and any of an empty file, whose last bytes are part of it and yet have no Content-Range.
func rangeRequest(r *http.Request, file io.Seeker) *http.Request {
	lines := r.Header["Range"]
	if len(lines) == 0 {
		return r
	}
	out := *r
	out.Header = r.Header.Clone()
	if r.Method != http.MethodGet || len(lines) != 1 || len(lines[0]) < 6 || !strings.EqualFold(lines[0][:6], "bytes=") || isEmpty(file) {
		delete(out.Header, "Range")
		return &out
	}
	out.Header["Range"] = []string{"bytes=" + withoutEmpty(lines[0][6:])}
	return &out
}

// isEmpty reports whether a file is known to have no bytes. net/http seeks its beginning and its end by itself.
func isEmpty(file io.Seeker) bool {
	size, err := file.Seek(0, io.SeekEnd)
	return err == nil && size == 0
}

// withoutEmpty takes the ranges of no bytes at the end, -0, out of a set: they can't be satisfied (RFC 9110, section
// 14.1.2), yet net/http answers one with a part that ends before it begins. A set of nothing else is refused by it.
func withoutEmpty(set string) string {
	var out []string
	for one := range strings.SplitSeq(set, ",") {
		last, isSuffix := strings.CutPrefix(strings.Trim(one, " \t"), "-")
		if !isSuffix || last == "" || strings.Trim(last, "0") != "" {
			out = append(out, one)
		}
	}
	if len(out) == 0 {
		return "-" // which is no range
	}
	return strings.Join(out, ",")
}

// contentWriter keeps the exchange's books while net/http writes, and holds back a 416.
type contentWriter struct {
	x               *exchange
	refused, failed bool
}

func (w *contentWriter) Header() http.Header { return w.x.w.Header() }

func (w *contentWriter) WriteHeader(status int) {
	if status >= http.StatusBadRequest {
		w.refused = true
		return
	}
	w.x.writeHeader(status)
}

func (w *contentWriter) Write(p []byte) (int, error) {
	if w.refused {
		return len(p), nil
	}
	n, err := w.x.w.Write(p)
	w.x.bytes += n
	w.failed = w.failed || err != nil
	return n, err
}

// contentReader remembers what net/http does not report.
type contentReader struct {
	io.ReadSeeker

	err error
}

func (r *contentReader) Read(p []byte) (int, error) {
	n, err := r.ReadSeeker.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

func (r *contentReader) Seek(offset int64, whence int) (int64, error) {
	n, err := r.ReadSeeker.Seek(offset, whence)
	if err != nil {
		r.err = err
	}
	return n, err
}
