// Package demo makes sample data: tenants, users of every role, and records, with a file of tokens to try them with.
//
// It goes through the same use cases as any client, so that what it makes has its events; only the counters of a new
// tenant's usage, which have none, are written as of two weeks. It adds only what is
// missing, so that it may be run again. Nothing about it is random but passwords: the same seed gives the same
// data. It holds no rule about who may do what.
package demo
