package bucket_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry"
	"github.com/tenantry/tenantry/files/s3"
	"github.com/tenantry/tenantry/resources"
)

// api is a service that keeps the files of its documents in a bucket.
type api struct {
	t       *testing.T
	url     string
	service *tenantry.Service
	ahead   atomic.Int64      // by how much the clock is wrong
	tokens  map[string]string // of the owner of each tenant
}

func newAPI(t *testing.T, files string) *api {
	t.Helper()
	a := &api{t: t, tokens: map[string]string{}}
	app := tenantry.New(tenantry.Config{Buckets: map[string]tenantry.OpenBucket{"s3": s3.Open}})
	resources.Register(app)
	service, err := app.Open(t.Context(), tenantry.Options{
		DataDir: t.TempDir(), FilesURL: files, SigningKey: []byte("a signing key for tests, 32 bytes+"), MaxUpload: 16 << 20, Passwords: tenantry.Passwords{Time: 1, Memory: 64},
		Clock: func() time.Time { return time.Now().Add(time.Duration(a.ahead.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(service.Handler())
	t.Cleanup(func() {
		server.Close()
		if err := service.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	a.service, a.url = service, server.URL
	for _, slug := range []string{"acme", "globex"} {
		a.join(slug)
	}
	return a
}

// join makes a tenant with an owner.
func (a *api) join(slug string) {
	a.t.Helper()
	ctx, password := a.t.Context(), "correct horse battery"
	if _, err := a.service.CreateTenant(ctx, slug, slug); err != nil {
		a.t.Fatal(err)
	}
	if _, err := a.service.CreateUser(ctx, slug, password); err != nil {
		a.t.Fatal(err)
	}
	if err := a.service.AddMember(ctx, slug, slug, "owner"); err != nil {
		a.t.Fatal(err)
	}
	got := a.send("", "POST", "/api/v1/auth/token/", `{"username":"`+slug+`","password":"`+password+`"}`, http.Header{"Content-Type": {"application/json"}})
	a.tokens[slug] = text(a.t, got, http.StatusOK, "access")
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a *api) send(as, method, path, body string, header http.Header) answer {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if header != nil {
		req.Header = header
	}
	if as != "" {
		req.Header.Set("Authorization", "Bearer "+a.tokens[as])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, content}
}

// document makes a document of acme's and returns its path.
func (a *api) document() string {
	a.t.Helper()
	got := a.send("acme", "POST", "/api/v1/documents/", `{"name":"notes.txt"}`, http.Header{"Content-Type": {"application/json"}})
	return "/api/v1/documents/" + text(a.t, got, http.StatusCreated, "id") + "/"
}

// text returns a field of an answer that has to have the status.
func text(t *testing.T, got answer, status int, field string) string {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(got.body, &fields); err != nil || got.status != status {
		t.Fatalf("%d %s", got.status, got.body)
	}
	return fmt.Sprint(fields[field])
}

func sum(content string) string {
	hash := sha256.Sum256([]byte(content))
	return "sha256:" + hex.EncodeToString(hash[:])
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	name, url := g.bucket(t)
	a := newAPI(t, url)
	path := a.document()
	large := strings.Repeat("0123456789abcdef", 12<<16) // 12 MiB: several parts

	// In the bucket is what the document says, and nothing else.
	stored := func(label, content string) {
		t.Helper()
		record := a.send("acme", "GET", path, "", nil)
		want := []string{"some/prefix/" + text(t, record, http.StatusOK, "file_path")}
		if diff := cmp.Diff(want, g.objects(t, name)); diff != "" {
			t.Errorf("%s, in the bucket: %s", label, diff)
		}
		got := a.send("acme", "GET", path+"content/", "", nil)
		if got.status != http.StatusOK || string(got.body) != content || got.header.Get("Etag") != `"`+sum(content)+`"` {
			t.Errorf("%s: %d, %d bytes, %v", label, got.status, len(got.body), got.header)
		}
		if checksum := text(t, record, http.StatusOK, "checksum"); checksum != sum(content) {
			t.Errorf("%s: checksum %s", label, checksum)
		}
	}
	for label, content := range map[string]string{"a small file": "hello, world", "an empty one": "", "a large one": large} {
		got := a.send("acme", "PUT", path+"content/", content, http.Header{"Content-Type": {"text/plain"}})
		if got.status != http.StatusOK {
			t.Fatalf("%s: %d %s", label, got.status, got.body)
		}
		stored(label, content)
	}
	a.send("acme", "PUT", path+"content/", large, nil)
	for ranges, want := range map[string]string{
		"bytes=0-3": "0123", "bytes=6291450-6291467": large[6291450:6291468], "bytes=-5": "bcdef", "bytes=12582900-": large[12582900:],
	} {
		got := a.send("acme", "GET", path+"content/", "", http.Header{"Range": {ranges}})
		if got.status != http.StatusPartialContent || string(got.body) != want {
			t.Errorf("%s: %d %q", ranges, got.status, got.body)
		}
	}
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		if got := a.send("globex", method, path+"content/", "x", nil); got.status != http.StatusNotFound {
			t.Errorf("another tenant's %s: %d %s", method, got.status, got.body)
		}
	}
	stored("after the attempts of another tenant", large)
	if got := a.send("acme", "DELETE", path, "", nil); got.status != http.StatusNoContent {
		t.Errorf("delete: %d %s", got.status, got.body)
	}
	if left := g.objects(t, name); len(left) > 0 {
		t.Errorf("a deleted document left %v", left)
	}
}

func TestUploadsThatEndBadly(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	name, url := g.bucket(t)
	a := newAPI(t, url)
	path := a.document()
	if got := a.send("acme", "PUT", path+"content/", strings.Repeat("x", 16<<20+1), nil); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d %s", got.status, got.body)
	}
	// 7 MB of 9: the first part has been sent on when the connection breaks.
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(a.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(conn, "PUT %scontent/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 9000000\r\n\r\n%s",
		path, a.tokens["acme"], bytes.Repeat([]byte("x"), 7_000_000))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the upload in parts has begun", func() bool { return len(g.objects(t, name)) == 1 })
	_ = conn.Close()
	eventually(t, "nothing is left of it", func() bool { return len(g.objects(t, name)) == 0 })
	if got := a.send("acme", "GET", path+"content/", "", nil); got.status != http.StatusNotFound {
		t.Errorf("the document has a file: %d", got.status)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it is not so that %s", what)
		}
	}
}

// TestSweep leaves in the bucket what a process leaves that dies between the file and its record, or while the file comes.
func TestSweep(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	name, url := g.bucket(t)
	a := newAPI(t, url)
	path := a.document()
	kept := "some/prefix/" + text(t, a.send("acme", "PUT", path+"content/", "kept", nil), http.StatusOK, "file_path")
	folder := kept[:strings.LastIndex(kept, "/")+1]
	orphan, half := folder+"01900000-0000-7000-8000-000000000001", folder+"01900000-0000-7000-8000-000000000002"
	g.put(t, name, orphan)
	g.begin(t, name, half)
	sweep := func(want int, left ...string) {
		t.Helper()
		removed, err := a.service.Sweep(context.Background())
		if err != nil || removed != want {
			t.Errorf("swept %d, want %d: %v", removed, want, err)
		}
		if diff := cmp.Diff(left, g.objects(t, name)); diff != "" {
			t.Error(diff)
		}
	}
	before := g.objects(t, name)
	if len(before) != 3 {
		t.Fatalf("in the bucket is %v", before)
	}
	sweep(0, before...) // they may belong to uploads that are about to be committed
	a.ahead.Store(int64(2 * time.Hour))
	sweep(1, kept, "+"+half) // an upload in parts may take a day
	a.ahead.Store(int64(26 * time.Hour))
	sweep(1, kept)
	sweep(0, kept)
}

func TestABucketThatGoesAway(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	_, url := g.bucket(t)
	a := newAPI(t, url)
	path := a.document()
	if got := a.send("acme", "PUT", path+"content/", "hello", nil); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	g.stop()
	for _, method := range []string{"GET", "PUT"} {
		got := a.send("acme", method, path+"content/", "x", nil)
		if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || bytes.Contains(got.body, []byte(g.addr)) {
			t.Errorf("%s: %d %v %s", method, got.status, got.header, got.body)
		}
	}
	if got := a.send("acme", "GET", path, "", nil); text(t, got, http.StatusOK, "checksum") != sum("hello") {
		t.Errorf("the record: %s", got.body)
	}
	// The record goes, though its file can't: the sweeper finds it later.
	if got := a.send("acme", "DELETE", path, "", nil); got.status != http.StatusNoContent {
		t.Errorf("delete: %d %s", got.status, got.body)
	}
}
