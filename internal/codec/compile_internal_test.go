package codec

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
)

// structOf makes a struct type with a Record and the fields; go vet would refuse such tags in source.
func structOf(fields ...reflect.StructField) reflect.Type {
	record := reflect.StructField{Name: "Record", Type: reflect.TypeFor[Record](), Anonymous: true}
	return reflect.StructOf(append([]reflect.StructField{record}, fields...))
}

func TestCompileSeesWhatReflectOverlooks(t *testing.T) {
	t.Parallel()
	text := reflect.TypeFor[string]()
	tests := map[string]struct {
		fields []reflect.StructField
		want   string
	}{
		"a value without quotes":    {[]reflect.StructField{{Name: "A", Type: text, Tag: `json:"a" tenantry:required`}}, "can't be read"},
		"a space behind the colon":  {[]reflect.StructField{{Name: "A", Type: text, Tag: `json:"a" tenantry: "required"`}}, "can't be read"},
		"tags without a space":      {[]reflect.StructField{{Name: "A", Type: text, Tag: `json:"a"tenantry:"required"`}}, "can't be read"},
		"a tag without a value":     {[]reflect.StructField{{Name: "A", Type: text, Tag: `json:"a" required`}}, "can't be read"},
		"an open quote":             {[]reflect.StructField{{Name: "A", Type: text, Tag: `json:"a`}}, "can't be read"},
		"a tag that occurs twice":   {[]reflect.StructField{{Name: "A", Type: text, Tag: `json:"a" json:"b"`}}, "tag json occurs twice"},
		"an unexported field":       {[]reflect.StructField{{Name: "a", PkgPath: "x", Type: text, Tag: `json:"a"`}}, "unexported"},
		"a name that occurs twice":  {[]reflect.StructField{{Name: "A", Type: text, Tag: `json:"a"`}, {Name: "B", Type: text, Tag: `json:"a"`}}, `.B: the name "a" is taken by A`},
		"words with spaces between": {[]reflect.StructField{{Name: "A", Type: text, Tag: `json:"a" tenantry:"required, unique"`}}, `unknown word " unique"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := compile(structOf(test.fields...), &schema.Resource{})
			if len(problems) != 1 || !strings.Contains(problems[0].Error(), test.want) {
				t.Errorf("got %v, want one mistake with %q", problems, test.want)
			}
		})
	}
}

// FuzzCompile compiles a struct with one field of an arbitrary tag: whatever is accepted must be a field that the
// rest of the program can rely on.
func FuzzCompile(f *testing.F) {
	for i, seed := range []string{
		`json:"a" tenantry:"required,unique,max=40"`, `json:"a" tenantry:"min=-1,max=1,default=0"`, `json:"a"`,
		`json:"a" tenantry:"enum=A|B,default=A,filter,sort"`, `json:"a" tenantry:"ref=owners,cascade,nested,required"`,
		`json:"a" tenantry:"count=parts.thing"`, `json:"a" tenantry:"lookup=b.c"`, `json:"a" tenantry:"hidden"`,
		`json:"a" tenantry:"min=9223372036854775808"`, `json:"a" tenantry:"default=2026-11-23"`, `json:"a" tenantry:"enum=|"`,
		`json:"-"`, `json:"a" tenantry:"required" doc:"\x00"`, `json:"a_b" tenantry:"max=1048577"`, `:"`, `a:"\"`,
		`json:"a" tenantry:"min=0,required,search"`, `json:"a" tenantry:"default=1e999"`,
	} {
		f.Add(uint8(i), seed)
	}
	f.Fuzz(func(t *testing.T, kind uint8, tag string) {
		types := []reflect.Type{
			reflect.TypeFor[string](), reflect.TypeFor[int](), reflect.TypeFor[float64](), reflect.TypeFor[bool](),
			reflect.TypeFor[time.Time](), reflect.TypeFor[Date](), reflect.TypeFor[id.ID](),
			reflect.TypeFor[map[string]any](), reflect.TypeFor[json.RawMessage](), reflect.TypeFor[[]string](),
		}
		typ := types[int(kind)%len(types)]
		if int(kind)/len(types)%2 == 1 {
			typ = reflect.PointerTo(typ)
		}
		r := &schema.Resource{}
		s, problems := compile(structOf(reflect.StructField{Name: "Field", Type: typ, Tag: reflect.StructTag(tag)}), r)
		if s == nil {
			if len(problems) == 0 {
				t.Fatal("refused without a reason")
			}
			for _, p := range problems {
				if !strings.Contains(p.Error(), ".Field: ") {
					t.Errorf("the mistake does not name the field: %v", p)
				}
			}
			return
		}
		if len(r.Fields) == 5 {
			checkCompiled(t, &r.Fields[1])
		}
		values := make([]schema.Value, len(r.Fields))
		for i := range r.Fields {
			values[i] = r.Fields[i].Zero()
		}
		rec := s.New()
		s.Load(rec, values)
		before := string(NewEncoder(r, nil).Append(nil, values))
		faults := s.Store(values, rec)
		if after := string(NewEncoder(r, nil).Append(nil, values)); after != before {
			t.Errorf("loaded %s, stored %s", before, after)
		}
		if f := r.Fields[1]; len(faults) > 0 && !f.Required && !f.ReadOnly {
			t.Errorf("what a create stores by itself is refused: %v", faults)
		}
	})
}

func checkCompiled(t *testing.T, f *schema.Field) {
	t.Helper()
	switch {
	case !nameForm.MatchString(f.Name), len(f.Name) > maxName:
		t.Errorf("the name %q", f.Name)
	case f.Required && (f.ReadOnly || f.Hidden || f.Nullable || f.Derived != nil):
		t.Error("a required field that can't be given")
	case f.Hidden && (f.Filter || f.Sort || f.Search):
		t.Error("a hidden field in lists")
	case f.Type == schema.Text && len(f.Enum) == 0 && f.MaxLength == 0 && f.Derived == nil:
		t.Error("a text without a bound")
	case f.Type == schema.JSON && f.MaxLength == 0:
		t.Error("a JSON object without a bound")
	case !f.Default.IsNull() && check(f, f.Default).is():
		t.Error("a default that is not allowed")
	case f.Min != nil && f.Max != nil && *f.Min > *f.Max, f.MaxLength > 0 && f.MinLength > f.MaxLength:
		t.Error("bounds that cross")
	case f.Ref != nil && f.Type != schema.UUID:
		t.Error("a reference that is no UUID")
	case !utf8.Valid(f.Default.Raw()) && f.Type == schema.Text:
		t.Error("a default that is no text")
	}
}
