// Package fault is the one error type that crosses package boundaries on purpose.
//
// An Error has a stable code, a sentence that is safe to show to a client, the fields at fault and a private
// cause. Whatever is not an *Error is Internal at the edge: the client learns the code alone, the log gets the
// cause. HTTP statuses do not belong here; httpapi maps codes to them in one table.
package fault

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Code is a stable word that says what went wrong. The set is closed; clients branch on it.
type Code string

// The codes, as the HTTP contract lists them.
const (
	MalformedBody         Code = "malformed_body"
	NotAuthenticated      Code = "not_authenticated"
	TokenInvalid          Code = "token_invalid"
	TokenExpired          Code = "token_expired"
	CredentialsInvalid    Code = "credentials_invalid"
	PermissionDenied      Code = "permission_denied"
	TenantSuspended       Code = "tenant_suspended"
	NotFound              Code = "not_found"
	MethodNotAllowed      Code = "method_not_allowed"
	Conflict              Code = "conflict"
	IdempotencyInProgress Code = "idempotency_in_progress"
	PreconditionFailed    Code = "precondition_failed"
	BodyTooLarge          Code = "body_too_large"
	RangeNotSatisfiable   Code = "range_not_satisfiable"
	UnsupportedMediaType  Code = "unsupported_media_type"
	ValidationFailed      Code = "validation_failed"
	IdempotencyMismatch   Code = "idempotency_mismatch"
	RateLimited           Code = "rate_limited"
	Internal              Code = "internal"
	Unavailable           Code = "unavailable"
)

// Codes returns every code, in the order of the contract.
func Codes() []Code {
	return []Code{
		MalformedBody, NotAuthenticated, TokenInvalid, TokenExpired, CredentialsInvalid, PermissionDenied,
		TenantSuspended, NotFound, MethodNotAllowed, Conflict, IdempotencyInProgress, PreconditionFailed,
		BodyTooLarge, RangeNotSatisfiable, UnsupportedMediaType, ValidationFailed, IdempotencyMismatch,
		RateLimited, Internal, Unavailable,
	}
}

// Field is one field at fault. Name is its path in the body ("due_date", "items.3.title") or the name of the
// query parameter; Message never repeats the submitted value.
type Field struct {
	Name    string
	Code    string
	Message string
}

// The codes of fields. They are part of the contract as well: a client's form shows a message by them.
const (
	FieldRequired  = "required"
	FieldUnknown   = "unknown"
	FieldReadOnly  = "read_only"
	FieldType      = "invalid_type"
	FieldNull      = "null"
	FieldTooShort  = "too_short"
	FieldTooLong   = "too_long"
	FieldTooSmall  = "too_small"
	FieldTooLarge  = "too_large"
	FieldChoice    = "invalid_choice"
	FieldFormat    = "invalid_format"
	FieldReference = "not_found"
	FieldUnique    = "not_unique"
	FieldInvalid   = "invalid"
	FieldRepeated  = "repeated"
	FieldConflict  = "conflict"
)

// Choice is one tenant among which a caller has to choose when signing in; see Error.Tenants.
type Choice struct {
	ID, Slug, Name string
}

// Error is a failure that may be shown: everything in it but the cause is meant for the client.
type Error struct {
	Code    Code
	Message string
	Fields  []Field
	// RetryAfter is how long a client should wait; 0 says nothing about it.
	RetryAfter time.Duration
	// Scope is the scope that a token would need for this; empty where it lacks none.
	Scope string
	// Tenants are the tenants to choose from where a log-in named none.
	Tenants []Choice
	cause   error
}

// New returns an error with a message for the client.
func New(code Code, message string) *Error { return &Error{Code: code, Message: message} }

// Wrap returns an error with a message for the client and a cause for the log.
func Wrap(code Code, message string, cause error) *Error {
	return &Error{Code: code, Message: message, cause: cause}
}

// Invalid returns ValidationFailed with all fields at fault. Without any it returns nil, so that a validation
// can end in `return fault.Invalid(fields...)`.
func Invalid(fields ...Field) error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{Code: ValidationFailed, Message: "Some fields are not valid; see errors.", Fields: fields}
}

// Taken is a field whose value another record has. It is here, like UnknownReference, so that no client can tell the
// engines apart.
func Taken(field string) Field {
	return Field{Name: field, Code: FieldUnique, Message: "Another record has this value already."}
}

// UnknownReference is a field that names a record which the tenant does not have.
func UnknownReference(field string) Field {
	return Field{Name: field, Code: FieldReference, Message: "There is no record with this id."}
}

// Missing returns the NotFound that every missing record gets. A record of another tenant gets the same one:
// its bytes must not tell the two apart.
func Missing() *Error { return New(NotFound, "No such record.") }

// Error implements error. The text is for logs: it may hold the cause.
func (e *Error) Error() string {
	var text strings.Builder
	text.WriteString(string(e.Code))
	if e.Message != "" {
		text.WriteString(": " + e.Message)
	}
	for _, f := range e.Fields {
		text.WriteString(" [" + f.Name + ": " + f.Code + "]")
	}
	if e.cause != nil {
		text.WriteString(": " + e.cause.Error())
	}
	return text.String()
}

// Unwrap returns the private cause.
func (e *Error) Unwrap() error { return e.cause }

// From returns err as an *Error: itself where it is or wraps one, Unavailable for a deadline or a cancelled
// context, Internal with err as the cause for everything else. It returns nil for nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*Error](err); ok {
		return known
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		unavailable := Wrap(Unavailable, "The request took too long; try again.", err)
		unavailable.RetryAfter = time.Second
		return unavailable
	}
	return Wrap(Internal, "Something went wrong on our side; quote the request id when you report it.", err)
}

// Is reports whether err is or wraps an *Error of the given code.
func Is(err error, code Code) bool {
	known, ok := errors.AsType[*Error](err)
	return ok && known.Code == code
}
