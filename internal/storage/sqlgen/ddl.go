package sqlgen

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/internal/schema"
)

// CreateTable returns the statements that make the resource's table and its indexes. The tables that its
// references lead to exist already, or are made later where that is said in later: their keys then follow by
// ForeignKeys on PostgreSQL, while SQLite takes a key to a table that is still to come.
//
// The tenant is first in every key and index, so that the database itself refuses a reference to another
// tenant's record and the same tables can be sharded by tenant.
func (b *Builder) CreateTable(r *schema.Resource, later ...string) []string {
	out := []string{b.tableText(r, r.Table(), later)}
	out = append(out, b.indexes(r)...)
	if b.dialect == Postgres {
		out = append(out,
			"ALTER TABLE "+b.tableName(r.Table())+" ENABLE ROW LEVEL SECURITY",
			"CREATE POLICY "+PolicyName+" ON "+b.tableName(r.Table())+" USING ("+PolicyCondition+") WITH CHECK ("+PolicyCondition+")")
	}
	return out
}

// PolicyName and PolicyCondition are those of the one policy that each table of the tenants has on PostgreSQL, for
// what is read as for what is written. ProvenPolicyCondition takes its place where the database asks for a proof of the
// tenant. Conditions are spelt as the server spells them back where nothing is on its search path, so that whoever
// looks at a database can compare.
const (
	PolicyName            = "tenant_isolation"
	PolicyCondition       = "tenant_id = platform.current_tenant()"
	ProvenPolicyCondition = "tenant_id = ( SELECT entered.tenant\n   FROM platform.entered)"
)

// ForeignKeys returns the statements that add the resource's references to the named resources, which CreateTable
// left out. On SQLite there are none.
func (b *Builder) ForeignKeys(r *schema.Resource, to ...string) []string {
	if b.dialect == SQLite {
		return nil
	}
	var out []string
	for i := range r.Fields {
		if f := &r.Fields[i]; refersTo(f, to) {
			out = append(out, "ALTER TABLE "+b.tableName(r.Table())+" ADD "+b.foreignKey(r, f))
		}
	}
	return out
}

func refersTo(f *schema.Field, names []string) bool {
	for _, name := range names {
		if hasKey(f) && f.Ref.Resource == name {
			return true
		}
	}
	return false
}

// hasKey reports whether the field has a foreign key. Members are users, who live on the platform.
func hasKey(f *schema.Field) bool {
	return f.Stored() && f.Ref != nil && f.Ref.Resource != schema.Members
}

func (b *Builder) tableText(r *schema.Resource, table string, later []string) string {
	lines := []string{b.tenantColumn()}
	for i := range r.Fields {
		if f := &r.Fields[i]; f.Stored() {
			lines = append(lines, b.columnText(r, f))
		}
	}
	if !r.AppendOnly {
		lines = append(lines, columnVersion+" "+b.columnType(schema.Integer)+" NOT NULL")
	}
	lines = append(lines, "PRIMARY KEY ("+columnTenant+", "+quote(schema.FieldID)+")")
	for i := range r.Fields {
		f := &r.Fields[i]
		if hasKey(f) && (b.dialect == SQLite || !refersTo(f, later)) {
			lines = append(lines, b.foreignKey(r, f))
		}
	}
	text := "CREATE TABLE " + b.tableName(table) + " (\n  " + strings.Join(lines, ",\n  ") + "\n)"
	if b.dialect == SQLite {
		text += " STRICT"
	}
	return text
}

// tenantColumn returns the column that names the tenant. In a tenant's own file no other can be written into it.
func (b *Builder) tenantColumn() string {
	if b.dialect == Postgres {
		return columnTenant + " uuid NOT NULL"
	}
	return columnTenant + " TEXT NOT NULL " + b.TenantCheck()
}

// TenantCheck is what each table of a tenant's own file says of its tenant on SQLite.
func (b *Builder) TenantCheck() string {
	return "CHECK (" + columnTenant + " = '" + b.tenant.String() + "')"
}

func (b *Builder) columnText(r *schema.Resource, f *schema.Field) string {
	text := quote(f.Name) + " " + b.columnType(f.Type)
	if !f.Nullable {
		text += " NOT NULL"
	}
	if check := b.check(f); check != "" {
		text += " CONSTRAINT " + quote(name(r.Table(), f.Name, "check")) + " CHECK (" + check + ")"
	}
	return text
}

// columnType returns the type of a field's column. SQLite keeps a time as microseconds and a date as days since
// 1970-01-01, both as integers, and an id as its canonical text.
func (b *Builder) columnType(t schema.Type) string {
	if b.dialect == SQLite {
		switch t {
		case schema.Integer, schema.Boolean, schema.Time, schema.Date:
			return "INTEGER"
		case schema.Number:
			return "REAL"
		default:
			return "TEXT"
		}
	}
	switch t {
	case schema.Integer:
		return "bigint"
	case schema.Number:
		return "double precision"
	case schema.Boolean:
		return "boolean"
	case schema.Time:
		return "timestamptz"
	case schema.Date:
		return "date"
	case schema.UUID:
		return "uuid"
	case schema.JSON:
		return "json" // not jsonb, which would reorder what the client gave
	default:
		return `text COLLATE "C"` // bytewise, as SQLite compares and Go sorts
	}
}

func (b *Builder) check(f *schema.Field) string {
	if len(f.Enum) > 0 {
		words := make([]string, len(f.Enum))
		for i, word := range f.Enum {
			words[i] = literal(word)
		}
		return quote(f.Name) + " IN (" + strings.Join(words, ", ") + ")"
	}
	if f.Type == schema.Boolean && b.dialect == SQLite {
		return quote(f.Name) + " IN (0, 1)"
	}
	return ""
}

func (b *Builder) foreignKey(r *schema.Resource, f *schema.Field) string {
	to := strings.ReplaceAll(f.Ref.Resource, "-", "_")
	return "CONSTRAINT " + quote(name(r.Table(), f.Name, "fkey")) +
		" FOREIGN KEY (" + columnTenant + ", " + quote(f.Name) + ") REFERENCES " + b.tableName(to) +
		" (" + columnTenant + ", " + quote(schema.FieldID) + ")"
}

func (b *Builder) indexes(r *schema.Resource) []string {
	var out []string
	if r.Index(schema.FieldCreatedAt) >= 0 {
		out = append(out, b.index(r, schema.FieldCreatedAt))
	}
	for i := range r.Fields {
		f := &r.Fields[i]
		if f.Stored() && f.Ref != nil {
			out = append(out, b.index(r, f.Name))
		}
		if f.Stored() && f.Unique {
			out = append(out, b.uniqueIndex(r, f))
		}
	}
	return out
}

// index returns the statement that makes the index by which records are found by the field and listed newest first:
// without the time in it, the list of a project's tasks would read all tasks in their order, or sort all of the
// project's.
func (b *Builder) index(r *schema.Resource, field string) string {
	columns := columnTenant + ", " + quote(field)
	if field != schema.FieldCreatedAt && r.Index(schema.FieldCreatedAt) >= 0 {
		columns += ", " + quote(schema.FieldCreatedAt)
	}
	return "CREATE INDEX " + quote(name(r.Table(), field, "idx")) + " ON " + b.tableName(r.Table()) +
		" (" + columns + ", " + quote(schema.FieldID) + ")"
}

func (b *Builder) uniqueIndex(r *schema.Resource, f *schema.Field) string {
	return "CREATE UNIQUE INDEX " + quote(uniqueName(r, f)) + " ON " + b.tableName(r.Table()) +
		" (" + columnTenant + ", " + quote(f.Name) + ")"
}

func uniqueName(r *schema.Resource, f *schema.Field) string { return name(r.Table(), f.Name, "key") }

// longestName leaves room below PostgreSQL's 63 bytes for the number that Citus adds to a shard's names.
const longestName = 54

// name makes the name of a constraint or an index. No table or field has two underscores in a row, so that no two
// names meet. A long one is cut, and a hash of the whole keeps it unique.
func name(table, field, kind string) string {
	whole := table + "__" + field + "_" + kind
	if len(whole) <= longestName {
		return whole
	}
	sum := sha256.Sum256([]byte(whole))
	return whole[:longestName-9] + "_" + hex.EncodeToString(sum[:4])
}

// literal quotes a text that a resource's author wrote. It is for the text of tables alone.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// defaultLiteral returns what an existing record gets in a new column, empty where there is nothing to give.
func (b *Builder) defaultLiteral(f *schema.Field) string {
	v := f.Zero()
	switch v.Type() {
	case schema.Text, schema.JSON:
		return literal(v.Text())
	case schema.UUID:
		return literal(v.ID().String())
	case schema.Boolean:
		if b.dialect == Postgres {
			return strconv.FormatBool(v.Bool())
		}
		return strconv.Itoa(int(v.Int()))
	case schema.Time, schema.Date:
		if b.dialect == Postgres {
			return strings.ReplaceAll(string(v.AppendJSON(nil)), `"`, "'")
		}
		return strconv.FormatInt(v.Int(), 10)
	case schema.Integer, schema.Number:
		return string(v.AppendJSON(nil))
	default:
		return ""
	}
}
