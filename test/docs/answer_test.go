package docs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// What differs from run to run is one and the same example in the pages. `…` stands for anything.
var examples = []struct {
	real    *regexp.Regexp
	example string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "01a208e6-…"},
	{regexp.MustCompile(`eyJ[\w-]{20,}\.[\w-]+\.[\w-]+`), "eyJ…"},
	{regexp.MustCompile(`tns_[\w-]{20,}`), "tns_…"},
	{regexp.MustCompile(`\b\d+ ok, `), "… ok, "},                         // how many checks doctor has
	{regexp.MustCompile(`\b[0-9a-f]{24}\b`), "72d510ba7d1724ff8aa5c665"}, // a password
	{regexp.MustCompile(`[0-9a-f]{64}`), "aeb5c650…"},
	{regexp.MustCompile(`cursor=[\w-]{20,}`), "cursor=AgAB…"},
	{regexp.MustCompile(`(^|["\s])[\w-]{43}(["\s]|$)`), "${1}FoPaQ0h9…${2}"}, // a key's id
	{regexp.MustCompile(`\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`), "2026-11-25T11:00:00.000000Z"},
	{regexp.MustCompile(`\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ`), "2026-11-25 11:00:00Z"},
}

// moment is the example of a time in seconds since 1970.
const moment = 1795446563

// counters count what may have come behind an answer, such as the events of failed log-ins.
var counters = regexp.MustCompile("/(?:seq|checked)$")

// columns takes examples as wide as what they stand for, so that tables stay tables.
var columns = strings.NewReplacer("01a208e6-…", "01a208e6-739a-708d-a347-5f3af0d34a01", "FoPaQ0h9…", "FoPaQ0h9Hl5PtKCnBHIW4oKkHZqn2dXq2z0cZvTzX3E")

func exampled(text string) string {
	for _, e := range examples {
		text = e.real.ReplaceAllString(text, e.example)
	}
	return text
}

// answer compares what a block printed with what the page shows of it.
func (s *shell) answer(t *testing.T, script string, b block) string {
	t.Helper()
	printed := strings.NewReplacer(s.address, address, s.databaseHost(), database).Replace(s.printed)
	if b.kind == "text" {
		return lines(t, script, b.text, printed)
	}
	real, err := lastJSON(printed)
	if err != nil {
		t.Errorf("%v\n%s\n%s", err, script, printed)
		return b.text
	}
	if *update {
		return laidOut(real, "", 118) + "\n"
	}
	var want, got any
	if err := json.Unmarshal([]byte(b.text), &want); err != nil {
		t.Errorf("the page's answer is no JSON: %v\n%s", err, b.text)
		return b.text
	}
	if err := json.Unmarshal(real, &got); err != nil {
		t.Fatal(err)
	}
	if problem := differs(want, got, ""); problem != "" {
		t.Errorf("the answer has changed: %s\n%s\nthe page has\n%s\nthe server says\n%s\n", problem, script, b.text, laidOut(real, "", 118))
	}
	return b.text
}

// lastJSON returns the JSON that the text is, or that its last line is.
func lastJSON(text string) (json.RawMessage, error) {
	text = strings.TrimSpace(text)
	if json.Valid([]byte(text)) {
		return json.RawMessage(text), nil
	}
	last := text[strings.LastIndexByte(text, '\n')+1:]
	if !json.Valid([]byte(last)) {
		return nil, fmt.Errorf("the block before printed no JSON")
	}
	return json.RawMessage(last), nil
}

// differs names the first place where two values are not the same but for the examples.
func differs(want, got any, path string) string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return path + " is no object"
		}
		for name := range g {
			if _, known := w[name]; !known {
				return path + "/" + name + " is new"
			}
		}
		for name, value := range w {
			other, there := g[name]
			if !there {
				return path + "/" + name + " is gone"
			}
			if problem := differs(value, other, path+"/"+name); problem != "" {
				return problem
			}
		}
		return ""
	case []any:
		return listDiffers(w, got, path)
	case string:
		g, ok := got.(string)
		if !ok || !matches(w, g) {
			return fmt.Sprintf("%s is %v", path, got)
		}
		return ""
	case float64:
		if g, ok := got.(float64); ok && (g > 1.5e9 && w == moment || counters.MatchString(path) && g > 0) {
			return ""
		}
	}
	if want != got {
		return fmt.Sprintf("%s is %v", path, got)
	}
	return ""
}

// listDiffers lets `…` as a list's last element stand for any number of others.
func listDiffers(want []any, got any, path string) string {
	g, ok := got.([]any)
	if !ok {
		return path + " is no list"
	}
	if n := len(want); n > 0 && want[n-1] == "…" && len(g) >= n-1 {
		want, g = want[:n-1], g[:n-1]
	}
	if len(want) != len(g) {
		return fmt.Sprintf("%s has %d elements", path, len(g))
	}
	for i := range want {
		if problem := differs(want[i], g[i], fmt.Sprintf("%s/%d", path, i)); problem != "" {
			return problem
		}
	}
	return ""
}

func matches(want, got string) bool {
	want, got = exampled(want), exampled(got)
	if !strings.Contains(want, "…") {
		return want == got
	}
	pattern := strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*")
	return regexp.MustCompile(`(?s)^` + pattern + `$`).MatchString(got)
}

// lines compares line by line; how columns are filled up with blanks says nothing.
func lines(t *testing.T, script, want, printed string) string {
	t.Helper()
	printed = strings.TrimRight(printed, "\n")
	if *update {
		return columns.Replace(exampled(printed)) + "\n"
	}
	wanted, got := strings.Split(strings.TrimRight(want, "\n"), "\n"), strings.Split(printed, "\n")
	same := len(wanted) == len(got)
	for i := 0; same && i < len(wanted); i++ {
		same = matches(strings.Join(strings.Fields(wanted[i]), " "), strings.Join(strings.Fields(got[i]), " "))
	}
	if !same {
		t.Errorf("the answer has changed:\n%s\nthe page has\n%s\nit is\n%s", script, want, printed)
	}
	return want
}

// laidOut writes JSON for readers: with examples, and as much on a line as fits.
func laidOut(raw json.RawMessage, indent string, width int) string {
	parts, brackets := members(raw)
	if parts == nil {
		return scalar(raw)
	}
	for i, part := range parts {
		parts[i].text = part.name + laidOut(part.value, indent+" ", width)
	}
	var out strings.Builder
	out.WriteString(brackets[:1])
	column := len(indent) + 1
	for i, part := range parts {
		if i > 0 {
			out.WriteString(",")
			column++
			if first, _, _ := strings.Cut(part.text, "\n"); column+len(first)+2 > width || strings.Contains(part.text, "\n") {
				out.WriteString("\n " + indent)
				column = len(indent) + 1
			} else {
				out.WriteString(" ")
				column++
			}
		}
		out.WriteString(part.text)
		column += len(part.text[strings.LastIndexByte(part.text, '\n')+1:])
	}
	out.WriteString(brackets[1:])
	return out.String()
}

// member is a field of an object with its name in front, or an element of a list.
type member struct {
	name, text string
	value      json.RawMessage
}

// members returns what an object or a list has, in its order, and nil of anything else.
func members(raw json.RawMessage) (found []member, brackets string) {
	raw = bytes.TrimSpace(raw)
	if raw[0] != '{' && raw[0] != '[' {
		return nil, ""
	}
	brackets = map[byte]string{'{': "{}", '[': "[]"}[raw[0]]
	found = []member{}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	_, _ = decoder.Token() // valid JSON: nothing here can fail
	for decoder.More() {
		var m member
		if raw[0] == '{' {
			name, _ := decoder.Token()
			m.name = fmt.Sprintf("%q: ", name)
		}
		_ = decoder.Decode(&m.value)
		found = append(found, m)
	}
	return found, brackets
}

func scalar(raw json.RawMessage) string {
	var number float64
	if json.Unmarshal(raw, &number) == nil && number > 1.5e9 {
		return fmt.Sprint(moment)
	}
	return exampled(string(raw))
}
