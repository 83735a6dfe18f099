package openapi

import (
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/schema"
)

// Extensions of the document say what OpenAPI has no words for, so that an interface can be built from the document
// alone, as the one under /admin/ is. docs/API.md lists them.
const (
	extensionReferences   = "x-references"
	extensionReferencesBy = "x-references-by"
	extensionRole         = "x-tenantry-role"
	extensionAccess       = "x-tenantry-access"
	extensionContent      = "x-tenantry-content"
	extensionUnit         = "x-tenantry-unit"
	extensionGauge        = "x-tenantry-gauge"
	extensionWord         = "x-tenantry-word"
)

// references say which records a field names, and, where it is not the id, by which parameter their list finds one: a
// member is named by the user's id, and not by the membership's.
func references(resource string) object {
	out := object{{extensionReferences, resource}}
	if resource == schema.Members {
		out = append(out, member{extensionReferencesBy, "user"})
	}
	return out
}

// measures say what a number counts, where that has a unit, and whether it tells a state: such ones are not added up.
func measures(f *schema.Field) object {
	var out object
	if f.Unit != "" {
		out = append(out, member{extensionUnit, string(f.Unit)})
	}
	if f.Gauge {
		out = append(out, member{extensionGauge, true})
	}
	return out
}

// extensions say from which role on an operation is allowed, which scope it takes, and which fields tell of the file that
// it is about.
func extensions(op *operation.Operation) object {
	var out object
	if op.Audience == operation.TenantToken {
		out = append(out, member{extensionRole, op.Rule.Minimum().String()})
		if op.Resource != nil { // scopes are of resources
			out = append(out, member{extensionAccess, string(op.Access)})
		}
	}
	if op.Kind == operation.GetContent {
		out = append(out, member{extensionContent, contentExtension(op.Resource.Content)})
	}
	return out
}

func contentExtension(c schema.Content) object {
	var out object
	for _, m := range []struct{ name, field string }{
		{"name", c.Name}, {"path", c.Path}, {"size", c.Size}, {"type", c.Type}, {"checksum", c.Checksum},
	} {
		if m.field != "" {
			out = append(out, member{m.name, m.field})
		}
	}
	return out
}
