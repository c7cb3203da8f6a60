package model

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// secretHeader finds the names of headers that carry a key.
var secretHeader = regexp.MustCompile(`(?i)key|token|secret|auth|pass|cookie`)

// KeyFiles lists the files from which whoever runs as the same user can take a key,
// sorted: the user's file, at path, where it holds one in a header or an address, and
// the files that a command names which gives a key.
func (c *Catalog) KeyFiles(path string) []string {
	found := map[string]bool{}
	for _, p := range c.providers {
		if p.fileSecret {
			found[path] = true
		}
		for name := range p.headers {
			if secretHeader.MatchString(name) {
				found[path] = true
			}
		}
		for i, word := range p.keyCommand {
			if i == 0 || !filepath.IsAbs(word) || strings.HasPrefix(word, os.DevNull) {
				continue
			}
			if info, err := os.Stat(word); err == nil && info.Mode().IsRegular() {
				found[word] = true
			}
		}
	}
	files := make([]string, 0, len(found))
	for f := range found {
		files = append(files, f)
	}
	slices.Sort(files)
	return files
}
