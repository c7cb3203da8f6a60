"""Micro track: a one-block transformer that learns the names of Unicode characters.

Plain CPython, no packages. Run it as `python3 -u train.py`; the environment variable
PITWALL_SEED (an integer) sets the initial weights and the order of the batches.

Vectors are rows: a matrix of shape (m, k) is a list of m lists of k floats, and a batch is the
tokens of several names under one another.
"""

import json
import math
import operator
import os
import random
import sys
import time
import unicodedata
import zlib

# ---------------------------------------------------------------------------------------------
# The task: what is learned, and what counts. These stay as they are.

TARGET_LOSS = 2.0  # nats per character, at the last validation
VALIDATION_CHARACTERS = 8192
PARAMETER_LIMIT = 20000
MADE_BY_RULE = ("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH", "HANGUL SYLLABLE")


def load_names():
    """The distinct character names of Unicode 3.2 in code point order, those made by rule left out."""
    name_of = unicodedata.ucd_3_2_0.name
    names = {}
    for code in range(sys.maxunicode + 1):
        name = name_of(chr(code), "")
        if name and not name.startswith(MADE_BY_RULE):
            names[name] = True
    return list(names)


def load_data():
    """The alphabet, and the names of the training and validation parts as lists of tokens.

    A name is the token 0 (a newline), its characters, and the token 0 again.
    """
    names = load_names()
    alphabet = sorted(set("\n".join(names)))
    token = {character: index for index, character in enumerate(alphabet)}
    checksum = zlib.crc32("\n".join(names).encode())
    random.Random(0).shuffle(names)
    encoded = [[0] + [token[character] for character in name] + [0] for name in names]
    held_out = len(names) // 10
    return alphabet, checksum, encoded[held_out:], encoded[:held_out]


def plain(params):
    """The weights as lists of floats and nothing else, so that what is judged runs no code of its own."""
    return {name: [[float(value) for value in row] for row in rows] for name, rows in params.items()}


def hand_over(weights):
    """Writes the weights as JSON to the file that PITWALL_PARAMS names, if it names one, for an evaluator
    that does not rely on this script."""
    size = sum(len(row) for rows in weights.values() for row in rows)
    if size > PARAMETER_LIMIT:
        raise SystemExit(f"{size} parameters, but the track allows {PARAMETER_LIMIT}")
    path = os.environ.get("PITWALL_PARAMS")
    if path:
        with open(path, "w") as file:
            json.dump(weights, file)


def evaluate(weights, names):
    """The mean loss over the first VALIDATION_CHARACTERS characters of names, a newline counting as one."""
    total, count = 0.0, 0
    for tokens in names:
        tokens = tokens[: VALIDATION_CHARACTERS - count + 1]
        if len(tokens) < 2:
            break
        logits = forward(weights, tokens[:-1])
        for i, target in enumerate(tokens[1:]):
            row = [float(value) for value in logits[i]]
            top = max(row)
            total += top + math.log(sum(math.exp(value - top) for value in row)) - row[target]
            count += 1
    return total / count


def log(line):
    print(line, flush=True)


def log_start(checksum, alphabet, train, validation):
    version = ".".join(map(str, sys.version_info[:3]))
    log(f"{sys.implementation.name} {version} {sys.platform} seed:{seed()} target_loss:{TARGET_LOSS}")
    log(f"data crc32:{checksum:08x} alphabet:{len(alphabet)} train_names:{len(train)} val_names:{len(validation)}")
    log(f"step:0/{STEPS} train_time:0ms")


def log_step(step, loss, train_ms, rate, norm):
    log(
        f"step:{step}/{STEPS} train_loss:{loss:.4f} train_time:{train_ms:.0f}ms "
        f"step_avg:{train_ms / step:.2f}ms lr:{rate:.6f} grad_norm:{norm:.4f}"
    )


def log_validation(step, loss, train_ms):
    log(f"step:{step}/{STEPS} val_loss:{loss:.4f} train_time:{train_ms:.0f}ms step_avg:{train_ms / step:.2f}ms")


def seed():
    return int(os.environ.get("PITWALL_SEED", "1"))


def main():
    """Trains for STEPS steps; the clock runs from before the weights are made to the end of the last step."""
    alphabet, checksum, train, validation = load_data()
    log_start(checksum, alphabet, train, validation)
    start = time.perf_counter()
    rng = random.Random(seed())
    params = init_params(rng, len(alphabet))
    state = init_state(params, train, rng)
    for step in range(1, STEPS + 1):
        loss, rate, norm = map(float, train_step(params, state, step))
        weights = plain(params) if step == STEPS else None
        train_ms = 1000 * (time.perf_counter() - start)
        log_step(step, loss, train_ms, rate, norm)
    hand_over(weights)
    log_validation(STEPS, evaluate(weights, validation), train_ms)


# ---------------------------------------------------------------------------------------------
# Everything from here on may change.

STEPS = 196
BATCH_WINDOWS = 4
CONTEXT = 32

WIDTH = 32
HEADS = 2
HIDDEN = 4 * WIDTH
ROTARY_BASE = 5.0
ATTENTION_SCALE = (WIDTH // HEADS) ** -0.5
EMBEDDING_SCALE = 0.1
EPSILON = 1e-6

ADAM_RATE = 0.018
ADAM_BETA1 = 0.5  # in so few steps, a long memory is stale
ADAM_BETA2 = 0.95
FINAL_RATE = 0.1  # the rate falls linearly to this fraction of itself


def products(a, b):
    """The inner product of each row of a with each row of b: a times b transposed."""
    return [[sum(map(operator.mul, x, y)) for y in b] for x in a]


def transposed(a):
    return list(zip(*a))


def added(a, b):
    return [list(map(operator.add, x, y)) for x, y in zip(a, b)]


def products_back(grads, x, weight):
    """The gradients of weight and of x, from those of products(x, weight)."""
    return products(transposed(grads), transposed(x)), products(grads, transposed(weight))


def normalized(rows):
    """Each row divided by its root mean square, and the factors it was multiplied by."""
    factors = [(sum(map(operator.mul, row, row)) / len(row) + EPSILON) ** -0.5 for row in rows]
    return [[value * factor for value in row] for row, factor in zip(rows, factors)], factors


def normalized_back(grads, rows, factors):
    """The gradient of what normalized turned into rows and factors."""
    out = []
    for grad, row, factor in zip(grads, rows, factors):
        shared = sum(map(operator.mul, grad, row)) / len(row)
        out.append([factor * (g - shared * value) for g, value in zip(grad, row)])
    return out


def rotary_tables(length):
    """For each position, the cosines and sines of the angles by which rotated turns a head's pairs."""
    half = WIDTH // HEADS // 2
    angles = [[position * ROTARY_BASE ** (-i / half) for i in range(half)] for position in range(length)]
    return [(list(map(math.cos, row)), list(map(math.sin, row))) for row in angles]


def rotated(rows, tables, sign):
    """Each row turned by its position's angles; sign -1 turns back."""
    out = []
    for row, (cosines, sines) in zip(rows, tables):
        half = len(row) // 2
        turns = list(zip(row[:half], row[half:], cosines, sines))
        out.append([x * c - sign * y * s for x, y, c, s in turns] + [y * c + sign * x * s for x, y, c, s in turns])
    return out


def split(rows, sequences):
    """The parts of rows that belong to each sequence and, within it, to each head."""
    parts, start, size = [], 0, WIDTH // HEADS
    for tokens in sequences:
        stop = start + len(tokens)
        parts += [[row[first : first + size] for row in rows[start:stop]] for first in range(0, WIDTH, size)]
        start = stop
    return parts


def joined(parts):
    """The rows that split took apart."""
    sequences = [parts[i : i + HEADS] for i in range(0, len(parts), HEADS)]
    return [sum(row, []) for heads in sequences for row in zip(*heads)]


def init_params(rng, alphabet_size):
    """The weights by name, each (out, in)."""

    def normal(m, k, scale):
        return [[rng.gauss(0.0, scale) for _ in range(k)] for _ in range(m)]

    def uniform(m, k):
        bound = (3.0 / k) ** 0.5
        return [[rng.uniform(-bound, bound) for _ in range(k)] for _ in range(m)]

    return {
        "embedding": normal(alphabet_size, WIDTH, EMBEDDING_SCALE),
        "query": uniform(WIDTH, WIDTH),
        "key": uniform(WIDTH, WIDTH),
        "value": uniform(WIDTH, WIDTH),
        "output": uniform(WIDTH, WIDTH),
        "up": uniform(HIDDEN, WIDTH),
        "down": uniform(WIDTH, HIDDEN),
        "head": uniform(alphabet_size, WIDTH),
    }


def forward(params, tokens):
    """The logits of the token after each of tokens, which belong to one name."""
    return activations(params, [tokens])["logits"]


def activations(params, sequences):
    """All that the backward pass needs, by name; the tokens of the sequences lie under one another."""
    act = {"sequences": sequences}
    embedded = [params["embedding"][token] for tokens in sequences for token in tokens]
    act["norm0"] = x, _ = normalized(embedded)

    act["norm1"] = h, _ = normalized(x)
    act["mixed"] = attention(act, *(products(h, params[name]) for name in ("query", "key", "value")))
    x = added(x, products(act["mixed"], params["output"]))

    act["norm2"] = h, _ = normalized(x)
    act["relu"] = [[value if value > 0.0 else 0.0 for value in row] for row in products(h, params["up"])]
    x = added(x, products(act["relu"], params["down"]))

    act["norm3"] = h, _ = normalized(x)
    act["logits"] = products(h, params["head"])
    return act


def attention(act, *rows):
    """Causal attention within each sequence, head by head; rows are queries, keys and values."""
    act["rotary"] = tables = rotary_tables(max(map(len, act["sequences"])))
    act["heads"] = []
    mixed = []
    for q, k, v in zip(*(split(part, act["sequences"]) for part in rows)):
        q, k = rotated(q, tables, 1.0), rotated(k, tables, 1.0)
        weights = []
        for i, row in enumerate(products(q, k)):
            top = max(row[: i + 1])
            row = [math.exp(ATTENTION_SCALE * (value - top)) for value in row[: i + 1]]
            total = sum(row)
            weights.append([value / total for value in row] + [0.0] * (len(q) - len(row)))
        mixed.append(products(weights, transposed(v)))
        act["heads"].append((q, k, v, weights))
    return joined(mixed)


def attention_back(act, grads):
    """The gradients of queries, keys and values."""
    parts = [], [], []
    for (q, k, v, weights), grad in zip(act["heads"], split(grads, act["sequences"])):
        scores = []
        for weight, row in zip(weights, products(grad, v)):
            shared = sum(map(operator.mul, weight, row))
            scores.append([ATTENTION_SCALE * w * (g - shared) for w, g in zip(weight, row)])
        dk, dq = products_back(scores, q, k)
        parts[0].append(rotated(dq, act["rotary"], -1.0))
        parts[1].append(rotated(dk, act["rotary"], -1.0))
        parts[2].append(products(transposed(weights), transposed(grad)))
    return map(joined, parts)


def loss_and_gradients(params, sequences):
    """The mean loss of sequences, for each token after the first, and its gradient for each of params."""
    act = activations(params, [tokens[:-1] for tokens in sequences])
    targets = [token for tokens in sequences for token in tokens[1:]]
    grads = {}

    loss = 0.0
    dlogits = []
    for row, target in zip(act["logits"], targets):
        top = max(row)
        row = [math.exp(value - top) for value in row]
        total = sum(row)
        loss -= math.log(row[target] / total) / len(targets)
        row = [value / total / len(targets) for value in row]
        row[target] -= 1.0 / len(targets)
        dlogits.append(row)

    grads["head"], dh = products_back(dlogits, act["norm3"][0], params["head"])
    dx = normalized_back(dh, *act["norm3"])

    grads["down"], drelu = products_back(dx, act["relu"], params["down"])
    dup = [[g if r > 0.0 else 0.0 for r, g in zip(*rows)] for rows in zip(act["relu"], drelu)]
    grads["up"], dh = products_back(dup, act["norm2"][0], params["up"])
    dx = added(dx, normalized_back(dh, *act["norm2"]))

    grads["output"], dmixed = products_back(dx, act["mixed"], params["output"])
    dh = [[0.0] * WIDTH for _ in targets]
    for name, grad in zip(("query", "key", "value"), attention_back(act, dmixed)):
        grads[name], part = products_back(grad, act["norm1"][0], params[name])
        dh = added(dh, part)
    dx = added(dx, normalized_back(dh, *act["norm1"]))

    grads["embedding"] = [[0.0] * WIDTH for _ in params["embedding"]]
    inputs = [token for tokens in sequences for token in tokens[:-1]]
    for token, row in zip(inputs, normalized_back(dx, *act["norm0"])):
        grads["embedding"][token] = list(map(operator.add, grads["embedding"][token], row))
    return loss, grads


def init_state(params, train, rng):
    """The windows of each step, and Adam's moments."""
    zeros = {name: [[0.0] * len(row) for row in rows] for name, rows in params.items()}
    return {"batches": drawn_batches(train, rng), "first": zeros, "second": dict(zeros)}


def drawn_batches(train, rng):
    """STEPS batches of BATCH_WINDOWS stretches of the joined names, which start anywhere."""
    text = [token for name in train for token in name[1:]]
    starts = [rng.randrange(len(text) - CONTEXT) for _ in range(STEPS * BATCH_WINDOWS)]
    drawn = [text[start : start + CONTEXT + 1] for start in starts]
    return [drawn[i : i + BATCH_WINDOWS] for i in range(0, len(drawn), BATCH_WINDOWS)]


def adam(params, state, name, grad, rate, step):
    first, second = state["first"], state["second"]
    b1, b2 = ADAM_BETA1, ADAM_BETA2
    first[name] = [[b1 * m + (1 - b1) * g for m, g in zip(*rows)] for rows in zip(first[name], grad)]
    second[name] = [[b2 * v + (1 - b2) * g * g for v, g in zip(*rows)] for rows in zip(second[name], grad)]
    rate *= (1 - b2**step) ** 0.5 / (1 - b1**step)
    params[name] = [
        [value - rate * m / (v**0.5 + 1e-9) for value, m, v in zip(*rows)]
        for rows in zip(params[name], first[name], second[name])
    ]


def train_step(params, state, step):
    """One step of training; returns the loss before it, the rate, and the norm of the gradient."""
    loss, grads = loss_and_gradients(params, state["batches"][step - 1])
    rate = ADAM_RATE * (1.0 - (1.0 - FINAL_RATE) * (step - 1) / STEPS)
    for name, grad in grads.items():
        adam(params, state, name, grad, rate, step)
    norm = sum(sum(map(operator.mul, row, row)) for rows in grads.values() for row in rows) ** 0.5
    return loss, rate, norm


if __name__ == "__main__":
    main()
