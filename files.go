package tenantry

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/blob"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Bucket keeps the files of all tenants by keys that Tenantry makes. Directories are built in, files/s3 is a package of
// its own; see Config.Buckets.
type Bucket = storage.Bucket

// Object is an object in the list of a Bucket.
type Object = storage.Object

// OpenBucket opens the bucket that a URL names.
type OpenBucket = func(ctx context.Context, url string) (Bucket, error)

const (
	// sweepFirst is when orphans are looked for after the start, sweepEvery how often from then on.
	sweepFirst = time.Minute
	sweepEvery = time.Hour
	// openPatience is how long a bucket may take to answer at the start.
	openPatience = 30 * time.Second
)

// files are what a running service keeps files in.
type files struct {
	store *blob.Store
	stop  context.CancelFunc
	done  chan struct{}
}

// openFiles opens what the options name and begins to sweep. An application whose records have no files needs none.
func (s *Service) openFiles(ctx context.Context) error {
	if !s.hasContent() || s.files != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	bucket, err := openBucket(ctx, s.options, s.buckets)
	if err != nil {
		return err
	}
	sweeping, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.files = &files{store: blob.New(bucket), stop: stop, done: make(chan struct{})}
	go func() {
		defer close(s.files.done)
		s.sweepAlways(sweeping)
	}()
	return nil
}

func (s *Service) hasContent() bool {
	for _, op := range s.operations {
		if op.Resource != nil && !op.Resource.Content.IsZero() {
			return true
		}
	}
	return false
}

// openBucket opens what the options name. A directory is made where it is missing.
func openBucket(ctx context.Context, o Options, buckets map[string]OpenBucket) (Bucket, error) {
	if dir := filesDirectory(o); dir != "" {
		return blob.OpenDirectory(dir)
	}
	u, err := url.Parse(o.FilesURL)
	if err != nil { // whose text would repeat the URL
		return nil, errors.New("the URL of the files can't be read")
	}
	if open := buckets[u.Scheme]; open != nil {
		return open(ctx, o.FilesURL)
	}
	schemes := append([]string{"file:///DIR"}, slices.Sorted(maps.Keys(buckets))...)
	return nil, fmt.Errorf("the URL of the files begins with %q; this program takes %s", u.Scheme+":", strings.Join(schemes, ", "))
}

// filesDirectory returns the directory that holds the files, empty where it is something else that does.
func filesDirectory(o Options) string {
	if o.FilesURL == "" {
		return filepath.Join(o.DataDir, "tenants")
	}
	if u, err := url.Parse(o.FilesURL); err == nil && u.Scheme == "file" && u.Host == "" && u.Path != "" {
		return filepath.FromSlash(u.Path)
	}
	return ""
}

// tenantFiles returns the files of a tenant.
func (s *Service) tenantFiles(t tenant.ID) storage.Files { return s.files.store.Files(t) }

// closeFiles ends the sweeping and the use of the files.
func (s *Service) closeFiles() error {
	if s.files == nil {
		return nil
	}
	s.files.stop()
	<-s.files.done
	return s.files.store.Close()
}

func (s *Service) sweepAlways(ctx context.Context) {
	for wait := sweepFirst; ; wait = sweepEvery {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		removed, err := s.Sweep(ctx)
		if removed > 0 {
			s.logger.InfoContext(ctx, "removed files that no record names", "files", removed)
		}
		if err != nil && ctx.Err() == nil {
			s.logger.WarnContext(ctx, "could not look for files that no record names everywhere", "cause", err)
		}
	}
}

// sweepTenants is how many tenants are read at once.
const sweepTenants = 100

// Sweep removes files that no record names, such as those of uploads that the death of a process cut between the file
// and its record, and returns how many there were. A running service does so by itself every hour.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	if s.files == nil {
		return 0, nil
	}
	removed := 0
	var failed []error
	var after tenant.ID
	for {
		page, err := s.accounts.Tenants(ctx, after, sweepTenants)
		if err != nil {
			return removed, errors.Join(append(failed, err)...)
		}
		for _, t := range page {
			n, err := s.resources.Sweep(ctx, t.ID, s.accounts.Pass(t.ID))
			removed += n
			if err != nil {
				failed = append(failed, fmt.Errorf("tenant %s: %w", t.ID, err))
			}
			after = t.ID
		}
		if len(page) < sweepTenants || ctx.Err() != nil {
			return removed, errors.Join(failed...)
		}
	}
}
