package importer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatCannotBeImportedIsSaidWithItsMend(t *testing.T) {
	r := newRepo(t)
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "x")
	empty := newRepo(t)
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(file))
	r.commit(map[string]string{"main.go": "package main\n", "records/x.csv": "1\n"})
	for _, c := range []struct {
		name, path, ref string
		words           []string
	}{
		{"neither repository", r.dir, "", []string{"neither modded-nanogpt", "llm-speedrunner", "git clone https://github.com/"}},
		{"no repository", filepath.Dir(file), "", []string{"no git repository", "git clone https://github.com/"}},
		{"nothing there", filepath.Join(file, "no", "such"), "", []string{"git clone"}},
		{"a file", file, "", []string{"it is a file"}},
		{"an unknown commit", r.dir, "v9", []string{"no commit v9", "fetch"}},
		{"an option for a commit", r.dir, "--all", []string{"no name of a commit"}},
		{"no commits", empty.dir, "", []string{"no commit HEAD"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := Import(t.Context(), c.path, c.ref, dir, nil)
			if err == nil {
				t.Fatal("it was imported")
			}
			wantWords(t, err.Error(), c.words...)
			wantEqual(t, "files left", len(snapshot(t, dir)), 0)
		})
	}
}

func TestAMissingGitIsSaidWithItsMend(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Import(t.Context(), t.TempDir(), "", t.TempDir(), nil)
	if err == nil {
		t.Fatal("it was imported without git")
	}
	wantWords(t, err.Error(), "git is not installed", "https://git-scm.com")
}

func TestACloneOfAnotherUserIsSaidWithItsMend(t *testing.T) {
	c := &clone{path: "/x/y/z"}
	err := c.explain(t.Context(), errors.New("exit status 128"), "fatal: detected dubious ownership in repository at '/x/y'\nTo add an exception for this directory, call:\n\n\tgit config --global --add safe.directory /x/y\n")
	wantWords(t, err.Error(), "belongs to another user", "git config --global --add safe.directory /x/y")
}

func TestAPartialCloneIsNotCompletedBehindTheUsersBack(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	r.git("config", "uploadpack.allowFilter", "true")
	r.commit(base(map[string]string{logOf(t, small, 19): laterLog(script("19"), 8, 188_000, 3.27)}))
	for filter, words := range map[string]string{"blob:none": "its log cannot be read", "tree:0": "list the files of"} {
		partial := filepath.Join(t.TempDir(), "partial")
		r.git("clone", "-q", "--bare", "--filter="+filter, "file://"+r.dir, partial)
		before := snapshot(t, filepath.Join(partial, "objects"))
		report, err := Import(t.Context(), partial, "", dir, nil)
		said := fmt.Sprint(err)
		if err == nil {
			said = item(t, report, small, 19).Why
		}
		wantWords(t, said, words, "without --filter")
		wantEqual(t, "objects", len(snapshot(t, filepath.Join(partial, "objects"))), len(before))
	}
}

func TestAGitHookThatStartsAnImportDoesNotLeadItAstray(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	r.commit(benchmark(4))
	t.Setenv("GIT_DIR", filepath.Join(t.TempDir(), "elsewhere"))
	wantEqual(t, "taken", importInto(t, r.dir, "", dir).Counts(KindTemplate).Taken, 1)
}

func TestCancellingEndsTheImport(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	r.commit(base(map[string]string{
		logOf(t, small, 19): laterLog(script("19"), 8, 188_000, 3.27), logOf(t, small, 20): laterLog(script("20"), 8, 179_000, 3.28),
	}))
	ctx, cancel := context.WithCancel(t.Context())
	report, err := Import(ctx, r.dir, "", dir, func(p Progress) {
		if p.What == "nanogpt/20" {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("the error is %v", err)
	}
	wantWords(t, err.Error(), "import stopped")
	wantEqual(t, "what was done before", item(t, report, small, 19).State, Taken)
	if _, err := os.Stat(filepath.Join(dir, modded, small, "record_20.json")); err == nil {
		t.Error("record 20 was kept after the end")
	}
}

func TestProgressGoesUpToItsTotal(t *testing.T) {
	r, dir := newRepo(t), t.TempDir()
	r.commit(benchmark(4, 5))
	var last Progress
	named := 0
	_, err := Import(t.Context(), r.dir, "", dir, func(p Progress) {
		if p.Done < last.Done || p.Total == 0 {
			t.Errorf("%+v follows %+v", p, last)
		}
		if strings.HasPrefix(p.What, "nanogpt/") {
			named++
		}
		last = p
	})
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "the end", last.Done, last.Total)
	wantEqual(t, "templates named", named, 21)
}
