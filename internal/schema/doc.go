// Package schema describes a resource as plain data: its fields, the types of their values and what can be done
// with it. The tables of both engines, SQL, validation, JSON, filters, OpenAPI and the admin's screens all come
// from this description.
//
// No Go type of a user's program, no SQL and no HTTP may appear here. A Resource is read-only once Finish has
// been called, and may then be used by any number of goroutines.
package schema
