package taskdata

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The repositories that records are imported from.
const (
	ModdedNanoGPT  = "modded-nanogpt"  // scripts, logs and times of the records
	LLMSpeedrunner = "llm-speedrunner" // the benchmark's templates, hints and documents
)

// ImportedRecord is what a clone of one repository holds of one record. It is kept as a JSON file
// and a script in the user's data directory.
type ImportedRecord struct {
	Source string `json:"source"` // ModdedNanoGPT or LLMSpeedrunner
	Commit string `json:"commit"` // of the clone, hexadecimal
	Track  string `json:"track"`
	Number int    `json:"number"`
	Path   string `json:"path"` // of the script in the repository, or of the log that holds it

	Script string `json:"-"` // byte for byte as in the repository; "" where it holds none
	// Modules are the files that Script imports from beside it, by name, byte for byte.
	Modules map[string]string `json:"modules,omitempty"`

	// What the log says of its run; empty and 0 where it says nothing.
	Log      string  `json:"log,omitempty"` // its path in the repository
	Python   string  `json:"python,omitempty"`
	Torch    string  `json:"torch,omitempty"`    // "2.6.0.dev20241203+cu124"
	CUDA     string  `json:"cuda,omitempty"`     // "12.4", as torch was compiled for
	Driver   string  `json:"driver,omitempty"`   // "550.127.05"
	Hardware string  `json:"hardware,omitempty"` // "8x NVIDIA H100 80GB HBM3"
	Steps    int     `json:"steps,omitempty"`
	Seconds  float64 `json:"seconds,omitempty"`  // train_time at the last validation; of templates, the authors' own rerun
	ValLoss  float64 `json:"val_loss,omitempty"` // at the last validation
	PeakMiB  float64 `json:"peak_mib,omitempty"`

	Curve []Point     `json:"curve,omitempty"` // of the log's run, in order of step
	Band  []BandPoint `json:"band,omitempty"`  // over all runs, where there are several
	Runs  []LoggedRun `json:"runs,omitempty"`  // every log of this script on the same hardware, in order of path
}

// LoggedRun is one published run of a record's script.
type LoggedRun struct {
	Path    string  `json:"path"`
	Seconds float64 `json:"seconds"`  // train_time at its last validation
	ValLoss float64 `json:"val_loss"` // there
}

// BandPoint sums up the runs of one script at a validation.
type BandPoint struct {
	Step    int     `json:"step"`
	TrainMS float64 `json:"train_ms"` // median
	Low     float64 `json:"low"`      // the lowest validation loss, in the track's unit
	Median  float64 `json:"median"`
	High    float64 `json:"high"`
}

// ImportedHint is a text of the benchmark for the task that starts at a record.
type ImportedHint struct {
	Source string
	Commit string
	Track  string
	From   int    // the record that the task starts at
	Level  Hint   // HintPseudocode, HintText or HintMiniPaper; "" of a Document
	Name   string // of a Document: "muon"; "" of a hint
	Text   string // byte for byte
}

// ImportsName is the directory of imported texts in the user's data directory.
const ImportsName = "imports"

// Paths below the directory of imports. Slashes are of the system.
func recordPath(source, track string, number int) string {
	return filepath.Join(source, track, fmt.Sprintf("record_%d", number))
}

func hintPath(h ImportedHint) string {
	name := string(h.Level)
	if h.Name != "" {
		name = "document_" + h.Name
	}
	return filepath.Join(h.Source, h.Track, fmt.Sprintf("task_%d_%s.txt", h.From, name))
}

// SaveRecord keeps an imported record below dir, the directory of imports, and reports whether
// anything changed. A file is replaced whole or not at all.
func SaveRecord(dir string, r ImportedRecord) (changed bool, err error) {
	path := filepath.Join(dir, recordPath(r.Source, r.Track, r.Number))
	about, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return false, fmt.Errorf("keep record %s/%d: %w", r.Track, r.Number, err)
	}
	if r.Script != "" {
		if changed, err = saveFile(path+".py", []byte(r.Script)); err != nil {
			return false, err
		}
	}
	also, err := saveFile(path+".json", append(about, '\n'))
	return changed || also, err
}

// SaveHint keeps an imported hint or document below dir, the directory of imports, and reports
// whether anything changed.
func SaveHint(dir string, h ImportedHint) (changed bool, err error) {
	return saveFile(filepath.Join(dir, hintPath(h)), []byte(h.Text))
}

// saveFile writes a file unless it is there with the same bytes.
func saveFile(path string, data []byte) (changed bool, err error) {
	if old, err := os.ReadFile(path); err == nil && string(old) == string(data) {
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, fmt.Errorf("keep what was imported: %w", err)
	}
	part, err := os.CreateTemp(filepath.Dir(path), ".part-*")
	if err != nil {
		return false, fmt.Errorf("keep what was imported: %w", err)
	}
	_, err = part.Write(data)
	err = errors.Join(err, part.Close())
	if err == nil {
		err = os.Rename(part.Name(), path)
	}
	if err != nil {
		_ = os.Remove(part.Name()) // half a file is of no use
		return false, fmt.Errorf("keep what was imported: %w (is the disk full?)", err)
	}
	return true, nil
}

// loadRecord reads what SaveRecord kept, and reports whether there was anything.
func loadRecord(dir, source, track string, number int) (ImportedRecord, bool, error) {
	path := filepath.Join(dir, recordPath(source, track, number))
	about, err := os.ReadFile(path + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return ImportedRecord{}, false, nil
	}
	var r ImportedRecord
	if err == nil {
		err = json.Unmarshal(about, &r)
	}
	if err == nil && (r.Source != source || r.Track != track || r.Number != number) {
		err = fmt.Errorf("it is of %s, %s/%d", r.Source, r.Track, r.Number)
	}
	if err != nil {
		return r, false, fmt.Errorf("read imported record %s: %w; import it again", path+".json", err)
	}
	script, err := os.ReadFile(path + ".py")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r, false, fmt.Errorf("read imported script: %w; import it again", err)
	}
	r.Script = string(script)
	return r, true, nil
}

// loadTexts reads what SaveHint kept for a task: hints by level and documents by name.
func loadTexts(dir, track string, from int) (hints map[Hint]string, documents map[string]string, err error) {
	prefix := filepath.Join(dir, LLMSpeedrunner, track, fmt.Sprintf("task_%d_", from))
	paths, err := filepath.Glob(globEscape(prefix) + "*.txt")
	if err != nil {
		return nil, nil, fmt.Errorf("look for imported hints: %w", err)
	}
	hints, documents = map[Hint]string{}, map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, fmt.Errorf("read imported hint: %w; import it again", err)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, prefix), ".txt")
		if document, ok := strings.CutPrefix(name, "document_"); ok {
			documents[document] = string(text)
		} else {
			hints[Hint(name)] = string(text)
		}
	}
	return hints, documents, nil
}

// globEscape keeps filepath.Glob from reading a pattern into a path.
func globEscape(path string) string {
	if filepath.Separator == '\\' {
		return path // Windows has no escapes; a bracket in a path finds nothing there
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
