// Package limit says how often somebody may do something. It knows rates, buckets and where their state is kept: in
// this process, or in a Redis that several nodes share. It knows nothing of requests, callers or HTTP.
//
// It promises that exactly as many charges as a rate allows go through, however many come at once and on however many
// nodes that share a Redis: the arithmetic is exact, and all buckets of a charge are looked at and changed in one
// step. While the Redis can't be reached each node counts for itself. No call returns an error: a limiter that is in
// trouble must not be the reason why a request fails.
package limit
