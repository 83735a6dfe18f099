package codec_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tenantry/tenantry/internal/codec"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
)

func TestCompileDescribesTheStruct(t *testing.T) {
	t.Parallel()
	r, _ := setup(t)
	n := func(n int64) *int64 { return &n }
	builtIn := func(name string, typ schema.Type, nullable bool) schema.Field {
		return schema.Field{Name: name, Param: name, Type: typ, Nullable: nullable, BuiltIn: true, ReadOnly: true, Filter: true, Sort: true}
	}
	want := []schema.Field{
		builtIn("id", schema.UUID, false),
		{Name: "code", Type: schema.Text, Description: "As printed.", Required: true, Unique: true, Immutable: true, MinLength: 1, MaxLength: 8},
		{Name: "title", Type: schema.Text, Required: true, MinLength: 1, MaxLength: 20, Filter: true, Sort: true, Search: true},
		{Name: "note", Type: schema.Text, MaxLength: 10_000, Search: true},
		{Name: "status", Type: schema.Text, Enum: []string{"todo", "done"}, Default: schema.String("todo"), Filter: true, Sort: true},
		{Name: "owner", Type: schema.UUID, Required: true, Ref: &schema.Ref{Resource: "owners", Cascade: true, Nested: true}, Filter: true},
		{Name: "owner_name", Type: schema.Text, ReadOnly: true, Sort: true, Derived: &schema.Derived{Via: "owner", Lookup: "name"}},
		{Name: "helper", Type: schema.UUID, Nullable: true, Ref: &schema.Ref{Resource: "members"}},
		{Name: "parts_count", Type: schema.Integer, ReadOnly: true, Derived: &schema.Derived{Count: "parts", Via: "thing"}},
		{Name: "size", Type: schema.Integer, Min: n(0), Max: n(100), Default: schema.Int(7)},
		{Name: "weight", Type: schema.Number, Nullable: true, Min: n(-5)},
		{Name: "ready", Type: schema.Boolean, ReadOnly: true},
		{Name: "due", Type: schema.Date, Nullable: true, Filter: true, Sort: true},
		{Name: "closed", Type: schema.Time, Nullable: true, ReadOnly: true},
		{Name: "data", Type: schema.JSON, MaxLength: 200},
		{Name: "extra", Type: schema.JSON, MaxLength: 16384},
		{Name: "fixed", Type: schema.JSON, MaxLength: 16384, Immutable: true},
		{Name: "secret", Type: schema.Text, MaxLength: 10_000, Hidden: true, ReadOnly: true},
		builtIn("created_by", schema.UUID, true),
		builtIn("created_at", schema.Time, false),
		builtIn("updated_at", schema.Time, false),
	}
	for i := range want {
		want[i].Param = want[i].Name
	}
	descriptions := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Description" && p.Index(-2).String() != "[1]" }, cmp.Ignore())
	if d := cmp.Diff(want, r.Fields, descriptions, cmpopts.EquateEmpty()); d != "" {
		t.Error("-want +got\n" + d)
	}
	if r.Index("title") != 2 {
		t.Error("the resource is not finished")
	}
}

func TestCompileReportsEveryMistake(t *testing.T) {
	t.Parallel()
	type embedded struct{ X int }
	type wrong struct {
		codec.Record `json:"record"`
		embedded
		NoName     string            `tenantry:"required"`
		Options    string            `json:"options,omitempty"`
		Reserved   string            `json:"tenant_id"`
		Parameter  string            `json:"page_size"`
		Form       string            `json:"Form__x"`
		Long       string            `json:"a2345678901234567890123456789012345678901234567890123456"`
		Unknown    string            `json:"unknown" tenantry:"requird,,sort=1,min,filter,filter"`
		Contradict string            `json:"contradict" tenantry:"required,readonly,default=x"`
		Unsaid     string            `json:"unsaid" tenantry:"nested,cascade"`
		NotText    int               `json:"not_text" tenantry:"search,enum=A"`
		NoNumber   int               `json:"no_number" tenantry:"min=x,max=1"`
		Crossed    int               `json:"crossed" tenantry:"min=2,max=1"`
		Outside    string            `json:"outside" tenantry:"enum=A|B,default=C"`
		Choices    string            `json:"choices" tenantry:"required,enum=A|A||B "`
		NoDefault  string            `json:"no_default" tenantry:"enum=A|B"`
		TooSmall   int64             `json:"too_small" tenantry:"min=1"`
		NoZero     time.Time         `json:"no_zero"`
		BadDate    codec.Date        `json:"bad_date" tenantry:"default=today"`
		WideUnique string            `json:"wide_unique" tenantry:"required,unique,max=501"`
		Colliding  string            `json:"colliding" tenantry:"unique"`
		NullReq    *string           `json:"null_req" tenantry:"required"`
		JSONSort   map[string]any    `json:"json_sort" tenantry:"sort,filter,unique,default={},max=1"`
		Bytes      []byte            `json:"bytes"`
		Duration   time.Duration     `json:"duration"`
		Month      time.Month        `json:"month"`
		Small      int32             `json:"small"`
		RefInt     int               `json:"ref_int" tenantry:"ref=owners"`
		BadRef     id.ID             `json:"bad_ref" tenantry:"required,ref=Owners"`
		MemberRef  id.ID             `json:"member_ref" tenantry:"required,ref=members,nested"`
		Owner      *id.ID            `json:"owner" tenantry:"ref=owners"`
		Details    string            `json:"owner_details"`
		NotNull    string            `json:"not_null" tenantry:"lookup=owner.name"`
		NoVia      string            `json:"no_via" tenantry:"lookup=nothing.name"`
		NoDot      string            `json:"no_dot" tenantry:"lookup=owner"`
		CountText  string            `json:"count_text" tenantry:"count=parts.thing,required"`
		CountNull  *int64            `json:"count_null" tenantry:"count=parts.thing"`
		Left       string            `json:"-" tenantry:"required"`
		Hidden     string            `json:"hidden" tenantry:"hidden,filter"`
		Labels     map[string]string `json:"labels"`
	}
	r := &schema.Resource{}
	s, problems := codec.Compile[wrong](r)
	if s != nil || r.Fields != nil {
		t.Error("a struct with mistakes was compiled")
	}
	var got []string
	for _, p := range problems {
		got = append(got, strings.TrimPrefix(p.Error(), "codec_test.wrong"))
	}
	golden(t, "mistakes.txt", strings.Join(got, "\n")+"\n")
}

func TestCompileNeedsARecord(t *testing.T) {
	t.Parallel()
	type none struct {
		Name string `json:"name"`
	}
	type pointer struct {
		*codec.Record
		Name string `json:"name"`
	}
	for _, problems := range [][]error{
		second(codec.Compile[none](&schema.Resource{})), second(codec.Compile[pointer](&schema.Resource{})),
		second(codec.Compile[int](&schema.Resource{})), second(codec.Compile[*thing](&schema.Resource{})),
		second(codec.Compile[any](&schema.Resource{})),
	} {
		if len(problems) == 0 {
			t.Error("compiled without a Record")
		}
	}
}

func second(_ *codec.Struct, problems []error) []error { return problems }
