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
			{"securitySchemes", object{{"bearerAuth", object{
				{"type", "http"},
				{"scheme", "bearer"},
				{"bearerFormat", "JWT"},
				{"description", "An access token, as `POST /api/v1/auth/token/` gives it."},
			}}}},
		}},
	}
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
	case "service":
		return "The service itself: its document, its documentation, its health."
	}
	for _, op := range b.ops {
		if op.Resource != nil && op.Resource.Name == tag && op.Resource.Description != "" {
			return op.Resource.Description
		}
	}
	return "The tenant's " + strings.NewReplacer("-", " ", "_", " ").Replace(tag) + "."
}

// addSchemas adds the schemas that operations refer to: the fixed ones, and those of every resource once.
func (b *builder) addSchemas() {
	for _, op := range b.ops {
		if op.Resource != nil && op.Kind == operation.Get {
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
	}
	for _, m := range slices.Concat(accountSchemas(), serviceSchemas(), problemSchemas()) {
		b.addSchema(m.name, m.value)
	}
}

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
