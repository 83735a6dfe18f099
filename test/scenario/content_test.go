package scenario_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tenantry/tenantry"
	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
)

// scan is a record of a user's own resource with a file.
type scan struct {
	tenantry.Record

	Pages int     `json:"pages" tenantry:"filter"`
	Key   string  `json:"key"   tenantry:"max=200,hidden"`
	Hash  *string `json:"hash"  tenantry:"readonly,max=80"`
}

// scans is an application of nothing but scans, in a bucket of the test's.
func scans(t *testing.T, o tenantry.Options, bucket tenantry.Bucket) *world {
	t.Helper()
	app := tenantry.New(tenantry.Config{Buckets: map[string]tenantry.OpenBucket{
		"test": func(context.Context, string) (tenantry.Bucket, error) { return bucket, nil },
	}})
	handle := tenantry.Register(app, "scans", tenantry.Resource[scan]{
		Read: tenantry.Viewers, Write: tenantry.Members,
		Content: tenantry.Content{Path: "key", Checksum: "hash"},
		BeforeWrite: func(_ context.Context, _ *tenantry.Tx, s *scan) error {
			if s.Hash != nil && s.Pages == 13 {
				return tenantry.Conflict("No file for thirteen pages.")
			}
			s.Key = strings.Replace(s.Key, "files", "elsewhere", 1) // a hook that oversteps
			return nil
		},
	})
	tenantry.Action(handle, "lose", func(_ context.Context, _ *tenantry.Tx, s *scan) error {
		s.Key, s.Hash, s.Pages = "", nil, s.Pages+1
		return nil
	})
	o.SigningKey, o.FilesURL, o.Passwords = []byte(signingKey), "test://bucket", cheap
	service, err := app.Open(t.Context(), o)
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
	w := &world{
		t: t, tokens: map[string]string{}, users: map[string]string{}, tenants: map[string]string{}, vars: map[string]string{},
		service: service, url: server.URL,
	}
	w.settle("acme")
	return w
}

func TestContentOfAnOwnResource(t *testing.T) {
	t.Parallel()
	test := func(t *testing.T, o tenantry.Options) {
		t.Helper()
		bucket := &memory{objects: map[string][]byte{}}
		o.DataDir = t.TempDir()
		w := scans(t, o, bucket)
		w.play(t, []step{
			{name: "record", do: "POST /scans/", body: `{"pages":3}`, status: 201, save: map[string]string{"scan": "id"}, events: []string{"created"}},
			{name: "a hidden key is no field", do: "PATCH /scans/{scan}/", body: `{"key":"x"}`, status: 422},
			{name: "upload", do: "PUT /scans/{scan}/content/", body: "abc", status: 200, want: `{"pages":3,"hash":"` + sum("abc") + `"}`, events: []string{"updated"}},
			{name: "an action can't lose it", do: "POST /scans/{scan}/lose/", status: 200, want: `{"pages":4,"hash":"` + sum("abc") + `"}`, events: []string{"lose"}},
			{name: "a replace keeps it", do: "PUT /scans/{scan}/", body: `{"pages":13}`, status: 409, want: `{"code":"conflict"}`},
			{name: "a replace keeps it", do: "PUT /scans/{scan}/", body: `{"pages":5}`, status: 200, want: `{"pages":5,"hash":"` + sum("abc") + `"}`, events: []string{"updated"}},
		})
		got := w.send(request{as: "viewer-acme", method: "GET", path: w.fill("/api/v1/scans/{scan}/content/")})
		if got.status != 200 || string(got.body) != "abc" || got.header.Get("Content-Type") != "application/octet-stream" || got.header.Get("Content-Disposition") != "attachment" {
			t.Errorf("%d %v %s", got.status, got.header, got.body)
		}
		w.play(t, []step{
			{name: "thirteen", do: "POST /scans/", body: `{"pages":13}`, status: 201, save: map[string]string{"thirteen": "id"}, events: []string{"created"}},
			{name: "a hook refuses the upload", do: "PUT /scans/{thirteen}/content/", body: "no", status: 409},
			{name: "and nothing is there", do: "GET /scans/{thirteen}/content/", status: 404},
		})
		bucket.holds(t, "after a refusal", "abc")
		bucket.fail(errors.New("the bucket is on holiday"))
		w.play(t, []step{
			{name: "a bucket that fails", do: "PUT /scans/{scan}/content/", body: "def", status: 503, absent: []string{"holiday"}},
			{name: "the record goes all the same", do: "DELETE /scans/{scan}/", status: 204, events: []string{"deleted"}},
		})
		bucket.fail(nil)
		bucket.holds(t, "after a deletion that the bucket missed", "abc")
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, tenantry.Options{})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		db := pgtest.New(t)
		test(t, tenantry.Options{DatabaseURL: db.ServerURL, MigrationURL: db.OwnerURL})
	})
}

func TestFilesURL(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"gopher://x":                       `begins with "gopher:"; this program takes file:///DIR`,
		"s3://bucket":                      `this program takes file:///DIR`, // the library does without S3
		"file:///dev/null/x":               "can't make /dev/null/x",
		"s3://user:secret@bucket:nonsense": "can't be read",
	} {
		app := tenantry.New(tenantry.Config{})
		tenantry.Register(app, "scans", tenantry.Resource[scan]{Content: tenantry.Content{Path: "key", Checksum: "hash"}})
		service, err := app.Open(t.Context(), tenantry.Options{DataDir: t.TempDir(), SigningKey: []byte(signingKey), FilesURL: url})
		if err == nil {
			_ = service.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestContentMistakes(t *testing.T) {
	t.Parallel()
	type wrong struct {
		tenantry.Record

		Short string  `json:"short"  tenantry:"max=20"`
		Kind  string  `json:"kind"   tenantry:"enum=a|b,default=a"`
		Small int     `json:"small"  tenantry:"max=10"`
		Hash  string  `json:"hash"   tenantry:"readonly"`
		Good  *string `json:"good"   tenantry:"readonly,max=80"`
		Other *string `json:"other"  tenantry:"max=500,unique"`
	}
	app := tenantry.New(tenantry.Config{})
	register := func(name string, c tenantry.Content) {
		tenantry.Register(app, name, tenantry.Resource[wrong]{Content: c})
	}
	register("as", tenantry.Content{Name: "name"})
	register("bs", tenantry.Content{Path: "short", Size: "small", Type: "kind", Checksum: "hash"})
	register("cs", tenantry.Content{Path: "other", Name: "small", Size: "short", Type: "created_at", Checksum: "other"})
	tenantry.Action(tenantry.Register(app, "ds", tenantry.Resource[wrong]{Content: tenantry.Content{Path: "kind", Checksum: "good"}}),
		"content", func(context.Context, *tenantry.Tx, *wrong) error { return nil })
	_, err := app.Open(t.Context(), tenantry.Options{DataDir: t.TempDir(), SigningKey: []byte(signingKey)})
	if err == nil {
		t.Fatal("nothing was wrong")
	}
	for _, want := range []string{
		`resource "as": content: Path and Checksum must name fields`, `resource "as": content: Name: field "name" does not exist`,
		`resource "bs": content: Path: field "short" must have room for`, `resource "bs": content: Size: field "small" must have no min`,
		`resource "bs": content: Type: field "kind"`, `resource "bs": content: Checksum: field "hash" must be read-only and a pointer`,
		`resource "cs": content: Path: field "other" must be of the type text without`, `resource "cs": content: Name: field "small" must be a text`,
		`resource "cs": content: Size: field "short"`, `resource "cs": content: Type: field "created_at" is none that a file`,
		`resource "cs": content: Checksum: field "other"`, `resource "ds": action "content": the name is used twice`, `resource "ds": content: Path: field "kind"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not among the mistakes:\n%v", want, err)
		}
	}
}
