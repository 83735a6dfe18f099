package storagetest

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

// answer does in plain Go what an engine does with a query: which of the records, in which order, and how many in
// all. It is what engines are compared with, so it is written to be read.
func answer(r *schema.Resource, records []storage.Record, q query.List) (page []storage.Record, total int64) {
	var found []storage.Record
	for _, rec := range records {
		if meetsAll(r, rec, q.Where) && meetsSearch(r, rec, q.Search) {
			found = append(found, rec)
		}
	}
	slices.SortFunc(found, func(x, y storage.Record) int {
		return compareBy(r, q.Order, keysOf(r, q.Order, x), keysOf(r, q.Order, y))
	})
	if q.Backward {
		slices.Reverse(found)
	}
	for _, rec := range found {
		if q.After != nil {
			c := compareBy(r, q.Order, keysOf(r, q.Order, rec), q.After)
			if c == 0 || c < 0 != q.Backward {
				continue
			}
		}
		page = append(page, rec)
	}
	page = page[min(q.Offset, len(page)):]
	return page[:min(q.Limit, len(page))], int64(len(found))
}

func keysOf(r *schema.Resource, order []query.Key, rec storage.Record) []schema.Value {
	out := make([]schema.Value, len(order))
	for i, key := range order {
		out[i] = rec.Values[r.Index(key.Field.Name)]
	}
	return out
}

func compareBy(_ *schema.Resource, order []query.Key, x, y []schema.Value) int {
	for i, key := range order {
		c := compare(x[i], y[i])
		if key.Desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// compare puts null behind everything.
func compare(x, y schema.Value) int {
	switch {
	case x.IsNull() || y.IsNull():
		return b2i(x.IsNull()) - b2i(y.IsNull())
	case x.Type() == schema.Number:
		return cmp.Compare(x.Float(), y.Float())
	case x.Type() == schema.Boolean:
		return b2i(x.Bool()) - b2i(y.Bool())
	case x.Type() == schema.Text || x.Type() == schema.UUID || x.Type() == schema.JSON:
		return bytes.Compare(x.Raw(), y.Raw())
	default:
		return cmp.Compare(x.Int(), y.Int())
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func meetsAll(r *schema.Resource, rec storage.Record, conditions []query.Condition) bool {
	for _, c := range conditions {
		if !meets(value(r, rec, c.Field.Name), c) {
			return false
		}
	}
	return true
}

func meets(v schema.Value, c query.Condition) bool {
	if c.Op == query.IsNull {
		return v.IsNull() == c.Values[0].Bool()
	}
	if v.IsNull() {
		return false
	}
	switch c.Op {
	case query.In:
		return slices.ContainsFunc(c.Values, func(want schema.Value) bool { return compare(v, want) == 0 })
	case query.Contains:
		return holds(v, c.Values[0].Text())
	case query.Greater:
		return compare(v, c.Values[0]) > 0
	case query.GreaterEqual:
		return compare(v, c.Values[0]) >= 0
	case query.Less:
		return compare(v, c.Values[0]) < 0
	case query.LessEqual:
		return compare(v, c.Values[0]) <= 0
	default:
		return compare(v, c.Values[0]) == 0
	}
}

func meetsSearch(r *schema.Resource, rec storage.Record, terms []string) bool {
	for _, term := range terms {
		found := false
		for i := range r.Fields {
			found = found || r.Fields[i].Search && !rec.Values[i].IsNull() && holds(rec.Values[i], term)
		}
		if !found {
			return false
		}
	}
	return true
}

// holds is right for letters whose lower case is one letter and does not depend on its place.
func holds(v schema.Value, part string) bool {
	return strings.Contains(strings.ToLower(v.Text()), strings.ToLower(part))
}
