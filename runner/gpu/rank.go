package gpu

import "bytes"

// maxPrefixes is how many prefixes a line may have: torchrun's beside torch's own.
const maxPrefixes = 4

// RankOf tells which rank of a torchrun job wrote a line, by the prefix that torch
// ("[rank5]: ") or torchrun ("[default5]:") puts before it, and gives the line
// without it. Of several prefixes the innermost counts: torchrun counts on one
// machine, torch over all. A line without one has rank -1. rest is part of line.
func RankOf(line []byte) (rank int, rest []byte) {
	rank, rest = -1, line
	for range maxPrefixes {
		n, after, ok := prefix(rest)
		if !ok {
			break
		}
		rank, rest = n, after
	}
	return rank, rest
}

func prefix(b []byte) (rank int, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '[' {
		return 0, nil, false
	}
	if rest, ok = bytes.CutPrefix(b, []byte("[rank")); !ok {
		if rest, ok = bytes.CutPrefix(b, []byte("[default")); !ok {
			return 0, nil, false
		}
	}
	i := 0
	for ; i < len(rest) && i < 6 && rest[i] >= '0' && rest[i] <= '9'; i++ {
		rank = rank*10 + int(rest[i]-'0')
	}
	if i == 0 || !bytes.HasPrefix(rest[i:], []byte("]:")) {
		return 0, nil, false
	}
	return rank, bytes.TrimPrefix(rest[i+2:], []byte{' '}), true
}
