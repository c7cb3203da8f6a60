package importer

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"pitwall/taskdata"
)

// runLog is what the log of one training run says.
type runLog struct {
	source  string            // the source text that the script wrote first, as it stands there; "" where there is none
	script  string            // its first file
	modules map[string]string // the others, by name; nil where there are none

	cut   bool // the log ends within the source text
	done  bool // it has the validation after the last step
	timed bool // its points have times

	python, torch, cuda, driver, hardware string
	gpus                                  int

	points []taskdata.Point // that have a loss, in order of the log
	last   taskdata.Point   // the last validation
	steps  int
	peak   float64 // MiB
}

// separator is a line of a log. The scripts, which hold it as an expression, have no such line.
var separator = strings.Repeat("=", 100)

// further begins each further file of a source text of several.
var further = regexp.MustCompile(`\n\n-{40}\n# (\w+\.py)\n-{40}\n\n`)

// readRunLog reads a log of any of the records. The first scripts wrote themselves between two
// separators, the later ones before the first; a log of llm.c has neither.
func readRunLog(text string) *runLog {
	l := &runLog{}
	body := text
	switch start, end := findSeparator(text); {
	case start == 0:
		body = text[end:]
		if start, end = findSeparator(body); start < 0 {
			l.cut = true
			return l
		}
		l.source, body = body[:start], body[end:]
	case strings.HasPrefix(text, "s:") || strings.HasPrefix(text, "step:"):
	case start > 0:
		l.source, body = text[:start], text[end:]
	case !strings.Contains(text, "\ns:") && !strings.Contains(text, "\nstep:"):
		l.cut = true
		return l
	}
	l.split()
	l.readBody(body)
	return l
}

// findSeparator returns where the first separator starts, and where the line after it does; -1 where
// there is none.
func findSeparator(text string) (start, end int) {
	for from := 0; ; from = start + 1 {
		i := strings.Index(text[from:], separator)
		if i < 0 {
			return -1, -1
		}
		start = from + i
		end = start + len(separator)
		rest := strings.TrimPrefix(text[end:min(end+2, len(text))], "\r")
		if start > 0 && text[start-1] != '\n' || rest != "" && rest[0] != '\n' {
			continue
		}
		if i := strings.IndexByte(text[end:], '\n'); i >= 0 {
			return start, end + i + 1
		}
		return start, len(text)
	}
}

// split takes the source text apart where it is several files.
func (l *runLog) split() {
	l.script = l.source
	heads := further.FindAllStringSubmatchIndex(l.source, -1)
	if len(heads) == 0 {
		return
	}
	l.script, l.modules = l.source[:heads[0][0]], map[string]string{}
	for i, head := range heads {
		end := len(l.source)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		l.modules[l.source[head[2]:head[3]]] = l.source[head[1]:end]
	}
}

var (
	gpuRow    = regexp.MustCompile(`^\|\s+\d+\s+(\S.*?)\s+(?:On|Off|N/A)\s+\|`)
	gpuList   = regexp.MustCompile(`^\d+\s+(\S.*?)\s{2,}\d+\s+\d+\s+\d+\s+\d+\s`) // of the scripts that found no nvidia-smi
	driver    = regexp.MustCompile(`Driver Version: ([\d.]+)`)
	python    = regexp.MustCompile(`(?i)^running python (\S+)`)
	torch     = regexp.MustCompile(`(?i)^running pytorch (\S+) compiled for cuda (\S+)`)
	peakUsage = regexp.MustCompile(`^peak memory (?:consumption|allocated): (\d+) MiB`)
)

// readBody reads what follows the source text.
func (l *runLog) readBody(body string) {
	var names []string
	for line := range strings.Lines(body) {
		switch {
		case strings.HasPrefix(line, "step:"):
			l.step(strings.Fields(line))
		case strings.HasPrefix(line, "s:"):
			if strings.HasSuffix(line, "\n") { // else the figure may be cut
				l.oldStep(strings.Fields(line))
			}
		case strings.HasPrefix(line, "peak memory"):
			if m := peakUsage.FindStringSubmatch(line); m != nil {
				l.peak, _ = strconv.ParseFloat(m[1], 64)
			}
		case len(l.points) > 0: // the rest stands before the training
		default:
			if m := gpuRow.FindStringSubmatch(line); m != nil {
				names = append(names, m[1])
			} else if m := gpuList.FindStringSubmatch(line); m != nil {
				names = append(names, m[1])
			} else if m := driver.FindStringSubmatch(line); m != nil && l.driver == "" {
				l.driver = m[1]
			} else if m := python.FindStringSubmatch(line); m != nil {
				l.python = m[1]
			} else if m := torch.FindStringSubmatch(line); m != nil {
				l.torch, l.cuda = m[1], m[2]
			}
		}
	}
	l.gpus, l.hardware = len(names), counted(names)
}

// counted turns the names of GPUs into "8x NVIDIA H100 80GB HBM3".
func counted(names []string) string {
	var parts []string
	for i, name := range names {
		if slices.Index(names, name) == i {
			count := len(slices.DeleteFunc(slices.Clone(names), func(other string) bool { return other != name }))
			parts = append(parts, fmt.Sprintf("%dx %s", count, name))
		}
	}
	return strings.Join(parts, ", ")
}

// step reads "step:N/M key:value ...". A line that was cut before the end of its time has none, and is
// no point.
func (l *runLog) step(words []string) {
	step, total, _ := strings.Cut(strings.TrimPrefix(words[0], "step:"), "/")
	var p taskdata.Point
	var errs [2]error
	p.Step, errs[0] = strconv.Atoi(step)
	planned, err := strconv.Atoi(total)
	errs[1] = err
	timed := false
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, ":")
		switch key {
		case "train_loss":
			p.TrainLoss = finite(value)
		case "val_loss":
			p.ValLoss = finite(value)
		case "train_time":
			if ms, ok := strings.CutSuffix(value, "ms"); ok {
				if f := finite(ms); f != nil {
					p.TrainMS, timed = *f, true
				}
			}
		}
	}
	if errs[0] != nil || errs[1] != nil || !timed {
		return
	}
	if !l.timed { // some scripts write their training losses without times: such points would not fit
		l.timed, l.points = true, nil
	}
	l.steps = planned
	l.add(p)
	l.done = l.last.ValLoss != nil && l.last.Step >= planned
}

// oldStep reads "s:N trl:F ..." of a training batch and "s:N tel:F" of a validation. They have no
// times, and do not say how many steps there are: the last is the one with a validation after it.
func (l *runLog) oldStep(words []string) {
	var p taskdata.Point
	var err error
	if p.Step, err = strconv.Atoi(strings.TrimPrefix(words[0], "s:")); err != nil || l.timed {
		return
	}
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, ":")
		switch key {
		case "trl":
			p.TrainLoss = finite(value)
		case "tel":
			p.ValLoss = finite(value)
		}
	}
	l.steps = p.Step
	l.add(p)
	l.done = p.ValLoss != nil && p.Step > 0
}

func (l *runLog) add(p taskdata.Point) {
	if p.TrainLoss == nil && p.ValLoss == nil {
		return
	}
	l.points = append(l.points, p)
	if p.ValLoss != nil {
		l.last = p
	}
}

// finite parses a number; nil for what is none, nan and inf too.
func finite(text string) *float64 {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return &f
}

// maxPoints bounds a kept curve; a screen has fewer columns.
const maxPoints = 1500

// thin returns all validations and as many training points, evenly spread, as maxPoints leaves room
// for.
func thin(points []taskdata.Point) []taskdata.Point {
	training := 0
	for _, p := range points {
		if p.ValLoss == nil {
			training++
		}
	}
	room := max(0, maxPoints-(len(points)-training))
	if training <= room {
		return points
	}
	var kept []taskdata.Point
	seen, taken := 0, 0
	for _, p := range points {
		if p.ValLoss == nil {
			seen++
			if seen*room/training == taken {
				continue
			}
			taken++
		}
		kept = append(kept, p)
	}
	return kept
}
