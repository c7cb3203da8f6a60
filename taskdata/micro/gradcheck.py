"""Compares the gradients of the scripts it is given with numerical ones, and fails where they differ.

    python3 gradcheck.py record_6.py record_7.py record_8.py
"""

import importlib.util
import random
import sys

COORDINATES = 3  # of each parameter
STEP = 1e-5
TOLERANCE = 1e-4


def load(path):
    spec = importlib.util.spec_from_file_location("record", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def worst_error(record, rng):
    alphabet_size = 11
    params = record.init_params(rng, alphabet_size)
    # Away from the zeros of the start, where most gradients are zero.
    params = {name: [[value + rng.gauss(0.0, 0.3) for value in row] for row in rows] for name, rows in params.items()}
    names = [[0] + [rng.randrange(1, alphabet_size) for _ in range(length)] + [0] for length in (6, 1, 9)]
    _, grads = record.loss_and_gradients(params, names)
    if set(grads) != set(params):
        raise SystemExit(f"gradients of {sorted(grads)} for the parameters {sorted(params)}")
    worst = 0.0, ""
    for name, rows in params.items():
        for _ in range(COORDINATES):
            i, j = rng.randrange(len(rows)), rng.randrange(len(rows[0]))
            losses = []
            for sign in (1.0, -1.0):
                kept = rows[i][j]
                rows[i][j] = kept + sign * STEP
                losses.append(record.loss_and_gradients(params, names)[0])
                rows[i][j] = kept
            numerical = (losses[0] - losses[1]) / (2 * STEP)
            error = abs(numerical - grads[name][i][j]) / (1e-3 + abs(numerical))
            worst = max(worst, (error, f"{name}[{i}][{j}]"))
    return worst


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    for path in sys.argv[1:]:
        error, place = worst_error(load(path), random.Random(7))
        print(f"{path}: largest relative error {error:.1e} at {place}")
        if error > TOLERANCE:
            raise SystemExit(1)
