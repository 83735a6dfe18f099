package scenario_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/storage/storagetest"
)

// memory is a bucket as a user may write one; it can be told to fail.
type memory struct {
	mu      sync.Mutex
	objects map[string][]byte
	err     error
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

func (m *memory) holds(t *testing.T, label string, want ...string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	var got []string
	for _, content := range m.objects {
		got = append(got, string(content))
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s: the bucket holds %q, want %q", label, got, want)
	}
}

func (m *memory) Write(ctx context.Context, key string, content io.Reader) error {
	all, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.err == nil {
		m.objects[key] = all
	}
	return m.err
}

func (m *memory) Open(_ context.Context, key string) (io.ReadSeekCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	content, found := m.objects[key]
	if !found {
		return nil, fs.ErrNotExist
	}
	return noted{bytes.NewReader(content)}, m.err
}

func (m *memory) Delete(_ context.Context, keys ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err == nil {
		for _, key := range keys {
			delete(m.objects, key)
		}
	}
	return m.err
}

func (m *memory) List(_ context.Context, prefix string, yield func(tenantry.Object) error) error {
	m.mu.Lock()
	keys := slices.Collect(maps.Keys(m.objects))
	m.mu.Unlock()
	for _, key := range keys {
		if strings.HasPrefix(key, prefix) {
			if err := yield(tenantry.Object{Key: key, Modified: time.Now()}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *memory) Close() error { return nil }

// noted is a reader of an object.
type noted struct{ *bytes.Reader }

func (noted) Close() error { return nil }

func TestMemory(t *testing.T) {
	t.Parallel()
	storagetest.RunBucket(t, func(*testing.T) storage.Bucket { return &memory{objects: map[string][]byte{}} })
}
