package limit

import (
	"strconv"
	"testing"
	"time"
)

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	m := newMemory(func() time.Time { return now })
	count := func() (n int) {
		for i := range m.parts {
			n += len(m.parts[i].full)
		}
		return n
	}
	add := func(name string, n int) {
		for i := range n {
			m.change(charge, []Bucket{{Key: NewKey(name, strconv.Itoa(i)), Rate: Rate{10, time.Second}}})
		}
	}
	add("a", 2*shards*perShard)
	if got := count(); got > shards*perShard || got < shards*perShard/2 {
		t.Errorf("%d buckets are kept, of %d at most", got, shards*perShard)
	}
	now = now.Add(time.Minute) // all are full again
	add("b", shards*perShard)
	if got := count(); got > shards*perShard {
		t.Errorf("%d buckets are kept", got)
	}
	now = now.Add(time.Minute)
	add("c", 10_000)
	add("d", 100_000)
	if got := count(); got > 150_000 {
		t.Errorf("%d buckets are kept where 110,000 are in use", got)
	}
}
