"""Micro track: a one-block transformer that learns the names of Unicode characters.

Plain CPython, no packages. Run it as `python3 -u train.py`; the environment variable
PITWALL_SEED (an integer) sets the initial weights and the order of the batches.

Vectors are rows: a matrix of shape (m, k) is a list of m lists of k floats, and a batch is the
tokens of several names under one another.
"""

import itertools
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

STEPS = 34
BATCH_NAMES = 5

WIDTH = 32
HEADS = 4
HIDDEN = 2 * WIDTH
ROTARY_BASE = 5.0
ATTENTION_SCALE = 0.5
EPSILON = 1e-6

MUON_RATE = 0.08
MUON_MOMENTUM = 0.85
NEWTON_SCHULZ = ((8.2872, -23.5959, 17.3004), (4.1071, -2.9478, 0.5448))  # a polynomial a round
ADAM_RATE = 0.08
SMEAR_RATE = 0.2
SMEAR = 3  # how many characters back
ADAM_BETA1 = 0.3
ADAM_BETA2 = 0.8
FINAL_RATE = 0.1  # the rates fall linearly to this fraction of themselves

INTO_BLOCK = ("query", "key", "value", "up")  # one product gives the inputs of attention and MLP
MATRICES = INTO_BLOCK + ("output", "down")  # trained by Muon
TABLES = ("embedding", "head")  # trained by Adam


def products(a, b):
    """The inner product of each row of a with each row of b: a times b transposed.

    x.y = (x.x + y.y - |x - y|^2) / 2, and math.dist finds |x - y| in one call, without an object
    for each product. It wants tuples.
    """
    b = list(map(tuple, b))
    squares = [0.5 * sum(map(operator.mul, y, y)) for y in b]
    out = []
    for x in map(tuple, a):
        square = 0.5 * sum(map(operator.mul, x, x))
        distances = map(math.dist, itertools.repeat(x), b)
        out.append([square + other - 0.5 * d * d for other, d in zip(squares, distances)])
    return out


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
    """The weights by name, each (out, in); what writes to the residual stream or the logits starts at zero."""

    def uniform(m, k):
        bound = (3.0 / k) ** 0.5
        return [[rng.uniform(-bound, bound) for _ in range(k)] for _ in range(m)]

    def zeros(m, k):
        return [[0.0] * k for _ in range(m)]

    return {
        "embedding": [[rng.gauss(0.0, 1.0) for _ in range(WIDTH)] for _ in range(alphabet_size)],
        "query": uniform(WIDTH, WIDTH),
        "key": uniform(WIDTH, WIDTH),
        "value": uniform(WIDTH, WIDTH),
        "output": zeros(WIDTH, WIDTH),
        "up": uniform(HIDDEN, WIDTH),
        "down": zeros(WIDTH, HIDDEN),
        "head": zeros(alphabet_size, WIDTH),
        "smear": zeros(SMEAR, WIDTH),
    }


def forward(params, tokens):
    """The logits of the token after each of tokens, which belong to one name."""
    return activations(params, [tokens])["logits"]


def activations(params, sequences):
    """All that the backward pass needs, by name; the tokens of the sequences lie under one another."""
    act = {"sequences": sequences}
    act["norm0"] = x, _ = normalized(smeared(params, sequences))

    act["norm1"] = h, _ = normalized(x)
    act["into"] = [row for name in INTO_BLOCK for row in params[name]]
    wide = products(h, act["into"])
    queries, keys, values, up = columns_apart(wide, (WIDTH, WIDTH, WIDTH, HIDDEN))
    mixed = attention(act, queries, keys, values)
    act["relu"] = [[value if value > 0.0 else 0.0 for value in row] for row in up]
    act["inner"] = [m + list(map(operator.mul, row, row)) for m, row in zip(mixed, act["relu"])]
    act["out_of"] = [o + d for o, d in zip(params["output"], params["down"])]
    x = added(x, products(act["inner"], act["out_of"]))

    act["norm2"] = h, _ = normalized(x)
    act["logits"] = products(h, params["head"])
    return act


def columns_apart(rows, widths):
    """The matrices of these widths that stand side by side in rows."""
    parts, first = [], 0
    for width in widths:
        parts.append([row[first : first + width] for row in rows])
        first += width
    return parts


def smeared(params, sequences):
    """Each token's embedding plus those before it in its sequence, channel by channel times their gates."""
    table = params["embedding"]
    gated = [[list(map(operator.mul, gate, row)) for row in table] for gate in params["smear"]]
    out = []
    for tokens in sequences:
        rows = [table[token] for token in tokens]
        for back, earlier in enumerate(gated, 1):
            rows[back:] = added(rows[back:], [earlier[token] for token in tokens[:-back]])
        out += rows
    return out


def smeared_back(params, sequences, grads):
    """The gradients of the embedding and of the gates."""
    table = params["embedding"]
    dtable = [[0.0] * WIDTH for _ in table]
    dgates = [[0.0] * WIDTH for _ in params["smear"]]
    start = 0
    for tokens in sequences:
        rows = grads[start : start + len(tokens)]
        start += len(tokens)
        for token, row in zip(tokens, rows):
            dtable[token] = list(map(operator.add, dtable[token], row))
        for i, gate in enumerate(params["smear"]):
            for earlier, row in zip(tokens, rows[i + 1 :]):
                dtable[earlier] = [d + g * r for d, g, r in zip(dtable[earlier], gate, row)]
                dgates[i] = [d + e * r for d, e, r in zip(dgates[i], table[earlier], row)]
    return dtable, dgates


def attention(act, *rows):
    """Causal attention within each sequence, head by head; rows are queries, keys and values."""
    act["rotary"] = tables = rotary_tables(max(map(len, act["sequences"])))
    act["heads"] = []
    mixed = []
    for q, k, v in zip(*(split(part, act["sequences"]) for part in rows)):
        q, q_factors = normalized(q)
        k, k_factors = normalized(k)
        q_turned, k_turned = rotated(q, tables, 1.0), rotated(k, tables, 1.0)
        weights = []
        for i, row in enumerate(products(q_turned, k_turned)):
            row = [math.exp(ATTENTION_SCALE * (value - len(q[0]))) for value in row[: i + 1]]
            total = sum(row)
            weights.append([value / total for value in row] + [0.0] * (len(q) - len(row)))
        mixed.append(products(weights, transposed(v)))
        act["heads"].append((q, q_factors, k, k_factors, v, q_turned, k_turned, weights))
    return joined(mixed)


def attention_back(act, grads):
    """The gradients of queries, keys and values."""
    parts = [], [], []
    for head, grad in zip(act["heads"], split(grads, act["sequences"])):
        q, q_factors, k, k_factors, v, q_turned, k_turned, weights = head
        scores = []
        for weight, row in zip(weights, products(grad, v)):
            shared = sum(map(operator.mul, weight, row))
            scores.append([ATTENTION_SCALE * w * (g - shared) for w, g in zip(weight, row)])
        dk, dq = products_back(scores, q_turned, k_turned)
        parts[0].append(normalized_back(rotated(dq, act["rotary"], -1.0), q, q_factors))
        parts[1].append(normalized_back(rotated(dk, act["rotary"], -1.0), k, k_factors))
        parts[2].append(products(transposed(weights), transposed(grad)))
    return map(joined, parts)


def loss_and_gradients(params, sequences):
    """The mean loss of sequences, each [0, characters, 0], and its gradient for each of params."""
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

    grads["head"], dh = products_back(dlogits, act["norm2"][0], params["head"])
    dx = normalized_back(dh, *act["norm2"])

    dout_of, dinner = products_back(dx, act["inner"], act["out_of"])
    grads["output"], grads["down"] = columns_apart(dout_of, (WIDTH, HIDDEN))
    dmixed, dsquared = columns_apart(dinner, (WIDTH, HIDDEN))
    dup = [[2.0 * r * g for r, g in zip(*rows)] for rows in zip(act["relu"], dsquared)]
    dwide = [sum(rows, []) for rows in zip(*attention_back(act, dmixed), dup)]
    dinto, dh = products_back(dwide, act["norm1"][0], act["into"])
    for name in INTO_BLOCK:
        grads[name], dinto = dinto[: len(params[name])], dinto[len(params[name]) :]
    dx = added(dx, normalized_back(dh, *act["norm1"]))

    dx = normalized_back(dx, *act["norm0"])
    grads["embedding"], grads["smear"] = smeared_back(params, act["sequences"], dx)
    return loss, grads


def init_state(params, train, rng):
    """The names of each step, and the optimisers' moments."""
    zeros = {name: [[0.0] * len(row) for row in rows] for name, rows in params.items()}
    return {"batches": drawn_batches(train, rng), "first": zeros, "second": dict(zeros)}


def drawn_batches(train, rng):
    """STEPS batches that have a name each from BATCH_NAMES stretches of the sorted names.

    Kindred names sort together, so all batches are about as mixed as the whole.
    """
    ordered = sorted(train)
    stride = len(ordered) / (STEPS * BATCH_NAMES)
    drawn = [ordered[int((i + rng.random()) * stride)] for i in range(STEPS * BATCH_NAMES)]
    stretches = [drawn[i : i + STEPS] for i in range(0, len(drawn), STEPS)]
    for stretch in stretches:
        rng.shuffle(stretch)
    return list(zip(*stretches))


def orthogonalized(matrix):
    """About the nearest matrix whose singular values are all 1, by Newton-Schulz iteration."""
    tall = len(matrix) > len(matrix[0])
    x = transposed(matrix) if tall else matrix
    scale = 1.0 / (sum(sum(map(operator.mul, row, row)) for row in x) ** 0.5 + EPSILON)
    x = [[value * scale for value in row] for row in x]
    for a, b, c in NEWTON_SCHULZ:
        gram = products(x, x)
        mix = [[b * g + c * s for g, s in zip(*rows)] for rows in zip(gram, products(gram, gram))]
        for i, row in enumerate(mix):
            row[i] += a
        x = products(mix, transposed(x))
    return transposed(x) if tall else x


def muon(params, state, name, grad, rate):
    first = state["first"]
    first[name] = [[MUON_MOMENTUM * m + g for m, g in zip(*rows)] for rows in zip(first[name], grad)]
    ahead = [[MUON_MOMENTUM * m + g for m, g in zip(*rows)] for rows in zip(first[name], grad)]
    rate *= max(1.0, len(grad) / len(grad[0])) ** 0.5
    params[name] = [
        [value - rate * u for value, u in zip(*rows)] for rows in zip(params[name], orthogonalized(ahead))
    ]


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
    """One step of training; returns the loss before it, Muon's rate, and the norm of the gradient."""
    loss, grads = loss_and_gradients(params, state["batches"][step - 1])
    decay = 1.0 - (1.0 - FINAL_RATE) * (step - 1) / STEPS
    for name in MATRICES:
        muon(params, state, name, grads[name], MUON_RATE * decay)
    for name in TABLES:
        adam(params, state, name, grads[name], ADAM_RATE * decay, step)
    adam(params, state, "smear", grads["smear"], SMEAR_RATE * decay, step)
    norm = sum(sum(map(operator.mul, row, row)) for rows in grads.values() for row in rows) ** 0.5
    return loss, MUON_RATE * decay, norm


if __name__ == "__main__":
    main()
