package taskdata

// Rule is one rule of a track. Violations name it by ID.
type Rule struct {
	ID   string // one lower-case word, unique in its track
	Text string // one or two sentences
}

// Rule IDs of the practice track. Check reports violations under those marked so.
const (
	RuleFile       = "file"       // checked
	RuleSyntax     = "syntax"     // checked
	RuleImports    = "imports"    // checked
	RuleNames      = "names"      // checked
	RuleProtected  = "protected"  // checked
	RuleClock      = "clock"      // checked
	RuleState      = "state"      // checked
	RuleSeed       = "seed"       // checked
	RuleLiterals   = "literals"   // checked
	RuleModel      = "model"      // the Evaluator checks what can be seen from outside
	RuleStatistics = "statistics" // the Evaluator finds tables; the rest is for the reader of a result
)

// Rule IDs of the nanogpt tracks, besides RuleFile, RuleSyntax and RuleClock. Check reports
// violations under all but RuleTarget.
const (
	RuleTarget = "target"
	RuleData   = "data"
	RuleLog    = "log"
	RuleFlags  = "flags" // from record 21 on, and on the medium track
)

func microRules() []Rule {
	return []Rule{
		{RuleModel, "The model is a transformer with at least one attention block, trained by gradient descent from random weights, with at most 20,000 parameters; the logits of a token depend on no token after it."},
		{RuleStatistics, "No counts or other statistics of the names in weights or logits, and no parameter that is looked up by more than one token."},
		{RuleProtected, "The data, the target, the evaluation, the log lines, the seed and main stay as they are; everything below the line that says so may change."},
		{RuleImports, "Only these modules, each under its own name: array, bisect, collections, functools, heapq, itertools, math and operator, besides those the protected part uses. One process, one thread."},
		{RuleNames, "No reflection and no side doors: no eval, exec, open, print, getattr, globals and the like, no double-underscore attributes or methods but a few, no class but to call it, and no new meaning for a builtin, a module or a protected name."},
		{RuleClock, "No work before the clock starts or while it stands: the top level holds imports, constants, functions and classes only, annotations are names only, and time is left to main."},
		{RuleState, "Nothing but params and state outlives a call: no global or nonlocal variables, no mutable constants, defaults or attributes of functions, no caches."},
		{RuleSeed, "All randomness comes from the generator that main passes on, which is seeded by PITWALL_SEED."},
		{RuleLiterals, "No weights or data pasted in: at most 400 numbers with 2,000 digits together, 4,000 ASCII characters of strings, 64 items in one display or call, and 64 KiB of script."},
		{RuleFile, "The script is one regular UTF-8 file, train.py, with no other module beside it."},
		{RuleSyntax, "It is valid Python 3.9."},
	}
}
