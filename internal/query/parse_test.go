package query_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

func TestParseWithoutParameters(t *testing.T) {
	t.Parallel()
	p := mustParse(t, "", options())
	diff(t, []any{20, 0, 21, 0, false, []string{"-created_at", "-id"}},
		[]any{p.PageSize, p.Page, p.List.Limit, p.List.Offset, p.List.Count, order(p.List.Order)})
	if p.List.Where != nil || p.List.Search != nil || p.List.After != nil || p.List.Backward || p.Fields != nil || p.Expand != nil {
		t.Errorf("got %+v", p)
	}
}

func TestParseReadsFilters(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"status=todo":                                           {`status = "todo"`},
		"status__in=todo,done,todo":                             {`status in "done" "todo"`},
		"title=a%2Cb":                                           {`title = "a,b"`},
		"title__in=b,a":                                         {`title in "a" "b"`},
		"title__gt=A&title__lte=B":                              {`title > "A"`, `title <= "B"`},
		"title__icontains=50%25":                                {`title contains "50%"`},
		"assignee__isnull=true":                                 {`assignee isnull true`},
		"assignee=" + someID:                                    {`assignee = "` + someID + `"`},
		"id__in=" + otherID + "," + someID:                      {`id in "` + someID + `" "` + otherID + `"`},
		"owner=" + strings.ToUpper(someID):                      {`owner_id = "` + someID + `"`},
		"size=7&size__in=1,-2":                                  {`size = 7`, `size in -2 1`},
		"weight__lt=1.5e3&weight__gte=-0.5":                     {`weight >= -0.5`, `weight < 1500`},
		"urgent=false":                                          {`urgent = false`},
		"urgent=1&assignee__isnull=False":                       {`assignee isnull false`, `urgent = true`},
		"due_date__gte=2026-11-23&due_date__isnull=false":       {`due_date >= "2026-11-23"`, `due_date isnull false`},
		"created_at__gt=2026-11-23T10:00:00.5%2B01:00":          {`created_at > "2026-11-23T09:00:00.500000Z"`},
		"created_at__lt=2026-11-23T09:00:00Z&project=" + someID: {`created_at < "2026-11-23T09:00:00.000000Z"`, `project = "` + someID + `"`},
		"weight__in=" + strings.TrimSuffix(strings.Repeat("1,", 100), ","): {`weight in 1`},
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			diff(t, want, conditions(mustParse(t, text, options()).List.Where))
		})
	}
}

func TestParseReadsTheRest(t *testing.T) {
	t.Parallel()
	p := mustParse(t, "search=+red++blue%09red&ordering=-size,title&fields=title,id&expand=project&page_size=200&count=exact", options())
	diff(t, []any{[]string{"red", "blue"}, []string{"-size", "title", "-id"}, []string{"title", "id"}, []string{"project"}, 200, 201, true},
		[]any{p.List.Search, order(p.List.Order), p.Fields, p.Expand, p.PageSize, p.List.Limit, p.List.Count})
	p = mustParse(t, "ordering=title,id,size", options())
	diff(t, []string{"title", "id"}, order(p.List.Order))
	p = mustParse(t, "page=500", options())
	diff(t, []any{500, 9980, 21, true}, []any{p.Page, p.List.Offset, p.List.Limit, p.List.Count})
}

func TestParseBindsNestedAndNamedLists(t *testing.T) {
	t.Parallel()
	opt := options()
	opt.Parent = &query.Condition{Field: tasks().Field("project"), Values: []schema.Value{schema.ID(mustID(someID))}}
	opt.Requires = []string{"status", "owner_id"}
	p := mustParse(t, "status=todo&owner="+someID, opt)
	diff(t, []string{`project = "` + someID + `"`, `owner_id = "` + someID + `"`, `status = "todo"`}, conditions(p.List.Where))
	_, err := parse(t, "status__in=todo", opt)
	diff(t, []string{"owner: required: is required here", "status: required: is required here"}, faults(t, err))
}

func TestParseRefusesAllAtOnce(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for i := range 101 {
		fmt.Fprintf(&many, "%d,", i)
	}
	texts := []string{
		"stauts=todo&page_size=0&ordering=colour&count=yes",
		"Status=todo", "tenant=" + otherID, "tenant_id=" + otherID, "metadata=x", "description=x", "owner_id=" + someID, "__in=x", "status__=todo",
		"status=urgent", "status__in=todo,urgent", "status__gt=todo", "status__icontains=t", "status__isnull=true", "status__in__in=todo",
		"status=todo&status=done", "status=", "status=+", "status__in=todo,,done", "status__in=,",
		"title=%00", "title=%FF", "title__isnull=true", "title__contains=x",
		"size=1.0", "size=9223372036854775808", "size=0x10", "size=+1", "size__in=" + strings.TrimSuffix(many.String(), ","),
		"weight=NaN", "weight=0x1p4", "weight=1e999", "weight=1_0", "urgent=yes", "urgent=01", "urgent__in=true", "urgent__gt=false",
		"due_date=23.11.2026", "due_date=2026-02-29", "due_date__isnull=null", "created_at=2026-11-23", "created_at=2026-11-23T9:00:00Z", "created_at=2026-11-23T9:00:00.5Z",
		"created_at=2026-11-23T09:00:00,5Z", "created_at=2026-11-23T09:00:00+01:00", "assignee=me", "assignee__gt=" + someID,
		"assignee=01890a5dac96774bbcceb302099a8057", "assignee={" + someID + "}",
		"page_size=201", "page_size=x", "page_size=-1", "page_size=%2B5", "page=0", "page=-1", "page=x", "page=501", "page=99999999999999999999", "page=51&page_size=200",
		"page=2&cursor=x", "cursor=x", "cursor=", "count=true", "search=%20", "search=" + strings.Repeat("x+", 1) + "a+b+c+d+e+f+g+h+i+j",
		"ordering=metadata", "ordering=--title", "ordering=title,", "ordering=title,-title", "ordering=owner_id",
		"ordering=id,title,status,size,weight,urgent", "fields=secret", "fields=owner_id", "fields=id,id", "fields=id,", "expand=assignee", "expand=project,project",
		strings.Repeat("x", 300) + "=1",
	}
	var got strings.Builder
	for _, text := range texts {
		_, err := parse(t, text, options())
		shown := text
		if len(shown) > 60 {
			shown = shown[:60] + "..."
		}
		fmt.Fprintf(&got, "%s\n", shown)
		if err == nil {
			t.Errorf("%s was accepted", shown)
		}
		for _, f := range faults(t, err) {
			fmt.Fprintf(&got, "\t%s\n", f)
		}
	}
	golden(t, "refusals.txt", got.String())
}

func TestParseBoundsConditions(t *testing.T) {
	t.Parallel()
	r := &schema.Resource{Name: "wide", Fields: []schema.Field{{Name: "id", Type: schema.UUID}}}
	params := url.Values{}
	for i := range query.MaxConditions {
		name := fmt.Sprintf("f%d", i)
		r.Fields = append(r.Fields, schema.Field{Name: name, Type: schema.Integer, Filter: true})
		params.Set(name, "1")
	}
	r.Finish()
	if _, err := query.Parse(r, params, query.Options{}); err != nil {
		t.Error(err)
	}
	params.Set("f0__gt", "0")
	_, err := query.Parse(r, params, query.Options{})
	if len(faults(t, err)) != 1 {
		t.Error(err)
	}
	params = url.Values{}
	for i := range 1000 {
		params.Set(fmt.Sprintf("x%d", i), "1")
	}
	if _, err = query.Parse(r, params, query.Options{}); len(faults(t, err)) != 100 {
		t.Errorf("%d faults", len(faults(t, err)))
	}
}

func TestParseOffersOnlyWhatTheResourceHas(t *testing.T) {
	t.Parallel()
	events := storage.Events()
	parsed, err := query.Parse(events, url.Values{"actor": {someID}, "at__gte": {"2026-11-23T09:00:00Z"}}, query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, []string{`actor_id = "` + someID + `"`, `at >= "2026-11-23T09:00:00.000000Z"`}, conditions(parsed.List.Where))
	diff(t, []string{"-seq", "-id"}, order(parsed.List.Order))
	_, err = query.Parse(events, url.Values{"search": {"x"}, "ordering": {"at"}, "expand": {"actor"}, "fields": {"actor_id"}}, query.Options{})
	known := "is unknown; there are cursor, page, page_size, count, fields, at, action, resource, record, actor"
	diff(t, []string{
		"expand: unknown: " + known,
		"fields: invalid_choice: takes, separated by commas: id, seq, at, actor, action, resource, record, changes, request_id, ip, hash",
		"ordering: unknown: " + known, "search: unknown: " + known,
	}, faults(t, err))
}

func TestParseSelection(t *testing.T) {
	t.Parallel()
	fields, expand, err := query.ParseSelection(tasks(), url.Values{"fields": {"id,title"}, "expand": {"project"}}, options())
	diff(t, []any{[]string{"id", "title"}, []string{"project"}, nil}, []any{fields, expand, err})
	opt := options()
	opt.Expandable = func(string) bool { return true }
	_, _, err = query.ParseSelection(tasks(), url.Values{"expand": {"owner_id"}}, opt)
	if len(faults(t, err)) != 1 {
		t.Error("a hidden field was expanded")
	}
	fields, expand, err = query.ParseSelection(tasks(), nil, options())
	if fields != nil || expand != nil || err != nil {
		t.Error(fields, expand, err)
	}
	_, _, err = query.ParseSelection(tasks(), url.Values{"status": {"todo"}, "fields": {"id", "title"}, "expand": {"x"}}, options())
	diff(t, []string{
		"expand: invalid_choice: takes, separated by commas: project",
		"fields: repeated: must be given once",
		"status: unknown: is unknown; there are fields, expand",
	}, faults(t, err))
}

func TestLookups(t *testing.T) {
	t.Parallel()
	r := tasks()
	diff(t, []string{"owner", "owner__in"}, query.Lookups(r.Field("owner_id")))
	diff(t, []string{"due_date", "due_date__in", "due_date__gt", "due_date__gte", "due_date__lt", "due_date__lte", "due_date__isnull"}, query.Lookups(r.Field("due_date")))
	if query.Lookups(r.Field("metadata")) != nil || query.Lookups(r.Field("description")) != nil {
		t.Error("a field that can't be filtered by has look-ups")
	}
}
