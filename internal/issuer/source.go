package issuer

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
)

const (
	// pause is how long after an unknown key led to a fetch no other one does.
	pause = 30 * time.Second
	// patience is how long a request waits for a fetch.
	patience = 3 * time.Second
	// memory is how long keys are good that the issuer could not be asked about any more.
	memory = 24 * time.Hour
	// firstRetry is how long after a failure the issuer is asked again; it doubles each time, up to pause.
	firstRetry = time.Second
)

// source has the keys of one issuer. One goroutine does all fetching, so that no two can overlap.
type source struct {
	issuer  *Issuer
	client  *http.Client
	clock   func() time.Time
	log     *slog.Logger
	refresh time.Duration

	known atomic.Pointer[keySet]
	// tried is closed when the issuer has been asked for the first time, however that ended.
	tried chan struct{}
	// asks are the fetches that requests wait for; there is at most one.
	asks chan *ask

	mu     sync.Mutex // guards what follows
	asking *ask
	asked  time.Time
}

// ask is a fetch because of an unknown key.
type ask struct {
	done chan struct{}
	err  error
}

// run keeps the keys fresh until the context ends.
func (s *source) run(ctx context.Context) {
	failing, wait := false, firstRetry
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case a := <-s.asks:
			a.err = s.readKeys(ctx, s.known.Load().address)
			s.answered(a)
		case <-timer.C:
			err := s.readAll(ctx)
			if ctx.Err() != nil {
				return
			}
			if failing != (err != nil) {
				failing = err != nil
				s.report(ctx, err)
			}
			s.firstTried()
			if err == nil {
				wait = firstRetry
				timer.Reset(s.refresh)
				continue
			}
			timer.Reset(wait)
			wait = min(2*wait, pause)
		}
	}
}

func (s *source) firstTried() {
	select {
	case <-s.tried:
	default:
		close(s.tried)
	}
}

func (s *source) report(ctx context.Context, err error) {
	if err != nil {
		s.log.WarnContext(ctx, "the keys of an issuer can't be read; tokens are checked by those that are known", "issuer", s.issuer.URL, "error", err)
		return
	}
	s.log.InfoContext(ctx, "the keys of an issuer are read again", "issuer", s.issuer.URL)
}

// readAll asks where the keys are, and reads them.
func (s *source) readAll(ctx context.Context) error {
	address, err := s.discover(ctx)
	if err != nil {
		return err
	}
	return s.readKeys(ctx, address)
}

func (s *source) readKeys(ctx context.Context, address string) error {
	asked := s.clock()
	document, err := s.fetch(ctx, address)
	if err != nil {
		return err
	}
	keys, err := parseKeys(document, s.issuer.Algorithms)
	if err != nil {
		return err
	}
	next := &keySet{keys: keys, address: address, confirmed: asked}
	if former := s.known.Load(); former != nil {
		next.epoch = former.epoch
		if slices.EqualFunc(former.keys, keys, sameKey) {
			s.known.Store(next)
			return nil
		}
		next.epoch++
	}
	s.known.Store(next)
	s.log.InfoContext(ctx, "the keys of an issuer were read", "issuer", s.issuer.URL, "keys", len(keys))
	return nil
}

// current returns the keys that count now; unavailable where there are none yet, or none any more.
func (s *source) current(ctx context.Context) (*keySet, error) {
	set := s.known.Load()
	if set == nil {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		select {
		case <-s.tried:
		case <-ctx.Done():
		}
		set = s.known.Load()
	}
	if set == nil || s.clock().Sub(set.confirmed) > memory {
		return nil, unavailable(errNoKeys)
	}
	return set, nil
}

// again returns the keys after another fetch, because of a key that the former ones don't have. It returns those
// where the last such fetch is not long ago.
func (s *source) again(ctx context.Context, former *keySet) (*keySet, error) {
	a := s.ask()
	if a == nil {
		return former, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-a.done:
	case <-ctx.Done():
		return nil, unavailable(errSlow)
	}
	if a.err != nil {
		return nil, unavailable(a.err)
	}
	return s.known.Load(), nil
}

// ask joins the fetch that is under way or begins one, nil where it is too early for that.
func (s *source) ask() *ask {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	if s.asking == nil && (s.asked.IsZero() || now.Sub(s.asked) >= pause) {
		s.asking, s.asked = &ask{done: make(chan struct{})}, now
		s.asks <- s.asking // has room: there is no other
	}
	return s.asking
}

func (s *source) answered(a *ask) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asking = nil
	close(a.done)
}

// unavailable is the error of a token that can't be checked at the moment.
func unavailable(cause error) error {
	err := fault.Wrap(fault.Unavailable, "The token's issuer can't be asked for its keys at the moment; try again.", cause)
	err.RetryAfter = 2 * time.Second
	return err
}

var (
	errNoKeys = errors.New("the keys of the issuer are not known")
	errSlow   = errors.New("the issuer takes too long to answer")
)
