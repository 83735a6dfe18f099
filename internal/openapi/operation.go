package openapi

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/operation"
)

// addOperation puts one operation in its place.
func (b *builder) addOperation(op *operation.Operation) {
	described := b.operation(op)
	method := strings.ToLower(op.Method)
	for i := range b.paths {
		if b.paths[i].name != op.Path {
			continue
		}
		item, _ := b.paths[i].value.(object)
		if item.get(method) != nil {
			b.fail(fmt.Errorf("openapi: %s %s is there twice", op.Method, op.Path))
			return
		}
		b.paths[i].value = append(item, member{method, described})
		return
	}
	b.paths = append(b.paths, member{op.Path, object{{method, described}}})
}

func (b *builder) operation(op *operation.Operation) object {
	if slices.ContainsFunc(b.ops, func(o operation.Operation) bool { return o.ID == op.ID && (o.Method != op.Method || o.Path != op.Path) }) {
		b.fail(fmt.Errorf("openapi: two operations are named %s", op.ID))
	}
	out := object{{"operationId", op.ID}, {"tags", texts(op.Tag)}, {"summary", op.Summary}, {"description", b.describe(op)}}
	switch op.Audience {
	case operation.Public:
		schemes := array{}
		if op.Kind == operation.ClientToken {
			schemes = array{object{{"clientBasic", array{}}}, object{}}
		}
		out = append(out, member{"security", schemes})
	case operation.OperatorToken:
		out = append(out, member{"security", array{object{{"operatorAuth", array{}}}}})
	case operation.TenantToken: // the document's own
	}
	out = append(out, extensions(op)...)
	out = append(out, member{"parameters", b.parameters(op)})
	if body := b.body(op); body != nil {
		out = append(out, member{"requestBody", body})
	}
	return append(out, member{"responses", b.responses(op)})
}

// describe says who may call the operation beside what it is.
func (b *builder) describe(op *operation.Operation) string {
	who := "It needs no Authorization header."
	switch op.Audience {
	case operation.TenantToken:
		who = "It takes the role " + op.Rule.Minimum().String() + " or above."
	case operation.OperatorToken:
		who = "It takes an operator's token."
	case operation.Public:
	}
	return strings.TrimSpace(op.Description + " " + who)
}

func (b *builder) parameters(op *operation.Operation) array {
	params := array{}
	if strings.Contains(op.Path, "{id}") {
		params = append(params, parameterRef("Id"))
	}
	if op.Under != "" && strings.Contains(op.Path, "{"+op.Under+"}") {
		params = append(params, object{
			{"name", op.Under},
			{"in", "path"},
			{"required", true},
			{"description", "The id of the " + operation.Words(op.Resource.Singular) + "."},
			{"schema", object{{"type", "string"}, {"format", "uuid"}}},
		})
	}
	switch op.Kind {
	case operation.RetireKey:
		params = append(params, keyParameter(), parameterRef("IdempotencyKey"))
	case operation.List, operation.ListEvents:
		params = append(params, b.listParameters(op)...)
	case operation.Get:
		params = append(params, b.selectionParameters(op.Resource)...)
		params = append(params, parameterRef("IfMatch"), parameterRef("IfNoneMatch"))
	case operation.Create, operation.ExchangeToken, operation.RotateKeys:
		params = append(params, parameterRef("IdempotencyKey"))
	case operation.Act:
		params = append(params, parameterRef("IfMatch"), parameterRef("IdempotencyKey"))
	case operation.Replace, operation.Patch, operation.Delete, operation.PutContent, operation.DeleteContent:
		params = append(params, parameterRef("IfMatch"))
	case operation.GetContent:
		params = append(params, contentParameters()...)
	case operation.Schema:
		params = append(params, schemaParameters()...)
		params = append(params, parameterRef("IfNoneMatch"))
	case operation.SwaggerUI, operation.ReDoc, operation.KeySet, operation.Index:
		params = append(params, parameterRef("IfNoneMatch"))
	default:
	}
	return append(params, parameterRef("RequestId"))
}

func (b *builder) body(op *operation.Operation) any {
	var name string
	switch op.Kind {
	case operation.PutContent:
		return contentBody()
	case operation.ClientToken:
		return clientTokenBody()
	case operation.OperatorSignIn:
		name = "OperatorSignIn"
	case operation.OperatorRefresh:
		name = "RefreshRequest"
	case operation.OperatorRevoke:
		name = "TokenRequest"
	case operation.ExchangeToken:
		name = "TokenExchange"
	case operation.RotateKeys:
		name = "SigningKeyRotation"
	case operation.Create:
		name = typeName(op.Resource.Singular) + "Create"
	case operation.Replace:
		name = typeName(op.Resource.Singular) + "Replace"
	case operation.Patch:
		name = typeName(op.Resource.Singular) + "Patch"
	case operation.Act:
		if op.Action.Input == nil {
			return nil
		}
		name = inputName(op)
	case operation.SignIn:
		name = "SignIn"
	case operation.Refresh:
		name = "RefreshRequest"
	case operation.VerifyToken, operation.RevokeToken:
		name = "TokenRequest"
	default:
		return nil
	}
	content := object{{jsonType, object{{"schema", ref(name)}}}}
	if op.Kind == operation.Act || op.Kind == operation.RotateKeys {
		return object{{"required", false}, {"content", content}}
	}
	if op.Kind == operation.Patch {
		content = object{{mergeType, object{{"schema", ref(name)}}}, {jsonType, object{{"schema", ref(name)}}}}
	}
	return object{{"required", true}, {"content", content}}
}

const (
	jsonType  = "application/json"
	mergeType = "application/merge-patch+json"
)

// responses are all answers of an operation: the good one first, then the errors.
func (b *builder) responses(op *operation.Operation) object {
	good := b.success(op)
	refused := []string{internalError}
	if strings.HasPrefix(op.Path, "/api/") {
		good, refused = limited(good), append(refused, tooMany)
	}
	switch op.Kind {
	case operation.Health, operation.Root:
		refused = append(refused, notValid)
	case operation.Index:
		refused = append(refused, malformed, preconditionFails, notValid)
	case operation.Ready:
		refused = append(refused, notValid, unavailable)
	case operation.Schema, operation.SwaggerUI, operation.ReDoc, operation.KeySet:
		refused = append(refused, malformed, preconditionFails, notValid)
	case operation.SignIn:
		refused = append(refused, malformed, wrongCredentials, permissionDenied, bodyTooLarge, wrongMedia, chooseTenant, unavailable)
	case operation.Refresh, operation.VerifyToken:
		refused = append(refused, malformed, notAuthenticated, permissionDenied, bodyTooLarge, wrongMedia, notValid, unavailable)
	case operation.RevokeToken, operation.OperatorRevoke:
		refused = append(refused, malformed, bodyTooLarge, wrongMedia, notValid, unavailable)
	case operation.ClientToken:
		refused = append(refused, unavailable)
	case operation.OperatorSignIn:
		refused = append(refused, malformed, wrongCredentials, bodyTooLarge, wrongMedia, notValid, unavailable)
	case operation.OperatorRefresh:
		refused = append(refused, malformed, notAuthenticated, bodyTooLarge, wrongMedia, notValid, unavailable)
	case operation.ExchangeToken:
		refused = append(refused, malformed, notAuthenticated, permissionDenied, notFound, keyedConflict, preconditionFails, bodyTooLarge, wrongMedia, wrongKey, unavailable)
	case operation.RotateKeys:
		refused = append(refused, malformed, notAuthenticated, keyedConflict, preconditionFails, bodyTooLarge, wrongMedia, wrongKey, unavailable)
	case operation.RetireKey:
		refused = append(refused, malformed, notAuthenticated, notFound, keyedConflict, preconditionFails, bodyTooLarge, wrongMedia, wrongKey, unavailable)
	default:
		refused = append(refused, notAuthenticated, permissionDenied, unavailable)
		refused = append(refused, refusedRecords(op)...)
		if !slices.Contains(refused, wrongKey) { // which has the same status
			refused = append(refused, notValid)
		}
	}
	return addRefusals(good, refused...)
}

// refusedRecords are the errors of an operation on records beside those that all have.
func refusedRecords(op *operation.Operation) []string {
	var out []string
	if strings.Contains(op.Path, "{id}") {
		out = append(out, notFound)
	}
	switch op.Kind {
	case operation.Create, operation.Act:
		out = append(out, malformed, keyedConflict, preconditionFails, bodyTooLarge, wrongMedia, wrongKey)
	case operation.Replace, operation.Patch, operation.PutContent:
		out = append(out, malformed, conflict, preconditionFails, bodyTooLarge, wrongMedia)
	case operation.Delete, operation.DeleteContent:
		out = append(out, malformed, conflict, preconditionFails)
	case operation.GetContent:
		out = append(out, malformed, preconditionFails, wrongRange)
	default: // a GET, whose If-Match may fail or be no list of tags
		out = append(out, malformed, preconditionFails)
	}
	return out
}

// success is the answer of an operation that went well.
func (b *builder) success(op *operation.Operation) object {
	record := func() string { return typeName(op.Resource.Singular) }
	switch op.Kind {
	case operation.List, operation.ListEvents:
		return answered("200", "One page of records.", ref(record()+"Page"), "Link")
	case operation.Create:
		if len(onceNames(op)) > 0 {
			return answered("201", "The record, with its secret this once.", ref(record()+onceSuffix), "Location", "ETag", "Idempotency-Replayed")
		}
		return answered("201", "The record.", ref(record()), "Location", "ETag", "Idempotency-Replayed")
	case operation.Get:
		return append(answered("200", "The record.", anyRecord(record()), "ETag"), notModified())
	case operation.GetContent:
		return contentAnswers()
	case operation.Replace, operation.Patch, operation.PutContent:
		return answered("200", "The record as it is now.", ref(record()), "ETag")
	case operation.Act:
		if op.Action.Renews {
			return answered("200", "The record, with its new secret this once.", ref(record()+onceSuffix), "ETag", "Idempotency-Replayed")
		}
		return answered("200", "The record as it is now.", ref(record()), "ETag", "Idempotency-Replayed")
	case operation.Delete, operation.DeleteContent, operation.RevokeToken, operation.OperatorRevoke:
		return object{{"204", object{{"description", "Done."}, {"headers", headers()}}}}
	case operation.ClientToken:
		return clientTokenAnswers()
	case operation.RotateKeys:
		return answered("201", "The key.", ref("SigningKey"), "Idempotency-Replayed")
	case operation.RetireKey:
		return object{{"204", object{{"description", "Done."}, {"headers", headers("Idempotency-Replayed")}}}}
	case operation.Report:
		return answered("200", "The report.", ref(reportName(op.ID)))
	case operation.KeySet:
		return append(answered("200", "The keys; `{\"keys\":[]}` where there are none.", ref("KeySet"), "ETag"), notModified())
	case operation.Schema:
		return append(schemaAnswer(), notModified())
	case operation.SwaggerUI, operation.ReDoc:
		return append(object{{"200", object{
			{"description", "A page for browsers."},
			{"headers", headers("ETag")},
			{"content", object{{"text/html", object{{"schema", object{{"type", "string"}}}}}}},
		}}}, notModified())
	case operation.Index:
		return indexAnswer()
	default:
		return answered("200", "The answer.", ref(fixedAnswer(op.Kind)))
	}
}

// fixedAnswer names the schema of an answer that is the same for every service.
func fixedAnswer(kind operation.Kind) string {
	switch kind {
	case operation.SignIn, operation.Refresh:
		return "Tokens"
	case operation.VerifyToken:
		return "TokenInfo"
	case operation.Me:
		return "Me"
	case operation.OperatorSignIn, operation.OperatorRefresh:
		return "OperatorTokens"
	case operation.OperatorMe:
		return "OperatorMe"
	case operation.ExchangeToken:
		return "ExchangedToken"
	case operation.ListKeys:
		return "SigningKeyPage"
	case operation.VerifyEvents:
		return "EventsVerification"
	case operation.Root:
		return "Links"
	default:
		return "Status"
	}
}

func answered(status, description string, s object, names ...string) object {
	return object{{status, object{
		{"description", description},
		{"headers", headers(names...)},
		{"content", object{{jsonType, object{{"schema", s}}}}},
	}}}
}

func notModified() member {
	return member{"304", object{{"description", "The client has it already."}, {"headers", headers("ETag")}}}
}

// onceNames are the fields that the answer of a create shows this once.
func onceNames(op *operation.Operation) array {
	_, names := onceProperties(op.Resource)
	return names
}
