package sqlite

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/tenant"
)

// tracker stands in for the disk: it fails the test where one tenant's file is opened twice, closed while it is not
// open, or used while it is closed.
type tracker struct {
	t     *testing.T
	mu    sync.Mutex
	open  map[string]bool
	count int
	peak  int
	fail  error
}

func (k *tracker) opener(_ context.Context, t tenant.ID) (*database, error) {
	time.Sleep(time.Duration(rand.IntN(200)) * time.Microsecond)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fail != nil {
		return nil, k.fail
	}
	if k.open[t.String()] {
		k.t.Errorf("the file of %s is opened twice", t)
	}
	k.open[t.String()] = true
	k.count++
	k.peak = max(k.peak, k.count)
	return &database{path: t.String()}, nil
}

func (k *tracker) closer(d *database) {
	time.Sleep(time.Duration(rand.IntN(200)) * time.Microsecond)
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.open[d.path] {
		k.t.Errorf("the file of %s is closed and was not open", d.path)
	}
	k.open[d.path] = false
	k.count--
}

func (k *tracker) isOpen(t tenant.ID) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.open[t.String()]
}

func newTracked(t *testing.T, limit int) (*files, *tracker) {
	t.Helper()
	k := &tracker{t: t, open: map[string]bool{}}
	return newFiles(limit, k.opener, k.closer), k
}

func TestFilesAreOpenedAndClosedOneAfterTheOther(t *testing.T) {
	t.Parallel()
	const limit, workers = 3, 8
	f, k := newTracked(t, limit)
	tenants := make([]tenant.ID, 10)
	for i := range tenants {
		tenants[i] = tenant.NewID()
	}
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for range 300 {
				one := tenants[rand.IntN(len(tenants))]
				file, err := f.acquire(t.Context(), one)
				if err != nil {
					t.Errorf("acquire: %v", err)
					return
				}
				if !k.isOpen(one) || file.db.path != one.String() {
					t.Error("a file is used that is not open")
				}
				f.release(file)
			}
		})
	}
	all.Wait()
	f.shut()
	if k.count != 0 {
		t.Errorf("%d files are left open", k.count)
	}
	if k.peak > limit+workers+len(tenants) {
		t.Errorf("%d files were open at once", k.peak)
	}
}

func TestTheLongestUnusedFileIsClosedAndNoneInUse(t *testing.T) {
	t.Parallel()
	f, k := newTracked(t, 2)
	acquire := func(one tenant.ID) *file {
		t.Helper()
		file, err := f.acquire(t.Context(), one)
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	used, first, second := tenant.NewID(), tenant.NewID(), tenant.NewID()
	kept := acquire(used)
	f.release(acquire(first))
	f.release(acquire(second))
	f.ending.Wait()
	if !k.isOpen(used) || k.isOpen(first) || !k.isOpen(second) {
		t.Errorf("open: used %v, first %v, second %v; want the used and the second", k.isOpen(used), k.isOpen(first), k.isOpen(second))
	}
	f.release(kept)
	f.release(acquire(first))
	f.ending.Wait()
	if !k.isOpen(used) || !k.isOpen(first) || k.isOpen(second) {
		t.Errorf("open: used %v, first %v, second %v; want the used and the first", k.isOpen(used), k.isOpen(first), k.isOpen(second))
	}
}

func TestAFileThatDoesNotOpenIsTriedAgain(t *testing.T) {
	t.Parallel()
	f, k := newTracked(t, 2)
	k.fail = errors.New("no")
	one := tenant.NewID()
	if _, err := f.acquire(t.Context(), one); !errors.Is(err, k.fail) {
		t.Fatalf("got the error %v", err)
	}
	f.ending.Wait()
	k.mu.Lock()
	k.fail = nil
	k.mu.Unlock()
	file, err := f.acquire(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	f.release(file)
}

func TestOneCallersContextIsNotTheOthersFailure(t *testing.T) {
	t.Parallel()
	f, k := newTracked(t, 2)
	one := tenant.NewID()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.acquire(ctx, one); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatalf("got the error %v", err)
	}
	file, err := f.acquire(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	if !k.isOpen(one) {
		t.Error("the file is not open")
	}
	f.release(file)
	f.shut()
	if _, err := f.acquire(t.Context(), one); !errors.Is(err, errClosed) {
		t.Errorf("got the error %v, want that the engine is closed", err)
	}
}
