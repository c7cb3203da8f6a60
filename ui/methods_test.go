package ui_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// methodsMost is how many methods a type of the screen may have, those of what it
// embeds included. One with more is several things.
const methodsMost = 40

// stillOver are types that have more, and how many. The list only gets shorter.
var stillOver = map[string]int{
	"pitwall/ui.attempt": 182,
}

// sources type-checks packages of ours. Of others it knows the name alone, which is
// enough: no type of the screen embeds one of theirs.
type sources struct {
	fset    *token.FileSet
	checked map[string]*types.Package
}

func (s *sources) Import(path string) (*types.Package, error) {
	if p := s.checked[path]; p != nil {
		return p, nil
	}
	dir, own := strings.CutPrefix(path, "pitwall/")
	if !own {
		name := path[strings.LastIndexByte(path, '/')+1:]
		switch {
		case path == "charm.land/bubbletea/v2":
			name = "tea"
		case name == "v2":
			name = filepath.Base(filepath.Dir(path))
		}
		s.checked[path] = types.NewPackage(path, name)
		s.checked[path].MarkComplete()
		return s.checked[path], nil
	}
	names, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(s.fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	conf := types.Config{Importer: s, IgnoreFuncBodies: true, Error: func(error) {}}
	p, _ := conf.Check(path, s.fset, files, nil) // what comes from elsewhere has no types
	s.checked[path] = p
	return p, nil
}

// foreign gives what a type embeds that is not ours.
func foreign(t types.Type) (names []string) {
	st, ok := t.Underlying().(*types.Struct)
	if !ok {
		return nil
	}
	for f := range st.Fields() {
		if f.Embedded() && types.Unalias(f.Type()) == types.Typ[types.Invalid] {
			names = append(names, f.Name())
		}
	}
	return names
}

func TestNoTypeHasTooManyMethods(t *testing.T) {
	s := &sources{fset: token.NewFileSet(), checked: map[string]*types.Package{}}
	over := map[string]int{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || d.Name() == "testdata" {
			return err
		}
		p, err := s.Import(filepath.ToSlash(filepath.Join("pitwall/ui", path)))
		if err != nil {
			return err
		}
		for _, name := range p.Scope().Names() {
			tn, ok := p.Scope().Lookup(name).(*types.TypeName)
			if !ok || tn.IsAlias() {
				continue
			}
			if names := foreign(tn.Type()); len(names) > 0 {
				t.Errorf("%s.%s embeds %s, whose methods cannot be counted here: hold it in a field", p.Path(), name, strings.Join(names, ", "))
			}
			of := tn.Type()
			if !types.IsInterface(of) {
				of = types.NewPointer(of)
			}
			if n := types.NewMethodSet(of).Len(); n > methodsMost {
				over[p.Path()+"."+name] = n
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.checked) < 8 || s.checked["pitwall/ui"].Scope().Lookup("Model") == nil {
		t.Fatal("the packages of the screen were not found")
	}
	for _, name := range slices.Sorted(maps.Keys(over)) {
		if over[name] > stillOver[name] {
			t.Errorf("%s has %d methods, at most %d: split it by what it is for", name, over[name], max(methodsMost, stillOver[name]))
		}
	}
	for name, n := range stillOver {
		if over[name] < n {
			t.Errorf("%s has %d methods and no longer %d: say so in the list", name, over[name], n)
		}
	}
}
