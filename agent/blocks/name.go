package blocks

import (
	"path"
	"strings"
	"unicode"
)

// naming is what a line that is there to name a file says.
type naming struct {
	path  string
	vague bool // "In train.py:", which may introduce a piece of the file as well as all of it
	head  bool // a heading, or a comment
}

const (
	// around is what may stand around a name.
	around = "*`\"'“”‘’():,;[]<>#"
	// bullets are what words without meaning of their own are made of.
	bullets = "-+*#>•|=/.)0123456789"
)

// nameOf reads a line that does nothing but name a file.
func (p *Parser) nameOf(line string) (naming, bool) {
	n, ok := p.readName(line, strings.Fields(line))
	return n, ok && n.path != ""
}

// mayBeName is false once no line that begins with prefix does nothing but name
// a file.
func (p *Parser) mayBeName(prefix string) bool {
	words := strings.Fields(prefix)
	if len(words) > 0 && strings.IndexByte(" \t", prefix[len(prefix)-1]) < 0 {
		words = words[:len(words)-1] // may go on
	}
	_, ok := p.readName(prefix, words)
	return ok
}

func (p *Parser) readName(line string, words []string) (n naming, ok bool) {
	if len(line) > maxHeld {
		return n, false
	}
	labelled := false
	for i, w := range words {
		bare := strings.Trim(w, around)
		if label, name, ok := strings.Cut(bare, ":"); ok && isLabel(strings.Trim(label, around)) {
			labelled, bare = true, strings.Trim(name, around)
		}
		switch lower := strings.ToLower(bare); {
		case strings.Trim(w, bullets) == "":
			n.head = n.head || i == 0 && strings.Trim(w, "#") == ""
		case isLabel(lower):
			labelled = true
		case isFiller(lower):
		case isVague(lower):
			n.vague = true
		case n.path == "" && !strings.Contains(w, "()") && p.isFile(bare, labelled):
			n.path = bare
		default:
			return n, false
		}
	}
	return n, true
}

func isLabel(word string) bool {
	switch strings.ToLower(word) {
	case "file", "filename", "filepath", "file_path", "path", "name", "script":
		return true
	}
	return false
}

func isFiller(word string) bool {
	switch word {
	case "", "new", "updated", "modified", "changed", "edited", "revised", "full", "complete", "whole", "entire", "final", "continued":
		return true
	}
	return false
}

func isVague(word string) bool {
	switch word {
	case "in", "to", "for", "at", "of", "the", "edit", "update", "modify", "change", "changes", "edits":
		return true
	}
	return false
}

// isFile tells whether a word is a file's name. One that leads out of the node's
// directory is a name too, so that whoever applies the edit can refuse it. Any
// ending will do for a word that is said to be a file's name.
func (p *Parser) isFile(word string, labelled bool) bool {
	if !strings.ContainsFunc(word, unicode.IsLetter) || strings.ContainsFunc(word, notInNames) {
		return false
	}
	if p.knows(word) {
		return true
	}
	for _, lead := range []string{"/", "./", "../", "~/"} {
		if strings.HasPrefix(word, lead) {
			return true
		}
	}
	base := word[strings.LastIndexAny(word, `/\`)+1:]
	dot := strings.LastIndexByte(base, '.')
	if dot < 1 {
		return false
	}
	ending := strings.ToLower(base[dot+1:])
	return isEnding(ending) || labelled && ending != ""
}

func notInNames(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(`._-/\~+@%:`, r) || r == unicode.ReplacementChar
}

func isEnding(ending string) bool {
	switch ending {
	case "py", "pyi", "pyx", "ipynb", "txt", "md", "rst", "json", "jsonl", "yaml", "yml", "toml", "cfg", "ini", "conf",
		"env", "sh", "bash", "bat", "c", "cc", "cpp", "cxx", "h", "hh", "hpp", "cu", "cuh", "cl", "metal", "js", "ts",
		"go", "rs", "java", "csv", "tsv", "sql", "html", "css", "xml", "lock", "log", "patch", "diff", "gin", "proto":
		return true
	}
	return false
}

// knows tells whether a file is the script or another that stands already.
func (p *Parser) knows(name string) bool {
	name = path.Clean(name)
	_, ok := p.files[name]
	return ok || name == p.script
}

// standing gives the text of a file that stands already.
func (p *Parser) standing(name string) (string, bool) {
	text, ok := p.files[path.Clean(name)]
	return text, ok
}

// mentioned gives the one known file that a line mentions which leads over to
// what follows it.
func (p *Parser) mentioned(line string) string {
	if !strings.HasSuffix(strings.TrimRight(line, " \t\r\n*"), ":") {
		return ""
	}
	found := ""
	for w := range strings.FieldsSeq(line) {
		w = strings.Trim(w, around)
		if !p.knows(w) || w == found {
			continue
		}
		if found != "" {
			return ""
		}
		found = w
	}
	return found
}

// infoName gives the file that a fence's info string names.
func (p *Parser) infoName(info string) string {
	for word := range strings.FieldsFuncSeq(info, func(r rune) bool { return strings.ContainsRune(" \t,{}", r) }) {
		if i := strings.LastIndexAny(word, "=:"); i >= 0 {
			word = word[i+1:]
		}
		word = strings.Trim(word, around)
		if p.isFile(word, false) {
			return word
		}
	}
	return ""
}

// nameFor gives the file of a block, of whose marker own is the rest.
func (p *Parser) nameFor(own string) string {
	if n, ok := p.nameOf(own); ok {
		return n.path
	}
	if n, ok := p.nameOf(p.prev); ok {
		return n.path
	}
	if p.fenced {
		if name := p.infoName(p.fence.info); name != "" {
			return name
		}
	}
	if name := p.mentioned(p.prev); name != "" {
		return name
	}
	if p.name != "" {
		return p.name
	}
	return p.script
}
