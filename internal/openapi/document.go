package openapi

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/schema"
)

// Info is how the document introduces the service.
type Info struct {
	Title, Version string
	// Description may be empty: a sentence about multi-tenancy stands there then.
	Description string
}

// Document is the finished document, in both versions and both forms.
type Document struct {
	JSON31, YAML31, JSON30, YAML30 []byte
}

// builder collects the document.
type builder struct {
	info    Info
	ops     []operation.Operation
	records map[string]*schema.Resource // those that have operations of their own on one record
	schemas object
	paths   object
	errs    []error
}

// Build writes the document of the operations. Two operations of one name or place, and two schemas of one name, are
// errors, all of which are returned together.
func Build(info Info, ops []operation.Operation) (*Document, error) {
	b := &builder{info: info, ops: ops, records: map[string]*schema.Resource{}}
	b.addSchemas()
	for i := range ops {
		b.addOperation(&ops[i])
	}
	root := b.root()
	if err := errors.Join(b.errs...); err != nil {
		return nil, err
	}
	older := downgrade(root)
	return &Document{
		JSON31: append(appendJSON(nil, root, 0), '\n'), YAML31: appendYAML(nil, root, 0),
		JSON30: append(appendJSON(nil, older, 0), '\n'), YAML30: appendYAML(nil, older, 0),
	}, nil
}

const aboutTenants = "Every record belongs to one tenant, the one that the access token names. An id of another tenant is " +
	"as unknown as one that never was. Paths end in a slash; without it they answer alike. HEAD is taken wherever GET is, and OPTIONS, which names what a path takes, everywhere."

func (b *builder) root() object {
	description := b.info.Description
	if description == "" {
		description = aboutTenants
	}
	responses, err := b.sharedResponses()
	if err != nil {
		b.fail(err)
	}
	return object{
		{"openapi", "3.1.0"},
		{"info", object{
			{"title", b.info.Title},
			{"version", b.info.Version},
			{"description", description},
			{"license", object{{"name", "Apache-2.0"}, {"url", "https://www.apache.org/licenses/LICENSE-2.0"}}},
		}},
		{"servers", array{object{{"url", "/"}, {"description", "This server"}}}},
		{"security", array{object{{"bearerAuth", array{}}}}},
		{"tags", b.tags()},
		{"paths", b.paths},
		{"components", object{
			{"schemas", b.schemas},
			{"parameters", sharedParameters()},
			{"headers", sharedHeaders()},
			{"responses", responses},
			{"securitySchemes", b.securitySchemes()},
		}},
	}
}

func (b *builder) securitySchemes() object {
	scheme := func(description string) object {
		return object{{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}, {"description", description}}
	}
	out := object{{"bearerAuth", scheme("An access token of a tenant, as `POST /api/v1/auth/token/` gives it.")}}
	out = append(out, member{"clientBasic", object{
		{"type", "http"},
		{"scheme", "basic"},
		{"description", "A service account's client_id and client_secret."},
	}})
	if b.ofOperators() {
		out = append(out, member{"operatorAuth", scheme("An access token of an operator, as `POST /api/admin/v1/auth/token/` gives it.")})
	}
	return out
}

// tags are the groups of operations, in the order in which the table has them.
func (b *builder) tags() array {
	var out array
	var seen []string
	for _, op := range b.ops {
		if op.Tag == "" || slices.Contains(seen, op.Tag) {
			continue
		}
		seen = append(seen, op.Tag)
		out = append(out, object{{"name", op.Tag}, {"description", b.tagDescription(op.Tag)}})
	}
	return out
}

func (b *builder) tagDescription(tag string) string {
	switch tag {
	case "auth":
		return "Tokens, and who they are for."
	case "operators":
		return "The platform: its tenants and users, for its operators. An operator's token is of no tenant."
	case "tenant":
		return "The tenant that the access token names."
	case "service":
		return "The service itself: its document, its documentation, its health."
	}
	for _, op := range b.ops {
		if op.Resource != nil && op.Resource.Name == tag && op.Resource.Description != "" {
			return op.Resource.Description
		}
	}
	return "The tenant's " + operation.Words(tag) + "."
}

// addSchemas adds the schemas that operations refer to: the fixed ones, and those of every resource once.
func (b *builder) addSchemas() {
	for _, op := range b.ops {
		if op.Resource != nil && op.Kind == operation.Get && !op.Resource.Platform {
			b.records[op.Resource.Name] = op.Resource
		}
	}
	var seen []*schema.Resource
	for _, op := range b.ops {
		if op.Resource != nil && !slices.Contains(seen, op.Resource) {
			seen = append(seen, op.Resource)
			b.addRecord(op.Resource)
		}
	}
	for _, op := range b.ops {
		if op.Kind == operation.Report {
			b.addSchema(reportName(op.ID), shapeSchema(op.Report.Shape))
		}
		if op.Kind == operation.Act && op.Action.Input != nil {
			b.addSchema(inputName(&op), inputSchema(op.Action.Input, (*schema.Field).Writable, true))
		}
	}
	fixed := slices.Concat(accountSchemas(), oauthSchemas(), serviceSchemas(), problemSchemas())
	if b.ofOperators() {
		fixed = append(fixed, operatorSchemas()...)
	}
	for _, m := range fixed {
		b.addSchema(m.name, m.value)
	}
}

// inputName names the schema of what an action takes after its operation: rotateServiceAccount takes
// RotateServiceAccount.
func inputName(op *operation.Operation) string { return strings.ToUpper(op.ID[:1]) + op.ID[1:] }

// reportName names the schema of a report after its operation: getProjectStatistics answers ProjectStatistics.
func reportName(operationID string) string { return strings.TrimPrefix(operationID, "get") }

func (b *builder) addSchema(name string, s any) {
	if b.schemas.get(name) != nil {
		b.fail(fmt.Errorf("openapi: two schemas would be named %s; give one of the resources another singular", name))
		return
	}
	b.schemas = append(b.schemas, member{name, s})
}

func (b *builder) fail(err error) { b.errs = append(b.errs, err) }
