package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strings"

	"github.com/tenantry/tenantry/internal/storage"
)

// Directory is the bucket on the local disk. All access goes through an os.Root: neither a key nor a link below it
// leads outside.
type Directory struct {
	root *os.Root
}

// OpenDirectory opens the directory and makes it where it is missing.
func OpenDirectory(dir string) (*Directory, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("directory for files: can't make %s; choose one that this user may write: %w", dir, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("directory for files: can't open %s: %w", dir, err)
	}
	return &Directory{root: root}, nil
}

// attempts is how often a directory is made anew that a deletion took away meanwhile.
const attempts = 100

// Write implements storage.Bucket. The content gets a name of its own until it is complete and on the disk; the
// rename then makes it appear as a whole.
func (d *Directory) Write(ctx context.Context, key string, content io.Reader) error {
	part := key + storage.PartSuffix
	file, err := d.create(part)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, &interruptible{ctx: ctx, content: content})
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = d.root.Rename(part, key)
	}
	if err == nil {
		err = d.syncAbove(key)
	}
	if err != nil {
		return errors.Join(err, d.Delete(context.WithoutCancel(ctx), part, key))
	}
	return nil
}

func (d *Directory) create(name string) (*os.File, error) {
	for try := 1; ; try++ {
		if err := d.root.MkdirAll(path.Dir(name), 0o700); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		file, err := d.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err == nil || !errors.Is(err, fs.ErrNotExist) || try == attempts {
			return file, err
		}
	}
}

// syncAbove makes the names of the object and of the directories above it survive a power cut.
func (d *Directory) syncAbove(key string) error {
	if runtime.GOOS == "windows" { // which can't, and keeps names in a journal
		return nil
	}
	for dir := path.Dir(key); ; dir = path.Dir(dir) {
		opened, err := d.root.Open(dir)
		if err != nil {
			return err
		}
		if err := errors.Join(opened.Sync(), opened.Close()); err != nil {
			return err
		}
		if dir == "." {
			return nil
		}
	}
}

// Open implements storage.Bucket.
func (d *Directory) Open(_ context.Context, key string) (io.ReadSeekCloser, error) {
	file, err := d.root.Open(key)
	if err != nil {
		return nil, err
	}
	return file, nil
}

// Delete implements storage.Bucket. Directories that become empty go as well, unless a Write is about to use it:
// a directory with something in it can't be removed.
func (d *Directory) Delete(ctx context.Context, keys ...string) error {
	var failed []error
	for _, key := range keys {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := d.root.Remove(key); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
			continue
		}
		for dir := path.Dir(key); dir != "." && d.root.Remove(dir) == nil; dir = path.Dir(dir) { // fails where there is more in it
		}
	}
	return errors.Join(failed...)
}

// List implements storage.Bucket.
func (d *Directory) List(ctx context.Context, prefix string, yield func(storage.Object) error) error {
	err := fs.WalkDir(d.root.FS(), strings.TrimSuffix(prefix, "/"), func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // deleted while we walk
			return nil
		}
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return yield(storage.Object{Key: name, Modified: info.ModTime()})
	})
	return err
}

// Close implements storage.Bucket.
func (d *Directory) Close() error { return d.root.Close() }

// interruptible is a reader that ends with its context.
type interruptible struct {
	ctx     context.Context //nolint:containedctx // io.Copy passes none on
	content io.Reader
}

func (r *interruptible) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.content.Read(p)
}
