package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"strings"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Store keeps the files of all tenants in one bucket.
type Store struct {
	bucket storage.Bucket
}

// New returns a store over the bucket, which it closes.
func New(bucket storage.Bucket) *Store { return &Store{bucket: bucket} }

// Files returns the files of one tenant.
func (s *Store) Files(t tenant.ID) storage.Files { return &files{bucket: s.bucket, tenant: t} }

// clearBatch is how many objects are removed at once.
const clearBatch = 1000

// Clear removes every object of a tenant that is no more, and returns how many there were.
func (s *Store) Clear(ctx context.Context, t tenant.ID) (n int64, err error) {
	if t.IsZero() {
		return 0, errForeign
	}
	for {
		keys, err := s.some(ctx, t.String()+"/")
		if err != nil {
			return n, unreachable("list files", err)
		}
		if len(keys) == 0 {
			return n, nil
		}
		if err := s.bucket.Delete(ctx, keys...); err != nil {
			return n, unreachable("delete files", err)
		}
		n += int64(len(keys))
	}
}

// some returns the keys of a batch of the objects below a prefix.
func (s *Store) some(ctx context.Context, prefix string) (keys []string, err error) {
	err = s.bucket.List(ctx, prefix, func(o storage.Object) error {
		if keys = append(keys, o.Key); len(keys) == clearBatch {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return keys, err
}

var errEnough = errors.New("that is enough")

// Close closes the bucket.
func (s *Store) Close() error { return s.bucket.Close() }

// files are one tenant's; see storage.Files.
type files struct {
	bucket storage.Bucket
	tenant tenant.ID
}

// errForeign is a mistake of ours, or an attack that came this far: it is never shown.
var errForeign = errors.New("the key is none of the tenant's files")

// Create implements storage.Files.
func (f *files) Create(ctx context.Context, record id.ID, content io.Reader, limit int64) (storage.File, error) {
	if f.tenant.IsZero() || record.IsZero() {
		return storage.File{}, errForeign
	}
	key := storage.FilePrefix(f.tenant, record) + id.New().String()
	from := &source{content: content, hash: sha256.New(), limit: limit}
	err := f.bucket.Write(ctx, key, from)
	switch {
	case from.err != nil: // whatever the bucket makes of it
		return storage.File{}, from.err
	case err != nil:
		return storage.File{}, unreachable("store file", err)
	}
	return storage.File{Key: key, Size: from.size, SHA256: [sha256.Size]byte(from.hash.Sum(nil))}, nil
}

// Open implements storage.Files.
func (f *files) Open(ctx context.Context, record id.ID, key string) (io.ReadSeekCloser, error) {
	if owner, complete, ok := f.parse(key); !ok || !complete || owner != record {
		return nil, fault.Missing()
	}
	content, err := f.bucket.Open(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Missing()
	}
	if err != nil {
		return nil, unreachable("open file", err)
	}
	return content, nil
}

// unreachable is the failure of a bucket: a disk that is full or a service that is away, which the same request may find
// mended.
func unreachable(what string, cause error) error {
	return fault.Wrap(fault.Unavailable, "The place where files are kept can't be reached at the moment; try again.", fmt.Errorf("%s: %w", what, cause))
}

// Delete implements storage.Files.
func (f *files) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if _, _, ok := f.parse(key); !ok {
			return fmt.Errorf("delete file: %w", errForeign)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	if err := f.bucket.Delete(ctx, keys...); err != nil {
		return unreachable("delete files", err)
	}
	return nil
}

// List implements storage.Files. What somebody else put below the prefix is none of our files and left alone.
func (f *files) List(ctx context.Context, yield func(storage.StoredFile) error) error {
	if f.tenant.IsZero() {
		return errForeign
	}
	err := f.bucket.List(ctx, f.tenant.String()+"/files/", func(o storage.Object) error {
		record, _, ok := f.parse(o.Key)
		if !ok {
			return nil
		}
		return yield(storage.StoredFile{Record: record, Key: o.Key, Modified: o.Modified})
	})
	if err != nil {
		return fmt.Errorf("list files: %w", err)
	}
	return nil
}

// parse takes a key apart. It accepts exactly the keys that Create makes, of this tenant alone: no dots, no empty
// segments, no second way to write an id.
func (f *files) parse(key string) (record id.ID, complete, ok bool) {
	rest, ok := strings.CutPrefix(key, f.tenant.String()+"/files/")
	if !ok || f.tenant.IsZero() {
		return id.ID{}, false, false
	}
	owner, upload, ok := strings.Cut(rest, "/")
	if !ok {
		return id.ID{}, false, false
	}
	upload, part := strings.CutSuffix(upload, storage.PartSuffix)
	record, known := canonical(owner)
	_, uploaded := canonical(upload)
	return record, !part, known && uploaded
}

func canonical(text string) (id.ID, bool) {
	parsed, ok := id.Parse(text)
	return parsed, ok && !parsed.IsZero() && parsed.String() == text
}

// source hashes and counts what is read through it, and keeps its first error, which a bucket may wrap beyond
// recognition.
type source struct {
	content io.Reader
	hash    hash.Hash
	limit   int64
	size    int64
	err     error
}

func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.content.Read(p)
	s.size += int64(n)
	if s.size > s.limit {
		s.err = fault.New(fault.BodyTooLarge, "")
		return 0, s.err
	}
	_, _ = s.hash.Write(p[:n]) // never fails
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
