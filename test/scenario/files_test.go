package scenario_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"mime"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry"
)

// filed is a world whose files can be looked at on the disk, and whose clock can be moved.
type filed struct {
	*world

	dir     string
	options tenantry.Options
	mu      sync.Mutex
	ahead   time.Duration
}

func (f *filed) now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Now().Add(f.ahead)
}

func (f *filed) wait(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ahead += d
}

const maxUpload = 1 << 20

func withFiles(t *testing.T, test func(f *filed)) {
	t.Helper()
	t.Parallel()
	start := func(t *testing.T, o tenantry.Options) {
		t.Helper()
		f := &filed{dir: t.TempDir()}
		o.DataDir, o.MaxUpload, o.Clock = f.dir, maxUpload, f.now
		f.options = o
		f.world = newWorld(t, o)
		f.play(t, []step{{name: "document", do: "POST /documents/", body: `{"name":"notes.txt"}`, status: 201, save: map[string]string{"document": "id", "tag": "ETag"}, events: []string{"created"}}})
		test(f)
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		start(t, tenantry.Options{})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		start(t, onPostgreSQL(t))
	})
}

// onDisk are the files of all tenants, by their keys.
func (f *filed) onDisk() []string {
	f.t.Helper()
	var keys []string
	root := filepath.Join(f.dir, "tenants")
	err := filepath.WalkDir(root, func(name string, entry os.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // the server removes while this looks
			return nil
		}
		if key, _ := filepath.Rel(root, name); err == nil && !entry.IsDir() && strings.Contains(key, "files") {
			keys = append(keys, filepath.ToSlash(key))
		}
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return keys
}

func (f *filed) diskHas(t *testing.T, label string, n int) {
	t.Helper()
	if keys := f.onDisk(); len(keys) != n {
		t.Errorf("%s: %d files on the disk, want %d: %v", label, len(keys), n, keys)
	}
}

func (f *filed) content(as, method, body string, header http.Header) response {
	f.t.Helper()
	return f.send(request{as: as, method: method, path: f.fill("/api/v1/documents/{document}/content/"), body: body, header: header})
}

func typed(media string) http.Header { return http.Header{"Content-Type": {media}} }

func sum(content string) string {
	hash := sha256.Sum256([]byte(content))
	return "sha256:" + hex.EncodeToString(hash[:])
}

func TestFiles(t *testing.T) {
	withFiles(t, func(f *filed) {
		t := f.t
		const path = "/documents/{document}/content/"
		f.play(t, []step{
			{name: "no file yet", do: "GET " + path, status: 404, want: `{"code":"not_found"}`},
			{name: "nothing to delete", do: "DELETE " + path, status: 404},
			{name: "a viewer may not", as: "viewer-acme", do: "PUT " + path, body: "x", status: 403, events: []string{"permission_denied"}},
			{name: "nobody may not", as: "nobody", do: "PUT " + path, body: "x", status: 401},
			{
				name: "upload", as: "member-acme", do: "PUT " + path, body: "hello, world", header: typed("text/plain; charset=utf-8"), status: 200,
				want: `{"id":"{document}","file_size":12,"content_type":"text/plain; charset=utf-8","checksum":"` + sum("hello, world") + `"}`,
				save: map[string]string{"key": "file_path", "stored": "ETag"}, events: []string{"updated"},
			},
			{name: "the trail", do: "GET /events/?page_size=1", status: 200, want: `{"results":[{"action":"updated","resource":"documents","record":"{document}","changes":{
				"file_path":["","{key}"],"file_size":[0,12],"content_type":["application/octet-stream","text/plain; charset=utf-8"],"checksum":[null,"` + sum("hello, world") + `"]}}]}`},
			{name: "the tag of before", do: "PUT " + path, body: "no", header: http.Header{"If-Match": {f.vars["tag"]}}, status: 412},
			{name: "no parameters", do: "GET " + path + "?download=1", status: 422},
		})
		if key := f.vars["key"]; !strings.HasPrefix(key, f.tenants["acme"]+"/files/"+f.vars["document"]+"/") || !slices.Equal(f.onDisk(), []string{key}) {
			t.Errorf("the key is %s, on the disk is %v", key, f.onDisk())
		}
		got := f.content("viewer-acme", "GET", "", nil)
		if got.status != 200 || string(got.body) != "hello, world" {
			t.Fatalf("GET: %d %s", got.status, got.body)
		}
		for name, want := range map[string]string{
			"Content-Type": "text/plain; charset=utf-8", "Content-Length": "12", "Accept-Ranges": "bytes",
			"Content-Disposition": `attachment; filename="notes.txt"; filename*=UTF-8''notes.txt`, "X-Content-Type-Options": "nosniff",
			"Cache-Control": "private, no-cache", "Vary": "Authorization", "Etag": `"` + sum("hello, world") + `"`,
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
		} {
			if got.header.Get(name) != want {
				t.Errorf("%s: %q, want %q", name, got.header.Get(name), want)
			}
		}
		head := f.content("", "HEAD", "", nil)
		if head.status != 401 {
			t.Errorf("HEAD of nobody: %d", head.status)
		}
		head = f.content("owner-acme", "HEAD", "", nil)
		if head.status != 200 || len(head.body) != 0 || head.header.Get("Content-Length") != "12" {
			t.Errorf("HEAD: %d %v", head.status, head.header)
		}
		f.play(t, []step{
			{
				name: "replace, by the file's own tag", do: "PUT " + path, body: "x", header: http.Header{"If-Match": {`"` + sum("hello, world") + `"`}}, status: 200,
				want: `{"file_size":1,"content_type":"application/json","checksum":"` + sum("x") + `"}`, events: []string{"updated"},
			},
			{name: "the record's tag holds no more", do: "DELETE " + path, header: http.Header{"If-Match": {f.vars["stored"]}}, status: 412},
		})
		f.diskHas(t, "after a replacement", 1)
		f.play(t, []step{
			{name: "statistics count it", do: "GET /projects/statistics/", status: 200, want: `{"documents":{"total":1,"bytes":1}}`},
			{name: "delete", do: "DELETE " + path, status: 204, events: []string{"updated"}},
			{name: "the defaults again", do: "GET /documents/{document}/", status: 200, want: `{"file_path":"","file_size":0,"checksum":null}`},
			{name: "gone", do: "GET " + path, status: 404},
			{name: "gone for good", do: "DELETE " + path, status: 404},
		})
		f.diskHas(t, "after a deletion", 0)
		empty := f.content("owner-acme", "PUT", "", nil)
		if empty.status != 200 || contains(empty.body, `{"file_size":0,"content_type":"application/octet-stream","checksum":"`+sum("")+`"}`) != "" {
			t.Errorf("an empty file: %d %s", empty.status, empty.body)
		}
		if got := f.content("owner-acme", "GET", "", http.Header{"Range": {"bytes=0-"}}); got.status != 200 || len(got.body) != 0 {
			t.Errorf("an empty file came as %d %q", got.status, got.body)
		}
	})
}

func TestFileRanges(t *testing.T) {
	withFiles(t, func(f *filed) {
		t := f.t
		if got := f.content("owner-acme", "PUT", "0123456789", typed("text/plain")); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		tag := `"` + sum("0123456789") + `"`
		for _, c := range []struct {
			name   string
			header http.Header
			status int
			body   string
			ranges string
		}{
			{"the middle", http.Header{"Range": {"bytes=2-4"}}, 206, "234", "bytes 2-4/10"},
			{"from the end", http.Header{"Range": {"bytes=-3"}}, 206, "789", "bytes 7-9/10"},
			{"to the end", http.Header{"Range": {"bytes=8-99"}}, 206, "89", "bytes 8-9/10"},
			{"the end, and nothing", http.Header{"Range": {"bytes=-0, -1"}}, 206, "9", "bytes 9-9/10"},
			{"another unit", http.Header{"Range": {"lines=1-2"}}, 200, "0123456789", ""},
			{"if it still is", http.Header{"Range": {"bytes=0-0"}, "If-Range": {tag}}, 206, "0", "bytes 0-0/10"},
			{"if it were another", http.Header{"Range": {"bytes=0-0"}, "If-Range": {`"other"`}}, 200, "0123456789", ""},
			{"not modified", http.Header{"If-None-Match": {tag}}, 304, "", ""},
			{"modified", http.Header{"If-None-Match": {`"other"`}}, 200, "0123456789", ""},
			{"the right one", http.Header{"If-Match": {tag}}, 200, "0123456789", ""},
		} {
			got := f.content("owner-acme", "GET", "", c.header)
			if got.status != c.status || string(got.body) != c.body || got.header.Get("Content-Range") != c.ranges {
				t.Errorf("%s: %d %q %q", c.name, got.status, got.body, got.header.Get("Content-Range"))
			}
			if got.header.Get("Etag") != tag || got.header.Get("Cache-Control") != "private, no-cache" {
				t.Errorf("%s: %v", c.name, got.header)
			}
		}
		for _, ranges := range []string{"bytes=10-", "bytes=5-2", "bytes=a-b", "bytes=-0", "bytes=-00,-0", "bytes=-"} {
			got := f.content("owner-acme", "GET", "", http.Header{"Range": {ranges}})
			if got.status != 416 || contains(got.body, `{"code":"range_not_satisfiable"}`) != "" || got.header.Get("Content-Range") != "bytes */10" {
				t.Errorf("%s: %d %v %s", ranges, got.status, got.header, got.body)
			}
			if got.header.Get("Content-Disposition") != "" || got.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s: the headers of the file are still there: %v", ranges, got.header)
			}
		}
		if head := f.content("owner-acme", "HEAD", "", http.Header{"Range": {"bytes=2-4"}}); head.status != 200 || head.header.Get("Content-Length") != "10" {
			t.Errorf("a range is for GET alone: HEAD answered %d %v", head.status, head.header)
		}
		got := f.content("owner-acme", "GET", "", http.Header{"Range": {"bytes=0-1,4-5"}})
		media, params, err := mime.ParseMediaType(got.header.Get("Content-Type"))
		if got.status != 206 || media != "multipart/byteranges" || params["boundary"] == "" || err != nil {
			t.Errorf("two ranges: %d %v", got.status, got.header)
		}
		if got := f.content("owner-acme", "PUT", "", typed("text/plain")); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		for _, ranges := range []string{"bytes=-1", "bytes=0-", "bytes=0-0,-1", "bytes=0-0"} {
			got := f.content("owner-acme", "GET", "", http.Header{"Range": {ranges}})
			if got.status != 200 || len(got.body) != 0 || got.header.Get("Content-Range") != "" {
				t.Errorf("%s of nothing: %d %v %s", ranges, got.status, got.header, got.body)
			}
		}
		if got := f.content("owner-acme", "GET", "", http.Header{"If-Match": {`"other"`}}); got.status != 412 || contains(got.body, `{"code":"precondition_failed"}`) != "" {
			t.Errorf("If-Match: %d %s", got.status, got.body)
		}
	})
}

func TestFilesOfOthers(t *testing.T) {
	withFiles(t, func(f *filed) {
		t := f.t
		if got := f.content("owner-acme", "PUT", "secret", nil); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		id := http.Header{"X-Request-Id": {"same"}}
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			for _, extra := range []http.Header{nil, {"If-Match": {"*"}}, {"If-Match": {`"x"`}}, {"Content-Type": {"nonsense"}}} {
				ask := func(record string) response {
					header := id.Clone()
					maps.Copy(header, extra)
					body := ""
					if method == "PUT" {
						body = strings.Repeat("x", maxUpload+1)
					}
					a := f.send(request{as: "owner-globex", method: method, path: "/api/v1/documents/" + record + "/content/", body: body, header: header})
					for _, name := range []string{"Date", "Ratelimit"} {
						a.header.Del(name)
					}
					return a
				}
				theirs, unknown, nonsense := ask(f.vars["document"]), ask(unknownID), ask("nonsense")
				for _, other := range []response{theirs, nonsense} {
					if other.status != 404 || !bytes.Equal(other.body, unknown.body) || fmt.Sprint(other.header) != fmt.Sprint(unknown.header) {
						t.Errorf("%s %v: %d %v %s\nan id that never was: %d %v %s", method, extra, other.status, other.header, other.body, unknown.status, unknown.header, unknown.body)
					}
				}
			}
		}
		f.diskHas(t, "after the attempts", 1)
		// What a client writes into the path leads nowhere: not to the file of another tenant, nor of another record.
		key := f.onDisk()[0]
		for _, as := range []string{"owner-globex", "owner-acme"} {
			for _, path := range []string{key, "../" + key, filepath.Join(f.dir, "tenants", key), f.tenants["acme"] + ".db", "../platform.db", "/etc/passwd", "file:///etc/passwd"} {
				body, _ := json.Marshal(map[string]any{"name": "x", "file_path": path})
				a := f.send(request{as: as, method: "POST", path: "/api/v1/documents/", body: string(body)})
				var made struct{ ID string }
				if err := json.Unmarshal(a.body, &made); err != nil || a.status != 201 {
					t.Fatalf("%d %s", a.status, a.body)
				}
				at := "/api/v1/documents/" + made.ID + "/"
				if a := f.send(request{as: as, method: "GET", path: at + "content/"}); a.status != 404 {
					t.Errorf("%s as %s: %d %s", path, as, a.status, a.body)
				}
				if a := f.send(request{as: as, method: "DELETE", path: at + "content/"}); a.status != 404 {
					t.Errorf("%s as %s: %d %s", path, as, a.status, a.body)
				}
				if a := f.send(request{as: as, method: "DELETE", path: at}); a.status != 204 {
					t.Errorf("%s as %s: %d %s", path, as, a.status, a.body)
				}
			}
		}
		f.diskHas(t, "after deleting who named it", 1)
	})
}

func TestStoredFileIsTheServers(t *testing.T) {
	withFiles(t, func(f *filed) {
		t := f.t
		f.play(t, []step{
			{name: "kept elsewhere", do: "PATCH /documents/{document}/", body: `{"file_path":"shelf 3","file_size":7}`, status: 200, events: []string{"updated"}},
			{name: "no checksum from a client", do: "PATCH /documents/{document}/", body: `{"checksum":"sha256:x"}`, status: 422, want: `{"errors":[{"field":"checksum","code":"read_only"}]}`},
			{name: "elsewhere is nowhere", do: "GET /documents/{document}/content/", status: 404},
			{name: "upload", do: "PUT /documents/{document}/content/", body: "hello", header: typed("text/plain"), status: 200, save: map[string]string{"key": "file_path"}, events: []string{"updated"}},
			{name: "another path", do: "PATCH /documents/{document}/", body: `{"file_path":"shelf 4"}`, status: 422, want: `{"errors":[{"field":"file_path","code":"read_only"}]}`},
			{name: "no path", do: "PATCH /documents/{document}/", body: `{"file_path":""}`, status: 422, want: `{"errors":[{"field":"file_path","code":"read_only"}]}`},
			{name: "another size", do: "PATCH /documents/{document}/", body: `{"file_size":1}`, status: 422, want: `{"errors":[{"field":"file_size","code":"read_only"}]}`},
			{name: "all in one replace", do: "PUT /documents/{document}/", body: `{"name":"x","file_path":"","file_size":1}`, status: 422, want: `{"errors":[{"field":"file_path"},{"field":"file_size"}]}`},
			{name: "the same path", do: "PATCH /documents/{document}/", body: `{"file_path":"{key}","file_size":5}`, status: 200},
			{
				name: "a replace keeps what it leaves out", do: "PUT /documents/{document}/", body: `{"name":"renamed"}`, status: 200,
				want: `{"name":"renamed","file_path":"{key}","file_size":5,"content_type":"text/plain","checksum":"` + sum("hello") + `"}`, events: []string{"updated"},
			},
			{name: "the type may be mended", do: "PATCH /documents/{document}/", body: `{"content_type":"text/html"}`, status: 200, events: []string{"updated"}},
		})
		if got := f.content("owner-acme", "GET", "", nil); got.header.Get("Content-Type") != "text/html" || string(got.body) != "hello" {
			t.Errorf("%v %s", got.header, got.body)
		}
		f.play(t, []step{{name: "to what is no type", do: "PATCH /documents/{document}/", body: `{"content_type":"text/html\r\nX-Evil: 1"}`, status: 200, events: []string{"updated"}}})
		if got := f.content("owner-acme", "GET", "", nil); got.header.Get("Content-Type") != "application/octet-stream" || got.header.Get("X-Evil") != "" {
			t.Errorf("%v", got.header)
		}
	})
}

func TestDeletedRecordsTakeTheirFiles(t *testing.T) {
	withFiles(t, func(f *filed) {
		t := f.t
		f.play(t, []step{
			{name: "upload", do: "PUT /documents/{document}/content/", body: "1", status: 200, events: []string{"updated"}},
			{name: "project", do: "POST /projects/", body: `{"name":"Apollo"}`, status: 201, save: map[string]string{"project": "id"}, events: []string{"created"}},
			{name: "first", do: "POST /documents/", body: `{"name":"1","project":"{project}"}`, status: 201, save: map[string]string{"first": "id"}, events: []string{"created"}},
			{name: "second", do: "POST /documents/", body: `{"name":"2","project":"{project}"}`, status: 201, save: map[string]string{"second": "id"}, events: []string{"created"}},
			{name: "its file", do: "PUT /documents/{first}/content/", body: "1", status: 200, events: []string{"updated"}},
			{name: "its file as well", do: "PUT /documents/{second}/content/", body: "2", status: 200, events: []string{"updated"}},
		})
		f.diskHas(t, "before", 3)
		f.play(t, []step{{name: "the project with all", do: "DELETE /projects/{project}/", status: 204, events: []string{"deleted", "deleted", "deleted"}}})
		f.diskHas(t, "after the project", 1)
		f.play(t, []step{{name: "the document", do: "DELETE /documents/{document}/", status: 204, events: []string{"deleted"}}})
		f.diskHas(t, "after the document", 0)
	})
}

func TestFileNames(t *testing.T) {
	withFiles(t, func(f *filed) {
		t := f.t
		if got := f.content("owner-acme", "PUT", "x", nil); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		for _, name := range []string{
			"plain.txt", "with space.txt", `quotes".txt`, `back\slash`, "../../etc/passwd", "/etc/passwd", "C:\\Windows", "a;b=c", "100%.txt", "%2e%2e%2f",
			"line\r\nSet-Cookie: a=b", "tab\tbell\abell", "\x7f\u0080\u0085", "\u202egnp.exe", "\u200b\ufeff", "Grüße.pdf", "报告.pdf", "📄🇩🇪.txt", "'", "''", "UTF-8''x",
			".", "..", " ", strings.Repeat("x", 255), strings.Repeat("😀", 255), "filename*=UTF-8''evil",
		} {
			body, _ := json.Marshal(map[string]any{"name": name})
			if a := f.send(request{as: "owner-acme", method: "PATCH", path: f.fill("/api/v1/documents/{document}/"), body: string(body)}); a.status != 200 {
				if strings.TrimSpace(name) == "" && a.status == 422 {
					continue // blank names are refused
				}
				t.Errorf("%q: %d %s", name, a.status, a.body)
				continue
			}
			got := f.content("owner-acme", "GET", "", nil)
			kind, params, err := mime.ParseMediaType(got.header.Get("Content-Disposition"))
			if err != nil || kind != "attachment" || params["filename"] != name {
				t.Errorf("%q came back as %q: %s", name, params["filename"], got.header.Get("Content-Disposition"))
			}
			if got.header.Get("Set-Cookie") != "" {
				t.Errorf("%q made a header", name)
			}
		}
	})
}

func TestUploadsThatAreRefused(t *testing.T) {
	withFiles(t, func(f *filed) {
		t := f.t
		for _, media := range []string{"nonsense", "text/plain; x", "text/" + strings.Repeat("x", 300), "text/\xff", "/"} {
			got := f.content("owner-acme", "PUT", "x", typed(media))
			if got.status != 422 || contains(got.body, `{"errors":[{"field":"Content-Type","code":"invalid_format"}]}`) != "" {
				t.Errorf("%.40q: %d %s", media, got.status, got.body)
			}
		}
		if got := f.content("owner-acme", "PUT", "x", http.Header{"Content-Type": {"text/" + strings.Repeat("x", 250)}}); got.status != 200 {
			t.Errorf("a type of 255 characters: %d %s", got.status, got.body)
		}
		if got := f.content("owner-acme", "DELETE", "", nil); got.status != 204 {
			t.Errorf("%d %s", got.status, got.body)
		}
		if got := f.content("owner-acme", "PUT", "x", http.Header{"Content-Encoding": {"gzip"}}); got.status != 415 {
			t.Errorf("encoded: %d %s", got.status, got.body)
		}
		if got := f.content("owner-acme", "PUT", "x", http.Header{"Content-Range": {"bytes 0-0/2"}}); got.status != 400 {
			t.Errorf("a part: %d %s", got.status, got.body)
		}
		large := strings.Repeat("x", maxUpload+1)
		if got := f.content("owner-acme", "PUT", large, nil); got.status != 413 || contains(got.body, `{"code":"body_too_large"}`) != "" {
			t.Errorf("too large: %d %s", got.status, got.body)
		}
		if status := f.chunked(t, strings.NewReader(large)); status != 413 {
			t.Errorf("too large, and it didn't say so: %d", status)
		}
		f.diskHas(t, "after uploads that were refused", 0)
		if status := f.chunked(t, strings.NewReader(large[1:])); status != 200 {
			t.Errorf("just not too large: %d", status)
		}
		f.diskHas(t, "after one that was not", 1)
	})
}

// chunked uploads without a Content-Length.
func (f *filed) chunked(t *testing.T, body io.Reader) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "PUT", f.url+f.fill("/api/v1/documents/{document}/content/"), io.MultiReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+f.tokens["owner-acme"])
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return res.StatusCode
}

func TestUploadThatBreaksOff(t *testing.T) {
	withFiles(t, func(f *filed) {
		t := f.t
		before := f.lastSeq()
		for _, head := range []string{"Content-Length: 1000000", "Transfer-Encoding: chunked"} {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(f.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			body := strings.Repeat("x", 100_000)
			if strings.HasPrefix(head, "Transfer") {
				body = "186a0\r\n" + body // and no chunk after it
			}
			_, err = fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s\r\n\r\n%s",
				f.fill("/api/v1/documents/{document}/content/"), f.tokens["owner-acme"], head, body)
			if err != nil {
				t.Fatal(err)
			}
			f.eventually(t, "the upload has begun", func() bool { return len(f.onDisk()) == 1 })
			_ = conn.Close()
			f.eventually(t, "nothing is left", func() bool { return len(f.onDisk()) == 0 })
		}
		if f.lastSeq() != before {
			t.Error("an upload that broke off left an event")
		}
	})
}

func (f *filed) eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it is not so that %s: %v", what, f.onDisk())
		}
	}
}

func TestUploadsAtOnce(t *testing.T) {
	withFiles(t, func(f *filed) {
		t := f.t
		const uploads = 8
		contents := make([]string, uploads)
		var wg sync.WaitGroup
		for i := range contents {
			content := make([]byte, 100_000+i)
			_, _ = rand.Read(content)
			contents[i] = string(content)
			wg.Go(func() {
				if status := f.chunked(t, strings.NewReader(contents[i])); status != 200 {
					t.Errorf("upload %d: %d", i, status)
				}
			})
		}
		wg.Wait()
		f.diskHas(t, "after uploads at once", 1)
		got := f.content("owner-acme", "GET", "", nil)
		if got.status != 200 || !slices.Contains(contents, string(got.body)) || got.header.Get("Etag") != `"`+sum(string(got.body))+`"` {
			t.Errorf("%d, %d bytes, %v", got.status, len(got.body), got.header)
		}
	})
}

func TestSweep(t *testing.T) {
	withFiles(t, func(f *filed) {
		t := f.t
		if got := f.content("owner-acme", "PUT", "kept", nil); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		kept := f.onDisk()[0]
		// What a process leaves that dies between the file and its record, or while the file comes.
		dir := filepath.Join(f.dir, "tenants", filepath.Dir(kept))
		gone := filepath.Join(f.dir, "tenants", f.tenants["globex"], "files", unknownID)
		if err := os.MkdirAll(gone, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{
			filepath.Join(dir, "01900000-0000-7000-8000-000000000001"), filepath.Join(dir, "01900000-0000-7000-8000-000000000002.part"),
			filepath.Join(gone, "01900000-0000-7000-8000-000000000003"),
		} {
			if err := os.WriteFile(name, []byte("orphan"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		sweep := func(want, left int) {
			t.Helper()
			if removed, err := f.service.Sweep(context.Background()); err != nil || removed != want {
				t.Errorf("swept %d, want %d: %v", removed, want, err)
			}
			f.diskHas(t, "after sweeping", left)
		}
		sweep(0, 4) // they may belong to uploads that are about to be committed
		f.wait(2 * time.Hour)
		sweep(3, 1)
		sweep(0, 1)
		f.tokens["owner-acme"] = f.signIn("owner-acme", "acme").Access
		if got := f.content("owner-acme", "GET", "", nil); got.status != 200 || string(got.body) != "kept" {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
}
