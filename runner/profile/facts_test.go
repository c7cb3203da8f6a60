package profile

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestWhatEachRecordReads(t *testing.T) {
	for _, c := range []struct {
		record       int
		batch, steps int64
		tokens       int64
		shards       int
	}{
		{1, 262_144, 24576, 6_442_450_944, 65},
		{2, 524_288, 9536, 4_999_610_368, 51},
		{3, 524_288, 7000, 3_670_016_000, 38},
		{4, 524_288, 6200, 3_250_585_600, 33},
		{5, 524_288, 5100, 2_673_868_800, 27},
		{6, 524_288, 5100, 2_673_868_800, 27},
		{7, 524_288, 5100, 2_673_868_800, 27},
		{8, 524_288, 4578, 2_400_190_464, 25},
		{9, 524_288, 3200, 1_677_721_600, 17},
		{10, 524_288, 3242, 1_699_741_696, 18},
		{11, 524_288, 3000, 1_572_864_000, 16},
		{12, 524_288, 1875, 983_040_000, 10},
		{13, 524_288, 1750, 917_504_000, 10},
		{14, 524_288, 1530, 802_160_640, 9},
		{15, 524_288, 1480, 775_946_240, 8},
		{16, 524_288, 1480, 775_946_240, 8},
		{17, 524_288, 1490, 781_189_120, 8},
		{18, 524_288, 1390, 728_760_320, 8},
		{19, 524_288, 1395, 731_381_760, 8},
		{20, 524_288, 1393, 730_333_184, 8},
		{21, 393_216, 1770, 695_992_320, 7},
	} {
		s := scripts("nanogpt", c.record)
		if s.batch != c.batch || s.steps != c.steps {
			t.Errorf("record %d takes %d steps of %d tokens, want %d of %d", c.record, s.steps, s.batch, c.steps, c.batch)
		}
		need, err := Shards("nanogpt", c.record)
		if want := (Need{TrainTokens: c.tokens, Shards: c.shards, ValShards: 1}); err != nil || need != want {
			t.Errorf("record %d needs %+v (%v), want %+v", c.record, need, err, want)
		}
		if walked := walk(s); walked != c.shards {
			t.Errorf("record %d's ranks come to shard %d, not %d", c.record, walked, c.shards)
		}
	}
}

// walk goes through shards as the loaders of the first templates do, each rank by
// itself, and gives the furthest shard that a step is read from.
func walk(s script) int {
	furthest := 0
	for rank := range int64(GPUs) {
		place := rank * s.batch / GPUs
		shard, at := 1, place
		for range s.steps {
			furthest = max(furthest, shard)
			if at += s.batch; at+s.batch+1 > shardTokens {
				shard, at = shard+1, place
			}
		}
	}
	return furthest
}

func TestANeedIsSaidInWords(t *testing.T) {
	for _, c := range []struct {
		track  string
		record int
		want   string
	}{
		{"nanogpt", 1, "65 shards (6.44 billion tokens)"},
		{"nanogpt", 21, "7 shards (0.70 billion tokens)"},
		{"nanogpt", 22, "at least 7 shards (0.70 billion tokens)"},
		{"nanogpt", 200, "at least 7 shards (0.70 billion tokens)"},
		{"nanogpt-medium", 1, "at least 1 shard"},
	} {
		if need, err := Shards(c.track, c.record); err != nil || need.String() != c.want {
			t.Errorf("%s/%d: %v (%v), want %s", c.track, c.record, need, err, c.want)
		}
	}
	if _, err := Shards("micro", 1); err == nil || err.Error() != "records of micro do not run on GPUs; there are nanogpt and nanogpt-medium" {
		t.Errorf("micro: %v", err)
	}
	if _, err := Shards("nanogpt", 0); err == nil || err.Error() != "nanogpt has no record 0; they count from 1" {
		t.Errorf("nanogpt/0: %v", err)
	}
}

func TestHowEachRecordFits(t *testing.T) {
	// The numbers from 1 to 16 on which a record's script runs.
	for _, c := range []struct {
		records string
		fits    string
	}{
		{"1", "8"},
		{"2", "8"},
		{"3", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"},
		{"4 5 6 7 8 9 10 11", "1 2 4 8"},
		{"12 13 14", "1 2 4 8"},
		{"15", "8"},
		{"16 17", "1 2 4 8"},
		{"18 19 20", "1 2 4 8 16"},
		{"21", "1 2 4 5 8 10"},
		{"22 23 26", "8"},
		{"24 25", "1 2 4 5 8 10"},
		{"27 60 89", "1 2 4 8"},
		{"90", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"},
	} {
		for _, r := range strings.Fields(c.records) {
			record, err := strconv.Atoi(r)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for n := 1; n <= 16; n++ {
				if _, err := Fits("nanogpt", n, record); err == nil {
					got = append(got, fmt.Sprint(n))
				}
			}
			if g := strings.Join(got, " "); g != c.fits {
				t.Errorf("record %d runs on %s GPUs, want %s", record, g, c.fits)
			}
		}
	}
}

func TestEightGPUsAreTheBenchmark(t *testing.T) {
	for record := 1; record <= 90; record++ {
		if f, err := Fits("nanogpt", 8, record, record+1); err != nil || f != (Fit{GPUs: 8}) {
			t.Errorf("task %d on 8 GPUs: %+v (%v)", record, f, err)
		}
	}
}

func TestFewerGPUsMakeAnotherTask(t *testing.T) {
	for _, c := range []struct {
		track   string
		gpus    int
		records []int
		want    Fit
	}{
		{"nanogpt", 4, []int{7, 8}, Fit{4, "@4gpu", false, "record 7 keeps its batch and takes another time for it; record 8 keeps its batch and takes another time for it"}},
		{"nanogpt", 2, []int{3, 4}, Fit{2, "@2gpu", true, "record 3 trains on 131072 tokens a step instead of 524288 without a word; record 4 keeps its batch and takes another time for it"}},
		{"nanogpt", 4, []int{21}, Fit{4, "@4gpu", true, "record 21 trains on 196608 tokens a step instead of 393216 without a word"}},
		{"nanogpt", 1, []int{24}, Fit{1, "@1gpu", true, "record 24 trains on 1/8 of its batch without a word"}},
		{"nanogpt-medium", 4, []int{3}, Fit{4, "@4gpu", false, "record 3 has a script that is not known here: it may stop, or train on smaller batches"}},
	} {
		if f, err := Fits(c.track, c.gpus, c.records...); err != nil || f != c.want {
			t.Errorf("%s %v on %d: %+v (%v)\nwant %+v", c.track, c.records, c.gpus, f, err, c.want)
		}
	}
}

func TestARefusalSaysWhatWouldRun(t *testing.T) {
	for _, c := range []struct {
		gpus    int
		records []int
		want    string
	}{
		{4, []int{1, 2}, "record 1 of nanogpt does not run on 4 GPUs: its script stops at once unless there are 8; run it on 8 GPUs"},
		{1, []int{14, 15}, "record 15 of nanogpt does not run on 1 GPU: its script stops at once unless there are 8; run it on 8 GPUs"},
		{6, []int{7, 8}, "record 7 of nanogpt does not run on 6 GPUs: its script stops at once, because its batch of 524288 tokens does not divide among them; run it on 1 or 2 or 4 or 8 GPUs"},
		{3, []int{21, 22}, "record 21 of nanogpt does not run on 3 GPUs: its script stops at its first validation, because the validation tokens do not divide among them; run it on 8 GPUs"},
		{3, []int{40}, "record 40 of nanogpt does not run on 3 GPUs: its script stops at once unless their number divides 8; run it on 1 or 2 or 4 or 8 GPUs"},
	} {
		_, err := Fits("nanogpt", c.gpus, c.records...)
		var r *Refused
		if !errors.As(err, &r) || err.Error() != c.want {
			t.Errorf("%v on %d: %v\nwant %s", c.records, c.gpus, err, c.want)
			continue
		}
		if !slices.Contains(r.Fitting, 8) || r.GPUs != c.gpus || !slices.Contains(c.records, r.Record) {
			t.Errorf("%v on %d: %+v", c.records, c.gpus, r)
		}
	}
	for _, c := range []struct {
		track string
		gpus  int
		want  string
	}{
		{"nanogpt", 0, "no run takes 0 GPUs; write 1 or more"},
		{"micro", 8, "records of micro do not run on GPUs; there are nanogpt and nanogpt-medium"},
	} {
		if _, err := Fits(c.track, c.gpus, 1); err == nil || err.Error() != c.want {
			t.Errorf("%s on %d: %v", c.track, c.gpus, err)
		}
	}
}

func TestATasksNameHasItsGPUs(t *testing.T) {
	for n := 1; n <= 16; n++ {
		want := fmt.Sprintf("@%dgpu", n)
		if n == 8 {
			want = ""
		}
		if got := Suffix(n); got != want {
			t.Errorf("%d GPUs: %q", n, got)
		}
	}
}
