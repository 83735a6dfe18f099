package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/tenantry/tenantry/internal/fault"
)

// The lengths of passwords, in bytes. The upper one bounds what a log-in may send, not what is safe.
const (
	minPassword = 8
	maxPassword = 1024
)

const (
	saltSize = 16
	keySize  = 32
)

// Passwords says how passwords are hashed, with argon2id. Zero fields have the values that OWASP recommends.
type Passwords struct {
	// Time is the number of passes, 2 by default; Memory is in KiB, 19 MiB by default; Threads is 1 by default.
	Time, Memory uint32
	Threads      uint8
	// Workers is how many are hashed at once, one per core by default; Queue how many more may wait for their
	// turn, 16 for each worker by default. Whoever comes on top of these is told to come back later, so that a
	// flood of log-ins takes bounded memory and time.
	Workers, Queue int
}

// Weak reports whether a guess costs less than by default, in the memory that it takes times the passes over it: the
// parameters that OWASP recommends differ in the two, and hardly in their product.
func (p Passwords) Weak() bool {
	full, least := p.withDefaults(), Passwords{}.withDefaults()
	return uint64(full.Time)*uint64(full.Memory) < uint64(least.Time)*uint64(least.Memory)
}

func (p Passwords) withDefaults() Passwords {
	if p.Time == 0 {
		p.Time = 2
	}
	if p.Memory == 0 {
		p.Memory = 19 << 10
	}
	if p.Threads == 0 {
		p.Threads = 1
	}
	if p.Workers <= 0 {
		p.Workers = runtime.GOMAXPROCS(0)
	}
	if p.Queue <= 0 {
		p.Queue = 16 * p.Workers
	}
	return p
}

// hasher makes and checks password hashes.
type hasher struct {
	cost    Passwords
	slots   chan struct{}
	waiting atomic.Int64
	// nobody is a hash that no password has: checking it takes a stranger as long as checking a user's own.
	nobody digest
}

func newHasher(p Passwords) *hasher {
	p = p.withDefaults()
	h := &hasher{cost: p, slots: make(chan struct{}, p.Workers)}
	h.nobody = digest{time: p.Time, memory: p.Memory, threads: p.Threads, salt: random(saltSize), key: random(keySize)}
	return h
}

// enter waits for a turn to hash and returns the function that ends it: unavailable where too many wait.
func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
	leave = func() { <-h.slots }
	select {
	case h.slots <- struct{}{}:
		return leave, nil
	default:
	}
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > int64(h.cost.Queue) {
		busy := fault.New(fault.Unavailable, "Too many people are signing in at the moment; try again.")
		busy.RetryAfter = time.Second
		return nil, busy
	}
	select {
	case h.slots <- struct{}{}:
		return leave, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to check a password: %w", ctx.Err())
	}
}

// hash returns the hash of a password in PHC form. Callers have entered.
func (h *hasher) hash(password string) string {
	d := digest{time: h.cost.Time, memory: h.cost.Memory, threads: h.cost.Threads, salt: random(saltSize)}
	d.key = d.derive(password, keySize)
	return d.String()
}

// match reports whether the hash is the password's, and whether it is weaker than those we make now. It does the
// same work where there is no hash, or none that can be read. Callers have entered.
func (h *hasher) match(encoded, password string) (right, weak bool) {
	d, known := parseDigest(encoded)
	if !known {
		d = h.nobody
	}
	if len(password) > maxPassword {
		password, known = "", false
	}
	same := subtle.ConstantTimeCompare(d.key, d.derive(password, len(d.key))) == 1
	weak = d.time < h.cost.Time || d.memory < h.cost.Memory || len(d.salt) < saltSize || len(d.key) < keySize
	return same && known, weak
}

// digest is a hash with what it was made with.
type digest struct {
	time, memory uint32
	threads      uint8
	salt, key    []byte
}

func (d digest) derive(password string, size int) []byte {
	return argon2.IDKey([]byte(password), d.salt, d.time, d.memory, d.threads, uint32(size)) //nolint:gosec // a few bytes
}

// String returns the PHC form: $argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>.
func (d digest) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, d.memory, d.time, d.threads, b64(d.salt), b64(d.key))
}

// The bounds of a stored hash, so that one that was imported can't take all memory or hours: 256 MiB, 16 passes.
const (
	maxMemory  = 256 << 10
	maxTime    = 16
	maxThreads = 16
	maxEncoded = 512
)

// parseDigest reads the PHC form. Only what String would write is taken.
func parseDigest(encoded string) (digest, bool) {
	var d digest
	parts := strings.Split(encoded, "$")
	if len(encoded) > maxEncoded || len(parts) != 6 {
		return d, false
	}
	n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &d.memory, &d.time, &d.threads)
	if err != nil || n != 3 || d.time < 1 || d.threads < 1 || d.memory < 8 ||
		d.time > maxTime || d.threads > maxThreads || d.memory > maxMemory {
		return d, false
	}
	strict := base64.RawStdEncoding.Strict()
	if d.salt, err = strict.DecodeString(parts[4]); err != nil || len(d.salt) < 8 {
		return d, false
	}
	if d.key, err = strict.DecodeString(parts[5]); err != nil || len(d.key) < 16 {
		return d, false
	}
	return d, d.String() == encoded
}

func random(size int) []byte {
	out := make([]byte, size)
	_, _ = rand.Read(out) // never fails
	return out
}
