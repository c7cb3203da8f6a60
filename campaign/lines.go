package campaign

import (
	"strings"

	"pitwall/internal/tomlline"
)

// lines are those of a campaign file, by paths as its mistakes name them: "nodes",
// "budget.cost", "agents[1].model".
type lines struct{ tomlline.Lines }

// of gives the line of what is at path, else of what it lies in, else the first.
func (l lines) of(path string) int {
	return l.At(strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune(".[]", r) })...)
}

// under is the path of a key in a table.
func under(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
