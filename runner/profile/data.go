package profile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A shard is a header of 256 integers of 32 bits, little end first, of which the
// first three say something, then 2 bytes a token.
const (
	headerSize   = 1024
	shardMagic   = 20240520
	shardVersion = 1
	tokenSize    = 2
)

// A Check is what was found of the data.
type Check struct {
	Dir    string
	Train  int      // whole shards of training data, numbered from 1 without a gap
	Tokens int64    // in them
	Val    int      // whole shards of validation data
	Faults []string // what is missing or broken, for people
	Mend   string   // what to do about it; "" where nothing is wrong
}

// CheckData looks at the shards in a directory of a machine (runner.Files.Tree), their headers and sizes but not their
// tokens, and compares them with a need. All files that the scripts would read are
// looked at, not only those that are needed: many scripts check every header before
// they start. Its error is for a directory that cannot be read; one that is not there
// is a fault.
func CheckData(tree fs.FS, dir string, need Need) (Check, error) {
	c := Check{Dir: dir}
	inTree := strings.TrimPrefix(path.Clean(filepath.ToSlash(dir)), "/")
	files, err := fs.ReadDir(tree, inTree)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return c, fmt.Errorf("look at the data: %w", err)
	}
	if err != nil {
		c.Faults = append(c.Faults, "there is no directory "+dir)
	}
	train, val := map[int]int64{}, map[int]int64{}
	broken := false
	for _, f := range files {
		kind, rest, ok := shardKind(f.Name())
		if !ok {
			continue
		}
		tokens, why := readShard(tree, path.Join(inTree, f.Name()))
		m := shardNumber.FindStringSubmatch(rest)
		switch {
		case m == nil:
			c.Faults = append(c.Faults, f.Name()+" is none of the published shards, but scripts would read it; move it elsewhere")
			continue
		case why != "":
			c.Faults = append(c.Faults, f.Name()+" "+why)
			broken = true
			continue
		}
		n, _ := strconv.Atoi(m[1]) // six digits
		map[string]map[int]int64{"train": train, "val": val}[kind][n] = tokens
	}
	for train[c.Train+1] > 0 {
		c.Train++
		c.Tokens += train[c.Train]
	}
	c.Val = len(val)
	c.Faults = append(c.Faults, gaps(train, need.Shards)...)
	if c.Train >= need.Shards && c.Tokens < need.TrainTokens {
		c.Faults = append(c.Faults, fmt.Sprintf("the %d shards hold %d tokens, and %d are trained on; they are not the published ones", c.Train, c.Tokens, need.TrainTokens))
	}
	if val[0] == 0 && need.ValShards > 0 {
		c.Faults = append(c.Faults, "fineweb_val_000000.bin is missing")
	}
	c.mend(need, broken)
	return c, nil
}

// mend says what to do about the faults.
func (c *Check) mend(need Need, broken bool) {
	if len(c.Faults) == 0 {
		return
	}
	if broken {
		c.Mend = "delete the broken files, which would be taken for whole ones; then "
	}
	// A shard has 200 MB.
	c.Mend += fmt.Sprintf("in a clone of modded-nanogpt run: python data/cached_fineweb10B.py %d (%.1f GB in data/fineweb10B; it fetches what is not there yet), and in profiles.toml write data = the clone's directory data",
		need.Shards, float64(need.Shards+need.ValShards)*shardTokens*tokenSize/1e9)
}

// gaps names the shards up to n that are not there.
func gaps(there map[int]int64, n int) []string {
	var spans []string
	missing := 0
	for i := 1; i <= n; i++ {
		if there[i] > 0 {
			continue
		}
		first := i
		for i < n && there[i+1] == 0 {
			i++
		}
		missing += i - first + 1
		if i == first {
			spans = append(spans, fmt.Sprintf("%06d", i))
		} else {
			spans = append(spans, fmt.Sprintf("%06d to %06d", first, i))
		}
	}
	if missing == 0 {
		return nil
	}
	return []string{fmt.Sprintf("of the shards fineweb_train_000001.bin to %06d %d are missing or broken: %s", n, missing, strings.Join(spans, ", "))}
}

var shardNumber = regexp.MustCompile(`^([0-9]{6})\.bin$`)

// shardKind tells what a file is to the scripts, which go by the start and the end of
// its name.
func shardKind(name string) (kind, rest string, ok bool) {
	kinds := []string{"train", "val"}
	i := slices.IndexFunc(kinds, func(k string) bool { return strings.HasPrefix(name, "fineweb_"+k+"_") })
	if i < 0 || !strings.HasSuffix(name, ".bin") {
		return "", "", false
	}
	return kinds[i], strings.TrimPrefix(name, "fineweb_"+kinds[i]+"_"), true
}

// readShard gives the tokens of a shard, or why it is none.
func readShard(tree fs.FS, name string) (tokens int64, why string) {
	f, err := tree.Open(name)
	if err != nil {
		return 0, "cannot be read: " + cause(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, "cannot be read: " + cause(err)
	}
	head := make([]byte, headerSize)
	if _, err := io.ReadFull(f, head); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return 0, fmt.Sprintf("is truncated: %d bytes, and its header alone has %d", info.Size(), headerSize)
		}
		return 0, "cannot be read: " + cause(err)
	}
	field := func(i int) int32 { return int32(binary.LittleEndian.Uint32(head[4*i:])) }
	if field(0) != shardMagic {
		return 0, fmt.Sprintf("is no shard: it starts with %d instead of %d", field(0), shardMagic)
	}
	if field(1) != shardVersion {
		return 0, fmt.Sprintf("has version %d, and the scripts read version %d", field(1), shardVersion)
	}
	tokens = int64(field(2))
	size := headerSize + tokenSize*tokens
	switch {
	case tokens <= 0:
		return 0, fmt.Sprintf("says that it has %d tokens", tokens)
	case info.Size() < size:
		return 0, fmt.Sprintf("is truncated: %d bytes of %d", info.Size(), size)
	case info.Size() > size:
		return 0, fmt.Sprintf("is too long: %d bytes, and %d tokens take %d", info.Size(), tokens, size)
	}
	return tokens, ""
}

// cause is an error of a file without the file's name.
func cause(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
