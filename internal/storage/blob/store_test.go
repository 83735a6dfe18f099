package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/blob"
	"github.com/tenantry/tenantry/internal/tenant"
)

type fixture struct {
	dir    string
	store  *blob.Store
	tenant tenant.ID
	record id.ID
	files  storage.Files
}

func setup(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{dir: t.TempDir(), tenant: tenant.NewID(), record: id.New()}
	f.store = blob.New(open(t, f.dir))
	t.Cleanup(func() { _ = f.store.Close() })
	f.files = f.store.Files(f.tenant)
	return f
}

func (f *fixture) create(t *testing.T, content string) storage.File {
	t.Helper()
	file, err := f.files.Create(t.Context(), f.record, strings.NewReader(content), 1000)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// onDisk are the files below the directory.
func (f *fixture) onDisk(t *testing.T) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(f.dir, func(name string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			relative, _ := filepath.Rel(f.dir, name)
			names = append(names, filepath.ToSlash(relative))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestCreateAndOpen(t *testing.T) {
	t.Parallel()
	f := setup(t)
	file := f.create(t, "hello")
	if want := f.tenant.String() + "/files/" + f.record.String() + "/"; !strings.HasPrefix(file.Key, want) {
		t.Errorf("the key is %s, not below %s", file.Key, want)
	}
	if file.Size != 5 || file.SHA256 != sha256.Sum256([]byte("hello")) {
		t.Errorf("%+v", file)
	}
	content, err := f.files.Open(t.Context(), f.record, file.Key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(content)
	if err := errors.Join(err, content.Close()); err != nil || string(text) != "hello" {
		t.Errorf("%q, %v", text, err)
	}
	if again := f.create(t, "hello"); again.Key == file.Key {
		t.Error("a key was used twice")
	}
}

func TestCreateWithinTheLimit(t *testing.T) {
	t.Parallel()
	f := setup(t)
	if _, err := f.files.Create(t.Context(), f.record, strings.NewReader("12345"), 5); err != nil {
		t.Errorf("a file of just the limit: %v", err)
	}
	before := f.onDisk(t)
	endless := io.MultiReader(strings.NewReader("123456"), neverRead{t})
	if _, err := f.files.Create(t.Context(), f.record, endless, 5); !fault.Is(err, fault.BodyTooLarge) {
		t.Errorf("a larger file: %v", err)
	}
	if diff := cmp.Diff(before, f.onDisk(t)); diff != "" {
		t.Errorf("something is left: %s", diff)
	}
}

// neverRead fails the test when more is read than had to be.
type neverRead struct{ t *testing.T }

func (n neverRead) Read([]byte) (int, error) {
	n.t.Error("read on although the limit was passed")
	return 0, io.EOF
}

func TestCreateReturnsTheErrorOfTheContent(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, broken := range []error{fault.New(fault.MalformedBody, "x"), io.ErrUnexpectedEOF} {
		_, err := f.files.Create(t.Context(), f.record, io.MultiReader(strings.NewReader("x"), failing{broken}), 100)
		if !errors.Is(err, broken) {
			t.Errorf("%v became %v", broken, err)
		}
	}
	if left := f.onDisk(t); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// forgeries are keys that are none of the fixture's tenant and record.
func (f *fixture) forgeries(key string) []string {
	upload := key[strings.LastIndex(key, "/")+1:]
	mine, record := f.tenant.String(), f.record.String()
	return []string{
		"", "/", "..", key + "/", "/" + key, "./" + key, key + "\x00", strings.ToUpper(key), " " + key,
		tenant.NewID().String() + "/files/" + record + "/" + upload,
		tenant.ID{}.String() + "/files/" + record + "/" + upload,
		mine + "/files/" + record + "/../" + record + "/" + upload,
		mine + "/files//" + record + "/" + upload,
		mine + "/files/" + record + "/" + record + "/" + upload,
		mine + "/" + record + "/" + upload,
		mine + "/files/" + record, mine + ".db", "../platform.db", "/etc/passwd",
		mine + "/files/../../" + tenant.NewID().String() + ".db",
	}
}

func TestForeignKeysAreRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	file := f.create(t, "mine")
	theirs := f.store.Files(tenant.NewID())
	if _, err := theirs.Open(t.Context(), f.record, file.Key); !fault.Is(err, fault.NotFound) {
		t.Errorf("another tenant opens the file: %v", err)
	}
	if err := theirs.Delete(t.Context(), file.Key); err == nil {
		t.Error("another tenant deletes the file")
	}
	if _, err := f.files.Open(t.Context(), id.New(), file.Key); !fault.Is(err, fault.NotFound) {
		t.Errorf("another record opens the file: %v", err)
	}
	for _, key := range f.forgeries(file.Key) {
		if _, err := f.files.Open(t.Context(), f.record, key); !fault.Is(err, fault.NotFound) {
			t.Errorf("open %q: %v", key, err)
		}
		if err := f.files.Delete(t.Context(), file.Key, key); err == nil {
			t.Errorf("delete %q was taken", key)
		}
	}
	if _, err := f.files.Open(t.Context(), f.record, file.Key); err != nil {
		t.Errorf("the file went: %v", err)
	}
	nobody := f.store.Files(tenant.ID{})
	if _, err := nobody.Create(t.Context(), f.record, strings.NewReader("x"), 9); err == nil {
		t.Error("a file of no tenant was created")
	}
	if err := nobody.List(t.Context(), func(storage.StoredFile) error { return nil }); err == nil {
		t.Error("the files of no tenant were listed")
	}
}

func TestListHasTheTenantsFilesAlone(t *testing.T) {
	t.Parallel()
	f := setup(t)
	want := []string{f.create(t, "1").Key, f.create(t, "2").Key}
	if _, err := f.store.Files(tenant.NewID()).Create(t.Context(), f.record, strings.NewReader("x"), 9); err != nil {
		t.Fatal(err)
	}
	// What the death of the process left, and what is none of ours.
	cut := storage.FilePrefix(f.tenant, f.record) + id.New().String() + storage.PartSuffix
	for _, name := range []string{cut, storage.FilePrefix(f.tenant, f.record) + "README"} {
		if err := os.WriteFile(filepath.Join(f.dir, name), bytes.Repeat([]byte("x"), 10), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want = append(want, cut)
	var got []string
	err := f.files.List(t.Context(), func(s storage.StoredFile) error {
		if s.Record != f.record {
			t.Errorf("%s is of record %s", s.Key, s.Record)
		}
		got = append(got, s.Key)
		return nil
	})
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if _, err := f.files.Open(t.Context(), f.record, cut); !fault.Is(err, fault.NotFound) {
		t.Errorf("an incomplete file was opened: %v", err)
	}
	if err := f.files.Delete(context.Background(), got...); err != nil {
		t.Fatal(err)
	}
	if left := f.onDisk(t); len(left) != 2 {
		t.Errorf("left: %v", left)
	}
}

// broken is a bucket that is away.
type broken struct{ storage.Bucket }

var errAway = errors.New("dial tcp 192.0.2.1:9000: connect: connection refused")

func (broken) Write(context.Context, string, io.Reader) error { return errAway }

func (broken) Open(context.Context, string) (io.ReadSeekCloser, error) { return nil, errAway }

func (broken) Delete(context.Context, ...string) error { return errAway }

func TestABucketThatIsAway(t *testing.T) {
	t.Parallel()
	f := setup(t)
	file := f.create(t, "x")
	away := blob.New(broken{}).Files(f.tenant)
	_, createErr := away.Create(t.Context(), f.record, strings.NewReader("x"), 9)
	_, openErr := away.Open(t.Context(), f.record, file.Key)
	for what, err := range map[string]error{"create": createErr, "open": openErr, "delete": away.Delete(t.Context(), file.Key)} {
		var failed *fault.Error
		if !errors.As(err, &failed) || failed.Code != fault.Unavailable || strings.Contains(failed.Message, "192.0.2.1") || !errors.Is(err, errAway) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestClearRemovesAllOfATenantAndNothingElse(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.create(t, "one")
	f.record = id.New()
	f.create(t, "two")
	stray := filepath.Join(f.dir, f.tenant.String(), "files", "stray.part")
	if err := os.WriteFile(stray, []byte("three"), 0o600); err != nil {
		t.Fatal(err)
	}
	other, err := f.store.Files(tenant.NewID()).Create(t.Context(), id.New(), strings.NewReader("kept"), 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int64{3, 0} {
		if n, err := f.store.Clear(t.Context(), f.tenant); n != want || err != nil {
			t.Errorf("%d files were removed, want %d: %v", n, want, err)
		}
	}
	if diff := cmp.Diff([]string{other.Key}, f.onDisk(t)); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(filepath.Join(f.dir, f.tenant.String())); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the tenant's directory is still there: %v", err)
	}
	if _, err := f.store.Clear(t.Context(), tenant.ID{}); err == nil {
		t.Error("the files of no tenant were removed")
	}
}
