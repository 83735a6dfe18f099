package query_test

import (
	"encoding/base64"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/tenant"
)

// record returns values for tasks, in the order of its fields.
func record(title string) []schema.Value {
	return []schema.Value{
		schema.ID(mustID(someID)), schema.ID(mustID(otherID)), schema.String(title), schema.String("d"),
		schema.String("todo"), schema.Null(), schema.Int(math.MinInt64), schema.Float(0.1), schema.Bool(true),
		schema.Null(), schema.RawJSON([]byte("{}")), schema.Null(),
		schema.Moment(time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC)),
	}
}

func withCursor(text, cursor string) string {
	if text != "" {
		text += "&"
	}
	return text + "cursor=" + url.QueryEscape(cursor)
}

func TestCursorCarriesTheValuesOfTheOrder(t *testing.T) {
	t.Parallel()
	for _, ordering := range []string{
		"", "ordering=title", "ordering=-size,weight,urgent,due_date", "ordering=due_date", "ordering=status,-title", "ordering=id",
		"ordering=created_at&title=x&status__in=todo,done&search=a+b",
	} {
		for _, title := range []string{"", "x", strings.Repeat("ä", 255), strings.Repeat("\U0001F600", 10_000), "nul-free \u2028\n"} {
			for _, backward := range []bool{false, true} {
				p := mustParse(t, ordering, options())
				values := record(title)
				cursor := p.Cursor(values, backward)
				next := mustParse(t, withCursor(ordering, cursor), options())
				if next.List.Backward != backward || len(next.List.After) != len(p.List.Order) {
					t.Fatalf("%s: got %+v", ordering, next.List)
				}
				for i, key := range p.List.Order {
					want := values[tasks().Index(key.Field.Name)]
					if got := next.List.After[i]; !got.Equal(want) {
						t.Errorf("%s: got %s, want %s", key.Field.Name, got.AppendJSON(nil), want.AppendJSON(nil))
					}
				}
				if len(title) == 510 && len(cursor) > 800 {
					t.Errorf("a cursor for a title of 255 characters has %d", len(cursor))
				}
			}
		}
	}
}

func TestCursorHoldsForItsListAlone(t *testing.T) {
	t.Parallel()
	const list = "status=todo&size__gt=1&search=a+b&ordering=title"
	cursor := mustParse(t, list, options()).Cursor(record("x"), false)
	for _, text := range []string{
		list, "ordering=title&search=a+b&size__gt=1&status=todo", list + "&page_size=50", list + "&fields=id&expand=project&count=exact",
	} {
		mustParse(t, withCursor(text, cursor), options())
	}
	for _, text := range []string{
		"", "status=done&size__gt=1&search=a+b&ordering=title", "status=todo&size__gte=1&search=a+b&ordering=title",
		"status=todo&size__gt=2&search=a+b&ordering=title", "status=todo&size__gt=1&search=a&ordering=title",
		"status=todo&size__gt=1&search=b+a+c&ordering=title", "status=todo&size__gt=1&search=a+b&ordering=-title",
		"status=todo&size__gt=1&search=a+b&ordering=title,size", "status=todo&size__gt=1&search=a+b", "size__gt=1&search=a+b&ordering=title",
		list + "&urgent=true", list + "&project=" + someID, "status__in=todo&size__gt=1&search=a+b&ordering=title",
	} {
		_, err := parse(t, withCursor(text, cursor), options())
		refusedCursor(t, text, err)
	}
}

func TestCursorHoldsInItsScopeAlone(t *testing.T) {
	t.Parallel()
	cursor := mustParse(t, "", options()).Cursor(record("x"), false)
	parent := func(id string) *query.Condition {
		return &query.Condition{Field: tasks().Field("project"), Values: []schema.Value{schema.ID(mustID(id))}}
	}
	changes := map[string]func(*query.Options){
		"another tenant": func(o *query.Options) { o.Tenant = tenant.ID{2} },
		"another key":    func(o *query.Options) { o.Signer = query.NewSigner([]byte("another key of thirty-two bytes!")) },
		"no key":         func(o *query.Options) { o.Signer = nil },
		"a nested list":  func(o *query.Options) { o.Parent = parent(someID) },
		"a listing":      func(o *query.Options) { o.Requires = []string{"status"} },
	}
	for name, change := range changes {
		opt := options()
		change(&opt)
		text := ""
		if opt.Requires != nil {
			text = "status=todo"
		}
		cursor := mustParse(t, text, options()).Cursor(record("x"), false)
		_, err := parse(t, withCursor(text, cursor), opt)
		refusedCursor(t, name, err)
	}
	one, other := options(), options()
	one.Parent, other.Parent = parent(someID), parent(otherID)
	_, err := parse(t, withCursor("", mustParse(t, "", one).Cursor(record("x"), false)), other)
	refusedCursor(t, "another parent", err)
	_, err = parse(t, withCursor("project="+someID, mustParse(t, "", one).Cursor(record("x"), false)), options())
	refusedCursor(t, "a filter instead of the parent", err)

	projects := tasks()
	projects.Name = "projects"
	_, err = query.Parse(projects, url.Values{"cursor": {cursor}}, options())
	refusedCursor(t, "another resource", err)
	opt := options()
	opt.Signer = nil
	if got := mustParse(t, "", opt).Cursor(record("x"), false); got != "" {
		t.Error("a cursor without a key")
	}
}

func TestCursorThatWasAltered(t *testing.T) {
	t.Parallel()
	const list = "ordering=title"
	alphabet := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for _, title := range []string{"x", "xx", "xxx"} { // with and without bits that the last character has left over
		cursor := mustParse(t, list, options()).Cursor(record(title), false)
		for i := range cursor {
			for _, c := range alphabet {
				altered := cursor[:i] + string(c) + cursor[i+1:]
				if altered == cursor {
					continue
				}
				if _, err := parse(t, withCursor(list, altered), options()); err == nil {
					t.Fatalf("accepted with %c at %d", c, i)
				}
			}
			if i > 0 {
				_, err := parse(t, withCursor(list, cursor[:i]), options())
				refusedCursor(t, "truncated", err)
			}
		}
		raw, _ := base64.RawURLEncoding.DecodeString(cursor)
		for _, text := range []string{
			cursor + "A", cursor + "=", " " + cursor, cursor + "\n", cursor[:5] + "\r\n" + cursor[5:], base64.StdEncoding.EncodeToString(raw) + "=",
			strings.Repeat("A", 300_001), cursor + cursor,
		} {
			_, err := parse(t, withCursor(list, text), options())
			refusedCursor(t, "altered", err)
		}
	}
	endless := mustParse(t, list, options()).Cursor(record(strings.Repeat("x", 300_000)), false)
	_, err := parse(t, withCursor(list, endless), options())
	refusedCursor(t, "longer than a cursor can be", err)
}

func refusedCursor(t *testing.T, name string, err error) {
	t.Helper()
	got := faults(t, err)
	if len(got) != 1 || !strings.HasPrefix(got[0], "cursor: invalid: ") {
		t.Errorf("%s: got %v", name, got)
	}
}
