package cli

import (
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	draw := func(isTerm bool, took time.Duration) (bar string, notes []string) {
		var out strings.Builder
		p := &progress{
			out: &out, clock: func() time.Time { return now }, began: now.Add(-took), isTerm: isTerm,
			note: func(text string) { notes = append(notes, text) },
		}
		p.at(1, 4)
		p.at(2, 4) // too soon after the one before
		p.step("acme is done")
		p.end()
		return out.String(), notes
	}
	if bar, notes := draw(true, time.Second); bar != "\rSample data [##########..............................] 1 of 4\r\x1b[K" || len(notes) > 0 {
		t.Errorf("on a terminal: %q, %q", bar, notes)
	}
	if bar, notes := draw(true, time.Second-1); bar != "" || len(notes) > 0 {
		t.Errorf("on a terminal, before a second is over: %q, %q", bar, notes)
	}
	if bar, notes := draw(false, time.Hour); bar != "" || len(notes) != 1 {
		t.Errorf("elsewhere: %q, %q", bar, notes)
	}
}
