"""Reads a training script of the nanogpt tracks beside its record and lists the rules that it breaks.

Only the syntax trees are looked at; nothing of any script runs. Standard input holds a JSON object
with the texts "record", "answer" (the next record, "" where there is none) and "script", and the
boolean "flags" (extra compiler flags are forbidden). Standard output gets a JSON list of objects with
"rule", "line" (0 if there is none), "what" and "flag": true where a reader should know of it, and the
result counts all the same.

What the rules protect is found by what statements mention. A statement that the next record has is
no breach: the human change made it, too.
"""

import ast
import collections
import json
import re
import sys

DATA = re.compile(r"fineweb|\.bin\b|NANOGPT_(TRAIN|VAL)_|DATA_PATH")
DATA_NAMES = {"train_files", "val_files", "input_bin", "input_val_bin"}
LOG = re.compile(r"(val_loss|train_loss|train_time|step_avg|s:%d t[re]l):?")
CLOCKS = {"time", "perf_counter", "monotonic", "perf_counter_ns", "time_ns", "monotonic_ns", "process_time"}
NETWORK = {"socket", "ssl", "urllib", "http", "ftplib", "requests", "httpx", "aiohttp", "paramiko", "xmlrpc", "smtplib"}
VALIDATION = {"val_loss", "val_loader", "val_steps"}


def statements(tree):
    """Statements without a body, and the heads of those with one, in order of line."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.If, ast.While)):
            yield node.test, node.lineno
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            yield ast.Tuple([node.target, node.iter], ast.Load()), node.lineno
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                yield item.context_expr, node.lineno
        elif isinstance(node, ast.stmt) and not hasattr(node, "body"):
            yield node, node.lineno


def names(node):
    """All names and attributes that a statement mentions."""
    found = set()
    for n in ast.walk(node):
        if isinstance(n, ast.Name):
            found.add(n.id)
        elif isinstance(n, ast.Attribute):
            found.add(n.attr)
        elif isinstance(n, ast.keyword) and n.arg:
            found.add(n.arg)
    return found


def strings(node):
    """All texts in a statement, those of an f-string joined."""
    for n in ast.walk(node):
        if isinstance(n, ast.JoinedStr):
            yield "".join(v.value if isinstance(v, ast.Constant) else "{}" for v in n.values if isinstance(getattr(v, "value", ""), str) or not isinstance(v, ast.Constant))
        elif isinstance(n, ast.Constant) and isinstance(n.value, str):
            yield n.value


def targets(node):
    """The names that a statement binds."""
    if isinstance(node, ast.Assign):
        bound = node.targets
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
        bound = [node.target]
    else:
        return set()
    return {n.id if isinstance(n, ast.Name) else n.attr for t in bound for n in ast.walk(t) if isinstance(n, (ast.Name, ast.Attribute))}


def value(node):
    """The value of a literal expression, else its text."""
    try:
        return repr(eval(compile(ast.Expression(node), "", "eval"), {"__builtins__": {}}))  # numbers and operators only
    except Exception:
        return ast.dump(node)


def literal(node):
    return all(isinstance(n, (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop)) and not isinstance(n, ast.Pow) for n in ast.walk(node))


def clocks(tree):
    """The variables that hold the training time: what train_time in the log is made of, and back."""
    timed = set()
    for node, _ in statements(tree):
        for n in ast.walk(node):
            if isinstance(n, ast.JoinedStr):
                label = ""
                for v in n.values:
                    if isinstance(v, ast.Constant):
                        label = str(v.value)
                    elif isinstance(v, ast.FormattedValue) and label.endswith("train_time:"):
                        timed |= {m.id for m in ast.walk(v.value) if isinstance(m, ast.Name)}
    for _ in range(3):
        for node, _ in statements(tree):
            if targets(node) & timed:
                timed |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - {"time", "torch", "args"}
    return timed


class Protected:
    """What of a script the rules protect, by kind: a list of (text, line)."""

    def __init__(self, text):
        tree = ast.parse(text)
        self.found = collections.defaultdict(list)
        timed = clocks(tree)
        for node, line in sorted(statements(tree), key=lambda s: s[1]):
            mentioned, bound = names(node), targets(node)
            texts = list(strings(node))
            key = ast.dump(node)
            if any(DATA.search(t) for t in texts) and not isinstance(node, ast.Expr) or bound & DATA_NAMES:
                self.add("data", key, line)
            elif "val_tokens" in bound and getattr(node, "value", None) is not None:
                self.add("tokens", value(node.value) if literal(node.value) else key, line)
            elif any(LOG.search(t) for t in texts) and any(isinstance(n, ast.Call) for n in ast.walk(node)):
                self.add("log", key, line)
            elif bound & timed and mentioned - {"args"}:
                self.add("clock", key, line)
            elif mentioned & VALIDATION or "val_tokens" in mentioned:
                self.add("validation", key, line)
            if isinstance(node, (ast.Assign, ast.AugAssign)) and any(
                isinstance(t, ast.Attribute) and t.attr in CLOCKS | {"synchronize"} for t in ast.walk(node) if isinstance(getattr(t, "ctx", None), ast.Store)
            ):
                self.add("patch", key, line)
            if "synchronize" in mentioned and "patch" not in self.found:
                self.add("synchronize", "synchronize", line)
            if bound and {"_inductor", "config"} & mentioned and "config" in mentioned or "inductor_config" in mentioned:
                self.add("flags", key, line)
            for n in ast.walk(node):
                if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "compile":
                    for k in n.keywords:
                        if k.arg in ("mode", "options", "backend"):
                            self.add("flags", k.arg + ast.dump(k.value), line)
                if isinstance(n, (ast.Import, ast.ImportFrom)):
                    modules = [a.name for a in n.names] if isinstance(n, ast.Import) else [n.module or ""]
                    for m in modules:
                        if m.split(".")[0] in NETWORK:
                            self.add("network", m, line)

    def add(self, kind, key, line):
        self.found[kind].append((key, line))

    def counts(self, kind):
        return collections.Counter(key for key, _ in self.found[kind])

    def line(self, kind, key):
        return next((line for k, line in self.found[kind] if k == key), 0)


def changed(record, answer, script, kind):
    """What the script lacks and what it has more than its record, each with whether the next record
    changed the same, and the line."""
    before, after, now = record.counts(kind), answer.counts(kind), script.counts(kind)
    for key in (before - now).elements():
        yield key, "gone", after[key] < before[key], 0
    for key in (now - before).elements():
        yield key, "new", after[key] > before[key], script.line(kind, key)


WORDS = {
    "data": ("data", "the names of the data files differ from the record's"),
    "tokens": ("data", "the number of validation tokens differs from the record's"),
    "log": ("log", "the lines that it logs differ from the record's"),
    "clock": ("clock", "what it counts as training time differs from the record's"),
    "synchronize": ("clock", "it waits for the GPU at other places than the record before it reads the clock"),
    "validation": ("data", "the validation differs from the record's"),
    "flags": ("flags", "it sets flags of the compiler that the record does not"),
    "network": ("data", "it imports a module that reaches the network"),
}


def check(given):
    try:
        script = Protected(given["script"])
    except (SyntaxError, ValueError, RecursionError, MemoryError) as e:
        return [{"rule": "syntax", "line": getattr(e, "lineno", 0) or 0, "what": f"no valid Python {sys.version_info[0]}.{sys.version_info[1]}: {e.args[0] if e.args else e}", "flag": False}]
    record = Protected(given["record"])
    answer = Protected(given["answer"]) if given["answer"] else record
    found = []
    for key, line in script.found["patch"]:
        found.append({"rule": "clock", "line": line, "what": "it replaces what the clock is read by", "flag": False})
    for kind, (rule, words) in WORDS.items():
        if kind == "flags" and not given["flags"]:
            continue
        lines = {True: None, False: None}
        for _, how, human, line in changed(record, answer, script, kind):
            soft = kind in ("validation", "network")
            if human and kind not in ("clock", "synchronize"):
                continue
            if kind == "flags" and how == "gone" or kind == "network" and how == "gone":
                continue
            flag = human or soft
            if lines[flag] is None or not lines[flag]:
                lines[flag] = line
        for flag, line in lines.items():
            if line is not None:
                also = "; the next record's human change differs here, too" if flag and kind in ("clock", "synchronize") else ""
                found.append({"rule": rule, "line": line, "what": words + also, "flag": flag})
    return found


json.dump(sorted(check(json.load(sys.stdin)), key=lambda v: (v["flag"], v["line"])), sys.stdout)
