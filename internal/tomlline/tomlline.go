// Package tomlline finds the line of a TOML document on which a key stands, so that
// what is wrong with its value can be told with file and line.
package tomlline

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Lines are the lines of a document's keys and headings, from 1. A key inside an inline
// table or an array has none of its own.
type Lines struct {
	at map[string]int // by the path, joined with NUL
}

// Of looks through a document as far as it is TOML.
func Of(text []byte) Lines {
	found := Lines{at: map[string]int{}}
	var table []string
	arrays := map[string]int{} // headings of each array so far
	line, seen := 1, 0
	var p unstable.Parser
	p.Reset(text)
	for p.NextExpression() {
		e := p.Expression()
		if e.Kind != unstable.KeyValue && e.Kind != unstable.Table && e.Kind != unstable.ArrayTable {
			continue
		}
		var parts []string
		start := -1
		for it := e.Key(); it.Next(); {
			n := it.Node()
			if start < 0 {
				start = int(n.Raw.Offset)
			}
			parts = append(parts, string(n.Data))
		}
		if start > seen {
			line += bytes.Count(text[seen:start], []byte("\n"))
			seen = start
		}
		if e.Kind == unstable.KeyValue {
			found.note(slices.Concat(table, parts), arrays, line)
			continue
		}
		table = nil
		for i, part := range parts {
			table = append(table, part)
			array := join(table)
			last := e.Kind == unstable.ArrayTable && i == len(parts)-1
			if last {
				arrays[array]++
			}
			if n := arrays[array]; n > 0 {
				table = append(table, strconv.Itoa(n-1))
			}
		}
		found.note(table, arrays, line)
		found.at[join(table)] = line // also where a heading below it came first
	}
	return found
}

// note keeps the line of a path, and of what it is the first to lie in.
func (l Lines) note(path []string, arrays map[string]int, line int) {
	for n := range path {
		key := join(path[:n+1])
		if l.at[key] == 0 && arrays[key] == 0 { // an array itself stands nowhere
			l.at[key] = line
		}
	}
}

// At gives the line of what is at a path, else of what it would lie in, else the first.
// A table of an array goes by its number, from 0: "agents", "1", "model".
func (l Lines) At(path ...string) int {
	for ; len(path) > 0; path = path[:len(path)-1] {
		if n, ok := l.at[join(path)]; ok {
			return n
		}
	}
	return 1
}

func join(path []string) string { return strings.Join(path, "\x00") }
