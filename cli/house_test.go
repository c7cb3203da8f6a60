package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// eachFile hands every file of ours that is built into a program, by its path from the root.
func eachFile(t *testing.T, visit func(path string, fset *token.FileSet, file *ast.File)) {
	t.Helper()
	fset := token.NewFileSet()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != ".." && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		case d.IsDir(), filepath.Ext(path) != ".go", strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		path, err = filepath.Rel("..", path)
		visit(filepath.ToSlash(path), fset, file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// calls reports whether a node is a call of one of a package's functions.
func calls(n ast.Node, pkg string, names ...string) bool {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	of, ok := sel.X.(*ast.Ident)
	for _, name := range names {
		if ok && of.Name == pkg && sel.Sel.Name == name {
			return true
		}
	}
	return false
}

// TestEveryProgramThatIsStartedIsHandedAnEnvironmentOfItsOwn looks at each function
// that makes a command: ours holds keys, which scripts of the same user could read of
// the new process.
func TestEveryProgramThatIsStartedIsHandedAnEnvironmentOfItsOwn(t *testing.T) {
	mayInherit := map[string]string{
		"runner/local.go Self":              "it is ourselves; who calls it says with what",
		"agent/model/key.go keyFromCommand": "a person's own program that gives a key, and may need one for it",
	}
	made := 0
	eachFile(t, func(path string, fset *token.FileSet, file *ast.File) {
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			starts, sets := false, false
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				starts = starts || calls(n, "exec", "Command", "CommandContext")
				if assign, ok := n.(*ast.AssignStmt); ok {
					for _, left := range assign.Lhs {
						sel, ok := left.(*ast.SelectorExpr)
						sets = sets || ok && sel.Sel.Name == "Env"
					}
				}
				return true
			})
			where := path + " " + fn.Name.Name
			if !starts {
				continue
			}
			made++
			if _, may := mayInherit[where]; !sets && !may {
				t.Errorf("%s starts a program with our environment, keys and all: set its Env, as internal/environ gives it", where)
			}
		}
	})
	if made < 8 {
		t.Errorf("only %d functions start programs: this test has lost them", made)
	}
}
