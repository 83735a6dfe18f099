package storagetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// RunBucket tests that a bucket keeps what storage.Bucket promises. open returns a new, empty one.
func RunBucket(t *testing.T, open func(t *testing.T) storage.Bucket) {
	t.Helper()
	for _, topic := range []struct {
		name string
		run  func(t *testing.T, b *bucketCase)
	}{
		{"an object is read back, whole and from the middle", bucketReadsBack},
		{"a large object streams", bucketStreams},
		{"what fails leaves nothing", bucketLeavesNothing},
		{"deleting is idempotent", bucketDeletes},
		{"a list has what begins with the prefix", bucketLists},
		{"many write and delete at once", bucketTakesMany},
	} {
		t.Run(topic.name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			t.Cleanup(func() {
				if err := b.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			topic.run(t, &bucketCase{Bucket: b, prefix: storage.FilePrefix(tenant.NewID(), id.New())})
		})
	}
}

type bucketCase struct {
	storage.Bucket

	prefix string
}

func (b *bucketCase) key() string { return b.prefix + id.New().String() }

func (b *bucketCase) put(t *testing.T, key string, content []byte) {
	t.Helper()
	if err := b.Write(t.Context(), key, bytes.NewReader(content)); err != nil {
		t.Fatalf("write: %v", err)
	}
}

func (b *bucketCase) get(t *testing.T, key string) []byte {
	t.Helper()
	object, err := b.Open(t.Context(), key)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	content, err := io.ReadAll(object)
	if err := errors.Join(err, object.Close()); err != nil {
		t.Fatalf("read: %v", err)
	}
	return content
}

func (b *bucketCase) keys(t *testing.T, prefix string) []string {
	t.Helper()
	var keys []string
	err := b.List(t.Context(), prefix, func(o storage.Object) error {
		keys = append(keys, o.Key)
		return nil
	})
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	slices.Sort(keys)
	return keys
}

func (b *bucketCase) missing(t *testing.T, key string) {
	t.Helper()
	if _, err := b.Open(t.Context(), key); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open of what is not there: %v", err)
	}
}

func bucketReadsBack(t *testing.T, b *bucketCase) {
	t.Helper()
	key, empty := b.key(), b.key()
	b.put(t, key, []byte("0123456789"))
	b.put(t, empty, nil)
	if got := b.get(t, key); string(got) != "0123456789" {
		t.Errorf("read %q", got)
	}
	if got := b.get(t, empty); len(got) != 0 {
		t.Errorf("read %q of an empty object", got)
	}
	object, err := b.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = object.Close() }()
	if end, err := object.Seek(0, io.SeekEnd); err != nil || end != 10 {
		t.Errorf("the end is %d: %v", end, err)
	}
	if _, err := object.Seek(6, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	middle := make([]byte, 3)
	if _, err := io.ReadFull(object, middle); err != nil || string(middle) != "678" {
		t.Errorf("from the middle: %q, %v", middle, err)
	}
}

func bucketStreams(t *testing.T, b *bucketCase) {
	t.Helper()
	content := make([]byte, 12<<20+7) // several parts, where a bucket has any
	_, _ = rand.Read(content)
	key := b.key()
	b.put(t, key, content)
	if got := b.get(t, key); !bytes.Equal(got, content) {
		t.Errorf("read %d bytes, wrote %d", len(got), len(content))
	}
}

// failing reads n bytes and fails then.
type failing struct {
	n   int
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	if f.n == 0 {
		return 0, f.err
	}
	n := min(f.n, len(p))
	clear(p[:n])
	f.n -= n
	return n, nil
}

func bucketLeavesNothing(t *testing.T, b *bucketCase) {
	t.Helper()
	// io.ErrUnexpectedEOF is what a body that broke off ends in.
	for _, cause := range []error{io.ErrUnexpectedEOF, fs.ErrPermission} {
		for _, n := range []int{0, 1000, 6 << 20} {
			key := b.key()
			if err := b.Write(t.Context(), key, &failing{n: n, err: cause}); err == nil {
				t.Errorf("%v after %d bytes was taken for the end", cause, n)
			}
			b.missing(t, key)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	key := b.key()
	if err := b.Write(ctx, key, bytes.NewReader([]byte("x"))); err == nil {
		t.Error("a cancelled write went through")
	}
	b.missing(t, key)
	if left := b.keys(t, b.prefix); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func bucketDeletes(t *testing.T, b *bucketCase) {
	t.Helper()
	one, two, kept := b.key(), b.key(), b.key()
	for _, key := range []string{one, two, kept} {
		b.put(t, key, []byte("x"))
	}
	for range 2 {
		if err := b.Delete(t.Context(), one, two, b.key(), b.key()+storage.PartSuffix); err != nil {
			t.Fatalf("delete: %v", err)
		}
	}
	b.missing(t, one)
	b.missing(t, two)
	if got := b.get(t, kept); string(got) != "x" {
		t.Errorf("read %q", got)
	}
}

func bucketLists(t *testing.T, b *bucketCase) {
	t.Helper()
	other := storage.FilePrefix(tenant.NewID(), id.New())
	if got := b.keys(t, b.prefix); got != nil {
		t.Errorf("an empty bucket has %v", got)
	}
	mine := []string{b.key(), b.key(), b.key()}
	for _, key := range append(slices.Clone(mine), other+id.New().String()) {
		b.put(t, key, []byte("x"))
	}
	slices.Sort(mine)
	if diff := cmp.Diff(mine, b.keys(t, b.prefix)); diff != "" {
		t.Error(diff)
	}
	stop := errors.New("enough")
	seen := 0
	err := b.List(t.Context(), b.prefix, func(o storage.Object) error {
		seen++
		if age := time.Since(o.Modified); age < -time.Minute || age > time.Hour {
			t.Errorf("an object of now is %v old", age)
		}
		return stop
	})
	if !errors.Is(err, stop) || seen != 1 {
		t.Errorf("the list ended with %v after %d objects", err, seen)
	}
}

func bucketTakesMany(t *testing.T, b *bucketCase) {
	t.Helper()
	// It stays, so that what a server makes of the slashes in keys doesn't come and go: one that makes directories of them
	// may stumble over that.
	kept := b.key()
	b.put(t, kept, []byte("kept"))
	done := make(chan error)
	const writers = 8
	for range writers {
		go func() {
			var failed error
			for range 20 {
				key := b.key()
				failed = errors.Join(failed, b.Write(context.WithoutCancel(t.Context()), key, bytes.NewReader([]byte(key))),
					b.Delete(context.WithoutCancel(t.Context()), key))
			}
			done <- failed
		}()
	}
	for range writers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff([]string{kept}, b.keys(t, b.prefix)); diff != "" {
		t.Errorf("what is left: %s", diff)
	}
}
