package profile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Fit is how records run on a number of GPUs.
type Fit struct {
	GPUs int
	// Suffix makes another task of the benchmark's: "@4gpu" for nanogpt/7@4gpu. It is
	// "" on 8 GPUs. A task with a suffix is run only when it is asked for by that
	// name, has a calibration of its own, and enters no mean of the benchmark.
	Suffix string
	// OtherBatch tells that a record trains on another number of tokens in a step, so
	// that not only its time but its loss is another.
	OtherBatch bool
	Why        string // what is different, for people; "" on 8 GPUs
}

// Refused is the error of records whose scripts stop on a number of GPUs.
type Refused struct {
	Track   string
	Record  int
	GPUs    int
	Why     string // what the script does
	Fitting []int  // numbers up to 8 on which all records asked about run
}

func (r *Refused) Error() string {
	counts := make([]string, len(r.Fitting))
	for i, n := range r.Fitting {
		counts[i] = strconv.Itoa(n)
	}
	return fmt.Sprintf("record %d of %s does not run on %s: %s; run it on %s",
		r.Record, r.Track, gpus(r.GPUs), r.Why, strings.Join(counts, " or ")+" GPUs")
}

// Fits tells how some records of a track, a task's two for one, run on a number of
// GPUs. Its error is a *Refused where a script would stop: no asking helps there.
func Fits(track string, count int, records ...int) (Fit, error) {
	if count < 1 {
		return Fit{}, fmt.Errorf("no run takes %d GPUs; write 1 or more", count)
	}
	f := Fit{GPUs: count, Suffix: Suffix(count)}
	if err := stops(track, count, records); err != nil {
		return Fit{}, err
	}
	if f.Suffix == "" {
		return f, nil
	}
	var notes []string
	for _, record := range records {
		s := scripts(track, record)
		n := int64(count)
		name := fmt.Sprintf("record %d ", record)
		switch {
		case s.use == unknown:
			notes = append(notes, name+"has a script that is not known here: it may stop, or train on smaller batches")
		case s.use == follows && s.batch == 0:
			f.OtherBatch = true
			notes = append(notes, fmt.Sprintf("%strains on %d/8 of its batch without a word", name, count))
		case s.use == follows:
			f.OtherBatch = true
			notes = append(notes, fmt.Sprintf("%strains on %d tokens a step instead of %d without a word", name, s.rank*n, s.batch))
		default:
			notes = append(notes, name+"keeps its batch and takes another time for it")
		}
	}
	f.Why = strings.Join(notes, "; ")
	return f, nil
}

// stops gives the refusal of the first record that does not run on a number of GPUs.
func stops(track string, count int, records []int) error {
	for _, record := range records {
		if err := known(track, record); err != nil {
			return err
		}
		why := scripts(track, record).stops(int64(count))
		if why == "" {
			continue
		}
		r := &Refused{Track: track, Record: record, GPUs: count, Why: why}
		for n := 1; n <= GPUs; n++ {
			if !slices.ContainsFunc(records, func(record int) bool { return scripts(track, record).stops(int64(n)) != "" }) {
				r.Fitting = append(r.Fitting, n)
			}
		}
		return r
	}
	return nil
}

// stops says why a script stops on n GPUs; "" where it does not, as far as is known.
func (s script) stops(n int64) string {
	switch {
	case n == GPUs:
	case s.use == exact:
		return "its script stops at once unless there are 8"
	case s.use == divides && s.batch%(s.rank*n) != 0, s.use == cuts && s.batch%n != 0:
		return fmt.Sprintf("its script stops at once, because its batch of %d tokens does not divide among them", s.batch)
	case s.use == divisors && GPUs%n != 0:
		return "its script stops at once unless their number divides 8"
	case s.val != 0 && ValTokens%(s.val*n) != 0:
		return "its script stops at its first validation, because the validation tokens do not divide among them"
	}
	return ""
}

func gpus(n int) string {
	if n == 1 {
		return "1 GPU"
	}
	return strconv.Itoa(n) + " GPUs"
}

// Suffix gives what the name of a task ends in on a number of GPUs: "@4gpu", and ""
// on 8.
func Suffix(count int) string {
	if count == GPUs {
		return ""
	}
	return fmt.Sprintf("@%dgpu", count)
}
