package limit

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// Config says where a Limiter keeps its buckets.
type Config struct {
	// Clock is required. Times of the clock should keep the monotonic reading of time.Now.
	Clock func() time.Time
	// RedisURL is a Redis or Valkey that several nodes share: redis://, rediss:// or unix://. Empty: this process.
	RedisURL string
	// Timeout is how long a Redis that has worked may take for one call, by default 1 s: in a crowd on a busy machine
	// it is we who are late, and a call that is given up lets more through than the limit. Behind a failure the Redis
	// is left alone for Pause, by default 3 s, and then has Probe, by default 50 ms, to show that it works again.
	Timeout, Probe, Pause time.Duration
	// Logger is told when the Redis can't be reached, and when it can again; by default nobody.
	Logger *slog.Logger
}

// Limiter charges buckets. Its methods may be called concurrently.
type Limiter struct {
	own     *memory
	shared  *server // nil: every node counts for itself
	breaker breaker
	logger  *slog.Logger

	timeout, probe time.Duration
}

// New returns a Limiter. It reaches for nothing yet: a Redis that is down is no reason not to start.
func New(c Config) (*Limiter, error) {
	l := &Limiter{own: newMemory(c.Clock), breaker: breaker{clock: c.Clock, start: c.Clock(), pause: c.Pause}, logger: c.Logger}
	if l.logger == nil {
		l.logger = slog.New(slog.DiscardHandler)
	}
	l.timeout, l.probe = positive(c.Timeout, time.Second), positive(c.Probe, 50*time.Millisecond)
	l.breaker.pause = positive(c.Pause, 3*time.Second)
	if c.RedisURL == "" {
		return l, nil
	}
	var err error
	if l.shared, err = newServer(c.RedisURL, l.timeout); err != nil {
		return nil, fmt.Errorf("limit: %w", err)
	}
	return l, nil
}

func positive(d, usual time.Duration) time.Duration {
	if d <= 0 {
		return usual
	}
	return d
}

// Close ends the connections to the Redis.
func (l *Limiter) Close() error {
	if l.shared == nil {
		return nil
	}
	return l.shared.close()
}

// action is what is done to buckets.
type action uint8

const (
	charge action = iota
	refund
	look
)

// Charge takes one from each bucket where all of them have room, from none otherwise, and reports which it was. Every
// bucket notes how it stands.
func (l *Limiter) Charge(ctx context.Context, buckets []Bucket) bool {
	l.change(ctx, charge, buckets)
	return allowed(buckets)
}

// Refund gives back what a Charge took from the same buckets, less what has flowed back since.
func (l *Limiter) Refund(ctx context.Context, buckets []Bucket) { l.change(ctx, refund, buckets) }

// Look notes how the buckets stand and takes nothing.
func (l *Limiter) Look(ctx context.Context, buckets []Bucket) { l.change(ctx, look, buckets) }

func (l *Limiter) change(ctx context.Context, what action, buckets []Bucket) {
	switch {
	case len(buckets) == 0:
	case what == refund && l.shared != nil:
		l.giveBack(ctx, buckets)
	case l.shared == nil || !l.share(ctx, what, buckets):
		l.own.change(what, buckets)
		mark(buckets, false)
	default:
		mark(buckets, true)
	}
}

// giveBack refunds where the charge was: the two stores have nothing to do with each other. What was charged in a
// Redis that is out of reach since stays charged.
func (l *Limiter) giveBack(ctx context.Context, buckets []Bucket) {
	if buckets[0].shared {
		l.share(ctx, refund, buckets)
		return
	}
	l.own.change(refund, buckets)
}

func mark(buckets []Bucket, shared bool) {
	for i := range buckets {
		buckets[i].shared = shared
	}
}

// share does it in the Redis, and reports whether that went well.
func (l *Limiter) share(ctx context.Context, what action, buckets []Bucket) bool {
	// In a crowd, waiting for each other is not the server's failure. Whoever has waited while it failed need not try.
	l.shared.turns <- struct{}{}
	defer func() { <-l.shared.turns }()
	ask, broken := l.breaker.ask()
	if !ask {
		return false
	}
	timeout := l.timeout
	if broken {
		timeout = l.probe
	}
	if err := l.shared.change(ctx, timeout, what, buckets); err != nil {
		if l.breaker.open() {
			l.logger.WarnContext(ctx, "limits can't be shared: each node counts for itself until the Redis answers again", "error", err)
		}
		return false
	}
	if l.breaker.close() {
		l.logger.InfoContext(ctx, "limits are shared again")
	}
	return true
}

// breaker keeps requests from waiting for a server that is known to be down.
type breaker struct {
	clock func() time.Time
	start time.Time
	pause time.Duration
	until atomic.Int64 // nanoseconds from start: when to try again; 0 while all is well
}

func (b *breaker) now() int64 { return int64(b.clock().Sub(b.start)) }

// ask reports whether the server may be asked, and whether it was broken when last seen. Once the pause is over, one
// caller may ask, and all others wait for how that goes.
func (b *breaker) ask() (may, broken bool) {
	until := b.until.Load()
	if until == 0 {
		return true, false
	}
	now := b.now()
	return now >= until && b.until.CompareAndSwap(until, now+int64(b.pause)), true
}

// open begins a pause and reports whether all was well before.
func (b *breaker) open() bool {
	return b.until.Swap(max(b.now()+int64(b.pause), 1)) == 0
}

// close ends the pause and reports whether there was one.
func (b *breaker) close() bool {
	return b.until.Load() != 0 && b.until.Swap(0) != 0
}
