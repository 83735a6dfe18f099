// Package problem turns faults into the problem documents of RFC 9457 that clients see. It holds the one table
// that gives each fault code its status and title; httpapi answers by it and openapi describes it.
//
// Nothing of a fault's cause may enter a document: what is written here leaves the process.
package problem

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/schema"
)

// ContentType is the media type of problem documents.
const ContentType = "application/problem+json"

// Kind is what all problems of one code share.
type Kind struct {
	Status int
	Title  string
	// Detail is shown where a fault says nothing of its own.
	Detail string
}

// Of returns the kind of a code. A code without one is a mistake of ours and answered as internal.
func Of(code fault.Code) Kind {
	switch code {
	case fault.MalformedBody:
		return Kind{http.StatusBadRequest, "Malformed request", "The request can't be read."}
	case fault.NotAuthenticated:
		return Kind{http.StatusUnauthorized, "Not authenticated", "Sign in and send the access token as Authorization: Bearer."}
	case fault.TokenInvalid:
		return Kind{http.StatusUnauthorized, "Token not valid", "The token is not valid; sign in again."}
	case fault.TokenExpired:
		return Kind{http.StatusUnauthorized, "Token expired", "The token has expired; refresh it or sign in again."}
	case fault.CredentialsInvalid:
		return Kind{http.StatusUnauthorized, "Wrong credentials", "No active account has these credentials."}
	case fault.PermissionDenied:
		return Kind{http.StatusForbidden, "Permission denied", "Your role does not allow this."}
	case fault.TenantSuspended:
		return Kind{http.StatusForbidden, "Tenant suspended", "The tenant is suspended; ask the platform's operator."}
	case fault.NotFound:
		return Kind{http.StatusNotFound, "Not found", "There is nothing here."}
	case fault.MethodNotAllowed:
		return Kind{http.StatusMethodNotAllowed, "Method not allowed", "This path does not take the method; Allow names those it takes."}
	case fault.Conflict:
		return Kind{http.StatusConflict, "Conflict", "The request conflicts with what is stored."}
	case fault.IdempotencyInProgress:
		return Kind{http.StatusConflict, "Request in progress", "A request with this idempotency key is still running; try again."}
	case fault.PreconditionFailed:
		return Kind{http.StatusPreconditionFailed, "Precondition failed", "The precondition does not hold; read the record again."}
	case fault.BodyTooLarge:
		return Kind{http.StatusRequestEntityTooLarge, "Body too large", "The body is larger than this server takes."}
	case fault.RangeNotSatisfiable:
		return Kind{http.StatusRequestedRangeNotSatisfiable, "Range not satisfiable", "The range lies outside of the content."}
	case fault.UnsupportedMediaType:
		return Kind{http.StatusUnsupportedMediaType, "Unsupported media type", "Send the body as application/json in UTF-8."}
	case fault.ValidationFailed:
		return Kind{http.StatusUnprocessableEntity, "Not valid", "Some fields are not valid; see errors."}
	case fault.IdempotencyMismatch:
		return Kind{http.StatusUnprocessableEntity, "Idempotency key used before", "The idempotency key came with another body before."}
	case fault.RateLimited:
		return Kind{http.StatusTooManyRequests, "Too many requests", "Too many requests; wait as long as Retry-After says."}
	case fault.Unavailable:
		return Kind{http.StatusServiceUnavailable, "Unavailable", "The service can't answer now; try again."}
	case fault.Internal:
	}
	return Kind{http.StatusInternalServerError, "Internal error", "Something went wrong on our side; quote the request id when you report it."}
}

// Type returns the URI that names the kind of problem.
func Type(code fault.Code) string { return "urn:tenantry:problem:" + string(code) }

// Instance returns the URI that names this one problem. It is made of the request's id alone, never of its path: an
// unknown id and one of another tenant have to be answered alike.
func Instance(requestID string) string { return "urn:tenantry:request:" + url.PathEscape(requestID) }

// Append appends the document of f to dst. What an internal fault says stays out of it.
func Append(dst []byte, f *fault.Error, requestID string) []byte {
	kind, code, detail := Of(f.Code), f.Code, f.Message
	if kind.Status == http.StatusInternalServerError {
		code, detail = fault.Internal, ""
	}
	if detail == "" {
		detail = kind.Detail
	}
	dst = append(dst, `{"type":`...)
	dst = schema.AppendString(dst, Type(code))
	dst = append(dst, `,"title":`...)
	dst = schema.AppendString(dst, kind.Title)
	dst = append(dst, `,"status":`...)
	dst = strconv.AppendInt(dst, int64(kind.Status), 10)
	dst = append(dst, `,"detail":`...)
	dst = schema.AppendString(dst, detail)
	dst = append(dst, `,"code":`...)
	dst = schema.AppendString(dst, string(code))
	dst = append(dst, `,"instance":`...)
	dst = schema.AppendString(dst, Instance(requestID))
	dst = append(dst, `,"request_id":`...)
	dst = schema.AppendString(dst, requestID)
	dst = appendFields(dst, f.Fields)
	dst = appendTenants(dst, f.Tenants)
	return append(dst, '}')
}

// Authenticate returns the WWW-Authenticate header of a 401, or of a 403 for want of a scope (RFC 6750, section 3): with
// an error where the client gave a token, without one where it gave none.
func Authenticate(f *fault.Error) string {
	const challenge = `Bearer realm="tenantry"`
	if f.Scope != "" {
		return challenge + `, error="insufficient_scope", scope="` + f.Scope + `"`
	}
	if f.Code != fault.TokenInvalid && f.Code != fault.TokenExpired {
		return challenge
	}
	description := f.Message
	if description == "" || strings.ContainsFunc(description, notDescription) {
		description = Of(f.Code).Detail
	}
	return challenge + `, error="invalid_token", error_description="` + description + `"`
}

// notDescription reports what RFC 6750 does not allow in an error_description.
func notDescription(c rune) bool { return c < ' ' || c > '~' || c == '"' || c == '\\' }

func appendFields(dst []byte, fields []fault.Field) []byte {
	for i, f := range fields {
		if i == 0 {
			dst = append(dst, `,"errors":[`...)
		} else {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"field":`...)
		dst = schema.AppendString(dst, f.Name)
		dst = append(dst, `,"code":`...)
		dst = schema.AppendString(dst, f.Code)
		dst = append(dst, `,"message":`...)
		dst = schema.AppendString(dst, f.Message)
		dst = append(dst, '}')
	}
	if len(fields) > 0 {
		dst = append(dst, ']')
	}
	return dst
}

func appendTenants(dst []byte, tenants []fault.Choice) []byte {
	for i, t := range tenants {
		if i == 0 {
			dst = append(dst, `,"tenants":[`...)
		} else {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"id":`...)
		dst = schema.AppendString(dst, t.ID)
		dst = append(dst, `,"slug":`...)
		dst = schema.AppendString(dst, t.Slug)
		dst = append(dst, `,"name":`...)
		dst = schema.AppendString(dst, t.Name)
		dst = append(dst, '}')
	}
	if len(tenants) > 0 {
		dst = append(dst, ']')
	}
	return dst
}
