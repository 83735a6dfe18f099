package limit

import (
	"context"
	_ "embed" // for the script
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

//go:embed script.lua
var script string

// prefix begins the names of all our keys, so that a server may be shared with other programs.
const prefix = "tenantry:limit:"

// connections is how many calls are under way at once. The server runs scripts one after the other anyway.
const connections = 16

// server keeps buckets in a Redis or Valkey.
type server struct {
	client *redis.Client
	script *redis.Script
	turns  chan struct{} // one for each connection
}

func newServer(url string, timeout time.Duration) (*server, error) {
	options, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	options.MaxRetries, options.DialerRetries = -1, 1 // a second try would take as long as the first
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout, options.PoolTimeout = timeout, timeout, timeout, timeout
	options.ContextTimeoutEnabled = true
	options.PoolSize, options.MinIdleConns = connections, connections // ready before the first crowd comes
	options.DisableIdentity = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return &server{
		client: redis.NewClient(options), script: redis.NewScript(script), turns: make(chan struct{}, connections),
	}, nil
}

// CheckRedisURL returns an error where the text is no address of a Redis. It never repeats the text, which may hold a
// password.
func CheckRedisURL(url string) error {
	_, err := parseURL(url)
	return err
}

func parseURL(url string) (*redis.Options, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("the Redis URL can't be read; it takes redis://USER:PASSWORD@HOST:6379/0, rediss:// or unix://")
	}
	return options, nil
}

// QuietRedis keeps the Redis library from writing to stderr by itself, in the whole process: what it has to say comes
// back as an error as well, and that is logged once. Only a program may decide that, not a library.
func QuietRedis() { logging.Disable() }

func (s *server) close() error { return s.client.Close() }

// change applies what to all buckets in one round trip.
func (s *server) change(ctx context.Context, timeout time.Duration, what action, buckets []Bucket) error {
	// The caller's own end is not the server's failure, and a charge that is under way is worth its answer.
	ctx = context.WithoutCancel(ctx)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	keys := make([]string, 0, len(buckets))
	args := make([]any, 0, 1+6*len(buckets))
	args = append(args, what.word())
	for i := range buckets {
		b := &buckets[i]
		keys = append(keys, prefix+base64.RawURLEncoding.EncodeToString(b.Key[:]))
		unit := b.Rate.unit()
		args = append(args, b.Rate.Count, b.Rate.Per.Microseconds(), unit.micros, unit.rest, b.end.micros, b.end.rest)
	}
	answer, err := s.script.Run(ctx, s.client, keys, args...).StringSlice()
	if err != nil {
		return err
	}
	return read(answer, what, buckets)
}

func (a action) word() string {
	switch a {
	case charge:
		return "charge"
	case refund:
		return "refund"
	default:
		return "look"
	}
}

var errAnswer = errors.New("the Redis answered what the script never says")

// read notes what the script answered.
func read(answer []string, what action, buckets []Bucket) error {
	if len(answer) != 1+3*len(buckets) {
		return errAnswer
	}
	var broken error
	number := func(text string) int64 {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			broken = fmt.Errorf("%w: %w", errAnswer, err)
		}
		return n
	}
	now := number(answer[0])
	fulls := make([]moment, len(buckets))
	for i := range buckets {
		fulls[i] = moment{number(answer[2+3*i]), number(answer[3+3*i])}
		if b := &buckets[i]; b.Rate.sane(fulls[i], now) != fulls[i] {
			broken = errAnswer
		}
	}
	if broken != nil {
		return broken
	}
	for i := range buckets {
		if what != refund {
			buckets[i].Allowed = answer[1+3*i] == "1"
		}
		buckets[i].stand(fulls[i], now)
	}
	return nil
}

// pingTime is how long a Redis may take to say that it is there.
const pingTime = 3 * time.Second

// Ping returns why a Redis can't be used, nil where it can: it answers, and runs scripts. The text never has a password.
func Ping(ctx context.Context, url string) error {
	s, err := newServer(url, pingTime)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	defer func() { _ = s.close() }() // it only asked
	return s.client.Eval(ctx, "return 1", nil).Err()
}
