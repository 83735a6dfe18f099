package httpapi_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/httpapi"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/resource"
)

func (f *resources) PutContent(ctx context.Context, c resource.Call, op *operation.Operation, id string, up resource.Upload, p *resource.Precondition) (resource.Answer, error) {
	if err := f.take(ctx, op, call{name: "PutContent", id: id, call: c, condition: p}); err != nil {
		return resource.Answer{}, err
	}
	body, err := io.ReadAll(up.Body)
	if err == nil && f.linger > 0 {
		time.Sleep(f.linger) // what is stored has to be committed
		err = ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[len(f.calls)-1].body = string(body)
	return f.answer, err
}

func (f *resources) GetContent(ctx context.Context, c resource.Call, op *operation.Operation, id string) (resource.Content, error) {
	content := f.content()
	content.ReadSeekCloser = attended{content.ReadSeekCloser, ctx}
	return content, f.take(ctx, op, call{name: "GetContent", id: id, call: c})
}

func (f *resources) DeleteContent(ctx context.Context, c resource.Call, op *operation.Operation, id string, p *resource.Precondition) error {
	return f.take(ctx, op, call{name: "DeleteContent", id: id, call: c, condition: p})
}

// attended is a file that can be read as long as somebody waits for it, like one that comes from another machine.
type attended struct {
	io.ReadSeekCloser

	ctx context.Context
}

func (a attended) Read(p []byte) (int, error) {
	if err := a.ctx.Err(); err != nil {
		return 0, err
	}
	return a.ReadSeekCloser.Read(p)
}

// file is a file of a fake use case.
type file struct {
	io.ReadSeeker

	closed func()
}

func (f file) Close() error {
	if f.closed != nil {
		f.closed()
	}
	return nil
}

func (f *resources) content() resource.Content {
	if f.file.ReadSeekCloser != nil {
		return f.file
	}
	return resource.Content{ReadSeekCloser: file{ReadSeeker: strings.NewReader("0123456789")}, Type: "text/plain", ETag: "tag", Name: "x"}
}

const contentPath = one + "content/"

// impatient is a server that lets no request take more than a moment, but for files that keep coming.
func impatient(t *testing.T) (*bundle, string) {
	t.Helper()
	b := setup(t, func(c *httpapi.Config) { c.Timeout, c.Stall = 200*time.Millisecond, 400*time.Millisecond })
	server := httptest.NewUnstartedServer(nil)
	server.Config = httpapi.NewServer("", b.handler, httpapi.Limits{Read: 200 * time.Millisecond, Write: 200 * time.Millisecond}, nil)
	server.Start()
	t.Cleanup(server.Close)
	return b, server.Listener.Addr().String()
}

func dial(t *testing.T, address, head string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, strings.ReplaceAll(head, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestSlowUploadThatKeepsComing(t *testing.T) {
	t.Parallel()
	b, address := impatient(t)
	b.resources.linger = time.Second
	conn := dial(t, address, "PUT "+contentPath+" HTTP/1.1\nHost: x\nAuthorization: Bearer owner\nContent-Length: 10\nConnection: close\n\n")
	for range 10 { // a second in all: five times what another request may take
		time.Sleep(100 * time.Millisecond)
		if _, err := io.WriteString(conn, "x"); err != nil {
			t.Fatal(err)
		}
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 200 ") || b.resources.last().body != "xxxxxxxxxx" {
		t.Errorf("%q, %v, read %q", answer, err, b.resources.last().body)
	}
}

// TestRefusalOfWhoSendsFirst has clients that read nothing before they have sent all they want to.
func TestRefusalOfWhoSendsFirst(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *httpapi.Config) { c.MaxBody = 1 << 10 })
	server := httptest.NewServer(b.handler)
	t.Cleanup(server.Close)
	const size = 32 << 20
	head := "Host: x\nContent-Type: application/json\n"
	for name, c := range map[string]struct{ head, want string }{
		"a body that says its size": {"POST " + all + " HTTP/1.1\n" + head + "Authorization: Bearer owner\nContent-Length: " + strconv.Itoa(size) + "\n\n", "413"},
		"a body in pieces":          {"POST " + all + " HTTP/1.1\n" + head + "Authorization: Bearer owner\nTransfer-Encoding: chunked\n\n2000000\n", "413"},
		"nobody's":                  {"PUT " + contentPath + " HTTP/1.1\n" + head + "Content-Length: " + strconv.Itoa(size) + "\n\n", "401"},
		"on no path":                {"POST /api/v1/nowhere/ HTTP/1.1\n" + head + "Content-Length: " + strconv.Itoa(size) + "\n\n", "404"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, server.Listener.Addr().String(), c.head)
			if n, err := io.CopyN(conn, endless{}, size); err != nil {
				t.Fatalf("cut after %d bytes: %v", n, err)
			}
			answer := make([]byte, 12)
			if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "HTTP/1.1 "+c.want {
				t.Errorf("%q, %v", answer, err)
			}
		})
	}
}

func TestUploadThatStalls(t *testing.T) {
	t.Parallel()
	_, address := impatient(t)
	conn := dial(t, address, "PUT "+contentPath+" HTTP/1.1\nHost: x\nAuthorization: Bearer owner\nContent-Length: 10\n\nxx")
	began := time.Now()
	answer, err := io.ReadAll(conn) // until it is cut
	if took := time.Since(began); err != nil || took < 300*time.Millisecond || took > 10*time.Second {
		t.Errorf("cut after %v: %v", took, err)
	}
	if !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") || !strings.Contains(string(answer), "malformed_body") {
		t.Errorf("%q", answer)
	}
}

// zeros has as many bytes as anybody asks for.
type zeros struct{ at, size int64 }

func (e *zeros) Read(p []byte) (int, error) {
	n := min(int64(len(p)), e.size-e.at)
	e.at += n
	if n == 0 {
		return 0, io.EOF
	}
	return int(n), nil
}

func (e *zeros) Seek(offset int64, whence int) (int64, error) {
	e.at = offset
	if whence == io.SeekEnd {
		e.at += e.size
	}
	return e.at, nil
}

func TestSlowDownloadThatKeepsGoing(t *testing.T) {
	t.Parallel()
	const size = 64 << 20
	b, address := impatient(t)
	b.resources.file = resource.Content{ReadSeekCloser: file{ReadSeeker: &zeros{size: size}}, Type: "text/plain", ETag: "tag"}
	conn := dial(t, address, "GET "+contentPath+" HTTP/1.1\nHost: x\nAuthorization: Bearer owner\nConnection: close\n\n")
	read := 0
	piece := make([]byte, 8<<20)
	for {
		time.Sleep(100 * time.Millisecond)
		n, err := io.ReadFull(conn, piece)
		read += n
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			t.Fatalf("after %d bytes: %v", read, err)
		}
	}
	if read < size {
		t.Errorf("read %d of %d bytes", read, size)
	}
}

func TestDownloadThatStalls(t *testing.T) {
	t.Parallel()
	b, address := impatient(t)
	closed := make(chan struct{})
	b.resources.file = resource.Content{
		ReadSeekCloser: file{ReadSeeker: &zeros{size: 1 << 40}, closed: func() { close(closed) }}, Type: "text/plain", ETag: "tag",
	}
	dial(t, address, "GET "+contentPath+" HTTP/1.1\nHost: x\nAuthorization: Bearer owner\n\n")
	select {
	case <-closed:
	case <-time.After(15 * time.Second):
		t.Error("a client that reads nothing holds the file for ever")
	}
}

func TestFileThatBreaksOff(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.resources.file = resource.Content{
		ReadSeekCloser: file{ReadSeeker: breaking{strings.NewReader("0123456789")}}, Type: "text/plain", ETag: "tag",
	}
	server := httptest.NewServer(b.handler)
	t.Cleanup(server.Close)
	conn := dial(t, server.Listener.Addr().String(), "GET "+contentPath+" HTTP/1.1\nHost: x\nAuthorization: Bearer owner\n\n")
	answer, _ := io.ReadAll(conn)
	if head, body, _ := strings.Cut(string(answer), "\r\n\r\n"); strings.Contains(head, " 200 ") && (len(body) >= 10 || !strings.Contains(head, "Content-Length: 10")) {
		t.Errorf("a broken file passes for a whole one: %q", answer)
	}
	if !strings.Contains(b.log.String(), "the disk is gone") {
		t.Errorf("the log says nothing: %s", b.log.String())
	}
}

// breaking fails where it should begin to read.
type breaking struct{ io.ReadSeeker }

func (breaking) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

func TestHeadersOfUploads(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header http.Header
		status int
		code   string
	}{
		"a part":     {header("Content-Range", "bytes 0-1/2"), 400, "malformed_body"},
		"encoded":    {header("Content-Encoding", "gzip"), 415, "unsupported_media_type"},
		"two types":  {header("Content-Type", "a/b", "Content-Type", "a/b"), 422, "validation_failed"},
		"create":     {header("If-None-Match", "*"), 412, "precondition_failed"},
		"of no tags": {header("If-Match", "x"), 400, "malformed_body"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			problem(t, b.send(request{as: "owner", do: "PUT " + contentPath, body: "x", header: c.header}), c.status, c.code)
			if b.resources.last().name != "" {
				t.Error("the use case was asked")
			}
		})
	}
}

func TestFilesThatAreNotThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.resources.err = fault.Missing()
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		problem(t, b.send(request{as: "owner", do: method + " " + contentPath}), 404, "not_found")
	}
}
