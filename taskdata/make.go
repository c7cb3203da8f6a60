package taskdata

// WithScript returns the record with its training script and its reference
// ghost, which it takes over.
func (r Record) WithScript(script string, curve []CurvePoint) Record {
	r.script, r.curve = script, curve
	return r
}

// NewTask makes a ready task of two neighbouring records and the single hints
// given to it. The script of to becomes the task's answer.
func NewTask(from, to Record, hints map[Hint]string) Task {
	task := Task{From: from, To: to, Ready: true, answer: to.script, texts: hints}
	task.To.script = ""
	for _, hint := range allHints {
		if task.hasHint(hint) {
			task.Hints = append(task.Hints, hint)
		}
	}
	return task
}
