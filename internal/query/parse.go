package query

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/tenant"
)

// The parameters of every list.
const (
	ParamPageSize = "page_size"
	ParamPage     = "page"
	ParamCursor   = "cursor"
	ParamCount    = "count"
	ParamSearch   = "search"
	ParamOrdering = "ordering"
	ParamFields   = "fields"
	ParamExpand   = "expand"
)

// The limits of one request. They bound what a statement can cost, and are far above what a person types.
const (
	DefaultPageSize = 20
	MaxPageSize     = 200
	// MaxOffset is how many records a numbered page may skip.
	MaxOffset     = 10_000
	MaxConditions = 50
	MaxIn         = 100
	MaxTerms      = 10
	MaxOrder      = 5
	maxFaults     = 100
)

// Options are what Parse needs to know beside the resource.
type Options struct {
	// Tenant is the tenant whose records are listed: cursors are good for it alone.
	Tenant tenant.ID
	// Signer signs and checks cursors; without one, no cursor is accepted and none is made.
	Signer *Signer
	// Parent is the condition that binds a nested list to the record in its path.
	Parent *Condition
	// Requires are the fields that a named listing must be filtered by, with their plain parameters.
	Requires []string
	// Expandable reports whether ?expand= takes the field; nil takes none.
	Expandable func(field string) bool
}

// Parsed is a list request that has been read and checked.
type Parsed struct {
	// List is what the store is asked for. Its Limit is one more than PageSize, to see whether more follows.
	List     List
	PageSize int
	// Page is the number of the page where numbered pages are asked for, else 0.
	Page int
	// Fields are the fields to answer with, all where nil; Expand the references to add the records of.
	Fields, Expand []string

	resource *schema.Resource
	signer   *Signer
	scope    []byte
}

// Parse reads the query parameters of a list. All parameters at fault are reported at once; an unknown one is at
// fault too, so that a misspelt filter never returns everything.
func Parse(r *schema.Resource, params url.Values, opt Options) (*Parsed, error) {
	p := newParser(r, params, opt)
	parsed := &Parsed{PageSize: DefaultPageSize, resource: r, signer: opt.Signer}
	if opt.Parent != nil {
		parsed.List.Where = append(parsed.List.Where, *opt.Parent)
	}
	parsed.List.Order = defaultOrder(r)
	for _, name := range p.names {
		p.list(parsed, name)
	}
	p.require(params)
	p.pages(parsed, params)
	parsed.List.Limit = parsed.PageSize + 1
	parsed.scope = scopeOf(r, opt, &parsed.List)
	if text, ok := p.values[ParamCursor]; ok && len(p.faults) == 0 { // of half a list, no cursor would be one
		p.cursor(parsed, text)
	}
	if err := p.finish(); err != nil {
		return nil, err
	}
	return parsed, nil
}

// ParseSelection reads the query parameters of a single record: which fields to answer with, nil for all, and which
// references to expand.
func ParseSelection(r *schema.Resource, params url.Values, opt Options) (fields, expand []string, err error) {
	p := newParser(r, params, opt)
	for _, name := range p.names {
		switch {
		case name == ParamFields:
			fields = p.fields()
		case name == ParamExpand && p.expands():
			expand = p.expand()
		default:
			p.failf(name, fault.FieldUnknown, "is unknown; there are %s", strings.Join(p.selections(), ", "))
		}
	}
	if err := p.finish(); err != nil {
		return nil, nil, err
	}
	return fields, expand, nil
}

// parser reads the parameters of one request and collects what is wrong with them.
type parser struct {
	resource *schema.Resource
	opt      Options
	names    []string          // of values, sorted, so that neither faults nor conditions depend on a map's order
	values   map[string]string // of parameters that have one valid value
	faults   []fault.Field
}

func newParser(r *schema.Resource, params url.Values, opt Options) *parser {
	p := &parser{resource: r, opt: opt, values: make(map[string]string, len(params))}
	for name, values := range params {
		switch {
		case len(values) > 1:
			p.failf(name, fault.FieldRepeated, "must be given once")
		case len(values) == 0 || strings.TrimSpace(values[0]) == "":
			p.failf(name, fault.FieldFormat, "must not be empty; leave the parameter out instead")
		case !utf8.ValidString(values[0]) || strings.Contains(values[0], "\x00"):
			p.failf(name, fault.FieldFormat, "must be valid UTF-8 without the character NUL")
		default:
			p.names = append(p.names, name)
			p.values[name] = values[0]
		}
	}
	slices.Sort(p.names)
	return p
}

// failf reports a parameter. The name is the client's, so it is cut to what an answer can show.
func (p *parser) failf(name, code, format string, args ...any) {
	p.faults = append(p.faults, fault.Field{Name: shortened(name), Code: code, Message: fmt.Sprintf(format, args...)})
}

func shortened(name string) string {
	const most = 100
	name = strings.ToValidUTF8(name, "\uFFFD")
	if len(name) <= most {
		return name
	}
	end := most
	for !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end] + "…"
}

func (p *parser) finish() error {
	slices.SortStableFunc(p.faults, func(a, b fault.Field) int { return strings.Compare(a.Name, b.Name) })
	return fault.Invalid(p.faults[:min(len(p.faults), maxFaults)]...)
}

// list reads one parameter of a list.
func (p *parser) list(parsed *Parsed, name string) {
	text := p.values[name]
	switch {
	case name == ParamPageSize:
		if n, ok := p.number(name, 1, MaxPageSize); ok {
			parsed.PageSize = n
		}
	case name == ParamPage, name == ParamCursor: // read last: they depend on the others
	case name == ParamCount:
		if parsed.List.Count = text == "exact"; !parsed.List.Count {
			p.failf(name, fault.FieldChoice, "must be: exact")
		}
	case name == ParamFields:
		parsed.Fields = p.fields()
	case name == ParamExpand && p.expands():
		parsed.Expand = p.expand()
	case name == ParamSearch && p.searchable():
		parsed.List.Search = p.search(text)
	case name == ParamOrdering && len(p.sortable()) > 0:
		if order := p.ordering(text); order != nil {
			parsed.List.Order = order
		}
	default:
		p.filter(parsed, name, text)
	}
}

// number reads a whole number in plain digits.
func (p *parser) number(name string, least, most int) (int, bool) {
	text := p.values[name]
	n, err := strconv.Atoi(text)
	if err == nil && n >= least && n <= most && text[0] != '+' {
		return n, true
	}
	p.failf(name, fault.FieldFormat, "must be a whole number from %d to %d", least, most)
	return 0, false
}

// pages reads what numbered pages take, once the size of a page is known.
func (p *parser) pages(parsed *Parsed, params url.Values) {
	if _, ok := p.values[ParamPage]; !ok {
		return
	}
	if params.Has(ParamCursor) {
		p.failf(ParamPage, fault.FieldConflict, "can't be combined with cursor")
		return
	}
	text := p.values[ParamPage]
	last := (MaxOffset-1)/parsed.PageSize + 1
	n, err := strconv.Atoi(text)
	switch {
	case digits(text) && (err != nil || n > last):
		p.failf(ParamPage, fault.FieldTooLarge,
			"must be at most %d for pages of %d; beyond, leave it out and follow the cursors in next", last, parsed.PageSize)
	case !digits(text) || n < 1:
		p.failf(ParamPage, fault.FieldFormat, "must be a whole number from 1 to %d", last)
	default:
		parsed.Page = n
		parsed.List.Offset = (n - 1) * parsed.PageSize
		parsed.List.Count = true
	}
}

func digits(text string) bool { return strings.Trim(text, "0123456789") == "" }

// require checks that the filters of a named listing are there.
func (p *parser) require(params url.Values) {
	for _, field := range p.opt.Requires {
		name := field
		if f := p.resource.Field(field); f != nil {
			name = f.Param
		}
		if !params.Has(name) {
			p.failf(name, fault.FieldRequired, "is required here")
		}
	}
}

// cursor continues a list where the cursor points to.
func (p *parser) cursor(parsed *Parsed, text string) {
	after, backward, ok := parsed.signer.open(text, parsed.scope, parsed.List.Order)
	if !ok {
		p.failf(ParamCursor, fault.FieldInvalid,
			"is not a cursor of this list; begin without one, and keep filters and order while following next")
		return
	}
	parsed.List.After, parsed.List.Backward = after, backward
}

// Cursor returns the cursor of the page behind the record with the values, or of the one before it where backward.
func (p *Parsed) Cursor(values []schema.Value, backward bool) string {
	edge := make([]schema.Value, len(p.List.Order))
	for i, key := range p.List.Order {
		if at := p.resource.Index(key.Field.Name); at >= 0 && at < len(values) {
			edge[i] = values[at]
		}
	}
	return p.signer.seal(p.scope, edge, backward)
}
