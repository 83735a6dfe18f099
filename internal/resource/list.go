package resource

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"github.com/tenantry/tenantry/internal/codec"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/policy"
	"github.com/tenantry/tenantry/internal/query"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

// Link is the query parameter that leads to another page; the zero Link leads nowhere.
type Link struct {
	Param, Value string
}

// Page is one page of a list.
type Page struct {
	// Results is a JSON array of records.
	Results        []byte
	Next, Previous Link
	// Count is the number of records on all pages, -1 where it was not asked for.
	Count int64
}

// List returns one page of a resource's records: of all, of a named listing, below the record with the id parent,
// or of events, as op says.
func (s *Service) List(ctx context.Context, call Call, op *operation.Operation, parent string, params url.Values) (Page, error) {
	def, err := s.begin(call, op)
	if err != nil {
		return Page{}, err
	}
	options := s.options(call, def)
	if op.Listing != nil {
		options.Requires = op.Listing.Requires
	}
	if op.Parent != nil {
		if options.Parent, err = s.parent(call, op, parent); err != nil {
			return Page{}, err
		}
	}
	parsed, err := query.Parse(def.Schema, params, options)
	if err != nil {
		return Page{}, err
	}
	page := newPageBuilder(def, parsed)
	if options.Parent != nil {
		page.parent = options.Parent.Values[0].ID()
	}
	if def.Keeper != nil {
		err = s.listKept(ctx, call, def, page)
	} else if op.Parent == nil && len(parsed.Expand) == 0 {
		err = s.listOnce(ctx, call, def, page)
	} else {
		err = s.listWithin(ctx, call, op, def, page)
	}
	if err != nil {
		return Page{}, err
	}
	return page.finish(), nil
}

// parent returns the condition that binds a nested list to the record in its path.
func (s *Service) parent(call Call, op *operation.Operation, parent string) (*query.Condition, error) {
	target := s.registry.byName[op.ParentResource.Name]
	if err := policy.Decide(call.Actor, policy.Read, target.Schema.Name, target.Read); err != nil {
		return nil, err
	}
	record, err := parseID(parent)
	if err != nil {
		return nil, err
	}
	return &query.Condition{Field: op.Parent, Op: query.Equal, Values: []schema.Value{schema.ID(record)}}, nil
}

// listOnce reads the page in a single trip to the store.
func (s *Service) listOnce(ctx context.Context, call Call, def *Definition, page *pageBuilder) error {
	store, err := s.store(ctx, call)
	if err != nil {
		return err
	}
	defer store.Close()
	page.total, err = store.List(ctx, def.Schema, page.list(), page.add)
	return err
}

// listWithin reads the page together with what it hangs on, all of one moment.
func (s *Service) listWithin(ctx context.Context, call Call, op *operation.Operation, def *Definition, page *pageBuilder) error {
	return s.view(ctx, call, func(tx *Tx) error {
		if op.Parent != nil {
			if _, err := tx.tx.Get(ctx, op.ParentResource, page.parent); err != nil {
				return missingParent(err)
			}
		}
		if len(page.parsed.Expand) == 0 {
			var err error
			page.total, err = tx.tx.List(ctx, def.Schema, page.list(), page.add)
			return err
		}
		var recs []storage.Record
		total, err := tx.tx.List(ctx, def.Schema, page.list(), func(rec storage.Record) error {
			recs = append(recs, rec.Clone())
			return nil
		})
		if err != nil {
			return err
		}
		page.total = total
		if page.expansion, err = tx.expand(ctx, def, page.parsed.Expand, recs); err != nil {
			return err
		}
		for _, rec := range recs {
			if err := page.add(rec); err != nil {
				return err
			}
		}
		return nil
	})
}

// pageBuilder encodes the records of a page as they come, and remembers the ones at its edges for the cursors.
type pageBuilder struct {
	parsed    *query.Parsed
	parent    id.ID
	encoder   *codec.Encoder
	expansion expansion
	out       []byte
	ends      []int // where each record ends in out
	first     []schema.Value
	last      []schema.Value
	more      bool
	total     int64
}

func newPageBuilder(def *Definition, parsed *query.Parsed) *pageBuilder {
	return &pageBuilder{
		parsed: parsed, encoder: def.encoderFor(parsed.Fields), total: -1,
		out: append(make([]byte, 0, 512*min(parsed.PageSize, 32)), '['),
	}
}

// list asks for one record more than the page holds, to know whether there is another page.
func (p *pageBuilder) list() query.List {
	list := p.parsed.List
	list.Limit = p.parsed.PageSize + 1
	return list
}

func (p *pageBuilder) add(rec storage.Record) error {
	if len(p.ends) == p.parsed.PageSize {
		p.more = true
		return nil
	}
	if len(p.ends) > 0 {
		p.out = append(p.out, ',')
	} else if p.parsed.List.After != nil {
		p.first = storage.Record{Values: rec.Values}.Clone().Values
	}
	start := len(p.out)
	p.out = p.encoder.Append(p.out, rec.Values)
	if len(p.expansion) > 0 {
		body := p.expansion.append(slices.Clone(p.out[start:]), rec)
		p.out = append(p.out[:start], body...)
	}
	p.ends = append(p.ends, len(p.out))
	if len(p.ends) == p.parsed.PageSize {
		p.last = storage.Record{Values: rec.Values}.Clone().Values
	}
	return nil
}

func (p *pageBuilder) finish() Page {
	page := Page{Count: p.total}
	switch {
	case p.parsed.Page > 0:
		if p.more {
			page.Next = Link{"page", strconv.Itoa(p.parsed.Page + 1)}
		}
		if p.parsed.Page > 1 {
			page.Previous = Link{"page", strconv.Itoa(p.parsed.Page - 1)}
		}
	case p.parsed.List.Backward:
		p.reverse()
		if p.first != nil {
			page.Next = p.cursor(p.first, false)
		}
		if p.more {
			page.Previous = p.cursor(p.last, true)
		}
	default:
		if p.more {
			page.Next = p.cursor(p.last, false)
		}
		if p.first != nil {
			page.Previous = p.cursor(p.first, true)
		}
	}
	page.Results = append(p.out, ']')
	return page
}

func (p *pageBuilder) cursor(values []schema.Value, backward bool) Link {
	return Link{"cursor", p.parsed.Cursor(values, backward)}
}

// reverse puts the records of a backward page, which come nearest first, into the order of the list.
func (p *pageBuilder) reverse() {
	out := append(make([]byte, 0, len(p.out)+1), '[')
	for i, end := range slices.Backward(p.ends) {
		start := 1
		if i > 0 {
			start = p.ends[i-1] + 1
		}
		out = append(out, p.out[start:end]...)
		if i > 0 {
			out = append(out, ',')
		}
	}
	p.out = out
}
