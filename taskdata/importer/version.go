package importer

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// readWorkspace reads a workspace's versions. It follows no links.
func readWorkspace(dir string) (Workspace, error) {
	w := Workspace{Name: filepath.Base(dir), Path: dir}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return w, fmt.Errorf("it cannot be opened: %w", err)
	}
	defer root.Close()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return w, fmt.Errorf("it cannot be listed: %w", err)
	}
	for _, e := range entries {
		if m := versionName.FindStringSubmatch(e.Name()); m != nil && e.IsDir() && len(w.Versions) < maxVersions {
			number, err := strconv.Atoi(m[1])
			if err == nil && e.Name() == versionDir(number) {
				w.Versions = append(w.Versions, readVersion(root, number))
			}
		}
	}
	if len(w.Versions) == 0 {
		return w, fmt.Errorf("its versions cannot be read")
	}
	slices.SortFunc(w.Versions, func(a, b Version) int { return a.Number - b.Number })
	for i := range w.Versions {
		v := &w.Versions[i]
		known := slices.ContainsFunc(w.Versions, func(other Version) bool { return other.Number == v.Parent })
		if v.Parent >= 0 && (!known || v.Parent == v.Number) {
			v.note(fmt.Sprintf("its parent, version %d, is not there", v.Parent))
			v.Parent = -1
		}
		v.readLog(root)
	}
	if config, err := readFile(root, "config.yaml", maxFile); err == nil {
		w.readConfig(config)
	}
	return w, nil
}

func versionDir(number int) string { return fmt.Sprintf("v_%d", number) }

// note adds to what is wrong with a version.
func (v *Version) note(text string) { v.Why = strings.TrimPrefix(v.Why+"; "+text, "; ") }

// readFile reads a regular file of at most limit bytes.
func readFile(root *os.Root, name string, limit int64) (string, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no regular file", path.Base(name))
	}
	f, err := root.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s has more than %d MiB", path.Base(name), limit>>20)
	}
	return string(data), err
}

// readVersion reads all of a version but its log.
func readVersion(root *os.Root, number int) Version {
	v := Version{Number: number, Parent: -1}
	dir := versionDir(number)
	v.readFiles(root, dir)
	v.readMeta(root, dir)
	v.readResults(root, dir)
	return v
}

// readFiles reads the Python files of a version.
func (v *Version) readFiles(root *os.Root, dir string) {
	v.Files = map[string]string{}
	err := fs.WalkDir(root.FS(), dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != dir && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"logs", "cache", "__pycache__", "submitit_logs"}, d.Name())):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".py":
			return nil
		case len(v.Files) == maxFiles:
			v.note(fmt.Sprintf("it has more than %d Python files", maxFiles))
			return fs.SkipAll
		}
		text, err := readFile(root, name, maxFile)
		if err != nil {
			v.note(err.Error())
			return nil
		}
		v.Files[strings.TrimPrefix(name, dir+"/")] = text
		return nil
	})
	if err != nil {
		v.note(fmt.Sprintf("its files cannot be listed: %v", err))
	}
	if len(v.Files) == 0 {
		v.note("it holds no script")
	}
}

// readMeta reads where a version stands in the tree. Version 0 has no such file until it has children.
func (v *Version) readMeta(root *os.Root, dir string) {
	text, err := readFile(root, dir+"/meta.json", maxFile)
	if v.Number == 0 && err != nil {
		return
	}
	var meta struct {
		Parent   any     `json:"parent"` // "0", or 0
		BugDepth int     `json:"bug_depth"`
		Created  float64 `json:"created_at"` // seconds since 1970
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &meta)
	}
	if err != nil {
		v.note(fmt.Sprintf("its meta.json cannot be read: %v", err))
		return
	}
	v.BugDepth = meta.BugDepth
	if meta.Created > 0 {
		v.Created = time.Unix(int64(meta.Created), 0)
	}
	if meta.Parent == nil && v.Number == 0 {
		return
	}
	parent, err := strconv.Atoi(fmt.Sprint(meta.Parent))
	if err != nil || parent < 0 {
		v.note("its meta.json names no parent")
		return
	}
	v.Parent = parent
}

// notJSON are the values that Python writes where JSON knows none.
var notJSON = regexp.MustCompile(`:\s*(?:NaN|-?Infinity)\b`)

// readResults reads what became of a version's run.
func (v *Version) readResults(root *os.Root, dir string) {
	text, err := readFile(root, dir+"/results.json", maxFile)
	var results struct {
		Status     string         `json:"status"`
		JobStatus  string         `json:"job_status"` // so in the templates
		Hypothesis any            `json:"hypothesis"` // a string, or a list of lines
		Outcome    string         `json:"outcome_summary"`
		Metrics    map[string]any `json:"metrics"`
	}
	if err == nil && !json.Valid([]byte(text)) {
		text = notJSON.ReplaceAllString(text, ": null")
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &results)
	}
	if err != nil {
		v.note(fmt.Sprintf("its results.json cannot be read: %v", err))
		return
	}
	v.Results = json.RawMessage(text)
	v.Status = cmp.Or(results.Status, results.JobStatus)
	v.Outcome = results.Outcome
	switch h := results.Hypothesis.(type) {
	case string:
		v.Hypothesis = h
	case []any:
		var lines []string
		for _, line := range h {
			lines = append(lines, fmt.Sprint(line))
		}
		v.Hypothesis = strings.Join(lines, "\n")
	}
	v.Metrics = map[string]float64{}
	for name, value := range results.Metrics {
		switch value := value.(type) {
		case float64:
			v.Metrics[name] = value
		case bool:
			if name == "is_valid" {
				v.Valid = &value
			}
		}
	}
}

// readLog reads the log that a version's own run wrote. A version begins as a copy of its parent, logs
// included, so that those are none of its own.
func (v *Version) readLog(root *os.Root) {
	inherited := map[string]bool{}
	if v.Parent >= 0 {
		for _, log := range logFiles(root, versionDir(v.Parent)) {
			inherited[log.path] = true
		}
	}
	own := slices.DeleteFunc(logFiles(root, versionDir(v.Number)), func(l logFile) bool { return inherited[l.path] })
	if len(own) == 0 {
		return
	}
	latest := slices.MaxFunc(own, func(a, b logFile) int { return cmp.Or(a.written.Compare(b.written), strings.Compare(a.path, b.path)) })
	text, err := readFile(root, versionDir(v.Number)+"/"+latest.path, maxBlob)
	if err != nil {
		v.note(fmt.Sprintf("its log cannot be read: %v", err))
		return
	}
	v.Log, v.LogPath = text, latest.path
	run := readRunLog(text)
	v.Curve, v.Done = thin(run.points), run.done
	if run.last.ValLoss != nil {
		v.Seconds, v.ValLoss = run.last.TrainMS/1000, *run.last.ValLoss
	}
}

type logFile struct {
	path    string // in the version's directory
	written time.Time
}

// logFiles lists the logs of a version's directory.
func logFiles(root *os.Root, dir string) []logFile {
	var logs []logFile
	_ = fs.WalkDir(root.FS(), dir+"/logs", func(name string, d fs.DirEntry, err error) error {
		// What cannot be listed is no log.
		if err == nil && d.Type().IsRegular() && (path.Ext(name) == ".txt" || path.Ext(name) == ".log") {
			if info, err := d.Info(); err == nil {
				logs = append(logs, logFile{strings.TrimPrefix(name, dir+"/"), info.ModTime()})
			}
		}
		return nil
	})
	return logs
}

// readConfig takes settings out of a config.yaml line by line: the first plain value of each name.
func (w *Workspace) readConfig(config string) {
	w.Settings = map[string]string{}
	listing := false
	for line := range strings.Lines(config) {
		line = strings.TrimSpace(line)
		if item, ok := strings.CutPrefix(line, "- "); ok {
			if listing {
				w.Texts = append(w.Texts, strings.Trim(item, `'"`))
			}
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.Trim(strings.TrimSpace(value), `'"`)
		listing = name == "knowledge_src_paths" && value == "" && w.Texts == nil
		if slices.Contains(settingNames, name) && w.Settings[name] == "" && value != "" && value != "null" && !strings.HasPrefix(value, "${") {
			w.Settings[name] = value
		}
	}
}
