package limit

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Key names a bucket. Keys are hashes: they say nothing about whom they stand for, and have one length.
type Key [16]byte

// NewKey returns the key of what the parts name together. Each part goes in with its length, so that no two lists of
// parts have one key: neither a tenant's name nor a username can reach into a bucket that is not its own.
func NewKey(parts ...string) Key {
	var room [256]byte
	text := room[:0]
	for _, part := range parts {
		text = binary.AppendUvarint(text, uint64(len(part)))
		text = append(text, part...)
	}
	sum := sha256.Sum256(text)
	return Key(sum[:16])
}

// Bucket is one allowance of somebody, and how it stood after the last call with it.
type Bucket struct {
	Key  Key
	Rate Rate // never unlimited: what has no limit has no bucket

	// Allowed says that this bucket had room for the charge.
	Allowed bool
	// Remaining is how many more charges there is room for.
	Remaining int64
	// Next is how long it takes until there is room for one more; 0 where the bucket is full.
	Next time.Duration

	// What a refund has to know of its charge: when the bucket was full again behind it, and whose clock that was.
	end    moment
	shared bool
}

// stand notes how the bucket stands.
func (b *Bucket) stand(full moment, now int64) {
	b.end = full
	b.Remaining, b.Next = b.Rate.left(full, now)
}

// allowed reports whether all buckets had room.
func allowed(buckets []Bucket) bool {
	for i := range buckets {
		if !buckets[i].Allowed {
			return false
		}
	}
	return true
}
