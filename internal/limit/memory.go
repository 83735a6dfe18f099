package limit

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

const (
	shards = 64
	// perShard times shards buckets are kept, at about 100 bytes each.
	perShard = 4096
	// sampled is how many buckets are looked at to find one to drop from a shard that is full.
	sampled = 16
)

// memory keeps buckets in this process.
type memory struct {
	clock func() time.Time
	start time.Time
	parts [shards]shard
}

type shard struct {
	mu      sync.Mutex
	full    map[Key]moment
	sweepAt int // how many buckets make it worth looking for those that are full again
}

func newMemory(clock func() time.Time) *memory {
	m := &memory{clock: clock, start: clock()}
	for i := range m.parts {
		m.parts[i] = shard{full: map[Key]moment{}, sweepAt: 64}
	}
	return m
}

// now counts from the start, so that it follows the monotonic clock where the clock has one.
func (m *memory) now() int64 { return m.clock().Sub(m.start).Microseconds() }

func (m *memory) shard(k Key) *shard { return &m.parts[int(k[0])%shards] }

// change applies what to all buckets in one step.
func (m *memory) change(what action, buckets []Bucket) {
	var room [8]int
	order := room[:0]
	for i := range buckets {
		order = append(order, int(buckets[i].Key[0])%shards)
	}
	// Always in the same order, so that two charges can't wait for each other.
	slices.Sort(order)
	order = slices.Compact(order)
	for _, i := range order {
		m.parts[i].mu.Lock()
	}
	now := m.now()
	m.apply(what, buckets, now)
	for _, i := range order {
		m.parts[i].mu.Unlock()
	}
}

// apply is change under the locks.
func (m *memory) apply(what action, buckets []Bucket, now int64) {
	for i := range buckets {
		b := &buckets[i]
		full := b.Rate.sane(m.shard(b.Key).at(b.Key, now), now)
		next, fits := b.Rate.charged(full, now)
		switch what {
		case charge:
			b.Allowed = fits
			b.stand(full, now)
			b.end = next
		case refund:
			back := b.Rate.refunded(full, b.end, now)
			m.shard(b.Key).put(b.Key, back, now)
			b.stand(back, now)
		case look:
			b.Allowed = fits
			b.stand(full, now)
		}
	}
	if what != charge || !allowed(buckets) {
		return
	}
	for i := range buckets {
		b := &buckets[i]
		m.shard(b.Key).put(b.Key, b.end, now)
		b.stand(b.end, now)
	}
}

// at returns when the bucket is full: now, where nobody has charged it lately.
func (s *shard) at(k Key, now int64) moment {
	full, known := s.full[k]
	if !known {
		return moment{now, 0}
	}
	return full
}

// put keeps a bucket, and makes room where there is none.
func (s *shard) put(k Key, full moment, now int64) {
	if full.micros <= now && full.rest == 0 {
		delete(s.full, k)
		return
	}
	if _, known := s.full[k]; !known && len(s.full) >= s.sweepAt {
		s.sweep(now)
	}
	s.full[k] = full
}

// sweep drops the buckets that are full again. A shard that stays too large drops some of those that are nearest to
// it: whoever has used up a limit can't be made forgotten by a crowd of newcomers.
func (s *shard) sweep(now int64) {
	for k, full := range s.full {
		if full.micros < now {
			delete(s.full, k)
		}
	}
	for len(s.full) > perShard-perShard/8 { // more than one, so that not every newcomer costs a sweep
		delete(s.full, s.nearest())
	}
	s.sweepAt = min(max(2*len(s.full), 64), perShard)
}

func (s *shard) nearest() Key {
	type entry struct {
		key  Key
		full moment
	}
	found := make([]entry, 0, sampled)
	for k, full := range s.full { // begins anywhere
		if found = append(found, entry{k, full}); len(found) == sampled {
			break
		}
	}
	return slices.MinFunc(found, func(a, b entry) int { return cmp.Compare(a.full.micros, b.full.micros) }).key
}
