package frame

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"pitwall/internal/clean"
	"pitwall/internal/tokencount"
	"pitwall/ui/cell"
)

// Seconds gives a training time: "8.84 s", "1 h 02 min".
func Seconds(s float64) string {
	switch {
	case math.IsNaN(s) || math.IsInf(s, 0):
		return "–"
	case math.Abs(s) < 10:
		return fmt.Sprintf("%.2f s", s)
	case math.Abs(s) < 100:
		return fmt.Sprintf("%.1f s", s)
	case math.Abs(s) < 600:
		return fmt.Sprintf("%.0f s", s)
	}
	return Long(time.Duration(s * float64(time.Second)))
}

// Long gives a duration in its two largest units.
func Long(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// Clock gives a position: "00:41", "1:02:03".
func Clock(ms int64) string {
	s := max(ms, 0) / 1000
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// Ago gives how long before now t was.
func Ago(now, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	switch d := now.Sub(t); {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	case d < 14*24*time.Hour:
		return fmt.Sprintf("%d d ago", int(d.Hours()/24))
	}
	return t.Format("2006-01-02")
}

// Number gives a figure with two decimals, "–" where there is none.
func Number(f *float64) string {
	if f == nil || math.IsNaN(*f) {
		return "–"
	}
	return Minus(fmt.Sprintf("%.2f", *f))
}

// Minus puts true minus signs in the place of hyphens.
func Minus(s string) string { return strings.ReplaceAll(s, "-", "−") }

// Interval gives a 95 % interval: "[0.05, 0.31]".
func Interval(i *[2]float64) string {
	if i == nil {
		return ""
	}
	return Minus(fmt.Sprintf("[%.2f, %.2f]", i[0], i[1]))
}

// Signed gives a delta in seconds, with a true minus sign.
func Signed(s float64) string {
	if math.IsNaN(s) {
		return "–"
	}
	if Level(s) {
		return "0.00 s"
	}
	t := fmt.Sprintf("%+.2f s", s)
	if math.Abs(s) >= 100 {
		t = fmt.Sprintf("%+.0f s", s)
	}
	return Minus(t)
}

// Level reports whether a delta shows as 0.00 s: it is neither ahead nor behind.
func Level(seconds float64) bool { return math.Abs(seconds) < 0.005 }

// Loss gives a loss without its unit.
func Loss(l float64) string {
	if math.IsNaN(l) || math.IsInf(l, 0) {
		return "–"
	}
	return fmt.Sprintf("%.4f", l)
}

// FirstFit gives the first of some texts, the fullest first, that takes at most w
// cells; the last where none does.
func FirstFit(w int, texts ...string) string {
	for _, t := range texts {
		if clean.Width(t) <= w {
			return t
		}
	}
	return texts[len(texts)-1]
}

// MachineOf leaves the interpreter out of the words on where a record was measured.
func MachineOf(measuredOn string) string {
	machine, _, _ := strings.Cut(measuredOn, ",")
	return machine
}

// Bytes gives a size: "41 MB".
func Bytes(n int64) string {
	f, units := float64(n), []string{"B", "kB", "MB", "GB", "TB"}
	k := 0
	for f >= 1000 && k < len(units)-1 {
		f, k = f/1000, k+1
	}
	if f < 10 && k > 0 {
		return fmt.Sprintf("%.1f %s", f, units[k])
	}
	return fmt.Sprintf("%.0f %s", f, units[k])
}

// Plural counts things: "1 run", "3 runs".
func Plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// Bar gives a horizontal bar of at most w cells, in eighths.
func Bar(share float64, w int) string {
	if math.IsNaN(share) || w <= 0 {
		return ""
	}
	n := int(math.Round(max(0, min(share, 1)) * float64(w) * 8))
	s := strings.Repeat("█", n/8)
	if n%8 > 0 {
		s += string([]rune("▏▎▍▌▋▊▉")[n%8-1])
	}
	return s
}

// HintWords names a hint in one or two words.
func HintWords(h string) string {
	switch h {
	case "", "0":
		return "none"
	case "1":
		return "1 pseudocode"
	case "2":
		return "2 text"
	case "3":
		return "3 paper"
	}
	return strings.Join(strings.Split(h, ""), "+")
}

// Tokens gives a number of tokens: "950", "12.4k", "1.2M".
func Tokens(n int64) string { return tokencount.Short(n) }

// Money gives US dollars: "$0.42", "$0.0031".
func Money(usd float64) string {
	switch a := math.Abs(usd); {
	case math.IsNaN(usd) || math.IsInf(usd, 0):
		return "–"
	case a >= 100:
		return Minus(fmt.Sprintf("$%.0f", usd))
	case a >= 0.095 || a == 0:
		return Minus(fmt.Sprintf("$%.2f", usd))
	case a >= 0.0095:
		return Minus(fmt.Sprintf("$%.3f", usd))
	}
	return Minus(fmt.Sprintf("$%.4f", usd))
}

// CutLeft shortens clean text to at most w cells by leaving out its beginning.
func CutLeft(s string, w int) string {
	if n := clean.Width(s); n > w {
		return ansi.TruncateLeft(s, n-max(w-1, 0), "…")
	}
	return s
}

// ModelName gives a model's name in at most w cells. What tells where it is served
// goes first, its own name last.
func ModelName(name string, w int) string {
	name = clean.Line(name)
	own := name[strings.LastIndexByte(name, '/')+1:]
	switch n := clean.Width(own); {
	case clean.Width(name) <= w:
		return name
	case n < w:
		return CutLeft(name, w)
	case n == w:
		return own
	}
	return cell.Cut(own, w)
}

// ShortHint names a hint by its parts: "1+2".
func ShortHint(h string) string {
	if h == "" || h == "0" {
		return "none"
	}
	return strings.Join(strings.Split(h, ""), "+")
}

// Pad gives clean text exactly w cells.
func Pad(s string, w int, right bool) string {
	s = cell.Cut(clean.Line(s), w)
	space := strings.Repeat(" ", max(w-clean.Width(s), 0))
	if right {
		return space + s
	}
	return s + space
}
