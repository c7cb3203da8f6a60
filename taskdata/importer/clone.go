package importer

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"pitwall/internal/environ"
)

// maxBlob is the size in bytes up to which a file is read; the largest log of the records has 2 MB.
const maxBlob = 64 << 20

var (
	errNoRepository = errors.New("no git repository")
	errMissing      = errors.New("the clone lacks it, being a partial one or damaged: clone the repository anew, without --filter")
	errLarge        = fmt.Errorf("it has more than %d MiB", maxBlob>>20)
)

// clone is a repository at one commit, read through git alone: what stands in its work tree does not
// matter.
type clone struct {
	path   string
	top    string // of the work tree; "" where there is none
	commit string

	// One git process gives all files; nil until the first is asked for.
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr *bytes.Buffer
}

// openClone finds the repository that a path lies in, and the commit that ref names in it. The error
// is errNoRepository where there is none.
func openClone(ctx context.Context, path, ref string) (*clone, error) {
	c := &clone{path: path}
	if _, err := c.git(ctx, "rev-parse", "--git-dir"); err != nil {
		return nil, err
	}
	if strings.HasPrefix(ref, "-") {
		return nil, fmt.Errorf("%q is no name of a commit: give a hash, a branch or a tag", ref)
	}
	if ref == "" {
		ref = "HEAD"
	}
	commit, err := c.git(ctx, "rev-parse", "--verify", "--quiet", ref+"^{commit}")
	if ctx.Err() != nil {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%s holds no commit %s: name another with --ref, or get it with: git -C %s fetch", path, ref, path)
	}
	c.commit = strings.TrimSpace(string(commit))
	// It fails in a bare clone, which has no work tree.
	if top, err := c.git(ctx, "rev-parse", "--show-toplevel"); err == nil {
		c.top = filepath.FromSlash(strings.TrimRight(string(top), "\r\n"))
	}
	return c, nil
}

// git runs git to its end and returns what it prints.
func (c *clone) git(ctx context.Context, args ...string) ([]byte, error) {
	cmd := c.command(ctx, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, c.explain(ctx, err, stderr.String())
	}
	return out, nil
}

// command prepares git so that it asks nobody, runs nothing of the repository's, writes nothing and
// does not reach for the network.
func (c *clone) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", append([]string{
		"--no-pager", "--no-replace-objects", "-C", c.path, "-c", "core.hooksPath=" + os.DevNull, "-c", "core.fsmonitor=false",
	}, args...)...)
	// A git hook that starts us must not lead git to its own repository.
	cmd.Env = environ.Plain(os.Environ(), "GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "XDG_CONFIG_HOME", "DEVELOPER_DIR", "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "PROGRAMDATA")
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "GIT_CONFIG") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "GIT_NO_LAZY_FETCH=1",
		"GIT_ALLOW_PROTOCOL=none") // git before 2.44 knows no GIT_NO_LAZY_FETCH
	return cmd
}

// explain puts a failure of git in words, with the mend.
func (c *clone) explain(ctx context.Context, err error, said string) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("import stopped: %w", ctx.Err())
	case errors.Is(err, exec.ErrNotFound):
		return errors.New("git is not installed here, and a clone is read through it: install git (https://git-scm.com/downloads), then import again")
	case strings.Contains(said, "dubious ownership"):
		path := c.path // of the folder inside the clone, perhaps; git names the clone itself
		if _, after, ok := strings.Cut(said, "safe.directory "); ok {
			path, _, _ = strings.Cut(after, "\n")
		}
		return fmt.Errorf("git does not trust %s, which belongs to another user: if you do, run: git config --global --add safe.directory %s", c.path, path)
	case strings.Contains(said, "safe.bareRepository"):
		return fmt.Errorf("git is set up to read no bare repository it is not pointed to: run: git config --global safe.bareRepository all, or import a clone with a work tree")
	case strings.Contains(said, "not a git repository"):
		return errNoRepository
	case strings.Contains(said, "lazy fetching disabled"), strings.Contains(said, "not allowed"), strings.Contains(said, "promisor"):
		return errMissing
	}
	for line := range strings.Lines(said) {
		if reason, ok := strings.CutPrefix(line, "fatal: "); ok {
			return fmt.Errorf("read %s with git: %s; check it with: git -C %s fsck", c.path, strings.TrimSpace(reason), c.path)
		}
	}
	return fmt.Errorf("read %s with git: %w; check it with: git -C %s fsck", c.path, err, c.path)
}

// files returns the object names of the commit's regular files by their paths.
func (c *clone) files(ctx context.Context) (map[string]string, error) {
	list, err := c.git(ctx, "ls-tree", "-r", "-z", "--full-tree", c.commit)
	if errors.Is(err, errMissing) {
		return nil, fmt.Errorf("list the files of %s: %w", c.path, err)
	} else if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for entry := range strings.SplitSeq(string(list), "\x00") {
		about, path, _ := strings.Cut(entry, "\t")
		if words := strings.Fields(about); len(words) == 3 && strings.HasPrefix(words[0], "100") {
			files[path] = words[2]
		}
	}
	return files, nil
}

// read returns the content of an object. After an error other objects can still be read.
func (c *clone) read(ctx context.Context, object string) ([]byte, error) {
	if c.cmd == nil {
		if err := c.start(ctx); err != nil {
			return nil, err
		}
	}
	data, err := c.ask(object)
	if err == nil || errors.Is(err, errMissing) || errors.Is(err, errLarge) {
		return data, err
	}
	said := c.close() // git ends at an object that it finds damaged
	return nil, c.explain(ctx, err, said)
}

func (c *clone) start(ctx context.Context) error {
	cmd, stderr := c.command(ctx, "cat-file", "--batch"), &bytes.Buffer{}
	cmd.Stderr = stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start git: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start git: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return c.explain(ctx, err, "")
	}
	c.cmd, c.in, c.out, c.stderr = cmd, in, bufio.NewReaderSize(out, 1<<16), stderr
	return nil
}

// ask asks the running git for an object.
func (c *clone) ask(object string) ([]byte, error) {
	if _, err := io.WriteString(c.in, object+"\n"); err != nil {
		return nil, err
	}
	header, err := c.out.ReadString('\n')
	if err != nil {
		return nil, err
	}
	words := strings.Fields(header)
	if len(words) == 2 && words[1] == "missing" {
		return nil, errMissing
	}
	if len(words) != 3 {
		return nil, fmt.Errorf("git said %q", strings.TrimSpace(header))
	}
	size, err := strconv.ParseInt(words[2], 10, 64)
	if err != nil {
		return nil, err
	}
	if size > maxBlob {
		if _, err := io.CopyN(io.Discard, c.out, size+1); err != nil {
			return nil, err
		}
		return nil, errLarge
	}
	data := make([]byte, size+1) // a line end follows
	if _, err := io.ReadFull(c.out, data); err != nil {
		return nil, err
	}
	return data[:size], nil
}

// close ends the running git, if any, and returns what it complained of.
func (c *clone) close() string {
	if c.cmd == nil {
		return ""
	}
	_ = c.in.Close()
	_ = c.cmd.Process.Kill() // it only reads; waiting for its own end could block on a full pipe
	_ = c.cmd.Wait()
	c.cmd = nil
	return c.stderr.String()
}
