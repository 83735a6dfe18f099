package codec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The words of a tenantry tag, as doc.go describes them.
const (
	wordRequired  = "required"
	wordUnique    = "unique"
	wordImmutable = "immutable"
	wordReadOnly  = "readonly"
	wordHidden    = "hidden"
	wordCascade   = "cascade"
	wordNested    = "nested"
	wordFilter    = "filter"
	wordSort      = "sort"
	wordSearch    = "search"
	wordMin       = "min"
	wordMax       = "max"
	wordEnum      = "enum"
	wordDefault   = "default"
	wordRef       = "ref"
	wordCount     = "count"
	wordLookup    = "lookup"
)

// flagWords stand alone, valueWords have a value.
func flagWords() []string {
	return []string{
		wordRequired, wordUnique, wordImmutable, wordReadOnly, wordHidden, wordCascade, wordNested, wordFilter,
		wordSort, wordSearch,
	}
}

func valueWords() []string {
	return []string{wordMin, wordMax, wordEnum, wordDefault, wordRef, wordCount, wordLookup}
}

// contradictions are pairs of words that can't be said of one field. Hidden fields take no part in lists: whether
// a record is found or where it stands would tell their value.
func contradictions() [][2]string {
	return [][2]string{
		{wordRequired, wordReadOnly},
		{wordRequired, wordHidden},
		{wordRequired, wordDefault},
		{wordImmutable, wordReadOnly},
		{wordImmutable, wordHidden},
		{wordHidden, wordFilter},
		{wordHidden, wordSort},
		{wordHidden, wordSearch},
		{wordHidden, wordNested},
		{wordUnique, wordDefault},
		{wordEnum, wordMin},
		{wordEnum, wordMax},
		{wordEnum, wordSearch},
		{wordEnum, wordRef},
		{wordRef, wordMin},
		{wordRef, wordMax},
		{wordRef, wordSearch},
		{wordRef, wordDefault},
		{wordCount, wordLookup},
	}
}

// words are the words of one tag with their values.
type words map[string]string

func (w words) has(word string) bool {
	_, ok := w[word]
	return ok
}

// derived reports whether the words make a derived field.
func (w words) derived() bool { return w.has(wordCount) || w.has(wordLookup) }

// parseWords reads a tenantry tag. Whatever it can't read is among the problems.
func parseWords(tag string) (words, []string) {
	out := words{}
	var problems []string
	if tag == "" {
		return out, nil
	}
	for part := range strings.SplitSeq(tag, ",") {
		word, value, valued := strings.Cut(part, "=")
		if problem := checkWord(word, value, valued); problem != "" {
			problems = append(problems, problem)
			continue
		}
		if out.has(word) {
			problems = append(problems, fmt.Sprintf("the word %q occurs twice", word))
			continue
		}
		out[word] = value
	}
	return out, append(problems, out.contradictions()...)
}

func checkWord(word, value string, valued bool) string {
	switch {
	case word == "" && !valued:
		return "an empty word: words are separated by single commas"
	case slices.Contains(flagWords(), word):
		if valued {
			return fmt.Sprintf("the word %q takes no value", word)
		}
	case slices.Contains(valueWords(), word):
		if value == "" {
			return fmt.Sprintf("the word %q needs a value: %s=...", word, word)
		}
	default:
		return fmt.Sprintf("unknown word %q; the words are %s", word,
			strings.Join(append(flagWords(), valueWords()...), ", "))
	}
	return ""
}

func (w words) contradictions() []string {
	var problems []string
	for _, pair := range contradictions() {
		if w.has(pair[0]) && w.has(pair[1]) {
			problems = append(problems, fmt.Sprintf("%q and %q contradict each other", pair[0], pair[1]))
		}
	}
	for _, word := range []string{wordCascade, wordNested} {
		if w.has(word) && !w.has(wordRef) {
			problems = append(problems, fmt.Sprintf("%q needs ref=", word))
		}
	}
	if !w.derived() {
		return problems
	}
	for _, word := range append(flagWords(), valueWords()...) {
		switch word {
		case wordFilter, wordSort, wordCount, wordLookup:
		default:
			if w.has(word) {
				problems = append(problems, fmt.Sprintf("%q says nothing of a derived field", word))
			}
		}
	}
	return problems
}

// splitTag reads a struct tag into its keys and values. reflect.StructTag.Lookup overlooks what it can't read, so
// that a forgotten quote would silently drop every rule of a field.
func splitTag(tag string) (map[string]string, error) {
	out := map[string]string{}
	for {
		tag = strings.TrimLeft(tag, " ")
		if tag == "" {
			return out, nil
		}
		key, rest, ok := strings.Cut(tag, ":")
		if !ok || key == "" || strings.ContainsAny(key, " \"\t") {
			return nil, errTag
		}
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil || quoted[0] != '"' {
			return nil, errTag
		}
		value, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, errTag
		}
		if _, twice := out[key]; twice {
			return nil, fmt.Errorf("the tag %s occurs twice", key)
		}
		out[key], tag = value, rest[len(quoted):]
		if tag != "" && tag[0] != ' ' {
			return nil, errTag
		}
	}
}

type tagError string

func (e tagError) Error() string { return string(e) }

const errTag = tagError(`the tag can't be read: it has the form key:"value" key:"value"`)
