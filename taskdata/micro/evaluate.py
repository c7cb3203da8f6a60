"""Evaluates trained weights outside the script that trained them.

The working directory holds record.txt (a record's script, whose data and limits are used), script.txt
(the script to judge, of which only the free part is run) and weights.json (what it wrote where
PITWALL_PARAMS said). The first argument is a word that the answer repeats, the second a seed for what
is drawn. Standard output gets one line: the word and a JSON object with

    loss          over the characters that the script itself is evaluated on, nats per character
    other_loss    over as many validation characters after those
    characters    how many those are
    short_loss    over the first names, where the model sees REACH tokens only
    full_loss     over the same names, where it sees all
    blank_loss    over the same names, with the weights of a fresh start
    fault         what is wrong with the model, in words; "" if nothing is
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
PLACES = 8  # of each tensor, whose weights are changed to see who looks them up
PLACE_WIDTH = 8  # weights changed at a time
PLACE_CONTEXT = 40  # tokens
PUSH = 4.0  # how far they are pushed
BITS = 12  # of a weight: a number is worth a number, and holds no table
SLACK = 1e-6  # of a logit

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


def free_part(text, protected):
    """The script without what the record protects: no data, no files, no clock are in its reach."""

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
    space = {"__name__": "script", "__builtins__": reach}
    exec(compile(tree, "script", "exec"), space)
    return space


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

    def __init__(self, forward, weights, alphabet):
        self.forward, self.weights, self.alphabet = forward, weights, alphabet

    def logits(self, tokens, weights=None):
        """The rows of logits, one a token. Each call has weights of its own, so nothing is kept in them."""
        own = {name: [row[:] for row in rows] for name, rows in (weights or self.weights).items()}
        try:
            rows = self.forward(own, list(tokens))
            rows = [[float(value) for value in row] for row in rows]
        except Exception as error:
            raise Fault(f"its forward pass fails on its own weights: {type(error).__name__}: {error}")
        if len(rows) != len(tokens) or any(len(row) != self.alphabet for row in rows):
            raise Fault(f"its forward pass gives no row of {self.alphabet} logits for each token")
        if not all(math.isfinite(value) for row in rows for value in row):
            raise Fault("a logit is not a finite number")
        return rows

    def losses(self, tokens, weights=None):
        """The loss of each token after the first."""
        return [surprise(row, target) for row, target in zip(self.logits(tokens[:-1], weights), tokens[1:])]

    def short_losses(self, tokens):
        """The same where only the last REACH tokens are seen."""
        return [
            surprise(self.logits(tokens[max(0, i - REACH) : i])[-1], tokens[i]) for i in range(1, len(tokens))
        ]


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


def check_lookups(model, rng):
    """No tensor is a table that pairs of tokens look up.

    Where a weight is looked up by one token, or by none, there is a token whose repetition after a
    newline shows that it was changed. What a pair of other tokens looks up shows in no repetition.
    """
    contexts = [[0] + [token] * REACH for token in range(model.alphabet)] + [[0] + [1] * PLACE_CONTEXT]
    wide = [[0] + [token] * PLACE_CONTEXT for token in range(model.alphabet)]

    def seen(pushed, contexts, plain):
        return any(farthest(rows, model.logits(context, pushed)) > SLACK for context, rows in zip(contexts, plain))

    plain = [model.logits(context) for context in contexts]
    plain_wide = []
    for name, rows in model.weights.items():
        spots = [(r, c) for r, row in enumerate(rows) for c in range(0, len(row), PLACE_WIDTH)]
        drawn = rng.sample(spots, min(PLACES, len(spots)))
        unseen = 0
        for r, c in drawn:
            pushed = {**model.weights, name: list(rows)}
            pushed[name][r] = [
                value + rng.choice((-PUSH, PUSH)) if c <= i < c + PLACE_WIDTH else value for i, value in enumerate(rows[r])
            ]
            if seen(pushed, contexts, plain):
                continue
            plain_wide = plain_wide or [model.logits(context) for context in wide]
            unseen += not seen(pushed, wide, plain_wide)
            if 4 * unseen > len(drawn):
                raise Fault(f"the weights {name} are a table that more than one token looks up, or that nothing does")


def evaluated(record, script, weights, seed):
    """The answer, as the head of this file describes it."""
    space, protected = protected_part(record)
    alphabet, _, _, validation = space["load_data"]()
    script = free_part(script, protected)
    model = Model(script["forward"], checked_weights(weights, space["PARAMETER_LIMIT"]), len(alphabet))
    rng = random.Random(seed)
    first, rest = cut(validation, space["VALIDATION_CHARACTERS"])
    others, _ = cut(rest, space["VALIDATION_CHARACTERS"])
    answer = {"characters": space["VALIDATION_CHARACTERS"]}

    check_causal(model, first + others, rng)
    losses = {}
    mixed = [(part, tokens) for part, names in (("loss", first), ("other_loss", others)) for tokens in names]
    rng.shuffle(mixed)
    for part, tokens in mixed:
        losses.setdefault(part, []).extend(model.losses(tokens))
    answer.update({part: mean(values) for part, values in losses.items()})

    few = first[:SHORT_NAMES]
    answer["full_loss"] = mean([loss for tokens in few for loss in model.losses(tokens)])
    answer["short_loss"] = mean([loss for tokens in few for loss in model.short_losses(tokens)])
    fresh = script["init_params"](random.Random(seed), len(alphabet))
    fresh = checked_weights(json.loads(json.dumps(fresh)), space["PARAMETER_LIMIT"])
    answer["blank_loss"] = mean([loss for tokens in few for loss in model.losses(tokens, fresh)])
    check_lookups(model, rng)
    return answer


def main():
    word, seed = sys.argv[1], int(sys.argv[2])
    texts = []
    for name in ("record.txt", "script.txt", "weights.json"):
        with open(name, encoding="utf-8") as file:
            texts.append(file.read())
    answer, fault = {}, ""
    try:
        answer = evaluated(texts[0], texts[1], json.loads(texts[2]), seed)
    except Fault as error:
        fault = str(error)
    except Exception as error:
        fault = f"its free part fails outside the script: {type(error).__name__}: {error}"
    print(word, json.dumps({**answer, "fault": fault}), flush=True)


if __name__ == "__main__":
    main()
