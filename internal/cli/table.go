package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Format is how a result is printed: a table for people, JSON for scripts.
type Format struct {
	Format string `default:"table" enum:"table,json" placeholder:"FORMAT" help:"table for people, or json for scripts."`
}

func (f Format) json() bool { return f.Format == "json" }

// write prints rows under the headings, or the value as JSON.
func (f Format) write(out io.Writer, value any, headings []string, rows [][]string) error {
	if f.json() {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(value)
	}
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	for _, row := range append([][]string{headings}, rows...) {
		_, _ = fmt.Fprintln(table, strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	return table.Flush()
}

// moment prints a time to the second.
func moment(t time.Time) string { return t.UTC().Format(time.DateTime) + "Z" }

// stamp is a time in JSON, as the API writes them.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
