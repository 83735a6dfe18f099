package sqlite

import (
	"container/list"
	"context"
	"errors"
	"sync"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/tenant"
)

// files keeps the tenants' files that are open. At most max of them stay open while nobody uses them.
type files struct {
	open  func(context.Context, tenant.ID) (*database, error)
	close func(*database)
	max   int

	mu     sync.Mutex
	byID   map[tenant.ID]*file
	count  int        // of byID without those that are being closed
	idle   *list.List // of *file that nobody uses, the longest unused in front
	closed bool
	ending sync.WaitGroup // the files that are being closed
}

// file is one tenant's file. From the moment it is in files.byID until gone is closed, no other file of the tenant
// is opened: that is what keeps opening and closing apart.
type file struct {
	tenant tenant.ID
	uses   int
	place  *list.Element // in files.idle
	ready  chan struct{} // closed when db or err is set
	db     *database
	err    error
	gone   chan struct{} // not nil once it is being closed; closed when it is
}

var errClosed = errors.New("the engine is closed")

func newFiles(limit int, open func(context.Context, tenant.ID) (*database, error), end func(*database)) *files {
	return &files{open: open, close: end, max: limit, byID: map[tenant.ID]*file{}, idle: list.New()}
}

// acquire returns the tenant's file, opened, to be given back with release.
func (f *files) acquire(ctx context.Context, t tenant.ID) (*file, error) {
	for {
		one, first, wait, err := f.take(t)
		if err != nil {
			return nil, err
		}
		if wait != nil {
			select {
			case <-wait:
				continue
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		if first {
			// Others wait for this file as well: the end of this caller's context must not be their failure.
			one.db, one.err = f.open(context.WithoutCancel(ctx), t)
			close(one.ready)
		}
		select {
		case <-one.ready:
		case <-ctx.Done():
			f.release(one)
			return nil, ctx.Err()
		}
		if one.err != nil {
			f.release(one)
			return nil, one.err
		}
		return one, nil
	}
}

// take marks the tenant's file as used. The first to take it opens it; where one is being closed, the caller waits.
func (f *files) take(t tenant.ID) (one *file, first bool, wait <-chan struct{}, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, false, nil, errClosed
	}
	one = f.byID[t]
	if one == nil {
		one = &file{tenant: t, uses: 1, ready: make(chan struct{})}
		f.byID[t] = one
		f.count++
		f.shrink()
		return one, true, nil, nil
	}
	if one.gone != nil {
		return nil, false, one.gone, nil
	}
	if one.place != nil {
		f.idle.Remove(one.place)
		one.place = nil
	}
	one.uses++
	return one, false, nil, nil
}

// release gives a file back. It stays open for the next, unless there are too many or it never opened.
func (f *files) release(one *file) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one.uses--
	if one.uses > 0 {
		return
	}
	if f.closed || one.err != nil {
		f.end(one)
		return
	}
	one.place = f.idle.PushBack(one)
	f.shrink()
}

// drop closes the tenant's file and returns when it is closed; unavailable where somebody uses it.
func (f *files) drop(ctx context.Context, t tenant.ID) error {
	f.mu.Lock()
	one := f.byID[t]
	switch {
	case one == nil:
		f.mu.Unlock()
		return nil
	case one.uses > 0:
		f.mu.Unlock()
		return fault.New(fault.Unavailable, "The tenant's data is in use; try again.")
	}
	f.end(one)
	f.mu.Unlock()
	select {
	case <-one.gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// shrink closes the longest unused files while there are too many.
func (f *files) shrink() {
	for f.count > f.max && f.idle.Len() > 0 {
		if one, ok := f.idle.Front().Value.(*file); ok {
			f.end(one)
		}
	}
}

// end closes a file, aside, since that may write to the disk.
func (f *files) end(one *file) {
	if one.gone != nil {
		return
	}
	if one.place != nil {
		f.idle.Remove(one.place)
		one.place = nil
	}
	one.gone = make(chan struct{})
	f.count--
	f.ending.Go(func() {
		<-one.ready
		if one.db != nil {
			f.close(one.db)
		}
		f.mu.Lock()
		delete(f.byID, one.tenant)
		f.mu.Unlock()
		close(one.gone)
	})
}

// shut closes all files. A transaction that runs in one ends first; nothing new begins.
func (f *files) shut() {
	f.mu.Lock()
	f.closed = true
	for _, one := range f.byID {
		f.end(one)
	}
	f.mu.Unlock()
	f.ending.Wait()
}
