package ui

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

// seconds gives a training time: "8.84 s", "1 h 02 min".
func seconds(s float64) string {
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
	return long(time.Duration(s * float64(time.Second)))
}

// long gives a duration in its two largest units.
func long(d time.Duration) string {
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

// clock gives a position: "00:41", "1:02:03".
func clock(ms int64) string {
	s := max(ms, 0) / 1000
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// ago gives how long before now t was.
func ago(now, t time.Time) string {
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

func number(f *float64) string {
	if f == nil || math.IsNaN(*f) {
		return "–"
	}
	return minus(fmt.Sprintf("%.2f", *f))
}

// minus puts true minus signs in the place of hyphens.
func minus(s string) string { return strings.ReplaceAll(s, "-", "−") }

// interval gives a 95 % interval: "[0.05, 0.31]".
func interval(i *[2]float64) string {
	if i == nil {
		return ""
	}
	return minus(fmt.Sprintf("[%.2f, %.2f]", i[0], i[1]))
}

// signed gives a delta in seconds, with a true minus sign.
func signed(s float64) string {
	if math.IsNaN(s) {
		return "–"
	}
	if level(s) {
		return "0.00 s"
	}
	t := fmt.Sprintf("%+.2f s", s)
	if math.Abs(s) >= 100 {
		t = fmt.Sprintf("%+.0f s", s)
	}
	return minus(t)
}

// loss gives a loss without its unit.
func loss(l float64) string {
	if math.IsNaN(l) || math.IsInf(l, 0) {
		return "–"
	}
	return fmt.Sprintf("%.4f", l)
}

// firstFit gives the first of some texts, the fullest first, that takes at most w
// cells; the last where none does.
func firstFit(w int, texts ...string) string {
	for _, t := range texts {
		if clean.Width(t) <= w {
			return t
		}
	}
	return texts[len(texts)-1]
}

// machineOf leaves the interpreter out of the words on where a record was measured.
func machineOf(measuredOn string) string {
	machine, _, _ := strings.Cut(measuredOn, ",")
	return machine
}

// bytesText gives a size: "41 MB".
func bytesText(n int64) string {
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

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// bar gives a horizontal bar of at most w cells, in eighths.
func bar(share float64, w int) string {
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

// hintWords names a hint in one or two words.
func hintWords(h string) string {
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

// tokens gives a number of tokens: "950", "12.4k", "1.2M".
func tokens(n int64) string { return tokencount.Short(n) }

// money gives US dollars: "$0.42", "$0.0031".
func money(usd float64) string {
	switch a := math.Abs(usd); {
	case math.IsNaN(usd) || math.IsInf(usd, 0):
		return "–"
	case a >= 100:
		return minus(fmt.Sprintf("$%.0f", usd))
	case a >= 0.095 || a == 0:
		return minus(fmt.Sprintf("$%.2f", usd))
	case a >= 0.0095:
		return minus(fmt.Sprintf("$%.3f", usd))
	}
	return minus(fmt.Sprintf("$%.4f", usd))
}

// cutLeft shortens clean text to at most w cells by leaving out its beginning.
func cutLeft(s string, w int) string {
	if n := clean.Width(s); n > w {
		return ansi.TruncateLeft(s, n-max(w-1, 0), "…")
	}
	return s
}

// modelName gives a model's name in at most w cells. What tells where it is served
// goes first, its own name last.
func modelName(name string, w int) string {
	name = clean.Line(name)
	own := name[strings.LastIndexByte(name, '/')+1:]
	switch n := clean.Width(own); {
	case clean.Width(name) <= w:
		return name
	case n < w:
		return cutLeft(name, w)
	case n == w:
		return own
	}
	return cell.Cut(own, w)
}
