"""Evaluates trained weights outside the script that trained them.

The working directory holds record.txt (a record's script, whose data and limits are used), script.txt
(the script to judge, of which only the free part is run) and weights.json (what it wrote where
PITWALL_PARAMS said). The first argument is a word that the answer repeats, the second a seed for what
is drawn. Standard output gets one line: the word and a JSON object with what was found so far:

    loss          over the characters that the script itself is evaluated on, nats per character
    other_loss    over as many validation characters after those
    characters    how many those are
    full_loss     over the first names, without the first tokens of each
    short_loss    over the same, where all but the last REACH tokens are those of another name
    blank_loss    over the first names, with the weights of a fresh start
    early_loss    over the same, after the first step of training
    fault         what is wrong with the model, in words; "" if nothing is

Whatever else goes wrong ends in a traceback and another exit status than 0.
"""

import ast
import builtins
import json
import math
import random
import sys

REACH = 3  # tokens: what a table of 4-grams would see
SHORT_NAMES = 20
PROBE_EVERY = 16  # names from one check that later characters change nothing to the next
PLACES = 24  # of each tensor, whose weights are changed to see who looks them up
PLACE_WIDTH = 8  # weights changed at a time
TABLE_PLACES = 3  # that only pairs of tokens look up make a table
PLACE_NAMES = 30
PUSH = 4.0  # how far they are pushed
BITS = 12  # of a weight: a number is worth a number, and holds no table
SLACK = 1e-6  # of a logit
REPEATED = 1e-4  # nats: the change of a log-probability by which a repetition shows a change of weights
READ = 1e-2  # nats: the same of real names

FREE_MODULES = ("array", "bisect", "collections", "functools", "heapq", "itertools", "math", "operator")
OUT_OF_REACH = ("breakpoint", "compile", "eval", "exec", "exit", "input", "open", "print", "quit")


class Fault(Exception):
    """What is wrong with the model."""


def protected_part(text):
    """The record's protected part as a namespace: the data, and what limits the model."""
    tree = ast.parse(text)
    first = next(i for i, node in enumerate(tree.body) if isinstance(node, ast.Assign) and node.targets[0].id == "STEPS")
    names = {name.id for node in tree.body[:first] if isinstance(node, ast.Assign) for name in node.targets}
    names |= {node.name for node in tree.body[:first] if isinstance(node, ast.FunctionDef)}
    tree.body = tree.body[:first]
    space = {"__name__": "record"}
    exec(compile(tree, "record", "exec"), space)
    return space, names


def free_part(text, protected, constants):
    """The script without what the record protects: no data, no files, no clock are in its reach.

    Its code, and the names that it starts with.
    """

    def import_free(name, *rest):
        if name not in FREE_MODULES:
            raise ImportError(f"{name} is not one of the modules allowed")
        return __import__(name, *rest)

    tree = ast.parse(text)
    body = []
    for node in tree.body:
        if isinstance(node, ast.Import):
            node.names = [alias for alias in node.names if alias.name in FREE_MODULES]
        named = {getattr(node, "name", "")} | {name.id for name in getattr(node, "targets", []) if isinstance(name, ast.Name)}
        if not (named & protected or isinstance(node, ast.If) or isinstance(node, ast.Import) and not node.names):
            body.append(node)
    tree.body = body
    reach = {name: value for name, value in vars(builtins).items() if name not in OUT_OF_REACH}
    reach["__import__"] = import_free
    return compile(tree, "script", "exec"), {**constants, "__name__": "script", "__builtins__": reach}


def checked_weights(weights, limit):
    """The weights, each with BITS significant bits."""
    if not isinstance(weights, dict) or not weights:
        raise Fault("the weights it wrote are no tensors by name")
    size = 0
    for name, rows in weights.items():
        if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
            raise Fault(f"the weights {name} are not a list of rows")
        for row in rows:
            size += len(row)
            for i, value in enumerate(row):
                if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                    raise Fault(f"a weight of {name} is not a finite number")
                fraction, exponent = math.frexp(value)
                row[i] = math.ldexp(round(fraction * 2**BITS), exponent - BITS)
    if size > limit:
        raise Fault(f"{size} weights, but the track allows {limit}")
    return weights


class Model:
    """The script's forward pass with the weights that it wrote."""

    def __init__(self, script, weights, alphabet):
        self.script, self.weights, self.alphabet = script, weights, alphabet

    def logits(self, tokens, weights=None):
        """The rows of logits, one a token.

        Each call has weights and a script of its own, so that nothing is kept from one to the next.
        """
        own = {name: [row[:] for row in rows] for name, rows in (weights or self.weights).items()}
        rows = called("forward", fresh(self.script)["forward"], own, list(tokens), lambda rows: [[float(x) for x in row] for row in rows])
        if len(rows) != len(tokens) or any(len(row) != self.alphabet for row in rows):
            raise Fault(f"its forward pass gives no row of {self.alphabet} logits for each token")
        if not all(math.isfinite(value) for row in rows for value in row):
            raise Fault("a logit is not a finite number")
        return rows

    def losses(self, tokens, weights=None):
        """The loss of each token after the first."""
        return [surprise(row, target) for row, target in zip(self.logits(tokens[:-1], weights), tokens[1:])]

    def short_loss(self, tokens, others, i):
        """The loss of token i where all tokens more than REACH before it are those of another name."""
        kept = i - REACH
        seen = tokens[:1] + others[1:kept] + tokens[kept:i]
        return surprise(self.logits(seen)[-1], tokens[i])

    def shift(self, tokens, weights, plain):
        """How far changed weights move a log-probability, at most; plain keeps those without the change."""
        key = tuple(tokens)
        if key not in plain:
            plain[key] = [log_probabilities(row) for row in self.logits(tokens)]
        try:
            return farthest(plain[key], map(log_probabilities, self.logits(tokens, weights)))
        except Fault:
            return math.inf  # what cannot be computed any more has moved


def called(name, function, *arguments):
    """The result of the script's function, which the last of arguments takes apart."""
    try:
        return arguments[-1](function(*arguments[:-1]))
    except MemoryError:
        raise
    except Exception as error:
        raise Fault(f"{name} fails outside the script: {type(error).__name__}: {str(error)[:200]}")


def fresh(code):
    """The free part, run anew."""
    space = dict(code[1])
    exec(code[0], space)
    return space


def log_probabilities(row):
    top = max(row)
    total = top + math.log(sum(math.exp(value - top) for value in row))
    return [value - total for value in row]


def surprise(row, target):
    """The loss in nats: the softmax is taken here, so that the probabilities sum to 1."""
    top = max(row)
    return top + math.log(sum(math.exp(value - top) for value in row)) - row[target]


def mean(values):
    return sum(values) / len(values)


def farthest(rows, others):
    return max(abs(x - y) for row, other in zip(rows, others) for x, y in zip(row, other))


def cut(names, characters):
    """The first names, up to so many characters, the last of them cut; and the names after them."""
    taken, count = [], 0
    for i, tokens in enumerate(names):
        tokens = tokens[: characters - count + 1]
        if len(tokens) < 2:
            return taken, names[i:]
        taken.append(tokens)
        count += len(tokens) - 1
    return taken, []


def check_causal(model, names, rng):
    """The logits of a token do not change with the tokens after it, nor from call to call."""
    for tokens in names[::PROBE_EVERY]:
        tokens = tokens[:-1]
        half = max(1, len(tokens) // 2)
        rows = model.logits(tokens)[:half]
        others = tokens[:half] + [rng.randrange(model.alphabet) for _ in tokens[half:]]
        for again in (tokens[:half], others):
            if farthest(rows, model.logits(again)) > SLACK:
                raise Fault("the logits of a token change with the tokens after it")
        if farthest(rows, model.logits(tokens)) > 0.0:
            raise Fault("the same tokens give other logits when they come again")


def check_lookups(model, names, longest, rng):
    """No tensor is a table that pairs of tokens look up; longest is the number of tokens of a name at most.

    Where a weight is looked up by one token, or by none, there is a token whose repetition after a
    newline shows that it was changed. What a pair of other tokens looks up shows in names only.
    """
    repeated = [[0] + [token] * REACH for token in range(model.alphabet)] + [[0] + [1] * (longest - 1)]
    plain = {}  # log-probabilities with the weights as they are, by context
    for name, rows in model.weights.items():
        spots = [(r, c) for r, row in enumerate(rows) for c in range(0, len(row), PLACE_WIDTH)]
        tables = 0
        for r, c in rng.sample(spots, min(PLACES, len(spots))):
            pushed = {**model.weights, name: list(rows)}
            pushed[name][r] = [
                value + rng.choice((-PUSH, PUSH)) if c <= i < c + PLACE_WIDTH else value for i, value in enumerate(rows[r])
            ]
            if any(model.shift(context, pushed, plain) > REPEATED for context in repeated):
                continue
            tables += any(model.shift(tokens[:-1], pushed, plain) > READ for tokens in names)
            if tables == TABLE_PLACES:
                raise Fault(f"more than one token looks up the weights {name}, as in a table of counts (row {r}, for one)")


def evaluate(record, script, weights, seed, answer):
    """Fills the answer in, as the head of this file describes it."""
    space, protected = protected_part(record)
    alphabet, _, train, validation = space["load_data"]()
    constants = {name: space[name] for name in protected if isinstance(space[name], (int, float, str, tuple))}
    code = free_part(script, protected, constants)
    limit = space["PARAMETER_LIMIT"]
    model = Model(code, checked_weights(weights, limit), len(alphabet))
    rng = random.Random(seed)
    first, rest = cut(validation, space["VALIDATION_CHARACTERS"])
    others, _ = cut(rest, space["VALIDATION_CHARACTERS"])
    answer["characters"] = space["VALIDATION_CHARACTERS"]

    check_causal(model, first + others, rng)
    losses = {}
    mixed = [(part, tokens) for part, names in (("loss", first), ("other_loss", others)) for tokens in names]
    rng.shuffle(mixed)
    for part, tokens in mixed:
        losses.setdefault(part, []).extend(model.losses(tokens))
    answer.update({part: mean(values) for part, values in losses.items()})

    few = [tokens for tokens in first if len(tokens) > 3 * REACH][:SHORT_NAMES]
    full, short = [], []
    for tokens, replaced in zip(few, few[1:] + few[:1]):
        last = min(len(tokens), len(replaced) + REACH)
        full += model.losses(tokens)[2 * REACH - 1 : last - 1]
        short += [model.short_loss(tokens, replaced, i) for i in range(2 * REACH, last)]
    answer.update({"full_loss": mean(full), "short_loss": mean(short)})

    free = fresh(code)
    blank = called("init_params", free["init_params"], random.Random(seed), len(alphabet), dict)
    state = called("init_state", free["init_state"], blank, train, random.Random(seed), lambda state: state)
    for part in ("blank_loss", "early_loss"):
        taken = called("init_params", lambda: {name: [list(map(float, row)) for row in rows] for name, rows in blank.items()}, dict)
        taken = checked_weights(taken, limit)
        answer[part] = mean([loss for tokens in few for loss in model.losses(tokens, taken)])
        called("train_step", free["train_step"], blank, state, 1, tuple)
    check_lookups(model, first[:PLACE_NAMES], max(map(len, train + validation)) - 1, rng)


def main():
    word, seed = sys.argv[1], int(sys.argv[2])
    del sys.argv[1:]
    texts = []
    for name in ("record.txt", "script.txt", "weights.json"):
        with open(name, encoding="utf-8") as file:
            texts.append(file.read())
    answer = {"fault": ""}
    try:
        weights = json.loads(texts[2])
    except ValueError as error:
        weights, answer["fault"] = None, f"the weights it wrote are no JSON: {error}"
    try:
        if weights is not None:
            evaluate(texts[0], texts[1], weights, seed, answer)
    except Fault as error:
        answer["fault"] = str(error)
    print(word, json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
