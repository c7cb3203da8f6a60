package engine

import (
	"context"
	"fmt"
	"time"

	"pitwall/store/event"
)

// earlyError ends a run before its time and leaves the attempt going. Such a run
// is never valid.
type earlyError struct{ why string }

func (e *earlyError) Error() string { return e.why }

// spentError ends the search: a budget is used up.
type spentError struct{ event.Spent }

func (e *spentError) Error() string { return e.Why }

// spent says which budget is used up now, nil if none is.
func (a *attempt) spent() error {
	st := a.w.State()
	b, used := a.spec.Budget, st.Used()
	used.WallMS = a.w.Active()
	over := func(budget, format string, args ...any) error {
		return &spentError{event.Spent{Budget: budget, Why: fmt.Sprintf("the budget of "+format+" is used up", args...)}}
	}
	switch {
	case b.Tokens > 0 && used.Tokens >= b.Tokens:
		return over(event.BudgetTokens, "%d tokens", b.Tokens)
	case b.Cost > 0 && used.Cost >= b.Cost:
		return over(event.BudgetCost, "$%.2f", b.Cost)
	case b.WallMS > 0 && used.WallMS >= b.WallMS:
		return over(event.BudgetWall, "%s of wall time", duration(b.WallMS))
	case b.GPUHours > 0 && used.GPUHours >= b.GPUHours:
		return over(event.BudgetGPU, "%.2f GPU-hours", b.GPUHours)
	case b.RunMS > 0 && used.RunMS >= b.RunMS:
		return over(event.BudgetRun, "%s of run time", duration(b.RunMS))
	}
	return nil
}

func duration(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// within gives a context that ends, with a *spentError, when the budget of wall
// time is used up. The caller must call end.
func (a *attempt) within(ctx context.Context) (bounded context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	wall := a.spec.Budget.WallMS
	if wall == 0 {
		return ctx, func() { cancel(nil) }
	}
	t := time.AfterFunc(duration(wall-a.w.Active()), func() {
		cancel(&spentError{event.Spent{Budget: event.BudgetWall, Why: fmt.Sprintf("the budget of %s of wall time is used up", duration(wall))}})
	})
	return ctx, func() { t.Stop(); cancel(nil) }
}

// checkBudget says what is wrong with a budget.
func checkBudget(b event.Budget, priced bool) error {
	switch {
	case b.Tokens < 0 || b.WallMS < 0 || b.RunMS < 0 || !(b.Cost >= 0) || !(b.GPUHours >= 0):
		return fmt.Errorf("a budget cannot be less than 0: leave it out where nothing is to be bounded")
	case b.Cost > 0 && !priced:
		return fmt.Errorf("the price of the model is not known, so a budget of money cannot be kept: give the price in models.toml, or bound the tokens")
	}
	return nil
}
