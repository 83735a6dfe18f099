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
	// Timeout is how long the Redis may take for one call, by default 50 ms; Pause how long it is left alone after a
	// failure, by default 3 s.
	Timeout, Pause time.Duration
	// Logger is told when the Redis can't be reached, and when it can again; by default nobody.
	Logger *slog.Logger
}

// Limiter charges buckets. Its methods may be called concurrently.
type Limiter struct {
	own     *memory
	shared  *server // nil: every node counts for itself
	breaker breaker
	logger  *slog.Logger
}

// New returns a Limiter. It reaches for nothing yet: a Redis that is down is no reason not to start.
func New(c Config) (*Limiter, error) {
	l := &Limiter{own: newMemory(c.Clock), breaker: breaker{clock: c.Clock, start: c.Clock(), pause: c.Pause}, logger: c.Logger}
	if l.logger == nil {
		l.logger = slog.New(slog.DiscardHandler)
	}
	if l.breaker.pause <= 0 {
		l.breaker.pause = 3 * time.Second
	}
	if c.RedisURL == "" {
		return l, nil
	}
	var err error
	if l.shared, err = newServer(c.RedisURL, c.Timeout); err != nil {
		return nil, fmt.Errorf("limit: %w", err)
	}
	return l, nil
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
	if !l.breaker.closed() {
		return false
	}
	if err := l.shared.change(ctx, what, buckets); err != nil {
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

// closed reports whether the server may be asked. Once the pause is over, one caller is told so and all others wait
// for how that goes.
func (b *breaker) closed() bool {
	until := b.until.Load()
	if until == 0 {
		return true
	}
	now := b.now()
	return now >= until && b.until.CompareAndSwap(until, now+int64(b.pause))
}

// open begins a pause and reports whether all was well before.
func (b *breaker) open() bool {
	return b.until.Swap(max(b.now()+int64(b.pause), 1)) == 0
}

// close ends the pause and reports whether there was one.
func (b *breaker) close() bool {
	return b.until.Load() != 0 && b.until.Swap(0) != 0
}
