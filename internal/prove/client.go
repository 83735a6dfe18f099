package prove

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// request is one request. path is as the document has it, its keys replaced.
type request struct {
	method, path string
	query        url.Values
	header       http.Header
	body         []byte
	media        string
	who          *actor
	// id is sent as X-Request-ID; made where it is empty.
	id string
	// sent are the values that the request is about: an answer may repeat them.
	sent []string
}

// answer is what came of a request.
type answer struct {
	status int
	header http.Header
	body   []byte
	took   time.Duration
}

func (a answer) good() bool { return a.status >= 200 && a.status < 300 }

// object returns the body as a JSON object.
func (a answer) object() node {
	var n node
	_ = json.Unmarshal(a.body, &n) // what is none is nil
	return n
}

// clone returns a copy that may be changed.
func (r request) clone() request {
	out := r
	out.query, out.header = url.Values{}, r.header.Clone()
	for name, values := range r.query {
		out.query[name] = append([]string(nil), values...)
	}
	if out.header == nil {
		out.header = http.Header{}
	}
	out.sent = append([]string(nil), r.sent...)
	return out
}

func (r request) with(header, value string) request {
	out := r.clone()
	out.header.Add(header, value)
	return out
}

// target is the path with its query.
func (r request) target() string {
	if len(r.query) == 0 {
		return r.path
	}
	return r.path + "?" + r.query.Encode()
}

// client sends requests to the service, no faster than it may.
type client struct {
	base  string
	http  *http.Client
	pause time.Duration
	clock func() time.Time
	sent  int
	next  time.Time
	// renew gives an actor who has spent their limit another account; false where that can't be.
	renew func(ctx context.Context, r request) (bool, error)
}

// maxAnswer bounds how much of an answer is read.
const maxAnswer = 32 << 20

// patience is how long a limit of the service may make a request wait: log-ins are counted by the minute.
const patience = 65 * time.Second

func newClient(base string, given *http.Client, rate float64, clock func() time.Time) *client {
	c := &client{base: strings.TrimSuffix(base, "/"), http: given, clock: clock}
	if rate > 0 {
		c.pause = time.Duration(float64(time.Second) / rate)
	}
	if c.http == nil {
		transport := &http.Transport{MaxIdleConnsPerHost: 4, DisableCompression: true, Proxy: http.ProxyFromEnvironment}
		c.http = &http.Client{
			Transport: transport, Timeout: time.Minute,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return c
}

// errSpent says that a limit of the service leaves no room for more requests.
var errSpent = errors.New("the service's limits leave no room for more requests")

// send sends a request, and once more where a limit of the service asks to wait a little.
func (c *client) send(ctx context.Context, r request) (answer, error) {
	for renewed := false; ; {
		if err := c.wait(ctx); err != nil {
			return answer{}, err
		}
		a, err := c.once(ctx, r)
		if err != nil {
			return a, fmt.Errorf("%s %s: %w", r.method, r.target(), err)
		}
		if a.status != http.StatusTooManyRequests {
			return a, nil
		}
		if c.renew != nil && !renewed { // once: a limit that is not the caller's is none the wider for it
			if renewed, err = c.renew(ctx, r); err != nil {
				return a, err
			} else if renewed {
				continue
			}
		}
		seconds, _ := strconv.Atoi(a.header.Get("Retry-After"))
		pause := time.Duration(max(seconds, 1)) * time.Second
		if pause > patience {
			return a, fmt.Errorf("%s %s: %w: %s", r.method, r.path, errSpent, a.header.Get("RateLimit-Policy"))
		}
		if err := sleep(ctx, pause); err != nil {
			return a, err
		}
	}
}

func (c *client) wait(ctx context.Context) error {
	if c.pause == 0 {
		return ctx.Err()
	}
	now := c.clock()
	if c.next.Before(now) {
		c.next = now
	}
	pause := c.next.Sub(now)
	c.next = c.next.Add(c.pause)
	return sleep(ctx, pause)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (c *client) once(ctx context.Context, r request) (answer, error) {
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.base+r.target(), body)
	if err != nil {
		return answer{}, err
	}
	for name, values := range r.header {
		if name == "Host" {
			req.Host = values[0]
			continue
		}
		req.Header[name] = values
	}
	if r.body != nil && r.media != "" {
		req.Header.Set("Content-Type", r.media)
	}
	if r.who != nil && r.who.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.who.token)
	}
	req.Header.Set("X-Request-Id", r.id)
	req.Header.Set("User-Agent", "tenantry-prove")
	c.sent++
	start := c.clock()
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }() // what was read is what counts
	content, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	took := c.clock().Sub(start)
	return answer{status: res.StatusCode, header: res.Header, body: content, took: took}, err
}
