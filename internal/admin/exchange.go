package admin

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"
)

// grace is how long the answer to an exchange is kept for those who come with the same token again.
const grace = 10 * time.Second

// exchanges lets every refresh token be exchanged once. The API ends the session when a token comes a second time, and
// takes it for a theft; but two tabs, or a page that is reloaded while its request is under way, do come with the same
// one. They get the same answer, for a moment and on this node.
type exchanges struct {
	clock func() time.Time
	lock  sync.Mutex
	known map[digest]*exchange
}

// digest stands for a token: none is kept as a key.
type digest = [sha256.Size]byte

// exchange is one exchange, of which the answer is there when done is closed.
type exchange struct {
	began  time.Time
	done   chan struct{}
	answer answer
}

// once runs the exchange of the token, unless it is known.
func (e *exchanges) once(ctx context.Context, token string, run func() answer) (answer, error) {
	one, first := e.enter(sha256.Sum256([]byte(token)))
	if first {
		defer close(one.done)
		one.answer = answer{status: 500} // what the others see should the API panic
		one.answer = run()
		return one.answer, nil
	}
	select {
	case <-one.done:
		return one.answer, nil
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

// enter returns the exchange of the token and whether it begins just now. What is older than grace is forgotten.
func (e *exchanges) enter(key digest) (*exchange, bool) {
	now := e.clock()
	e.lock.Lock()
	defer e.lock.Unlock()
	for other, one := range e.known {
		if now.Sub(one.began) > grace {
			delete(e.known, other)
		}
	}
	if one, found := e.known[key]; found {
		return one, false
	}
	one := &exchange{began: now, done: make(chan struct{})}
	e.known[key] = one
	return one, true
}
