package prove

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html/template"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Form is a way to write a report.
type Form string

// The forms. Text is for a terminal, JUnit for a build's list of tests, HTML a page that needs nothing beside itself.
const (
	Text  Form = "text"
	JSON  Form = "json"
	JUnit Form = "junit"
	HTML  Form = "html"
)

// FormOf returns the form that a file's name asks for by its ending: .txt, .json, .xml or .html.
func FormOf(name string) (Form, bool) {
	for ending, form := range map[string]Form{".txt": Text, ".json": JSON, ".xml": JUnit, ".html": HTML} {
		if strings.HasSuffix(name, ending) {
			return form, true
		}
	}
	return "", false
}

// Write writes the report.
func (r *Report) Write(w io.Writer, form Form) error {
	switch form {
	case JSON:
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	case JUnit:
		return r.writeJUnit(w)
	case HTML:
		return page.Execute(w, r)
	default:
		return r.writeText(w)
	}
}

// Verdict says in a sentence what came of it.
func (r *Report) Verdict() string {
	sum := fmt.Sprintf("%d attempts, %d controls, %d leaks on %d operations", r.Attempts(), r.Controls(), r.Leaks(), len(r.Operations))
	switch {
	case r.Leaks() > 0:
		return "Something of another tenant's came through: " + sum + "."
	case !r.OK():
		return "Nothing came through, but not everything could be proved: " + sum + "."
	default:
		return "Nothing of another tenant's came through: " + sum + "."
	}
}

// Duration is how long it took, in whole milliseconds.
func (r *Report) Duration() time.Duration { return r.Took.Round(time.Millisecond) }

func (r *Report) writeText(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "operation\tattempts\tcontrols\tleaks")
	for _, o := range r.Operations {
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d\t%d\n", o.ID, o.Attempts, o.Controls, o.Leaks)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, c := range r.Database {
		_, _ = fmt.Fprintf(w, "\ndatabase: %s: %s", c.Name, c.said())
	}
	for _, f := range r.Findings {
		_, _ = fmt.Fprintf(w, "\n%s: %s, %s: %s\n", strings.ToUpper(string(f.Kind)), f.Operation, f.Place, f.Detail)
		if f.Request != "" {
			_, _ = fmt.Fprintf(w, "    as %s:\n    %s\n", f.Actor, strings.ReplaceAll(f.Request, "\n", "\n    "))
		}
		if f.Times > 1 {
			_, _ = fmt.Fprintf(w, "    %d attempts ended so.\n", f.Times)
		}
	}
	for _, t := range r.Timings {
		_, _ = fmt.Fprintf(w, "\ntime of a 404, %s: %s for another tenant's, %s for none (%d pairs, z = %.1f)", t.Operation, t.Foreign, t.Never, t.Pairs, t.Z)
	}
	for _, s := range r.Skipped {
		_, _ = fmt.Fprintf(w, "\nnot tried: %s", s)
	}
	for _, l := range r.Left {
		_, _ = fmt.Fprintf(w, "\nleft behind: %s", l)
	}
	_, err := fmt.Fprintf(w, "\n\n%s It took %d requests and %s.\n", r.Verdict(), r.Requests, r.Duration())
	return err
}

// The elements of JUnit's reports, as far as build servers agree on them.
type suite struct {
	XMLName  xml.Name   `xml:"testsuite"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Time     float64    `xml:"time,attr"`
	Cases    []testcase `xml:"testcase"`
}

type testcase struct {
	Name     string    `xml:"name,attr"`
	Class    string    `xml:"classname,attr"`
	Failures []failure `xml:"failure"`
	Out      string    `xml:"system-out,omitempty"`
}

type failure struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func (r *Report) writeJUnit(w io.Writer) error {
	s := suite{Name: "tenantry prove " + r.URL, Time: r.Took.Seconds()}
	known := map[string]bool{}
	add := func(name, class, out string) {
		one := testcase{Name: name, Class: class, Out: out}
		known[name] = true
		for _, f := range r.Findings {
			if f.Operation == name {
				one.Failures = append(one.Failures, failure{Type: string(f.Kind), Message: f.Place + ": " + f.Detail, Text: f.Request})
			}
		}
		s.Tests++
		if len(one.Failures) > 0 {
			s.Failures++
		}
		s.Cases = append(s.Cases, one)
	}
	for _, o := range r.Operations {
		add(o.ID, o.Method+" "+o.Path, fmt.Sprintf("%d attempts, %d controls", o.Attempts, o.Controls))
	}
	for _, c := range r.Database {
		if !known[c.Name] {
			add(c.Name, "database", c.said())
		}
	}
	for _, f := range r.Findings { // what belongs to none of them
		if !known[f.Operation] {
			add(f.Operation, "proof", "")
		}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	return enc.Encode(s)
}

// page is the report as a page. It has its styles in itself, runs no script and loads nothing.
var page = template.Must(template.New("report").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Isolation of tenants, {{.URL}}</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
  td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
  .verdict { padding: 1rem; border-left: .4rem solid; font-size: 1.2rem; }
  .ok { border-color: #1a7f37; } .bad { border-color: #cf222e; }
  tr.bad td { font-weight: 600; }
  pre { overflow: auto; padding: .75rem; background: #8881; }
</style>
<h1>Isolation of tenants</h1>
<p class="verdict {{if .OK}}ok{{else}}bad{{end}}">{{.Verdict}}</p>
<p>{{.URL}}, {{.Started.UTC.Format "2006-01-02 15:04:05"}} UTC. {{.Requests}} requests in {{.Duration}}.</p>
{{with .Findings}}<h2>What was found</h2>
{{range .}}<h3>{{.Operation}}: {{.Place}}</h3>
<p><strong>{{.Kind}}</strong>{{with .Actor}}, as {{.}}{{end}}, {{.Times}} times: {{.Detail}}</p>
{{with .Request}}<pre>{{.}}</pre>{{end}}{{end}}{{end}}
<h2>Operations</h2>
<table><tr><th>Operation<th>Request<th class="n">Attempts<th class="n">Controls<th class="n">Leaks</tr>
{{range .Operations}}<tr{{if .Leaks}} class="bad"{{end}}><td>{{.ID}}<td>{{.Method}} {{.Path}}<td class="n">{{.Attempts}}<td class="n">{{.Controls}}<td class="n">{{.Leaks}}</tr>
{{end}}</table>
{{with .Database}}<h2>Database</h2>
<table><tr><th>Check<th>Result</tr>
{{range .}}<tr{{if not .OK}} class="bad"{{end}}><td>{{.Name}}<td>{{if .OK}}holds{{else}}{{.Detail}}{{end}}</tr>
{{end}}</table>{{end}}
{{with .Timings}}<h2>Time of a 404</h2>
<table><tr><th>Operation<th class="n">Pairs<th class="n">Another tenant's<th class="n">None<th class="n">z</tr>
{{range .}}<tr><td>{{.Operation}}<td class="n">{{.Pairs}}<td class="n">{{.Foreign}}<td class="n">{{.Never}}<td class="n">{{printf "%.1f" .Z}}</tr>
{{end}}</table>{{end}}
{{with .Skipped}}<h2>Not tried</h2><ul>{{range .}}<li>{{.}}{{end}}</ul>{{end}}
{{with .Left}}<h2>Left behind</h2><ul>{{range .}}<li>{{.}}{{end}}</ul>{{end}}
</html>
`))
