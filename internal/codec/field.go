package codec

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tenantry/tenantry/internal/schema"
)

// The bounds of fields that name none, and the largest that a field can name.
const (
	defaultTextMax = 10_000
	defaultJSONMax = 16 << 10
	largestMax     = 1 << 20
	// uniqueTextMax keeps the key of a unique index, four bytes a character, below what a B-tree page of PostgreSQL
	// takes (2,704 bytes): beyond it, some values could not be stored.
	uniqueTextMax = 500
	largestChoice = 100
)

// declaration turns the words of one tag into a field.
type declaration struct {
	words    words
	field    schema.Field
	problems []string
}

// field returns the field that the words make of a value of the type.
func (w words) field(t schema.Type, pointer bool) (schema.Field, []string) {
	d := &declaration{words: w, field: schema.Field{
		Type: t, Nullable: pointer,
		Required: w.has(wordRequired), ReadOnly: w.has(wordReadOnly) || w.has(wordHidden) || w.derived(),
		Immutable: w.has(wordImmutable), Hidden: w.has(wordHidden), Unique: w.has(wordUnique),
		Filter: w.has(wordFilter), Sort: w.has(wordSort), Search: w.has(wordSearch),
	}}
	d.checkFit()
	d.derive()
	if w.derived() {
		return d.field, d.problems
	}
	d.enum()
	d.bounds()
	d.ref()
	d.defaultValue()
	if len(d.problems) == 0 {
		d.checkAbsent()
	}
	return d.field, d.problems
}

func (d *declaration) failf(format string, args ...any) {
	d.problems = append(d.problems, fmt.Sprintf(format, args...))
}

// checkFit refuses words that say nothing of the type.
func (d *declaration) checkFit() {
	types := map[string][]schema.Type{
		wordUnique:  {schema.Text, schema.Integer, schema.Time, schema.Date, schema.UUID},
		wordFilter:  {schema.Text, schema.Integer, schema.Number, schema.Boolean, schema.Time, schema.Date, schema.UUID},
		wordSort:    {schema.Text, schema.Integer, schema.Number, schema.Boolean, schema.Time, schema.Date, schema.UUID},
		wordSearch:  {schema.Text},
		wordEnum:    {schema.Text},
		wordMin:     {schema.Text, schema.Integer, schema.Number},
		wordMax:     {schema.Text, schema.Integer, schema.Number, schema.JSON},
		wordDefault: {schema.Text, schema.Integer, schema.Number, schema.Boolean, schema.Time, schema.Date},
		wordRef:     {schema.UUID},
		wordCount:   {schema.Integer},
	}
	for _, word := range append(flagWords(), valueWords()...) {
		if fit, limited := types[word]; limited && d.words.has(word) && !slices.Contains(fit, d.field.Type) {
			d.failf("%q does not fit a field of type %s", word, d.field.Type)
		}
	}
	if d.field.Required && d.field.Nullable {
		d.failf("a required field can't be a pointer: would null count as given?")
	}
	if d.field.Unique && !d.field.Required && !d.field.Nullable && !d.field.ReadOnly {
		d.failf("a unique field is required or a pointer: two records that leave it out would collide")
	}
}

var (
	resourceForm = regexp.MustCompile(`^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*$`)
	targetForm   = regexp.MustCompile(`^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*\.[a-z][a-z0-9]*(?:_[a-z0-9]+)*$`)
)

func (d *declaration) derive() {
	for _, word := range []string{wordCount, wordLookup} {
		target, ok := d.words[word]
		if !ok {
			continue
		}
		if !targetForm.MatchString(target) {
			d.failf("%s= takes two names with a dot between them", word)
			continue
		}
		left, right, _ := strings.Cut(target, ".")
		if word == wordLookup {
			d.field.Derived = &schema.Derived{Via: left, Lookup: right}
			if d.field.Type == schema.JSON {
				d.failf("a JSON object can't be looked up")
			}
			continue
		}
		d.field.Derived = &schema.Derived{Count: left, Via: right}
		if d.field.Nullable {
			d.failf("a count is never null: no pointer")
		}
	}
}

func (d *declaration) enum() {
	list, ok := d.words[wordEnum]
	if !ok {
		return
	}
	for choice := range strings.SplitSeq(list, "|") {
		switch {
		case choice == "" || strings.TrimSpace(choice) != choice:
			d.failf("enum= has a value that is empty or begins or ends in a space")
		case !utf8.ValidString(choice) || strings.Contains(choice, "\x00") || utf8.RuneCountInString(choice) > largestChoice:
			d.failf("enum= has a value that is no text of at most %d characters", largestChoice)
		case slices.Contains(d.field.Enum, choice):
			d.failf("enum= has %q twice", choice)
		}
		d.field.Enum = append(d.field.Enum, choice)
	}
}

func (d *declaration) bounds() {
	low, hasLow := d.number(wordMin)
	high, hasHigh := d.number(wordMax)
	if hasLow && hasHigh && low > high {
		d.failf("min= is above max=")
	}
	switch d.field.Type {
	case schema.Integer, schema.Number:
		if hasLow {
			d.field.Min = &low
		}
		if hasHigh {
			d.field.Max = &high
		}
	case schema.Text:
		if d.field.Enum == nil {
			d.lengths(low, hasLow, high, hasHigh)
		}
	case schema.JSON:
		d.field.MaxLength = defaultJSONMax
		if hasHigh {
			d.field.MaxLength = d.length(wordMax, high, len("{}"))
		}
	default: // checkFit has refused both
	}
}

func (d *declaration) lengths(low int64, hasLow bool, high int64, hasHigh bool) {
	d.field.MaxLength = defaultTextMax
	if d.field.Unique {
		d.field.MaxLength = uniqueTextMax
	}
	if hasHigh {
		d.field.MaxLength = d.length(wordMax, high, 1)
		if d.field.Unique && high > uniqueTextMax {
			d.failf("a unique text has at most %d characters: max=%d", uniqueTextMax, uniqueTextMax)
		}
	}
	switch {
	case hasLow:
		d.field.MinLength = d.length(wordMin, low, 0)
	case d.field.Required:
		d.field.MinLength = 1
	}
	if d.field.MinLength > d.field.MaxLength && !hasHigh {
		d.failf("min= is above max=, which is %d here unless it is given", d.field.MaxLength)
	}
}

// length checks a bound of a length.
func (d *declaration) length(word string, n int64, least int) int {
	if n < int64(least) || n > largestMax {
		d.failf("%s= is a length here: from %d to %d", word, least, largestMax)
		return least
	}
	return int(n)
}

func (d *declaration) number(word string) (n int64, ok bool) {
	text, given := d.words[word]
	if !given {
		return 0, false
	}
	value, ok := schema.ParseText(schema.Integer, text)
	if !ok {
		d.failf("%s= takes a whole number", word)
	}
	return value.Int(), ok
}

func (d *declaration) ref() {
	target, ok := d.words[wordRef]
	if !ok {
		return
	}
	if !resourceForm.MatchString(target) {
		d.failf("ref= takes the name of a resource, or members")
	}
	d.field.Ref = &schema.Ref{Resource: target, Cascade: d.words.has(wordCascade), Nested: d.words.has(wordNested)}
	if target == schema.Members && (d.field.Ref.Cascade || d.field.Ref.Nested) {
		d.failf("members are no resource: neither cascade nor nested")
	}
}

func (d *declaration) defaultValue() {
	text, ok := d.words[wordDefault]
	if !ok {
		return
	}
	if !utf8.ValidString(text) {
		d.failf("default= is not valid UTF-8")
		return
	}
	value, ok := schema.ParseText(d.field.Type, text)
	if !ok {
		d.failf("default= takes a value of type %s", d.field.Type)
		return
	}
	d.field.Default = value
	if flaw := check(&d.field, value); flaw.is() {
		d.failf("default= is not allowed: it %s", flaw.message)
	}
}

// checkAbsent makes sure that a create that leaves the field out has a value to store.
func (d *declaration) checkAbsent() {
	f := &d.field
	zero := f.Zero()
	if f.Required || f.Nullable {
		return
	}
	if zero.IsNull() {
		if !f.ReadOnly {
			d.failf("what would a create store that leaves it out? Make it required, or a pointer")
		}
		return
	}
	if flaw := check(f, zero); flaw.is() {
		d.failf("a create that leaves it out would store %s, which %s; make it required or a pointer, or give a default",
			zero.AppendJSON(nil), flaw.message)
	}
}
