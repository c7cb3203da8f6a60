package main

import (
	"fmt"
	"os"
	"strings"

	"pitwall/taskdata"
)

// row is a record with what was measured of it.
type row struct {
	record    taskdata.Record
	reference taskdata.Reference
}

// table gives what was measured as Markdown.
func table(rows []row) string {
	var b strings.Builder
	b.WriteString("| # | change | steps | loss, mean ± sd | missed the target | loss over other characters | training time, mean ± sd (seeds) | time saved |\n|-|-|-|-|-|-|-|-|\n")
	for i, r := range rows {
		outside, saved := "–", "–"
		if o := r.reference.Outside; o.Seeds > 0 {
			outside = fmt.Sprintf("%.3f ± %.3f (%d)", o.OtherLoss.Mean, o.OtherLoss.SD, o.Seeds)
		}
		if i > 0 {
			saved = fmt.Sprintf("%.0f %%", 100*(1-r.reference.Seconds.Mean/rows[i-1].reference.Seconds.Mean))
		}
		fmt.Fprintf(&b, "| %d | %s | %d | %.3f ± %.3f | %d of %d | %s | %.2f ± %.2f s (%d) | %s |\n", r.record.Number, r.record.Title,
			r.reference.Steps, r.reference.ValLoss.Mean, r.reference.ValLoss.SD, r.reference.Missed, len(r.reference.Seeds), outside,
			r.reference.Seconds.Mean, r.reference.Seconds.SD, r.reference.Timed, saved)
	}
	if len(rows) > 0 {
		fmt.Fprintf(&b, "\nMeasured on a %s.\n", rows[0].reference.MeasuredOn)
	}
	return b.String()
}

// The marks between which a table stands in a document.
const (
	tableBegins = "<!-- table of the records: made by taskdata/measure -->\n"
	tableEnds   = "<!-- end of the table -->\n"
)

// inDocs returns what stands between the marks of a document, and the text before and after.
func inDocs(text string) (before, inside, after string, err error) {
	before, rest, found := strings.Cut(text, tableBegins)
	inside, after, ended := strings.Cut(rest, tableEnds)
	if !found || !ended {
		return "", "", "", fmt.Errorf("it lacks the marks of the table: %q and %q", strings.TrimSpace(tableBegins), strings.TrimSpace(tableEnds))
	}
	return before, inside, after, nil
}

// intoDocs puts a table between the marks of a document.
func intoDocs(path, table string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	before, _, after, err := inDocs(string(text))
	if err != nil {
		return fmt.Errorf("write the table into %s: %w", path, err)
	}
	if err := os.WriteFile(path, []byte(before+tableBegins+table+tableEnds+after), 0o644); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}
