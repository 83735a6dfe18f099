package sqlgen

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/schema"
)

// Step is what has to be done for one resource: statements to run in their order, in one transaction with the
// storing of Snapshot, which replaces what was stored for the resource.
//
// On SQLite foreign keys MUST be off while steps run, and checked before they are committed: a table may be
// rebuilt.
type Step struct {
	Resource   string
	Words      string
	Statements []string
	Snapshot   []byte
}

// Plan returns what brings the tables from the stored snapshots, by name of resource, to the resources: new
// tables before those that refer to them, and additive changes. All changes that can't be made are one error.
// A stored resource that is no more keeps its table.
func (b *Builder) Plan(stored map[string][]byte, resources []*schema.Resource) ([]Step, error) {
	var steps []Step
	var faults []error
	made := make(map[string]bool, len(stored))
	for name := range stored {
		made[name] = true
	}
	waiting := map[string][]*schema.Resource{} // by the table that their keys wait for
	for _, r := range byDependency(resources) {
		step := Step{Resource: r.Name, Snapshot: Snapshot(r)}
		if before, known := stored[r.Name]; known {
			if string(before) == string(step.Snapshot) {
				continue
			}
			var err error
			if step.Statements, err = b.evolveFrom(before, r); err != nil {
				faults = append(faults, err)
				continue
			}
			step.Words = "change the table " + r.Table()
		} else {
			later := missing(r, made)
			step.Words = "create the table " + r.Table()
			step.Statements = b.CreateTable(r, later...)
			for _, name := range later {
				waiting[name] = append(waiting[name], r)
			}
			made[r.Name] = true
			for _, from := range waiting[r.Name] {
				step.Statements = append(step.Statements, b.ForeignKeys(from, r.Name)...)
			}
		}
		steps = append(steps, step)
	}
	return steps, errors.Join(faults...)
}

func (b *Builder) evolveFrom(snapshot []byte, r *schema.Resource) ([]string, error) {
	before, err := ParseSnapshot(snapshot)
	if err != nil {
		return nil, err
	}
	return b.Evolve(before, r)
}

// missing returns the resources that r refers to and that have no table yet, itself aside.
func missing(r *schema.Resource, made map[string]bool) []string {
	var out []string
	for i := range r.Fields {
		f := &r.Fields[i]
		if hasKey(f) && f.Ref.Resource != r.Name && !made[f.Ref.Resource] && !slices.Contains(out, f.Ref.Resource) {
			out = append(out, f.Ref.Resource)
		}
	}
	return out
}

// byDependency returns the resources, each behind those it refers to as far as there is no cycle.
func byDependency(resources []*schema.Resource) []*schema.Resource {
	byName, seen := ByName(resources), make(map[string]bool, len(resources))
	out := make([]*schema.Resource, 0, len(resources))
	var visit func(r *schema.Resource)
	visit = func(r *schema.Resource) {
		if r == nil || seen[r.Name] {
			return
		}
		seen[r.Name] = true
		for i := range r.Fields {
			if f := &r.Fields[i]; hasKey(f) {
				visit(byName[f.Ref.Resource])
			}
		}
		out = append(out, r)
	}
	for _, r := range resources {
		visit(r)
	}
	return out
}

// Evolve returns the statements that bring the table of old to the form of r. Fields may be added, where the
// existing records can have a value; a field may become nullable, unique or no longer unique, and its enum may
// grow. Everything else is an error that says in words what can't be done: nothing is ever dropped or guessed.
func (b *Builder) Evolve(old, r *schema.Resource) ([]string, error) {
	faults := refusals(old, r)
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	if b.dialect == SQLite && needsRebuild(old, r) {
		return b.rebuild(old, r), nil
	}
	var out []string
	for i := range r.Fields {
		f := &r.Fields[i]
		if !f.Stored() {
			continue
		}
		if before := old.Field(f.Name); before != nil {
			out = append(out, b.change(r, before, f)...)
		} else {
			out = append(out, b.add(r, f)...)
		}
	}
	return out, nil
}

func refusals(old, r *schema.Resource) []error {
	var faults []error
	refuse := func(field, why string) {
		faults = append(faults, fmt.Errorf("table %s, field %s: %s; change it in a migration of your own", r.Table(), field, why))
	}
	for i := range r.Fields {
		f := &r.Fields[i]
		if !f.Stored() {
			continue
		}
		if why := refusal(old.Field(f.Name), f); why != "" {
			refuse(f.Name, why)
		}
	}
	for i := range old.Fields {
		if f := r.Field(old.Fields[i].Name); f == nil || !f.Stored() {
			refuse(old.Fields[i].Name, "it is no longer declared, and its data would be lost")
		}
	}
	if old.AppendOnly != r.AppendOnly {
		faults = append(faults, fmt.Errorf("table %s: it can't become append-only or stop being it", r.Table()))
	}
	return faults
}

// refusal says why a field can't be brought from the form before to that of f, empty where it can.
func refusal(before, f *schema.Field) string {
	switch {
	case before == nil && f.Nullable:
		return ""
	case before == nil && f.Unique:
		return "a new unique field must be nullable, since existing records would share its default"
	case before == nil && (f.Zero().IsNull() || f.Required && f.Default.IsNull()):
		return "a new field must be nullable or have a default, since existing records have no value"
	case before == nil:
		return ""
	case before.Type != f.Type:
		return "its type can't change from " + before.Type.String() + " to " + f.Type.String()
	case before.Nullable && !f.Nullable:
		return "it can't stop being nullable, since existing records may have null"
	case reference(before) != reference(f):
		return "what it refers to can't change"
	case len(f.Enum) > 0 && (len(before.Enum) == 0 || !containsAll(f.Enum, before.Enum)):
		return "its enum can't lose a value, since existing records may have it"
	default:
		return ""
	}
}

func reference(f *schema.Field) string {
	if f.Ref == nil {
		return ""
	}
	return f.Ref.Resource
}

func containsAll(words, of []string) bool {
	for _, word := range of {
		if !slices.Contains(words, word) {
			return false
		}
	}
	return true
}

// add returns the statements that add the field's column, with a value for the records that exist.
func (b *Builder) add(r *schema.Resource, f *schema.Field) []string {
	text := "ALTER TABLE " + b.tableName(r.Table()) + " ADD COLUMN " + b.columnText(r, f)
	if value := b.defaultLiteral(f); value != "" {
		text += " DEFAULT " + value
	}
	out := []string{text}
	if hasKey(f) {
		out = append(out, "ALTER TABLE "+b.tableName(r.Table())+" ADD "+b.foreignKey(r, f))
	}
	if f.Ref != nil {
		out = append(out, b.index(r, f.Name))
	}
	if f.Unique {
		out = append(out, b.uniqueIndex(r, f))
	}
	return out
}

// change returns the statements that bring a column to a wider form.
func (b *Builder) change(r *schema.Resource, before, f *schema.Field) []string {
	var out []string
	table := "ALTER TABLE " + b.tableName(r.Table())
	if f.Nullable && !before.Nullable {
		out = append(out, table+" ALTER COLUMN "+quote(f.Name)+" DROP NOT NULL")
	}
	if enumChanged(before, f) {
		check := quote(name(r.Table(), f.Name, "check"))
		out = append(out, table+" DROP CONSTRAINT "+check)
		if len(f.Enum) > 0 {
			out = append(out, table+" ADD CONSTRAINT "+check+" CHECK ("+b.check(f)+")")
		}
	}
	if f.Unique && !before.Unique {
		out = append(out, b.uniqueIndex(r, f))
	}
	if before.Unique && !f.Unique {
		out = append(out, "DROP INDEX "+b.tableName(uniqueName(r, f)))
	}
	return out
}

func enumChanged(before, f *schema.Field) bool {
	return !slices.Equal(sorted(before.Enum), sorted(f.Enum))
}

// needsRebuild reports whether the change is one that SQLite's ALTER TABLE can't make.
func needsRebuild(old, r *schema.Resource) bool {
	for i := range r.Fields {
		f := &r.Fields[i]
		if !f.Stored() {
			continue
		}
		before := old.Field(f.Name)
		if before == nil && hasKey(f) || before != nil && (before.Nullable != f.Nullable || enumChanged(before, f)) {
			return true
		}
	}
	return false
}

// rebuild returns the statements that copy the table into one of the new form, as SQLite's manual has it. New
// columns get what an existing record is given.
func (b *Builder) rebuild(old, r *schema.Resource) []string {
	aside := "rebuilt__" + r.Table() // no resource's table has two underscores in a row
	columns, values := []string{columnTenant}, []string{columnTenant}
	for i := range r.Fields {
		f := &r.Fields[i]
		if !f.Stored() {
			continue
		}
		columns = append(columns, quote(f.Name))
		switch {
		case old.Field(f.Name) != nil:
			values = append(values, quote(f.Name))
		case b.defaultLiteral(f) != "":
			values = append(values, b.defaultLiteral(f))
		default:
			values = append(values, "NULL")
		}
	}
	if !r.AppendOnly {
		columns, values = append(columns, columnVersion), append(values, columnVersion)
	}
	return append([]string{
		b.tableText(r, aside, nil),
		"INSERT INTO " + b.tableName(aside) + " (" + strings.Join(columns, ", ") + ") SELECT " +
			strings.Join(values, ", ") + " FROM " + b.tableName(r.Table()),
		"DROP TABLE " + b.tableName(r.Table()),
		"ALTER TABLE " + b.tableName(aside) + " RENAME TO " + quote(r.Table()),
	}, b.indexes(r)...)
}
