package taskdata

// WithScript returns the record with its training script and its reference
// ghost, which it takes over.
func (r Record) WithScript(script string, curve []CurvePoint) Record {
	r.script, r.curve, r.kept, r.source = script, curve, nil, ""
	return r
}

// NewTask makes a ready task of two neighbouring records and the single hints
// given to it. The script of to becomes the task's answer; of the zero Record the
// task is open.
func NewTask(from, to Record, hints map[Hint]string) Task {
	task := Task{From: from, To: to, Ready: true, answer: to, texts: map[string]map[Hint]string{HintsOwn: hints}, told: HintsOwn}
	task.To.script, task.To.source = "", ""
	task.count()
	return task
}

// count finds out which hints there are.
func (t *Task) count() {
	t.Hints = nil
	for _, hint := range allHints {
		if t.hasHint(hint) {
			t.Hints = append(t.Hints, hint)
		}
	}
}
