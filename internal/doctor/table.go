package doctor

import (
	"fmt"
	"io"
	"strings"

	"github.com/tenantry/tenantry/internal/finding"
)

// tableWidth is how many characters a line of the table has at most, unless one word is longer.
const tableWidth = 100

// WriteTable writes the report for people: a row for each finding, below it what to do, and a count at the end.
func (r Report) WriteTable(out io.Writer) error {
	widest := len("CHECK")
	for _, check := range r.Checks {
		widest = max(widest, len(check.ID))
	}
	var text strings.Builder
	row := func(status, id, words string) {
		beginning := fmt.Sprintf("%-8s  %-*s  ", status, widest, id)
		text.WriteString(strings.TrimRight(beginning+wrap(words, len(beginning)), " ") + "\n")
	}
	row("STATUS", "CHECK", "FOUND")
	count := map[finding.Status]int{}
	for _, check := range r.Checks {
		count[check.Status]++
		if len(check.Findings) == 0 {
			row(check.Status.String(), check.ID, check.Title+".")
		}
		for _, f := range check.Findings {
			row(f.Status.String(), check.ID, f.Found)
			if f.Do != "" {
				row("", "", "Do: "+f.Do)
			}
		}
	}
	fmt.Fprintf(&text, "\n%d ok, %d with warnings, %d critical.\n", count[finding.OK], count[finding.Warning], count[finding.Critical])
	_, err := io.WriteString(out, text.String())
	return err
}

// wrap breaks words into lines, those behind the first indented.
func wrap(words string, indent int) string {
	var out strings.Builder
	used := 0
	for word := range strings.FieldsSeq(words) {
		switch length := len([]rune(word)); {
		case used == 0:
			used = length
		case indent+used+1+length > tableWidth:
			out.WriteString("\n" + strings.Repeat(" ", indent))
			used = length
		default:
			out.WriteString(" ")
			used += 1 + length
		}
		out.WriteString(word)
	}
	return out.String()
}
