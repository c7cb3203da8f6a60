package profile

import "fmt"

// The tracks whose records run on GPUs.
const (
	trackSmall  = "nanogpt"
	trackMedium = "nanogpt-medium"
)

// A use is what a script makes of the number of its ranks.
type use int

const (
	unknown  use = iota
	exact        // it stops unless the ranks' batches make up its global batch
	divides      // it accumulates, and stops unless the ranks' batches divide its global batch
	cuts         // it cuts its global batch in equal parts, and stops unless the ranks divide it
	follows      // its global batch is what the ranks happen to make up
	divisors     // it accumulates, and stops unless the ranks divide 8
)

// A script is what is known of a record's script.
type script struct {
	use   use
	batch int64 // tokens of a step, over all of 8 ranks; 0 where unknown
	steps int64 // iterations; 0 where unknown
	rank  int64 // tokens that one rank takes in a forward pass
	val   int64 // tokens that one rank validates at once: times the ranks it must divide ValTokens, or the script stops; 0 where it does not look
}

// scripts gives what was read in a record's script: of nanogpt's records 1 to 21 in the
// benchmark's templates (llm-speedrunner, workspace_templates/nanogpt_speedrun), which
// differ in none of this from the records' own scripts where there are any; of later
// ones in the scripts that their logs hold (modded-nanogpt, records/track_1_short),
// where those of records 27 to 89 that were looked at all want a divisor of 8.
func scripts(track string, record int) script {
	if track != trackSmall {
		return script{}
	}
	const k = 1024
	switch record {
	case 1:
		return script{use: exact, batch: 256 * k, steps: 24576, rank: 32 * k}
	case 2:
		return script{use: exact, batch: 512 * k, steps: 9536, rank: 64 * k}
	case 3:
		return script{use: follows, batch: 512 * k, steps: 7000, rank: 64 * k}
	case 15:
		return script{use: exact, batch: 512 * k, steps: 1480, rank: 64 * k, val: 64 * k}
	case 18, 19, 20:
		return script{use: cuts, batch: 512 * k, steps: map[int]int64{18: 1390, 19: 1395, 20: 1393}[record], rank: 64 * k, val: 64 * k}
	case 21:
		return script{use: follows, batch: 8 * 48 * k, steps: 1770, rank: 48 * k, val: 256 * k}
	case 22, 23, 26:
		return script{use: exact}
	case 24, 25:
		return script{use: follows, val: 256 * k}
	}
	steps, known := map[int]int64{
		4: 6200, 5: 5100, 6: 5100, 7: 5100, 8: 4578, 9: 3200, 10: 3242, 11: 3000,
		12: 1875, 13: 1750, 14: 1530, 16: 1480, 17: 1490,
	}[record]
	switch {
	case known:
		return script{use: divides, batch: 512 * k, steps: steps, rank: 64 * k, val: 64 * k}
	case record >= 27 && record <= 89:
		return script{use: divisors}
	}
	return script{}
}

// shardTokens is how many tokens one published shard of training data has; the last
// of the 103 has fewer.
const shardTokens = 100_000_000

// A Need is the data that a record reads on 8 GPUs.
type Need struct {
	TrainTokens int64 // tokens that it trains on; 0 where nothing is known
	Shards      int   // of training data, 100 million tokens each
	ValShards   int
	AtLeast     bool // it is not known how many more
}

// String says the need for people: "65 shards (6.44 billion tokens)".
func (n Need) String() string {
	s := fmt.Sprintf("%d shards", n.Shards)
	if n.Shards == 1 {
		s = "1 shard"
	}
	if n.TrainTokens > 0 {
		s += fmt.Sprintf(" (%.2f billion tokens)", float64(n.TrainTokens)/1e9)
	}
	if n.AtLeast {
		s = "at least " + s
	}
	return s
}

// Shards gives the data that a record needs, so that nothing is read twice: with
// fewer shards the scripts of records 1 to 18 start again with the first and say
// nothing, and those of 19 to 21 end with an error.
func Shards(track string, record int) (Need, error) {
	if err := known(track, record); err != nil {
		return Need{}, err
	}
	if track == trackMedium {
		return Need{Shards: 1, ValShards: 1, AtLeast: true}, nil
	}
	s := scripts(track, min(record, 21))
	// A rank goes to the next shard when a whole step no longer fits behind its own
	// place in the step: the last of 8 ranks is the first to go.
	steps := (shardTokens - 1 - s.batch*(GPUs-1)/GPUs) / s.batch
	return Need{
		TrainTokens: s.batch * s.steps,
		Shards:      int((s.steps + steps - 1) / steps),
		ValShards:   1,
		AtLeast:     record > 21,
	}, nil
}

// known refuses what is no record of a track that runs on GPUs.
func known(track string, record int) error {
	if track != trackSmall && track != trackMedium {
		return fmt.Errorf("records of %s do not run on GPUs; there are %s and %s", track, trackSmall, trackMedium)
	}
	if record < 1 {
		return fmt.Errorf("%s has no record %d; they count from 1", track, record)
	}
	return nil
}
