package query_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/tenant"
)

// FuzzParse parses arbitrary queries. What is accepted must be what an engine can rely on, in whatever order the
// parameters came, and what is refused must name a parameter that was given and repeat no value.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "status=todo&page_size=5", "title__in=a,b,,c", "search=a+b&ordering=-title,id", "page=500&page_size=20", "cursor=x&page=1",
		"created_at__gte=2026-11-23T09:00:00.5Z", "weight__lt=-0.0", "fields=id&expand=project", "assignee__isnull=true", "owner=" + someID,
		"__=1&=2&__in=3", "title=%ff%00", "x;y=1", "due_date__in=2026-11-23,2026-11-24", "title__gt=%F0%9F%98%80", "size__in=1,01,1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		params, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		p, err := query.Parse(tasks(), params, options())
		if err != nil {
			checkRefusal(t, params, err)
			return
		}
		l := p.List
		switch {
		case p.PageSize < 1, p.PageSize > query.MaxPageSize, l.Limit != p.PageSize+1, l.Offset < 0, l.Offset >= query.MaxOffset:
			t.Errorf("page %+v", p)
		case len(l.Where) > query.MaxConditions, len(l.Search) > query.MaxTerms, l.After != nil, l.Backward, l.Lock:
			t.Errorf("list %+v", l)
		case len(l.Order) == 0, l.Order[len(l.Order)-1].Field.Name != "id":
			t.Errorf("order %v", order(l.Order))
		}
		given := 0
		for name := range params {
			switch name {
			case "page_size", "page", "cursor", "count", "search", "ordering", "fields", "expand":
			default:
				given++
			}
		}
		if given != len(l.Where) {
			t.Errorf("%d filters became %d conditions", given, len(l.Where))
		}
		for _, c := range l.Where {
			checkCondition(t, c)
		}
		cursor := p.Cursor(record("x"), true)
		delete(params, "page")
		params["cursor"] = []string{cursor}
		if _, err := query.Parse(tasks(), params, options()); err != nil {
			t.Errorf("its own cursor is refused: %v", err)
		}
	})
}

func checkCondition(t *testing.T, c query.Condition) {
	t.Helper()
	if !c.Field.Filter || len(c.Values) == 0 || len(c.Values) > query.MaxIn || c.Op != query.In && len(c.Values) > 1 {
		t.Errorf("condition %v", conditions([]query.Condition{c}))
	}
	for _, v := range c.Values {
		if c.Op != query.IsNull && v.Type() != c.Field.Type || strings.Contains(v.Text(), "\x00") {
			t.Errorf("condition %v", conditions([]query.Condition{c}))
		}
	}
}

func checkRefusal(t *testing.T, params url.Values, err error) {
	t.Helper()
	var failed *fault.Error
	if !errors.As(err, &failed) || failed.Code != fault.ValidationFailed || len(failed.Fields) == 0 {
		t.Fatalf("not a validation: %v", err)
	}
	for _, f := range failed.Fields {
		if _, given := params[f.Name]; !given && len(f.Name) < 99 && !strings.Contains(f.Name, "\uFFFD") {
			t.Errorf("%q is refused and was not given", f.Name)
		}
	}
}

// FuzzCursor opens a cursor that was made for one list in another one: that may work only where the two are the
// same list, and text that nobody signed never works.
func FuzzCursor(f *testing.F) {
	f.Add("status=todo", "status=todo", "x", byte(1), byte(1), false)
	f.Add("status=todo", "status__in=todo", "x", byte(1), byte(1), true)
	f.Add("ordering=title&size=1", "size=1&ordering=title", "", byte(1), byte(1), true)
	f.Add("ordering=title", "ordering=title", "ä", byte(1), byte(2), true)
	f.Add("title__in=a,b", "title__in=b,a", "x", byte(1), byte(1), false)
	f.Add("title=a&search=b", "title=ab", "x", byte(0), byte(0), false)
	f.Fuzz(func(t *testing.T, one, other, title string, tenantOne, tenantOther byte, backward bool) {
		paramsOne, err1 := url.ParseQuery(one)
		paramsOther, err2 := url.ParseQuery(other)
		if err1 != nil || err2 != nil {
			return
		}
		optOne, optOther := options(), options()
		optOne.Tenant, optOther.Tenant = tenant.ID{tenantOne}, tenant.ID{tenantOther}
		p, err := query.Parse(tasks(), paramsOne, optOne)
		if err != nil {
			return
		}
		target, err := query.Parse(tasks(), paramsOther, optOther)
		if err != nil || target.Page > 0 {
			return
		}
		same := tenantOne == tenantOther && strings.Join(describe(p), "\x00") == strings.Join(describe(target), "\x00")
		values := record(title)
		paramsOther["cursor"] = []string{p.Cursor(values, backward)}
		opened, err := query.Parse(tasks(), paramsOther, optOther)
		if (err == nil) != same {
			t.Fatalf("%q opens in %q: %v", one, other, err)
		}
		if err == nil {
			for i, key := range p.List.Order {
				if !opened.List.After[i].Equal(values[tasks().Index(key.Field.Name)]) || opened.List.Backward != backward {
					t.Error("the cursor leads elsewhere")
				}
			}
		}
		paramsOther["cursor"] = []string{title + "A"}
		if _, err := query.Parse(tasks(), paramsOther, optOther); err == nil {
			t.Error("a cursor that nobody signed was accepted")
		}
	})
}

// describe says what list is asked for, apart from the page.
func describe(p *query.Parsed) []string {
	out := append(conditions(p.List.Where), "search")
	out = append(out, p.List.Search...)
	return append(append(out, "order"), order(p.List.Order)...)
}
