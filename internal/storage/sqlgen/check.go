package sqlgen

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/schema"
)

// reserved are the tables that the engines keep beside those of the resources.
func reserved() []string {
	return []string{"events", "event_head", "event_heads", "schema_resources", "schema_state", "goose_db_version"}
}

// Check returns what is wrong with the resources as tables: names that can't be used, references and derived
// fields that lead nowhere. All mistakes are reported at once; a Builder takes only resources without any.
func Check(resources []*schema.Resource) []error {
	var faults []error
	byName, tables := ByName(resources), make(map[string]string, len(resources))
	for _, r := range resources {
		table := r.Table()
		if slices.Contains(reserved(), table) || strings.HasPrefix(table, "sqlite_") {
			faults = append(faults, fmt.Errorf("resource %s: the table name %q is taken by Tenantry itself", r.Name, table))
		}
		if other, taken := tables[table]; taken {
			faults = append(faults, fmt.Errorf("resource %s: its table has the name of that of %s", r.Name, other))
		}
		tables[table] = r.Name
		if !identifier(table) {
			faults = append(faults, fmt.Errorf("resource %s: its name is no table name", r.Name))
		}
		for i := range r.Fields {
			if err := checkField(r, &r.Fields[i], byName); err != nil {
				faults = append(faults, fmt.Errorf("resource %s, field %s: %w", r.Name, r.Fields[i].Name, err))
			}
		}
	}
	return faults
}

func checkField(r *schema.Resource, f *schema.Field, byName map[string]*schema.Resource) error {
	switch {
	case !identifier(f.Name):
		return errors.New("a name is lower-case letters, digits and single inner underscores, 54 characters at most")
	case f.Stored() && (f.Name == columnTenant || f.Name == columnVersion):
		return errors.New("every table has a column of this name already")
	case f.Stored() && (f.Type < schema.Text || f.Type > schema.JSON):
		return fmt.Errorf("a column can't hold the type %s", f.Type)
	case f.Derived != nil:
		return checkDerived(r, f.Derived, byName)
	case f.Ref != nil && f.Ref.Resource != schema.Members && byName[f.Ref.Resource] == nil:
		return fmt.Errorf("it refers to %q, which is no resource", f.Ref.Resource)
	default:
		return nil
	}
}

func checkDerived(r *schema.Resource, d *schema.Derived, byName map[string]*schema.Resource) error {
	if d.Lookup == "" {
		counted := byName[d.Count]
		if counted == nil {
			return fmt.Errorf("it counts %q, which is no resource", d.Count)
		}
		via := counted.Field(d.Via)
		if via == nil || !hasKey(via) || via.Ref.Resource != r.Name {
			return fmt.Errorf("it counts %s by %q, which is no reference to %s", d.Count, d.Via, r.Name)
		}
		return nil
	}
	via := r.Field(d.Via)
	if via == nil || !hasKey(via) || byName[via.Ref.Resource] == nil {
		return fmt.Errorf("it follows %q, which is no reference to a resource", d.Via)
	}
	if found := byName[via.Ref.Resource].Field(d.Lookup); found == nil || !found.Stored() {
		return fmt.Errorf("it looks up %q, which %s does not store", d.Lookup, via.Ref.Resource)
	}
	return nil
}

// identifier reports whether the text can be a name in SQL. Names come from the program's author, never from a
// client; the check keeps a quote out of statements all the same, and two underscores to the names of indexes.
func identifier(text string) bool {
	if text == "" || len(text) > longestName || strings.Contains(text, "__") || text[0] == '_' || text[len(text)-1] == '_' {
		return false
	}
	for i, c := range []byte(text) {
		letter := c >= 'a' && c <= 'z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return true
}
