package codec_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/codec"
	"github.com/tenantry/tenantry/internal/schema"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	r, _ := setup(t)
	_, err := codec.Create(r, []byte(` {"title":" \u00e4\ud83d\ude00 ","code":"A","owner":"`+strings.ToUpper(someID)+`",
		"size":1e2, "weight":-5, "due":"2028-02-29", "helper":null, "status":"done", "note":"",
		"extra":{ "z": [1, 2.50, 1e3], "a": {"n": null}, "z2": "\u003c\u2028\/" },
		"parts_count":0, "owner_name":"", "closed":null} `))
	if got := faults(t, err); len(got) != 1 || !strings.HasPrefix(got[0], "owner_name: read_only") {
		t.Fatal(got)
	}
	values, err := codec.Create(r, []byte(`{"title":" \u00e4\ud83d\ude00 ","code":"A","owner":"`+strings.ToUpper(someID)+`",
		"size":1e2, "weight":-5, "due":"2028-02-29", "helper":null, "status":"done", "note":"",
		"extra":{ "z": [1, 2.50, 1e3], "a": {"n": null}, "z2": "\u003c\u2028\/" },
		"parts_count":0, "closed":null} `))
	if err != nil {
		t.Fatal(faults(t, err))
	}
	diff(t, `{"id":null,"code":"A","title":" ä😀 ","note":"","status":"done","owner":"`+someID+`","owner_name":"","helper":null,`+
		`"parts_count":0,"size":100,"weight":-5,"ready":false,"due":"2028-02-29","closed":null,"data":{},`+
		`"extra":{"z":[1,2.50,1e3],"a":{"n":null},"z2":"\u003c\u2028/"},"fixed":{},"created_by":null,"created_at":null,"updated_at":null}`,
		string(codec.NewEncoder(r, nil).Append(nil, values)))
	if raw := string(values[r.Index("extra")].Raw()); !strings.HasSuffix(raw, "\"z2\":\"<\u2028/\"}") {
		t.Errorf("strings are not kept in their shortest form: %s", raw)
	}
	for i, v := range values {
		if !v.IsNull() && v.Type() != r.Fields[i].Type {
			t.Errorf("%s is of type %s", r.Fields[i].Name, v.Type())
		}
	}
	values, err = codec.Create(r, []byte(`{"title":"x","code":"A","owner":"`+someID+`"}`))
	if err != nil {
		t.Fatal(faults(t, err))
	}
	diff(t, []string{`"todo"`, "7", "null", "false", "{}", `""`}, []string{
		get(r, values, "status"), get(r, values, "size"), get(r, values, "weight"), get(r, values, "ready"), get(r, values, "data"), get(r, values, "secret"),
	})
}

// TestBodiesThatAreRefused puts what each body is answered with into a golden file: for a create, and for a patch
// of a record that exists.
func TestBodiesThatAreRefused(t *testing.T) {
	t.Parallel()
	r, _ := setup(t)
	long := strings.Repeat("x", 20)
	deep := strings.Repeat(`{"a":`, 31) + "1" + strings.Repeat("}", 31)
	bodies := []string{
		"", " \n", "null", "[]", `[{"title":"x"}]`, `"x"`, "1", "tru", "{", `{"title"`, `{"title":`, `{"title":"x"`, `{"title":"x",}`, `{title:"x"}`,
		`{"title":"x"}{}`, `{"title":"x"} x`, `{"title":"x"}]`, `{"title":"x","title":"y"}`, `{"nope":{"a":1,"a":2}}`, `{"nope":{"a":1,"\u0061":2}}`,
		"{\"title\":\"\xff\"}", `{"title":"\ud800"}`, "{\"title\":\"a\nb\"}", `{"title":'x'}`, `{"size":01}`, `{"size":+1}`, `{"size":NaN}`, "\ufeff{}", `{}//x`,
		`{"extra":` + `{"a":` + deep + `}}`, strings.Repeat("[", 100_000),
		`{"tenant":"x","tenant_id":"` + someID + `","secret":"x","nope":1,"Title":"x","version":1,"owner_details":{}}`,
		`{"` + strings.Repeat("ä", 80) + `":1}`,
		`{"id":"` + otherID + `","created_by":"` + otherID + `","created_at":"2026-11-23T09:00:00Z","updated_at":1,"ready":true,"parts_count":4,"owner_name":"Eve","closed":"x"}`,
		`{"code":"B","fixed":{"k":2}}`,
		`{"code":null,"title":null,"status":null,"owner":null,"size":null,"data":null,"extra":null,"fixed":null}`,
		`{"title":1,"owner":1,"status":{},"size":"1","weight":"1","due":20280229,"data":[],"extra":"{}","helper":true}`,
		`{"title":"` + long + `x","note":"` + strings.Repeat("ä", 10_001) + `"}`, `{"title":""}`, `{"title":" \t\u00a0\u3000 "}`, `{"title":"a\u0000b"}`,
		`{"status":"Todo"}`, `{"status":""}`,
		`{"size":-1}`, `{"size":101}`, `{"size":1.5}`, `{"size":1e-1}`, `{"size":9223372036854775808}`, `{"size":-9223372036854775809}`, `{"size":1e99999999999999999999}`,
		`{"size":1e-99999999999999999999}`, `{"weight":-5.0001}`, `{"weight":1e999}`,
		`{"due":"2027-02-29"}`, `{"due":"2028-02-29T00:00:00Z"}`, `{"due":"28-02-29"}`, `{"due":""}`,
		`{"owner":"me"}`, `{"owner":"01890a5dac96774bbcceb302099a8057"}`, `{"owner":"00000000-0000-0000-0000-000000000000"}`, `{"helper":"urn:uuid:` + someID + `"}`,
		`{"data":{"a":"` + strings.Repeat("x", 193) + `"}}`, `{"extra":{"a":"\u0000"}}`, `{"extra":{"a\u0000":1}}`, `{"extra":{"a":[1e400]}}`,
	}
	var got strings.Builder
	for _, body := range bodies {
		shown := body
		if len(shown) > 90 {
			shown = shown[:90] + "..."
		}
		fmt.Fprintf(&got, "%q\n", shown)
		values, createErr := codec.Create(r, []byte(body))
		if createErr == nil || (values == nil) != strings.HasPrefix(faults(t, createErr)[0], "malformed_body") {
			t.Fatalf("%s: %v, %v", shown, values, createErr)
		}
		_, err := codec.Patch(r, []byte(body), record(t, r))
		for _, f := range faults(t, err) {
			fmt.Fprintf(&got, "\t%s\n", f)
		}
	}
	golden(t, "refusals.txt", got.String())
}

func TestBodiesThatAreAccepted(t *testing.T) {
	t.Parallel()
	r, _ := setup(t)
	deep := strings.Repeat(`{"a":`, 31) + "1" + strings.Repeat("}", 31)
	tests := []struct{ body, field, want string }{
		{`{"size":1.0}`, "size", "1"},
		{`{"size":1e1}`, "size", "10"},
		{`{"size":-0.0}`, "size", "0"},
		{`{"size":100e-1}`, "size", "10"},
		{`{"size":0e99999999999999999999}`, "size", "0"},
		{`{"size":0.1e2}`, "size", "10"},
		{`{"size":1` + strings.Repeat("0", 50) + `e-50}`, "size", "1"},
		{`{"weight":-0}`, "weight", "0"},
		{`{"weight":1e300}`, "weight", "1e+300"},
		{`{"weight":0.1}`, "weight", "0.1"},
		{`{"weight":1e-999}`, "weight", "0"},
		{`{"title":"` + strings.Repeat("😀", 20) + `"}`, "title", `"` + strings.Repeat("😀", 20) + `"`},
		{`{"status":"done"}`, "status", `"done"`},
		{`{"due":null}`, "due", "null"},
		{`{"note":" "}`, "note", `" "`},
		{`{"data":{"a":"` + strings.Repeat("x", 192) + `","b":null}}`, "extra", "{}"},
		{`{"extra":` + deep + `}`, "extra", deep},
		{`{"extra":{"a":"\\u0000"}}`, "extra", `{"a":"\\u0000"}`},
		{`{}`, "title", `"One"`},
	}
	for _, test := range tests {
		values, err := codec.Replace(r, []byte(strings.Replace(test.body, "{", `{"code":"A-1","title":"One","owner":"`+someID+`",`, 1)), record(t, r))
		if strings.Contains(test.body, `"title"`) || test.body == "{}" || strings.Contains(test.body, `{"a":"x`) {
			values, err = codec.Patch(r, []byte(test.body), emptied(t, r))
		}
		if err != nil {
			t.Errorf("%.60s: %v", test.body, faults(t, err))
			continue
		}
		if got := get(r, values, test.field); got != test.want {
			t.Errorf("%.60s: got %s", test.body, got)
		}
	}
}

// emptied returns a record without JSON.
func emptied(t *testing.T, r *schema.Resource) []schema.Value {
	t.Helper()
	values := record(t, r)
	set(r, values, "data", schema.RawJSON([]byte("{}")))
	return values
}

func TestReplace(t *testing.T) {
	t.Parallel()
	r, _ := setup(t)
	current := record(t, r)
	set(r, current, "note", schema.String("old"))
	set(r, current, "size", schema.Int(50))
	set(r, current, "weight", schema.Float(2))
	set(r, current, "ready", schema.Bool(true))
	before := string(codec.NewEncoder(r, nil).Append(nil, current))

	t.Run("sets what is left out to its default, and keeps what can't be written", func(t *testing.T) {
		t.Parallel()
		values, err := codec.Replace(r, []byte(`{"title":"Two","owner":"`+otherID+`"}`), current)
		if err != nil {
			t.Fatal(faults(t, err))
		}
		diff(t, `{"id":"`+someID+`","code":"A-1","title":"Two","note":"","status":"todo","owner":"`+otherID+`","owner_name":"Ada","helper":null,`+
			`"parts_count":3,"size":7,"weight":null,"ready":true,"due":null,"closed":null,"data":{},"extra":{},"fixed":{"k":1.0,"l":2},"created_by":null,`+
			`"created_at":"2026-11-23T09:00:00.123456Z","updated_at":"2026-11-23T09:00:00.123456Z"}`, string(codec.NewEncoder(r, nil).Append(nil, values)))
		diff(t, `"s3cret"`, get(r, values, "secret"))
	})
	t.Run("takes back the whole record as it was shown", func(t *testing.T) {
		t.Parallel()
		values, err := codec.Replace(r, []byte(before), current)
		if err != nil {
			t.Fatal(faults(t, err))
		}
		diff(t, before, string(codec.NewEncoder(r, nil).Append(nil, values)))
	})
	t.Run("takes read-only values in another form", func(t *testing.T) {
		t.Parallel()
		values, err := codec.Replace(r, []byte(`{"title":"Two","owner":"`+otherID+`","created_at":"2026-11-23T10:00:00.1234569+01:00",
			"id":"`+strings.ToUpper(someID)+`","parts_count":3.0,"fixed":{"l":2e0,"k":1}}`), current)
		if err != nil {
			t.Fatal(faults(t, err))
		}
		diff(t, `{"k":1.0,"l":2}`, get(r, values, "fixed"))
	})
	t.Run("reports what is missing and what is wrong together", func(t *testing.T) {
		t.Parallel()
		values, err := codec.Replace(r, []byte(`{"size":-1,"nope":1,"ready":false,"owner":"`+otherID+`"}`), current)
		diff(t, []string{
			"title: required: is required", "size: too_small: must be at least 0", "ready: read_only: is read-only",
			"nope: unknown: is not a field of this resource",
		}, faults(t, err))
		diff(t, []string{`"` + otherID + `"`, "null"}, []string{get(r, values, "owner"), get(r, values, "title")})
	})
	t.Run("leaves the current values alone", func(t *testing.T) {
		t.Parallel()
		if _, err := codec.Replace(r, []byte(`{}`), current[:3]); err == nil {
			t.Error("values of another length were taken")
		}
	})
}

func TestPatch(t *testing.T) {
	t.Parallel()
	r, _ := setup(t)
	tests := []struct{ name, body, field, want string }{
		{"keeps what is absent", `{"note":"n"}`, "title", `"One"`},
		{"changes what is given", `{"title":"Two"}`, "title", `"Two"`},
		{"merges objects and keeps their order", `{"data":{"c":true,"a":{"y":null,"z":{}},"b":2}}`, "data", `{"b":2,"a":{"x":1,"z":{}},"c":true}`},
		{"removes members", `{"data":{"b":null,"nope":null}}`, "data", `{"a":{"x":1,"y":[1,2]}}`},
		{"replaces arrays as a whole", `{"data":{"a":{"y":[{"k":null}]}}}`, "data", `{"b":1,"a":{"x":1,"y":[{"k":null}]}}`},
		{"replaces an object with a scalar and back", `{"data":{"a":1,"b":{"q":null,"r":{"s":null}}}}`, "data", `{"b":{"r":{}},"a":1}`},
		{"leaves an object alone for an empty patch", `{"data":{}}`, "data", `{"b":1,"a":{"x":1,"y":[1,2]}}`},
		{"drops nulls of a new object", `{"extra":{"a":{"b":null,"c":[null]}}}`, "extra", `{"a":{"c":[null]}}`},
		{"sets to null", `{"weight":null}`, "weight", "null"},
		{"takes an immutable object that stays the same", `{"fixed":{"l":2.0}}`, "fixed", `{"k":1.0,"l":2}`},
		{"escapes names again", `{"extra":{"\"\\\n\u0001":1}}`, "extra", `{"\"\\\n\u0001":1}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			current := record(t, r)
			before := string(codec.NewEncoder(r, nil).Append(nil, current))
			values, err := codec.Patch(r, []byte(test.body), current)
			if err != nil {
				t.Fatal(faults(t, err))
			}
			diff(t, test.want, get(r, values, test.field))
			diff(t, before, string(codec.NewEncoder(r, nil).Append(nil, current)))
		})
	}
	t.Run("bounds what a merge makes", func(t *testing.T) {
		t.Parallel()
		_, err := codec.Patch(r, []byte(`{"data":{"q":"`+strings.Repeat("x", 170)+`"}}`), record(t, r))
		diff(t, []string{"data: too_long: must have at most 200 bytes"}, faults(t, err))
		_, err = codec.Patch(r, []byte(`{"fixed":{"k":null}}`), record(t, r))
		diff(t, []string{"fixed: read_only: can't be changed once the record has been created"}, faults(t, err))
	})
}

func TestIntegersUpToTheirBounds(t *testing.T) {
	t.Parallel()
	r := &schema.Resource{Fields: []schema.Field{{Name: "n", Type: schema.Integer}}}
	r.Finish()
	for body, want := range map[string]string{
		"9223372036854775807": "9223372036854775807", "9.223372036854775807e18": "9223372036854775807", "-9223372036854775808.0": "-9223372036854775808",
		"92233720368547758070e-1": "9223372036854775807", "9.223372036854775808e18": "", "-9.223372036854775809e18": "", "1e19": "", "9223372036854775807.5": "",
	} {
		values, err := codec.Create(r, []byte(`{"n":`+body+`}`))
		if (err == nil) != (want != "") || err == nil && get(r, values, "n") != want {
			t.Errorf("%s: %v, %v", body, values, err)
		}
	}
}

func TestCreateTakesNothingThatTheServerSets(t *testing.T) {
	t.Parallel()
	r, _ := setup(t)
	_, err := codec.Create(r, []byte(`{"code":"A","title":"x","owner":"`+someID+`","id":null,"created_at":null,"created_by":null,"closed":null,
		"parts_count":1,"ready":false,"owner_name":null}`))
	diff(t, []string{
		"id: read_only: is read-only", "owner_name: read_only: is read-only", "parts_count: read_only: is read-only",
		"ready: read_only: is read-only", "created_by: read_only: is read-only", "created_at: read_only: is read-only",
	}, faults(t, err))
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", " \n", "{}", " { } "} {
		if err := codec.Empty([]byte(body)); err != nil {
			t.Error(body, err)
		}
	}
	diff(t, []string{"a: unknown: is unknown: this operation takes no fields"}, faults(t, codec.Empty([]byte(`{"a":1}`))))
	diff(t, []string{"malformed_body: The body is not a JSON object."}, faults(t, codec.Empty([]byte(`[]`))))
}

func TestFaultsAreBounded(t *testing.T) {
	t.Parallel()
	r, _ := setup(t)
	var body strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&body, `,"x%d":1`, i)
	}
	_, err := codec.Patch(r, []byte("{"+body.String()[1:]+"}"), record(t, r))
	if n := len(faults(t, err)); n != 100 {
		t.Errorf("%d faults", n)
	}
}
