// Package start is the one way in which attempts are begun and gone on with: by the
// screen, by the command line and by a campaign. A model is written down by its full
// name, what is missing here is told with the mend, what keeps GPUs busy is agreed to,
// the attempt is created, and an engine of its own is started on it.
package start

import (
	"context"
	"fmt"

	"pitwall/agent"
	"pitwall/runner/profile"
	"pitwall/store"
	"pitwall/store/event"
)

// Store is what a Starter needs of a store.
type Store interface {
	Create(ctx context.Context, spec store.Spec) (id string, err error)
	Attempt(ctx context.Context, prefix string) (store.Summary, error)
}

// Starter begins attempts. Its fields are set before it is used.
type Starter struct {
	Store Store
	// Model gives a model's full name, of any of its names or of none.
	Model func(name string) (id string, err error)
	// Preflight says what is missing here for an attempt, with the mend.
	Preflight func(ctx context.Context, spec store.Spec) error
	// Plan says how much of the GPUs an attempt takes.
	Plan func(spec store.Spec) (profile.Plan, error)
	// Agree asks a person whether that is worth it, and gives an error where it is not.
	// Nil is for where it was asked already.
	Agree func(ctx context.Context, cost string) error
	// Launch starts an engine of its own on an attempt and returns once it has it. A
	// pause that the attempt was left in ends where goOn is true.
	Launch func(ctx context.Context, id string, goOn bool) error
}

// Name writes down which model a spec means, so that the attempt keeps it.
func (s Starter) Name(spec *store.Spec) error {
	if !agent.KindOf(spec.Agent).Talks {
		return nil
	}
	id, err := s.Model(spec.Model)
	if err == nil {
		spec.Model = id
	}
	return err
}

// Agreed asks once for all the attempts whether they are worth what they take. It asks
// nothing where they take no GPU.
func (s Starter) Agreed(ctx context.Context, specs ...store.Spec) error {
	cost, err := s.Cost(specs...)
	if err != nil || cost == "" || s.Agree == nil {
		return err
	}
	return s.Agree(ctx, cost)
}

// New creates an attempt for an engine in this process. Nothing is left of one that
// cannot run here, or that nobody agrees to.
func (s Starter) New(ctx context.Context, spec store.Spec) (id string, err error) {
	if err := s.Name(&spec); err != nil {
		return "", err
	}
	if err := s.Preflight(ctx, spec); err != nil {
		return "", err
	}
	if err := s.Agreed(ctx, spec); err != nil {
		return "", err
	}
	return s.Store.Create(ctx, spec)
}

// Begin is New with an engine of its own. Where that does not start, the attempt is
// there all the same, and its id is given with the error.
func (s Starter) Begin(ctx context.Context, spec store.Spec) (id string, err error) {
	id, err = s.New(ctx, spec)
	if err != nil {
		return "", err
	}
	return id, s.Launch(ctx, id, false)
}

// Resumable finds an attempt that an engine can go on with.
func (s Starter) Resumable(ctx context.Context, prefix string) (id string, err error) {
	sum, err := s.Store.Attempt(ctx, prefix)
	if err != nil {
		return "", err
	}
	switch {
	case sum.Status == event.StatusDone:
		return "", fmt.Errorf("attempt %d is done; start another with: pitwall attempt %s", sum.Number, sum.Task)
	case sum.Status.Live():
		return "", fmt.Errorf("attempt %d is %s already; follow it with: pitwall watch %d", sum.Number, sum.Status, sum.Number)
	}
	return sum.ID, s.Preflight(ctx, sum.Spec)
}

// Resume starts an engine of its own on an attempt that can be gone on with.
func (s Starter) Resume(ctx context.Context, prefix string, goOn bool) error {
	id, err := s.Resumable(ctx, prefix)
	if err != nil {
		return err
	}
	return s.Launch(ctx, id, goOn)
}
