package engine

import (
	"testing"

	"pitwall/agent"
	"pitwall/store"
	"pitwall/store/event"
	"pitwall/store/storetest"
)

func TestAnAttemptThatAnOlderPitwallLeftIsResumed(t *testing.T) {
	// What times compare under here.
	key := runAttempt(t, newTestEngine(openStore(t), nil), testSpec(agent.Noop, 1)).Calibration.Key
	home, _ := storetest.Old(t)
	storetest.MoveOld(t, home, key)
	s, err := store.Open(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	before := state(t, s, storetest.OldResumable)
	if before.LiveRun() == nil || before.Finished() {
		t.Fatalf("it is %s, with run %v", before.Status, before.LiveRun())
	}
	if err := newTestEngine(s, scripted(nil)).Run(t.Context(), storetest.OldResumable); err != nil {
		t.Fatal(err)
	}
	st := state(t, s, storetest.OldResumable)
	if st.Status != event.StatusDone || st.Confirmed == nil || !st.Confirmed.Valid || st.Epoch != 1 {
		t.Errorf("it ended %s: %s, confirmed %+v, epoch %d", st.Status, st.Why, st.Confirmed, st.Epoch)
	}
	if r := st.Runs[before.LiveRun().Run-1]; r.Live() || r.Ended.Reason != "lost" {
		t.Errorf("the run in flight ended as %+v", r.Ended)
	}
	for _, n := range st.Nodes[1:] {
		if n.State != event.VerdictProvisional {
			t.Errorf("node %d is %s: %s", n.ID, n.State, n.Why)
		}
	}
}
