package importer

import (
	"cmp"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// isLog reports whether a path is that of a record's log, at any commit.
func isLog(p string) bool {
	return strings.HasPrefix(p, "records") && (strings.HasSuffix(p, ".txt") || strings.HasSuffix(p, ".log"))
}

// logsIn returns the logs in a folder and below, in order of path.
func (s *session) logsIn(folder string) []string {
	var logs []string
	for p := range s.files {
		if isLog(p) && strings.HasPrefix(p, folder+"/") {
			logs = append(logs, p)
		}
	}
	slices.Sort(logs)
	return logs
}

// recordFolder splits a path below records at the folder of its record, whose name starts with a date.
// The folder is "" where there is none.
func recordFolder(p string) (folder, rest string) {
	parts := strings.Split(p, "/")
	for i, part := range parts {
		if i > 0 && folderName.MatchString(part) {
			return strings.Join(parts[:i+1], "/"), strings.Join(parts[i+1:], "/")
		}
	}
	return "", p
}

// folderName takes apart the names that the folders of records have had: 2024-10-10_Muon, 101024_Muon,
// 20250416_record_7, 2025-01-18.
var folderName = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}|\d{6}|\d{8})(?:[_-](.*))?$`)

// sameFolder reports whether two folders are of one record: by their titles, or by their dates where
// one has none.
func sameFolder(a, b string) bool {
	one, other := folderName.FindStringSubmatch(path.Base(a)), folderName.FindStringSubmatch(path.Base(b))
	if one == nil || other == nil {
		return false
	}
	if one[2] != "" && other[2] != "" {
		return strings.EqualFold(one[2], other[2])
	}
	return date(one[1]) == date(other[1])
}

// date writes a folder's date, which is 2024-10-10, 101024 or 20241010, as 20241010.
func date(text string) string {
	if text = strings.ReplaceAll(text, "-", ""); len(text) == 6 {
		return "20" + text[4:] + text[:4]
	}
	return text
}

// unique are names that only one log has.
var unique = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// locate finds a record's log or folder in this commit, in which it may have another place than in the
// latest one.
func (s *session) locate(want string) (string, bool) {
	if s.files[want] != "" || len(s.logsIn(want)) > 0 {
		return want, true
	}
	folder, rest := recordFolder(want)
	var places []string
	for p := range s.files {
		at, within := recordFolder(p)
		switch {
		case !isLog(p):
		case unique.MatchString(path.Base(want)) && path.Base(p) == path.Base(want), sameFolder(at, folder) && within == rest:
			places = append(places, p)
		case at != "" && sameFolder(at, folder) && (rest == "" || strings.HasPrefix(within, rest+"/")):
			places = append(places, strings.TrimSuffix(at+"/"+rest, "/"))
		}
	}
	if len(places) == 0 {
		return "", false
	}
	// One log may lie in several folders; that of the record's own title is the best.
	return slices.MaxFunc(places, func(a, b string) int {
		return cmp.Or(closeness(a, folder)-closeness(b, folder), strings.Compare(b, a))
	}), true
}

func closeness(p, folder string) int {
	if at, _ := recordFolder(p); sameFolder(at, folder) {
		return 1
	}
	return 0
}

// otherFolders reports the folders that no record was taken from.
func (s *session) otherFolders(used map[string]bool) {
	names := map[string]bool{}
	for p := range s.files {
		if !isLog(p) {
			continue
		}
		folder, _ := recordFolder(p)
		if parts := strings.SplitN(p, "/", 3); folder == "" && len(parts) == 3 || strings.HasPrefix(p, "records/track_3") {
			folder = parts[0] + "/" + parts[1]
		}
		if folder != "" && !used[folder] {
			names[folder] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		s.report.Items = append(s.report.Items, Item{
			Kind: KindFolder, Name: name, State: Skipped, Why: "no record that is known here links to it",
		})
	}
}
