package profile

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shard writes a file that says it has some tokens, and has as many bytes more than
// they take. Its body is a hole.
func shard(t *testing.T, dir, name string, magic, version, tokens int32, more int64) {
	t.Helper()
	head := make([]byte, headerSize)
	for i, v := range []int32{magic, version, tokens} {
		binary.LittleEndian.PutUint32(head[4*i:], uint32(v))
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, head, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, headerSize+2*int64(tokens)+more); err != nil {
		t.Fatal(err)
	}
}

// published writes some whole shards, and that of validation.
func published(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	for i := 1; i <= n; i++ {
		shard(t, dir, fmt.Sprintf("fineweb_train_%06d.bin", i), shardMagic, 1, shardTokens, 0)
	}
	shard(t, dir, "fineweb_val_000000.bin", shardMagic, 1, shardTokens, 0)
	return dir
}

func TestWholeDataIsFound(t *testing.T) {
	dir := published(t, 9)
	if err := os.WriteFile(filepath.Join(dir, "README.md"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	shard(t, dir, "fineweb_train_000010.bin", shardMagic, 1, 53_000_000, 0) // as the last one published
	need, err := Shards("nanogpt", 14)
	if err != nil {
		t.Fatal(err)
	}
	c, err := CheckData(os.DirFS("/"), dir, need)
	if err != nil || c.Train != 10 || c.Tokens != 953_000_000 || c.Val != 1 || len(c.Faults) != 0 || c.Mend != "" || c.Dir != dir {
		t.Errorf("found %+v (%v)", c, err)
	}
}

func TestWhatIsWrongWithTheDataIsSaid(t *testing.T) {
	need := Need{TrainTokens: 250_000_000, Shards: 3, ValShards: 1}
	const fetch = "in a clone of modded-nanogpt run: python data/cached_fineweb10B.py 3 (0.8 GB in data/fineweb10B; it fetches what is not there yet), and in profiles.toml write data = the clone's directory data"
	const remove = "delete the broken files, which would be taken for whole ones; then "
	remake := func(name string, magic, version, tokens int32, more int64) func(*testing.T, string) {
		return func(t *testing.T, dir string) { shard(t, dir, name, magic, version, tokens, more) }
	}
	without := func(names ...string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			for _, name := range names {
				if err := os.Remove(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for _, c := range []struct {
		name   string
		change func(*testing.T, string)
		train  int
		faults []string
		mend   string
	}{
		{"two missing", without("fineweb_train_000002.bin", "fineweb_train_000003.bin"), 1, []string{"of the shards fineweb_train_000001.bin to 000003 2 are missing or broken: 000002 to 000003"}, fetch},
		{"a gap", without("fineweb_train_000002.bin"), 1, []string{"of the shards fineweb_train_000001.bin to 000003 1 are missing or broken: 000002"}, fetch},
		{"no validation", without("fineweb_val_000000.bin"), 4, []string{"fineweb_val_000000.bin is missing"}, fetch},
		{
			"cut off", remake("fineweb_train_000001.bin", shardMagic, 1, shardTokens, -2), 0,
			[]string{"fineweb_train_000001.bin is truncated: 200001022 bytes of 200001024", "of the shards fineweb_train_000001.bin to 000003 1 are missing or broken: 000001"},
			remove + fetch,
		},
		{
			"cut off in its header", func(t *testing.T, dir string) {
				if err := os.Truncate(filepath.Join(dir, "fineweb_val_000000.bin"), 1000); err != nil {
					t.Fatal(err)
				}
			}, 4,
			[]string{"fineweb_val_000000.bin is truncated: 1000 bytes, and its header alone has 1024", "fineweb_val_000000.bin is missing"},
			remove + fetch,
		},
		{"too long, and not needed", remake("fineweb_train_000004.bin", shardMagic, 1, shardTokens, 7), 3, []string{"fineweb_train_000004.bin is too long: 200001031 bytes, and 100000000 tokens take 200001024"}, remove + fetch},
		{
			"another magic", remake("fineweb_train_000003.bin", 20240801, 1, shardTokens, 0), 2,
			[]string{"fineweb_train_000003.bin is no shard: it starts with 20240801 instead of 20240520", "of the shards fineweb_train_000001.bin to 000003 1 are missing or broken: 000003"},
			remove + fetch,
		},
		{"another version", remake("fineweb_train_000004.bin", shardMagic, 2, shardTokens, 0), 3, []string{"fineweb_train_000004.bin has version 2, and the scripts read version 1"}, remove + fetch},
		{"no tokens", remake("fineweb_train_000004.bin", shardMagic, 1, 0, 0), 3, []string{"fineweb_train_000004.bin says that it has 0 tokens"}, remove + fetch},
		{"smaller shards", remake("fineweb_train_000001.bin", shardMagic, 1, 10, 0), 4, nil, ""},
		{
			"a directory", func(t *testing.T, dir string) {
				if err := os.Mkdir(filepath.Join(dir, "fineweb_train_000005.bin"), 0o700); err != nil {
					t.Fatal(err)
				}
			}, 4,
			[]string{"fineweb_train_000005.bin cannot be read: is a directory"},
			remove + fetch,
		},
		{"a stranger", remake("fineweb_train_old.bin", shardMagic, 1, 10, 0), 4, []string{"fineweb_train_old.bin is none of the published shards, but scripts would read it; move it elsewhere"}, fetch},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := published(t, 4)
			c.change(t, dir)
			got, err := CheckData(os.DirFS("/"), dir, need)
			if err != nil || got.Train != c.train || !slices.Equal(got.Faults, c.faults) || got.Mend != c.mend {
				t.Errorf("found %d: %s\nmend %s (%v)", got.Train, strings.Join(got.Faults, "\n"), got.Mend, err)
			}
		})
	}
}

func TestShardsOfFewTokensAreNotEnough(t *testing.T) {
	dir := t.TempDir()
	for i := 1; i <= 3; i++ {
		shard(t, dir, fmt.Sprintf("fineweb_train_%06d.bin", i), shardMagic, 1, 10_000_000, 0)
	}
	shard(t, dir, "fineweb_val_000000.bin", shardMagic, 1, shardTokens, 0)
	c, err := CheckData(os.DirFS("/"), dir, Need{TrainTokens: 250_000_000, Shards: 3, ValShards: 1})
	want := "the 3 shards hold 30000000 tokens, and 250000000 are trained on; they are not the published ones"
	if err != nil || !slices.Equal(c.Faults, []string{want}) {
		t.Errorf("found %q (%v)", c.Faults, err)
	}
}

func TestADirectoryThatIsNotThereIsAFault(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	c, err := CheckData(os.DirFS("/"), dir, Need{Shards: 7, ValShards: 1, AtLeast: true})
	want := []string{
		"there is no directory " + dir,
		"of the shards fineweb_train_000001.bin to 000007 7 are missing or broken: 000001 to 000007",
		"fineweb_val_000000.bin is missing",
	}
	if err != nil || !slices.Equal(c.Faults, want) || !strings.Contains(c.Mend, "cached_fineweb10B.py 7 (1.6 GB") {
		t.Errorf("found %q, mend %s (%v)", c.Faults, c.Mend, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := CheckData(os.DirFS("/"), file, Need{}); err == nil || !strings.HasPrefix(err.Error(), "look at the data: ") {
		t.Errorf("a file: %v", err)
	}
}
