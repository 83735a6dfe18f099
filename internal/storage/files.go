package storage

import (
	"context"
	"crypto/sha256"
	"io"
	"time"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Files are the files that belong to one tenant's records. They are bound to the tenant when they are opened: no
// method takes one, and a key that lies outside of the tenant's prefix MUST be refused. Methods may be called
// concurrently.
//
// Every method: unavailable where the place that keeps the files fails.
//
// A file knows nothing of transactions. It is created before the transaction that makes a record name it and deleted
// after the one that makes the record forget it, so what no record names is an orphan, for the sweeper to find.
type Files interface {
	// Create stores what it reads from content under a key that was never used before, which begins with the
	// tenant's id and the record's. It MUST stream: memory does not grow with the file. body_too_large as soon as
	// content has more than limit bytes; an error of content is returned as it is. When Create fails, nothing is
	// left behind; when it returns nil, the file survives what a committed transaction survives.
	Create(ctx context.Context, record id.ID, content io.Reader, limit int64) (File, error)
	// Open returns the file's content: not_found where the key names no file of the record, whoever else's it may
	// be. The content must be closed. Where the file is deleted meanwhile, reading may fail.
	Open(ctx context.Context, record id.ID, key string) (io.ReadSeekCloser, error)
	// Delete removes the files. It MUST be idempotent: a file that is not there is no error. Nothing is removed
	// where one of the keys is not the tenant's, which is an error.
	Delete(ctx context.Context, keys ...string) error
	// List calls yield for each file of the tenant, in no order, and for what is left of uploads that were cut by
	// the death of the process, whose keys Delete takes as well. An error of yield ends the list and is returned.
	List(ctx context.Context, yield func(StoredFile) error) error
}

// File is a file that has been created.
type File struct {
	Key    string
	Size   int64
	SHA256 [sha256.Size]byte
}

// StoredFile is a file as a list has it. Modified is when it was complete, or, of one that never was, when its last
// byte can have come.
type StoredFile struct {
	Record   id.ID
	Key      string
	Modified time.Time
}

// FilePrefix is what the keys of a record's files begin with: the tenant's id, so that a bucket's own rules can be
// written per tenant, and the record's.
func FilePrefix(t tenant.ID, record id.ID) string {
	return t.String() + "/files/" + record.String() + "/"
}

// Bucket keeps objects by their keys, for all tenants. It is what has to be written for another kind of storage; Files
// is bound to a tenant on top of it. Keys are ids joined by slashes, never a client's text. Methods may be called
// concurrently.
type Bucket interface {
	// Write stores what it reads from content. The object MUST be there as a whole or not at all, for readers at
	// any moment and after the death of the process; when Write returns nil it survives that of the machine. No two
	// calls have the same key. Write MUST stream, and MUST leave nothing behind when content fails.
	Write(ctx context.Context, key string, content io.Reader) error
	// Open returns the object's content; fs.ErrNotExist where there is none. The content is closed by the caller.
	Open(ctx context.Context, key string) (io.ReadSeekCloser, error)
	// Delete removes objects; one that is not there is no error.
	Delete(ctx context.Context, keys ...string) error
	// List calls yield for each object whose key begins with the prefix, which ends in a slash, in no order. What
	// the death of the process left of a Write has the key with PartSuffix, and Delete takes that. An error of
	// yield ends the list and is returned.
	List(ctx context.Context, prefix string, yield func(Object) error) error
	// Close ends the use of the bucket.
	Close() error
}

// PartSuffix marks the keys of objects that are not complete.
const PartSuffix = ".part"

// Object is an object as a bucket's list has it; see StoredFile.
type Object struct {
	Key      string
	Modified time.Time
}
