// Package s3 keeps files in a bucket of Amazon S3 or of anything that speaks its protocol. A program that wants it
// hands Open to tenantry.Config; who doesn't import this package doesn't link the client.
package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/tenantry/tenantry/internal/storage"
)

// partSize is how much of a file is sent, and held in memory, at once: the least that S3 takes.
const partSize = 5 << 20

// maxUpload is the longest that an upload can take. Of one that was cut by the death of the process S3 knows only when
// it began.
const maxUpload = 24 * time.Hour

// Open returns the bucket that a URL names: s3://BUCKET/PREFIX, with the parameters endpoint (a URL, by default Amazon's),
// region and path_style (true for servers that don't take the bucket as a host name). Credentials come from where the
// AWS tools find them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, ~/.aws/credentials, or the machine's role.
func Open(ctx context.Context, address string) (storage.Bucket, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("s3: the URL can't be read") // the parser's own error would repeat it
	}
	b, err := parse(u)
	if err != nil {
		return nil, err
	}
	found, err := b.client.BucketExists(ctx, b.name)
	if err != nil {
		return nil, fmt.Errorf("s3: look for bucket %s: %w", b.name, err)
	}
	if !found {
		return nil, fmt.Errorf("s3: there is no bucket %s", b.name)
	}
	return b, nil
}

func parse(u *url.URL) (*bucket, error) {
	if u.Scheme != "s3" || u.Host == "" || u.User != nil {
		return nil, errors.New("s3: the URL is not of the form s3://BUCKET/PREFIX; credentials don't belong into it")
	}
	endpoint, options := "https://s3.amazonaws.com", minio.Options{Creds: credentials.NewChainCredentials([]credentials.Provider{
		&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{},
	})}
	for name, values := range u.Query() {
		switch value := values[0]; name {
		case "endpoint":
			endpoint = value
		case "region":
			options.Region = value
		case "path_style":
			on, err := strconv.ParseBool(value)
			if err != nil {
				return nil, errors.New("s3: path_style takes true or false")
			}
			if on {
				options.BucketLookup = minio.BucketLookupPath
			}
		default:
			return nil, fmt.Errorf("s3: the URL takes endpoint, region and path_style, not %q", name)
		}
	}
	at, err := url.Parse(endpoint)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" || strings.Trim(at.Path, "/") != "" {
		return nil, errors.New("s3: endpoint takes a URL such as https://s3.example.com")
	}
	options.Secure = at.Scheme == "https"
	client, err := minio.New(at.Host, &options)
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	prefix := strings.Trim(u.Path, "/")
	if prefix != "" {
		prefix += "/"
	}
	return &bucket{client: client, name: u.Host, prefix: prefix}, nil
}

// bucket implements storage.Bucket.
type bucket struct {
	client *minio.Client
	name   string
	prefix string
}

// Write implements storage.Bucket. A small object is one request; a larger one is sent part by part, and appears with
// the last.
func (b *bucket) Write(ctx context.Context, key string, content io.Reader) error {
	from := &unambiguous{content: content}
	var first bytes.Buffer
	_, err := io.CopyN(&first, from, partSize)
	size := int64(first.Len())
	var whole io.Reader = &first
	switch {
	case err == nil: // there may be more
		whole, size = io.MultiReader(&first, from), -1
	case !errors.Is(err, io.EOF):
		return err
	}
	_, err = b.client.PutObject(ctx, b.name, b.prefix+key, whole, size, minio.PutObjectOptions{
		PartSize: partSize, ContentType: "application/octet-stream",
	})
	return err
}

// unambiguous hides what the client would take for a good end: it stores what it has where a reader reports
// io.ErrUnexpectedEOF, which is what a body that broke off reports.
type unambiguous struct{ content io.Reader }

type contentError struct{ cause error }

func (e *contentError) Error() string { return "read the content: " + e.cause.Error() }
func (e *contentError) Unwrap() error { return e.cause }

func (u *unambiguous) Read(p []byte) (int, error) {
	n, err := u.content.Read(p)
	if err != nil && err != io.EOF {
		err = &contentError{err}
	}
	return n, err
}

// Open implements storage.Bucket.
func (b *bucket) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	object, err := b.client.GetObject(ctx, b.name, b.prefix+key, minio.GetObjectOptions{})
	if err != nil {
		return nil, err
	}
	if _, err := object.Stat(); err != nil {
		_ = object.Close()
		if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
			return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
		}
		return nil, err
	}
	return object, nil
}

// Delete implements storage.Bucket.
func (b *bucket) Delete(ctx context.Context, keys ...string) error {
	var failed []error
	whole := func(yield func(minio.ObjectInfo) bool) {
		for _, key := range keys {
			if name, part := strings.CutSuffix(key, storage.PartSuffix); part {
				failed = append(failed, b.client.RemoveIncompleteUpload(ctx, b.name, b.prefix+name))
			} else if !yield(minio.ObjectInfo{Key: b.prefix + key}) {
				return
			}
		}
	}
	results, err := b.client.RemoveObjectsWithIter(ctx, b.name, whole, minio.RemoveObjectsOptions{})
	if err != nil {
		return err
	}
	for result := range results {
		if result.Err != nil && minio.ToErrorResponse(result.Err).Code != minio.NoSuchKey {
			failed = append(failed, result.Err)
		}
	}
	return errors.Join(append(failed, ctx.Err())...)
}

// List implements storage.Bucket.
func (b *bucket) List(ctx context.Context, prefix string, yield func(storage.Object) error) error {
	ctx, cancel := context.WithCancel(ctx) // ends what the client still runs when yield ends the list
	defer cancel()
	for o := range b.client.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Prefix: b.prefix + prefix, Recursive: true}) {
		if o.Err != nil {
			return o.Err
		}
		if err := yield(storage.Object{Key: strings.TrimPrefix(o.Key, b.prefix), Modified: o.LastModified}); err != nil {
			return err
		}
	}
	for o := range b.client.ListIncompleteUploads(ctx, b.name, b.prefix+prefix, true) {
		if o.Err != nil {
			return o.Err
		}
		key := strings.TrimPrefix(o.Key, b.prefix) + storage.PartSuffix
		if err := yield(storage.Object{Key: key, Modified: o.Initiated.Add(maxUpload)}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Close implements storage.Bucket.
func (*bucket) Close() error { return nil }
