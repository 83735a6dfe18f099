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

// TestOneCallersContextIsNotTheOthersFailure ends the context of the caller who opens a file for another as well.
func TestOneCallersContextIsNotTheOthersFailure(t *testing.T) {
	t.Parallel()
	opening, goOn := make(chan struct{}), make(chan struct{})
	f := newFiles(2, func(ctx context.Context, one tenant.ID) (*database, error) {
		close(opening)
		<-goOn
		return &database{path: one.String()}, ctx.Err()
	}, func(*database) {})
	one := tenant.NewID()
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	acquire := func(ctx context.Context, answer chan<- error) {
		file, err := f.acquire(ctx, one)
		if err == nil {
			f.release(file)
		}
		answer <- err
	}
	go acquire(ctx, first)
	<-opening
	go acquire(t.Context(), second)
	for uses := 0; uses < 2; { // until the second waits
		f.mu.Lock()
		uses = f.byID[one].uses
		f.mu.Unlock()
	}
	cancel()
	close(goOn)
	if err := <-second; err != nil {
		t.Errorf("the second caller got the error %v", err)
	}
	if err := <-first; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("the first caller got the error %v", err)
	}
}

func TestAWaiterStopsWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	opening, goOn := make(chan struct{}), make(chan struct{})
	f := newFiles(2, func(context.Context, tenant.ID) (*database, error) {
		close(opening)
		<-goOn
		return &database{}, nil
	}, func(*database) {})
	one := tenant.NewID()
	done := make(chan *file, 1)
	go func() {
		file, err := f.acquire(t.Context(), one)
		if err != nil {
			t.Errorf("acquire: %v", err)
		}
		done <- file
	}()
	<-opening
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.acquire(ctx, one); !errors.Is(err, context.Canceled) {
		t.Errorf("got the error %v", err)
	}
	close(goOn)
	file := <-done
	if file.uses != 1 {
		t.Errorf("the file is used %d times, want once", file.uses)
	}
	f.release(file)
	f.shut()
	if _, err := f.acquire(t.Context(), one); !errors.Is(err, errClosed) {
		t.Errorf("got the error %v, want that the engine is closed", err)
	}
}
