package limit_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tenantry/tenantry/internal/limit"
	"github.com/tenantry/tenantry/internal/limit/redistest"
)

// patient is a time-out for tests that count: on a busy machine the usual one may end before its time.
const patient = 20 * time.Second

func onRedis(tb testing.TB, c limit.Config) *limit.Limiter {
	tb.Helper()
	c.Clock = time.Now
	l, err := limit.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := l.Close(); err != nil {
			tb.Error(err)
		}
	})
	return l
}

func TestExactlyTheLimitOfAThousandOnRedis(t *testing.T) {
	t.Parallel()
	for name, nodes := range map[string]int{"one node": 1, "two nodes": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := redistest.New(t)
			var limiters []*limit.Limiter
			for range nodes {
				limiters = append(limiters, onRedis(t, limit.Config{RedisURL: address, Timeout: patient}))
			}
			got := crowd(t.Context(), 1000, func() []limit.Bucket {
				return []limit.Bucket{bucket("100/h", "a"), bucket("1000/h", "b")}
			}, limiters...)
			if got != 100 {
				t.Errorf("%d of 1000 went through a limit of 100", got)
			}
			b := bucket("1000/h", "b")
			if one := []limit.Bucket{b}; true {
				limiters[0].Look(t.Context(), one)
				if one[0].Remaining != 900 {
					t.Errorf("the refused charges cost something: %d are left of 1000", one[0].Remaining)
				}
			}
		})
	}
}

func TestRedisRefunds(t *testing.T) {
	t.Parallel()
	l := onRedis(t, limit.Config{RedisURL: redistest.New(t), Timeout: patient})
	one := []limit.Bucket{bucket("10/h", "x")}
	for range 5 {
		l.Charge(t.Context(), one)
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
	// A bucket that time has repaid meanwhile gets nothing.
	held := []limit.Bucket{bucket("10/s", "y")}
	l.Charge(t.Context(), held)
	time.Sleep(150 * time.Millisecond)
	b := bucket("10/s", "y")
	for charge(t, l, &b) {
	}
	before := b
	if l.Refund(t.Context(), held); held[0].Remaining > 1 || held[0].Next > before.Next {
		t.Errorf("%+v after a late refund, %+v before", held[0], before)
	}
}

func TestKeysOnRedis(t *testing.T) {
	t.Parallel()
	address := redistest.New(t)
	l := onRedis(t, limit.Config{RedisURL: address, Timeout: patient})
	l.Charge(t.Context(), []limit.Bucket{bucket("10/h", "caller", "ada"), bucket("10/s", "tenant", "acme")})
	options, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	keys, err := client.Keys(t.Context(), "tenantry:limit:*").Result()
	if err != nil || len(keys) != 2 {
		t.Fatalf("%v: %q", err, keys)
	}
	for _, key := range keys {
		ttl, err := client.PTTL(t.Context(), key).Result()
		if err != nil || ttl <= 0 || ttl > 6*time.Minute+time.Second || strings.Contains(key, "ada") {
			t.Errorf("%s lives %s, %v", key, ttl, err)
		}
	}
	// What somebody else has put there harms nobody.
	for _, key := range keys {
		if err := client.Set(t.Context(), key, "nonsense", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	b := bucket("10/h", "caller", "ada")
	if !charge(t, l, &b) || b.Remaining != 9 {
		t.Errorf("after nonsense: %+v", b)
	}
	for _, key := range keys {
		if err := client.Set(t.Context(), key, "9000000000000000:5", 0).Err(); err != nil { // by a clock that runs ahead
			t.Fatal(err)
		}
	}
	b = bucket("10/h", "caller", "ada")
	if charge(t, l, &b) || b.Remaining != 0 || b.Next > 6*time.Minute {
		t.Errorf("a time from far ahead locks out for longer than an empty bucket: %+v", b)
	}
}

// wire stands between a limiter and its Redis and can be cut.
type wire struct {
	tb       testing.TB
	to       string
	address  string
	url      string
	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
	stalled  atomic.Bool
	asked    atomic.Int64
}

func newWire(tb testing.TB, target string) *wire {
	tb.Helper()
	u, err := url.Parse(target)
	if err != nil {
		tb.Fatal(err)
	}
	w := &wire{tb: tb, to: u.Host, address: "127.0.0.1:0", conns: map[net.Conn]bool{}}
	w.restore()
	u.Host = w.address
	w.url = u.String()
	tb.Cleanup(w.cut)
	return w
}

func (w *wire) restore() {
	w.stalled.Store(false)
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", w.address)
	if err != nil {
		w.tb.Fatal(err)
	}
	w.mu.Lock()
	w.listener, w.address = l, l.Addr().String()
	w.mu.Unlock()
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := new(net.Dialer).DialContext(context.Background(), "tcp", w.to)
			if err != nil {
				_ = in.Close()
				continue
			}
			w.mu.Lock()
			if whole := w.listener == l; whole {
				w.conns[in], w.conns[out] = true, true
				go w.copy(out, in, &w.asked)
				go w.copy(in, out, new(atomic.Int64))
			} else { // cut in the meantime
				_, _ = in.Close(), out.Close()
			}
			w.mu.Unlock()
		}
	}()
}

func (w *wire) copy(to, from net.Conn, count *atomic.Int64) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			_ = to.Close()
			return
		}
		count.Add(1)
		for w.stalled.Load() {
			time.Sleep(time.Millisecond)
		}
		if _, err := to.Write(buf[:n]); err != nil {
			_ = from.Close()
			return
		}
	}
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stalled.Store(false)
	if w.listener != nil {
		_ = w.listener.Close()
	}
	w.listener = nil
	for conn := range w.conns {
		_ = conn.Close()
	}
	clear(w.conns)
}

type log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *log) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.buf.String(), text)
}

func TestOneRoundTripForAllBuckets(t *testing.T) {
	t.Parallel()
	w := newWire(t, redistest.New(t))
	l := onRedis(t, limit.Config{RedisURL: w.url, Timeout: patient})
	three := []limit.Bucket{bucket("1000/h", "a"), bucket("1000/h", "b"), bucket("1000/h", "c")}
	l.Charge(t.Context(), three) // connects and loads the script
	for known := int64(-1); known != w.asked.Load(); time.Sleep(300 * time.Millisecond) {
		known = w.asked.Load() // connections for later are still being made
	}
	before := w.asked.Load()
	for range 20 {
		l.Charge(t.Context(), three)
	}
	if got := w.asked.Load() - before; got != 20 {
		t.Errorf("20 charges of three buckets took %d messages", got)
	}
}

// TestAnOutage cuts the wire, counts on alone, and shares again when it is whole.
func TestAnOutage(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(*wire){"cut": (*wire).cut, "hanging": func(w *wire) { w.stalled.Store(true) }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := redistest.New(t)
			w, out := newWire(t, address), &log{}
			l := onRedis(t, limit.Config{RedisURL: w.url, Timeout: 500 * time.Millisecond, Pause: 300 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(out, nil))})
			b := bucket("100/h", "x")
			if !charge(t, l, &b) || b.Remaining != 99 {
				t.Fatalf("before the outage: %+v", b)
			}
			fail(w)
			began := time.Now()
			for range 100 { // this node's own limit
				if !charge(t, l, &b) {
					t.Fatalf("refused while the Redis is away: %+v", b)
				}
			}
			if charge(t, l, &b) {
				t.Error("no limit while the Redis is away")
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("a hundred charges took %s", took)
			}
			if got := out.count("can't be shared"); got != 1 {
				t.Errorf("the outage was logged %d times: %s", got, out.buf.String())
			}
			w.cut()
			w.restore()
			for deadline := time.Now().Add(20 * time.Second); out.count("shared again") == 0 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
				charge(t, l, &b)
			}
			if got := out.count("shared again"); got != 1 {
				t.Fatalf("the end of the outage was logged %d times", got)
			}
			if !charge(t, l, &b) || b.Remaining < 50 || b.Remaining > 98 {
				t.Errorf("behind the outage: %+v", b)
			}
			if password, _ := url.Parse(address); password.User != nil {
				if secret, _ := password.User.Password(); secret != "" && out.count(secret) > 0 {
					t.Error("the log has the password")
				}
			}
		})
	}
}

// TestAHangingRedisCostsLittle looks at the time-outs as they are in production: one call waits, and no other.
func TestAHangingRedisCostsLittle(t *testing.T) {
	t.Parallel()
	w := newWire(t, redistest.New(t))
	l := onRedis(t, limit.Config{RedisURL: w.url})
	b := bucket("1000/h", "x")
	charge(t, l, &b)
	w.stalled.Store(true)
	began := time.Now()
	crowd(t.Context(), 500, func() []limit.Bucket { return []limit.Bucket{bucket("1000/h", "x")} }, l)
	for range 200 {
		charge(t, l, &b)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("200 charges took %s while the Redis hangs", took)
	}
}

func TestARedisThatIsNotThereIsNoReasonNotToStart(t *testing.T) {
	t.Parallel()
	out := &log{}
	l := onRedis(t, limit.Config{RedisURL: "redis://:hunter2@127.0.0.1:1/0", Logger: slog.New(slog.NewTextHandler(out, nil))})
	if got := crowd(t.Context(), 300, func() []limit.Bucket { return []limit.Bucket{bucket("100/h", "x")} }, l); got != 100 {
		t.Errorf("%d of 300 went through a limit of 100", got)
	}
	if out.count("can't be shared") != 1 || out.count("hunter2") != 0 {
		t.Errorf("logged: %s", out.buf.String())
	}
	if _, err := limit.New(limit.Config{Clock: time.Now, RedisURL: "http://:hunter2@x"}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a URL of something else: %v", err)
	}
}

func TestPingSaysWhetherTheRedisIsOfUse(t *testing.T) {
	t.Parallel()
	if err := limit.Ping(t.Context(), redistest.New(t)); err != nil {
		t.Errorf("one that runs: %v", err)
	}
	for name, url := range map[string]string{"away": "redis://:hunter2@127.0.0.1:1/0", "no URL": "redis://:hunter2@h:x"} {
		if err := limit.Ping(t.Context(), url); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
