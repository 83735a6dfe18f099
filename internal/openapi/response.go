package openapi

import (
	"slices"
	"strconv"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/httpapi/problem"
)

// exampleRequestID is the request of the examples.
const exampleRequestID = "01935a2f-7c1e-7d3a-9b64-2f0c8e5a1d77"

func headerRef(name string) object { return object{{"$ref", "#/components/headers/" + name}} }

// sharedHeaders are the headers of answers.
func sharedHeaders() object {
	text := func(description string) object {
		return object{{"description", description}, {"schema", object{{"type", "string"}}}}
	}
	return object{
		{"X-Request-ID", text("The request's name: the client's own, or one that was made.")},
		{"ETag", text("The entity tag of the answer, for If-Match and If-None-Match.")},
		{"Location", object{{"description", "The path of the record."}, {"schema", object{{"type", "string"}, {"format", "uri-reference"}}}}},
		{"Idempotency-Replayed", object{{"description", "Set where the answer is that to an earlier request with the same Idempotency-Key."}, {"schema", object{{"type", "string"}, {"enum", texts("true")}}}}},
		{"Link", text("The pages before and after this one (RFC 8288), as in `previous` and `next`.")},
		{"WWW-Authenticate", text("`Bearer`, with RFC 6750's error where a token was given; on 403 only where a scope is what it lacks.")},
		{"RateLimit-Policy", text("The limits that the request is counted against, as a structured field: `q` requests in `w` seconds (draft-ietf-httpapi-ratelimit-headers).")},
		{"RateLimit", text("What is left of them: `r` requests, and in `t` seconds one more. Without `t` all are left.")},
		{"Retry-After", object{{"description", "How many seconds to wait."}, {"schema", object{{"type", "integer"}, {"minimum", 1}}}}},
	}
}

// headers returns the headers of an answer, the request's id first.
func headers(names ...string) object {
	out := object{{"X-Request-ID", headerRef("X-Request-ID")}}
	for _, name := range names {
		out = append(out, member{name, headerRef(name)})
	}
	return out
}

// limited adds to answers what those under /api/ say of limits.
func limited(responses object) object {
	for i := range responses {
		answer, _ := responses[i].value.(object)
		for j := range answer {
			if given, ok := answer[j].value.(object); ok && answer[j].name == "headers" {
				answer[j].value = append(slices.Clip(given), limitHeaders()...)
			}
		}
	}
	return responses
}

func limitHeaders() object {
	return object{{"RateLimit-Policy", headerRef("RateLimit-Policy")}, {"RateLimit", headerRef("RateLimit")}}
}

// problemSchemas are the schemas of a problem document and of its parts.
func problemSchemas() object {
	codes := texts()
	for _, code := range fault.Codes() {
		codes = append(codes, string(code))
	}
	text := func(description string) object { return object{{"type", "string"}, {"description", description}} }
	return object{
		{"Problem", object{
			{"type", "object"},
			{"description", "What went wrong (RFC 9457)."},
			{"properties", object{
				{"type", object{{"type", "string"}, {"format", "uri"}, {"description", "The kind of problem, as a URI."}}},
				{"title", text("The kind of problem in a few words.")},
				{"status", object{{"type", "integer"}, {"minimum", 400}, {"maximum", 599}, {"description", "The status of the answer."}}},
				{"detail", text("What to do about it.")},
				{"code", object{{"type", "string"}, {"enum", codes}, {"description", "The kind of problem, as a stable word to branch on."}}},
				{"instance", object{{"type", "string"}, {"format", "uri"}, {"description", "This one problem, as a URI."}}},
				{"request_id", text("The request, for reports and logs.")},
				{"errors", object{{"type", "array"}, {"items", ref("FieldError")}, {"description", "All fields and parameters at fault."}}},
				{"tenants", object{{"type", "array"}, {"items", ref("TenantChoice")}, {"description", "The tenants to choose from, where a log-in named none."}}},
			}},
			{"required", texts("type", "title", "status", "detail", "code", "instance", "request_id")},
		}},
		{"FieldError", object{
			{"type", "object"},
			{"properties", object{
				{"field", text("The path in the body (`due_date`, `items.3.title`), or the name of the query parameter.")},
				{"code", object{{"type", "string"}, {"enum", fieldCodes()}, {"description", "What is wrong, as a stable word."}}},
				{"message", text("What is wrong, as a sentence.")},
			}},
			{"required", texts("field", "code", "message")},
		}},
		{"TenantChoice", object{
			{"type", "object"}, {"properties", tenantProperties()}, {"required", texts("id", "slug", "name")},
		}},
	}
}

func fieldCodes() array {
	return texts(fault.FieldRequired, fault.FieldUnknown, fault.FieldReadOnly, fault.FieldType, fault.FieldNull, fault.FieldTooShort,
		fault.FieldTooLong, fault.FieldTooSmall, fault.FieldTooLarge, fault.FieldChoice, fault.FieldFormat, fault.FieldReference,
		fault.FieldUnique, fault.FieldInvalid, fault.FieldRepeated, fault.FieldConflict)
}

// refusal is one error answer of the document: its name, and the faults that are its examples.
type refusal struct {
	name        string
	description string
	headers     []string
	faults      []*fault.Error
}

func (r refusal) status() int { return problem.Of(r.faults[0].Code).Status }

// The names of the error answers.
const (
	malformed         = "Malformed"
	notAuthenticated  = "NotAuthenticated"
	wrongCredentials  = "WrongCredentials"
	permissionDenied  = "PermissionDenied"
	notFound          = "NotFound"
	conflict          = "Conflict"
	keyedConflict     = "KeyedConflict"
	preconditionFails = "PreconditionFailed"
	bodyTooLarge      = "BodyTooLarge"
	wrongMedia        = "UnsupportedMediaType"
	wrongRange        = "RangeNotSatisfiable"
	notValid          = "NotValid"
	wrongKey          = "NotValidOrKeyReused"
	chooseTenant      = "ChooseTenant"
	tooMany           = "TooManyRequests"
	internalError     = "InternalError"
	unavailable       = "Unavailable"
)

func refusals() []refusal {
	bad := fault.Error{Code: fault.ValidationFailed, Fields: []fault.Field{
		{Name: "colour", Code: fault.FieldUnknown, Message: "There is no such field."},
	}}
	choose := bad
	choose.Message = "You belong to several tenants; name one of them."
	choose.Fields = []fault.Field{{Name: "tenant", Code: fault.FieldRequired, Message: "Name one of the tenants."}}
	choose.Tenants = []fault.Choice{
		{ID: "01935a2f-7c1e-7d3a-9b64-2f0c8e5a1d01", Slug: "acme", Name: "Acme"},
		{ID: "01935a2f-7c1e-7d3a-9b64-2f0c8e5a1d02", Slug: "globex", Name: "Globex"},
	}
	one := func(name, description string, code fault.Code, headers ...string) refusal {
		return refusal{name, description, headers, []*fault.Error{fault.New(code, "")}}
	}
	return []refusal{
		one(malformed, "The body is not a JSON object, or a header can't be read.", fault.MalformedBody),
		{notAuthenticated, "No token, or none that is good.", []string{"WWW-Authenticate"}, []*fault.Error{
			fault.New(fault.NotAuthenticated, ""), fault.New(fault.TokenInvalid, ""), fault.New(fault.TokenExpired, ""),
		}},
		one(wrongCredentials, "The credentials are wrong.", fault.CredentialsInvalid, "WWW-Authenticate"),
		{permissionDenied, "The caller's role, the token's scopes or the tenant's state does not allow it.", []string{"WWW-Authenticate"}, []*fault.Error{
			fault.New(fault.PermissionDenied, ""), fault.New(fault.TenantSuspended, ""),
		}},
		{notFound, "There is no such record in the tenant.", nil, []*fault.Error{fault.Missing()}},
		one(conflict, "The request conflicts with what is stored, such as a unique value that is taken.", fault.Conflict),
		{keyedConflict, "The request conflicts with what is stored, or the first one with its Idempotency-Key is still running.", nil, []*fault.Error{
			fault.New(fault.Conflict, ""), fault.New(fault.IdempotencyInProgress, ""),
		}},
		one(preconditionFails, "The record is no longer what If-Match names.", fault.PreconditionFailed),
		one(bodyTooLarge, "The body is larger than this server takes.", fault.BodyTooLarge),
		one(wrongMedia, "The body is not JSON in UTF-8, or does not say so, or is encoded.", fault.UnsupportedMediaType),
		one(wrongRange, "The file ends before the range that was asked for.", fault.RangeNotSatisfiable),
		{notValid, "Fields or parameters are not valid; `errors` has them all.", nil, []*fault.Error{&bad}},
		{wrongKey, "Fields or parameters are not valid, or the Idempotency-Key was used with another request.", nil, []*fault.Error{
			&bad, fault.New(fault.IdempotencyMismatch, ""),
		}},
		{chooseTenant, "Fields are not valid, or the user belongs to several tenants and named none.", nil, []*fault.Error{&bad, &choose}},
		one(tooMany, "Nothing is left of a limit.", fault.RateLimited, "Retry-After"),
		one(internalError, "Something went wrong on our side.", fault.Internal),
		one(unavailable, "The service can't answer now.", fault.Unavailable, "Retry-After"),
	}
}

// sharedResponses are the error answers, each with examples that are what the server really sends.
func (b *builder) sharedResponses() (object, error) {
	var out object
	for _, r := range refusals() {
		if r.name == wrongRange && !b.hasContent() {
			continue
		}
		examples := object{}
		for i, f := range r.faults {
			value, err := parseJSON(problem.Append(nil, f, exampleRequestID))
			if err != nil {
				return nil, err
			}
			name := string(f.Code)
			if examples.get(name) != nil {
				name += "_" + strconv.Itoa(i+1)
			}
			examples = append(examples, member{name, object{{"summary", problem.Of(f.Code).Title}, {"value", value}}})
		}
		named := append(headers(r.headers...), limitHeaders()...)
		if r.name == wrongRange {
			named = append(named, contentRange())
		}
		out = append(out, member{r.name, object{
			{"description", r.description},
			{"headers", named},
			{"content", object{{problem.ContentType, object{{"schema", ref("Problem")}, {"examples", examples}}}}},
		}})
	}
	return out, nil
}

// addRefusals adds the named error answers to an operation's, in the order of their statuses.
func addRefusals(responses object, names ...string) object {
	all := refusals()
	var chosen []refusal
	for _, r := range all {
		if slices.Contains(names, r.name) {
			chosen = append(chosen, r)
		}
	}
	slices.SortStableFunc(chosen, func(a, b refusal) int { return a.status() - b.status() })
	for _, r := range chosen {
		responses = append(responses, member{strconv.Itoa(r.status()), object{{"$ref", "#/components/responses/" + r.name}}})
	}
	return responses
}
