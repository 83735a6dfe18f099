package sqlgen

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/schema"
)

// snapshot is what of a resource shapes its table. Its JSON is kept beside the table, so that the next program
// knows what it finds; a field may be added here, none may be renamed.
type snapshot struct {
	Name       string          `json:"name"`
	AppendOnly bool            `json:"append_only,omitempty"`
	Fields     []fieldSnapshot `json:"fields"`
}

type fieldSnapshot struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Nullable bool     `json:"nullable,omitempty"`
	Unique   bool     `json:"unique,omitempty"`
	Enum     []string `json:"enum,omitempty"`
	Ref      string   `json:"ref,omitempty"`
}

// Snapshot returns a description of the resource's table as JSON. Resources whose tables are the same have the
// same bytes.
func Snapshot(r *schema.Resource) []byte {
	s := snapshot{Name: r.Name, AppendOnly: r.AppendOnly, Fields: []fieldSnapshot{}}
	for i := range r.Fields {
		f := &r.Fields[i]
		if !f.Stored() {
			continue
		}
		field := fieldSnapshot{
			Name: f.Name, Type: f.Type.String(), Nullable: f.Nullable, Unique: f.Unique, Enum: sorted(f.Enum),
		}
		if f.Ref != nil {
			field.Ref = f.Ref.Resource
		}
		s.Fields = append(s.Fields, field)
	}
	slices.SortFunc(s.Fields, func(a, b fieldSnapshot) int { return strings.Compare(a.Name, b.Name) })
	out, err := json.Marshal(s)
	if err != nil { // strings and booleans can always be written
		return nil
	}
	return out
}

// ParseSnapshot reads what Snapshot wrote, as a resource that has only what shapes the table.
func ParseSnapshot(data []byte) (*schema.Resource, error) {
	var s snapshot
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("read the stored description of a resource: %w", err)
	}
	r := &schema.Resource{Name: s.Name, AppendOnly: s.AppendOnly}
	for _, f := range s.Fields {
		field := schema.Field{Name: f.Name, Type: typeNamed(f.Type), Nullable: f.Nullable, Unique: f.Unique, Enum: f.Enum}
		if field.Type == schema.Invalid {
			return nil, fmt.Errorf("read the stored description of %s: field %s has the unknown type %q", s.Name, f.Name, f.Type)
		}
		if f.Ref != "" {
			field.Ref = &schema.Ref{Resource: f.Ref}
		}
		r.Fields = append(r.Fields, field)
	}
	r.Finish()
	return r, nil
}

// Fingerprint returns a hash of the descriptions of all tables, whatever the order of the resources.
func Fingerprint(resources []*schema.Resource) string {
	parts := make([]string, len(resources))
	for i, r := range resources {
		parts[i] = string(Snapshot(r))
	}
	slices.Sort(parts)
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:])
}

func sorted(words []string) []string { return slices.Sorted(slices.Values(words)) }

func typeNamed(name string) schema.Type {
	for t := schema.Text; t <= schema.JSON; t++ {
		if t.String() == name {
			return t
		}
	}
	return schema.Invalid
}
