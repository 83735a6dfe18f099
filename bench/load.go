package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// The kinds of request that are measured.
const (
	get    = "get"
	list   = "list"
	create = "create"
)

func kinds() []string { return []string{get, list, create} }

// loadQuestion tells the load process what to do.
type loadQuestion struct {
	Base    string
	Kind    string
	Tokens  []string
	Tasks   int
	Clients int
	For     time.Duration
	Warm    time.Duration
}

// loadAnswer is what came of it.
type loadAnswer struct {
	Rate     float64 // a second
	All      int     // requests, those of the warming up too
	P50, P99 time.Duration
}

// request builds one request of a random tenant for a random record.
func (q loadQuestion) request(ctx context.Context) (*http.Request, error) {
	tenant := rand.IntN(len(q.Tokens)) //nolint:gosec // no secret
	method, path, body := http.MethodGet, "/api/v1/tasks/", io.Reader(nil)
	switch q.Kind {
	case get:
		path += numbered(taskPrefix, rand.IntN(q.Tasks)) + "/" //nolint:gosec // no secret
	case create:
		method = http.MethodPost
		body = bytes.NewReader(fmt.Appendf(nil, `{"project":%q,"title":"A new task","description":"Something to do","due_date":"2026-12-01"}`,
			numbered(projectPrefix, rand.IntN(projects)))) //nolint:gosec // no secret
	}
	req, err := http.NewRequestWithContext(ctx, method, q.Base+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+q.Tokens[tenant])
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// runLoad is the load process: each client sends its next request when it has the answer to the last.
func runLoad(ctx context.Context, in io.Reader, out io.Writer) error {
	var q loadQuestion
	if err := json.NewDecoder(in).Decode(&q); err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: q.Clients, MaxConnsPerHost: q.Clients, DisableCompression: true}}
	_, warm, err := q.drive(ctx, client, q.Warm)
	if err != nil {
		return err
	}
	took, latencies, err := q.drive(ctx, client, q.For)
	if err != nil {
		return err
	}
	slices.Sort(latencies)
	return json.NewEncoder(out).Encode(loadAnswer{
		All: len(warm) + len(latencies), Rate: float64(len(latencies)) / took.Seconds(),
		P50: latencies[len(latencies)/2], P99: latencies[len(latencies)*99/100],
	})
}

func (q loadQuestion) drive(ctx context.Context, client *http.Client, span time.Duration) (time.Duration, []time.Duration, error) {
	began := time.Now() //nolint:forbidigo // a stopwatch
	var mu sync.Mutex
	var all []time.Duration
	var failed error
	var clients sync.WaitGroup
	for range q.Clients {
		clients.Go(func() {
			own, err := q.client(ctx, client, began.Add(span))
			mu.Lock()
			defer mu.Unlock()
			all, failed = append(all, own...), errors.Join(failed, err)
		})
	}
	clients.Wait()
	if failed == nil && len(all) == 0 && span > 0 {
		failed = errors.New("no request was answered")
	}
	return time.Since(began), all, failed
}

func (q loadQuestion) client(ctx context.Context, client *http.Client, until time.Time) ([]time.Duration, error) {
	var own []time.Duration
	for {
		sent := time.Now() //nolint:forbidigo // a stopwatch
		if !sent.Before(until) {
			return own, nil
		}
		req, err := q.request(ctx)
		if err != nil {
			return nil, err
		}
		if _, err := do(client, req); err != nil {
			return nil, err
		}
		own = append(own, time.Since(sent))
	}
}

// do sends a request and reads the whole answer, which must be a good one.
func do(client *http.Client, req *http.Request) ([]byte, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	if resp.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s %s: %s: %.300s", req.Method, req.URL.Path, resp.Status, body)
	}
	return body, nil
}
