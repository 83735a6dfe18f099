package limit_test

import (
	"context"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/limit"
)

// hands is a clock that a test moves.
type hands struct{ nanos atomic.Int64 }

func (h *hands) now() time.Time           { return time.Unix(0, h.nanos.Load()) }
func (h *hands) forward(by time.Duration) { h.nanos.Add(int64(by)) }

func inMemory(tb testing.TB) (*limit.Limiter, *hands) {
	tb.Helper()
	clock := &hands{}
	l, err := limit.New(limit.Config{Clock: clock.now})
	if err != nil {
		tb.Fatal(err)
	}
	return l, clock
}

func bucket(rate string, parts ...string) limit.Bucket {
	r, err := limit.ParseRate(rate)
	if err != nil {
		panic(err)
	}
	return limit.Bucket{Key: limit.NewKey(parts...), Rate: r}
}

// charge charges one bucket once.
func charge(tb testing.TB, l *limit.Limiter, b *limit.Bucket) bool {
	tb.Helper()
	one := []limit.Bucket{*b}
	ok := l.Charge(tb.Context(), one)
	*b = one[0]
	return ok
}

// naive is the algorithm in fractions, as a textbook has it.
type naive struct {
	full *big.Rat // when the bucket is full, in microseconds
	rate limit.Rate
}

func (n *naive) unit() *big.Rat { return big.NewRat(n.rate.Per.Microseconds(), n.rate.Count) }

func (n *naive) charge(now int64) bool {
	at := new(big.Rat).SetInt64(now)
	full := new(big.Rat).Set(at)
	if n.full != nil && n.full.Cmp(at) > 0 {
		full.Set(n.full)
	}
	next := full.Add(full, n.unit())
	if new(big.Rat).Sub(next, at).Cmp(new(big.Rat).SetInt64(n.rate.Per.Microseconds())) > 0 {
		return false
	}
	n.full = next
	return true
}

// left counts what fits and how long the next takes, by trying.
func (n *naive) left(now int64) (int64, time.Duration) {
	at, per := new(big.Rat).SetInt64(now), new(big.Rat).SetInt64(n.rate.Per.Microseconds())
	slack := new(big.Rat).Sub(new(big.Rat).Add(at, per), n.full)
	whole := new(big.Rat).Quo(slack, n.unit())
	count := new(big.Int).Quo(whole.Num(), whole.Denom()).Int64()
	if count >= n.rate.Count {
		return n.rate.Count, 0
	}
	missing := new(big.Rat).Mul(big.NewRat(count+1, 1), n.unit())
	missing.Sub(missing, slack)
	micros := new(big.Int).Add(missing.Num(), new(big.Int).Sub(missing.Denom(), big.NewInt(1)))
	return count, time.Duration(micros.Quo(micros, missing.Denom()).Int64()) * time.Microsecond
}

func TestAgainstFractions(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		rate := limit.Rate{Count: 1 + random.Int64N(1+random.Int64N(limit.MaxCount)), Per: time.Duration(1+random.Int64N(31*86400)) * time.Second}
		if round%2 == 0 {
			rate = limit.Rate{Count: 1 + random.Int64N(20), Per: time.Duration(1+random.Int64N(100)) * time.Second}
		}
		l, clock := inMemory(t)
		b := limit.Bucket{Key: limit.NewKey("x"), Rate: rate}
		model := &naive{rate: rate}
		for step := range 60 {
			now := clock.nanos.Load() / 1000
			got, want := charge(t, l, &b), model.charge(now)
			if got != want || b.Allowed != want {
				t.Fatalf("%s, step %d: allowed %v, want %v", rate, step, got, want)
			}
			if count, next := model.left(now); b.Remaining != count || b.Next != next {
				t.Fatalf("%s, step %d: %d left and %s, want %d and %s", rate, step, b.Remaining, b.Next, count, next)
			}
			if random.IntN(3) == 0 {
				clock.forward(time.Duration(random.Int64N(1+rate.Per.Microseconds()/rate.Count*2)) * time.Microsecond)
			}
		}
	}
}

// TestTheWaitIsEnoughAndNotTooMuch waits exactly as long as a refused client is told.
func TestTheWaitIsEnoughAndNotTooMuch(t *testing.T) {
	t.Parallel()
	for _, rate := range []string{"3/s", "7/h", "1/s", "100/h", "999999937/31d", "1000000/s"} {
		l, clock := inMemory(t)
		b := bucket(rate, "x")
		for range min(b.Rate.Count, 1000) {
			charge(t, l, &b)
		}
		if b.Rate.Count > 1000 {
			continue
		}
		if charge(t, l, &b) || b.Remaining != 0 || b.Next <= 0 {
			t.Fatalf("%s: one more is allowed, or there is no wait: %+v", rate, b)
		}
		clock.forward(b.Next - time.Microsecond)
		if charge(t, l, &b) || b.Next != time.Microsecond {
			t.Errorf("%s: allowed before the time, or %s more", rate, b.Next)
		}
		clock.forward(b.Next)
		if !charge(t, l, &b) {
			t.Errorf("%s: refused after the wait", rate)
		}
		clock.forward(b.Rate.Per)
		if l.Look(t.Context(), []limit.Bucket{b}); !charge(t, l, &b) || b.Remaining != b.Rate.Count-1 {
			t.Errorf("%s: not full after its period: %+v", rate, b)
		}
	}
}

func TestAllBucketsOrNone(t *testing.T) {
	t.Parallel()
	l, _ := inMemory(t)
	few, many := bucket("2/h", "few"), bucket("10/h", "many")
	both := []limit.Bucket{few, many}
	for i := range 5 {
		if got := l.Charge(t.Context(), both); got != (i < 2) {
			t.Errorf("charge %d: %v", i, got)
		}
	}
	if both[0].Allowed || !both[1].Allowed || both[0].Remaining != 0 || both[1].Remaining != 8 {
		t.Errorf("the refused charge is not nobody's: %+v", both)
	}
	l.Look(t.Context(), both)
	if both[1].Remaining != 8 || !both[1].Allowed {
		t.Errorf("looking costs something: %+v", both[1])
	}
	if !l.Charge(t.Context(), nil) {
		t.Error("without any bucket nothing is allowed")
	}
}

func TestRefunds(t *testing.T) {
	t.Parallel()
	l, clock := inMemory(t)
	one := []limit.Bucket{bucket("10/s", "x")}
	for range 50 { // an idle bucket is full again, whenever the refund comes
		l.Charge(t.Context(), one)
		clock.forward(7 * time.Millisecond)
		if l.Refund(t.Context(), one); one[0].Remaining != 10 || one[0].Next != 0 {
			t.Fatalf("a refund leaves %+v", one[0])
		}
	}
	for range 10 {
		l.Charge(t.Context(), one)
	}
	if l.Refund(t.Context(), one); one[0].Remaining != 1 {
		t.Errorf("the last of ten given back leaves %d", one[0].Remaining)
	}
}

// TestARefundIsWhatTimeHasNotRepaid looks at refunds that come late.
func TestARefundIsWhatTimeHasNotRepaid(t *testing.T) {
	t.Parallel()
	l, clock := inMemory(t)
	held, b := []limit.Bucket{bucket("10/s", "x")}, bucket("10/s", "x")
	l.Charge(t.Context(), held)
	clock.forward(60 * time.Millisecond)
	for range 9 {
		charge(t, l, &b)
	}
	if l.Refund(t.Context(), held); held[0].Remaining != 1 || held[0].Next != 100*time.Millisecond {
		t.Errorf("40 of 100 ms given back: %+v", held[0])
	}
	clock.forward(time.Minute)
	for range 5 {
		charge(t, l, &b)
	}
	if l.Refund(t.Context(), held); held[0].Remaining != b.Remaining || held[0].Next != b.Next {
		t.Errorf("a refund that comes a minute later makes %+v of %+v", held[0], b)
	}
}

// TestRefundsWidenNothing holds charges open until time has repaid them, and gives them back then.
func TestRefundsWidenNothing(t *testing.T) {
	t.Parallel()
	l, clock := inMemory(t)
	var open [][]limit.Bucket
	for range 3 {
		held := []limit.Bucket{bucket("10/s", "x")}
		l.Charge(t.Context(), held)
		open = append(open, held)
	}
	clock.forward(time.Second)
	b := bucket("10/s", "x")
	for range 10 {
		if !charge(t, l, &b) {
			t.Fatal("not full after its period")
		}
	}
	for _, held := range open {
		l.Refund(t.Context(), held)
	}
	if charge(t, l, &b) {
		t.Error("an eleventh goes through")
	}
}

// crowd charges from many goroutines at once and counts what goes through.
func crowd(ctx context.Context, n int, buckets func() []limit.Bucket, nodes ...*limit.Limiter) int64 {
	var through atomic.Int64
	var start, done sync.WaitGroup
	start.Add(1)
	for i := range n {
		done.Go(func() {
			start.Wait()
			if nodes[i%len(nodes)].Charge(ctx, buckets()) {
				through.Add(1)
			}
		})
	}
	start.Done()
	done.Wait()
	return through.Load()
}

func TestExactlyTheLimitOfAThousand(t *testing.T) {
	t.Parallel()
	l, _ := inMemory(t)
	got := crowd(t.Context(), 1000, func() []limit.Bucket {
		return []limit.Bucket{bucket("100/h", "a"), bucket("1000/h", "b")}
	}, l)
	if got != 100 {
		t.Errorf("%d of 1000 went through a limit of 100", got)
	}
}

// TestChargesOfTheSameBucketsDontWaitForEachOther names two buckets in both orders.
func TestChargesOfTheSameBucketsDontWaitForEachOther(t *testing.T) {
	t.Parallel()
	l, _ := inMemory(t)
	var done sync.WaitGroup
	for i := range 8 {
		done.Go(func() {
			buckets := []limit.Bucket{bucket("100/h", "a"), bucket("1000/h", "b")}
			if i%2 == 0 {
				slices.Reverse(buckets)
			}
			for range 20_000 {
				l.Charge(t.Context(), buckets)
			}
		})
	}
	done.Wait()
}

// TestACrowdOfStrangersForgetsNobody fills the memory with more newcomers than it holds.
func TestACrowdOfStrangersForgetsNobody(t *testing.T) {
	t.Parallel()
	l, _ := inMemory(t)
	b := bucket("20/h", "used up")
	for range 20 {
		charge(t, l, &b)
	}
	for i := range 600_000 {
		stranger := bucket("20/h", "stranger", strconv.Itoa(i))
		charge(t, l, &stranger)
	}
	if charge(t, l, &b) {
		t.Error("the crowd has made it forgotten who has used up a limit")
	}
}

func BenchmarkChargeInMemory(b *testing.B) {
	l, err := limit.New(limit.Config{Clock: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	buckets := []limit.Bucket{bucket("1000000000/s", "caller", "x"), bucket("1000000000/s", "tenant", "y")}
	b.ReportAllocs()
	for b.Loop() {
		l.Charge(b.Context(), buckets)
	}
}

// TestAllocations: a charge in memory costs no garbage.
func TestAllocations(t *testing.T) { //nolint:paralleltest // allocations are counted for the whole process
	l, err := limit.New(limit.Config{Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	buckets := []limit.Bucket{bucket("1000000000/s", "caller", "x"), bucket("1000000000/s", "tenant", "y")}
	ctx := t.Context()
	if got := testing.AllocsPerRun(200, func() { l.Charge(ctx, buckets) }); got > 0 {
		t.Errorf("%.0f allocations", got)
	}
}
