"""Reads a training script beside its record and lists the rules of the track that it breaks.

Only the syntax trees are looked at; nothing of either script runs. Standard input holds a JSON
object with the texts "record" and "script"; standard output gets a JSON list of objects with
"rule", "line" (0 if there is none) and "what".
"""

import ast
import builtins
import copy
import json
import sys

NUMBERS = 400
DIGITS = 2000  # of all numbers together
STRING_CHARACTERS = 4000
DOCSTRING_CHARACTERS = 12000
NUMBER_DIGITS = 24
DISPLAY_ITEMS = 64  # in one tuple, list, set, dict or call

# Of the modules that both parts of a script may use, what must not be reached.
FREE_MODULES = {
    "array": set(),
    "bisect": set(),
    "collections": {"abc"},
    "functools": {"lru_cache", "cache", "cached_property", "wraps", "update_wrapper", "singledispatch"},
    "heapq": set(),
    "itertools": set(),
    "math": set(),
    "operator": {"attrgetter", "methodcaller", "setitem", "delitem", "call"},
}
# The modules of the protected part, and the rule broken by who uses them elsewhere.
HELD_MODULES = {"json": "names", "os": "names", "random": "seed", "sys": "names", "time": "clock", "unicodedata": "protected", "zlib": "protected"}

FORBIDDEN_NAMES = {
    "__import__", "BaseException", "GeneratorExit", "KeyboardInterrupt", "SystemExit", "breakpoint", "compile", "copyright",
    "credits", "delattr", "dir", "eval", "exec", "exit", "getattr", "globals", "help", "input", "license", "locals", "object",
    "open", "print", "quit", "setattr", "type", "vars",
}
# What leads from an object to the frame or the insides of another.
FORBIDDEN_ATTRIBUTES = FORBIDDEN_NAMES | {
    "format", "format_map", "gi_frame", "cr_frame", "ag_frame", "tb_frame", "f_globals", "f_back", "obj",
}
ALLOWED_DUNDERS = {"__init__", "__slots__", "__call__", "__len__", "__getitem__", "__iter__"}
TOP_LEVEL_CALLS = {"float", "int", "range", "round", "tuple", "abs", "max", "min", "sum", "len", "frozenset"}
CONSTANT_NODES = (
    ast.Constant, ast.Tuple, ast.UnaryOp, ast.BinOp, ast.Name, ast.Attribute, ast.Call, ast.Load, ast.operator,
    ast.unaryop, ast.IfExp, ast.Compare, ast.cmpop, ast.BoolOp, ast.boolop,
)


ANNOTATION_NODES = (ast.Name, ast.Constant, ast.Subscript, ast.Tuple, ast.expr_context)


def parsed(text):
    return ast.parse(text, feature_version=(3, 9))


def bare(node):
    """The node as text, without positions and docstrings."""
    node = copy.deepcopy(node)
    if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
        node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(node)


def bound_names(target):
    return [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]


def definitions(tree):
    """What the top level binds: name -> nodes. Imports are left out."""
    found = {}
    for node in tree.body:
        names = []
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names = [node.name]
        elif isinstance(node, ast.Assign):
            names = [name for target in node.targets for name in bound_names(target)]
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
            names = bound_names(node.target)
        for name in names:
            found.setdefault(name, []).append(node)
    return found


def protected_names(record):
    """The names that the record binds before the first line of its free part, which sets STEPS."""
    names = []
    for name, nodes in definitions(record).items():
        if name == "STEPS":
            return names
        names.append(name)
    return names


class Checker:
    def __init__(self, record, script):
        self.record, self.script = record, script
        self.protected = protected_names(record)
        self.defined = definitions(script)
        self.found = []
        self.modules = {}  # the name a module is bound to -> the module
        self.classes = {node.name for node in script.body if isinstance(node, ast.ClassDef)}
        self.methods = {
            item for node in script.body if isinstance(node, ast.ClassDef) for item in node.body if isinstance(item, ast.FunctionDef)
        }
        self.selves = set()  # the names in methods that stand for the instance
        for method in self.methods:
            if method.args.args and method.args.args[0].arg == "self":
                self.selves |= {node for node in ast.walk(method) if isinstance(node, ast.Name) and node.id == "self"}

    def report(self, rule, node, what):
        self.found.append({"rule": rule, "line": getattr(node, "lineno", 0), "what": what})

    def run(self):
        held = self.check_protected()
        for node in self.script.body:
            self.check_top_level(node)
        self.check_bindings(held)
        parents = {child: node for node in ast.walk(self.script) for child in ast.iter_child_nodes(node)}
        for statement in self.script.body:
            if statement in held:
                continue
            for node in ast.walk(statement):
                self.check_node(node, parents, statement)
        self.check_literals()
        return self.found

    # --- the protected part

    def check_protected(self):
        """Compares the protected definitions; returns the nodes that are as they should be."""
        wanted, held = definitions(self.record), set()
        for name in self.protected:
            nodes = self.defined.get(name, [])
            if not nodes:
                self.report("protected", None, f"{name} is missing")
            elif len(nodes) > 1:
                self.report("protected", nodes[1], f"{name} is defined twice")
            elif bare(nodes[0]) != bare(wanted[name][0]):
                self.report("protected", nodes[0], f"{name} differs from the record's")
            else:
                held.add(nodes[0])
        guard = self.record.body[-1]
        last = self.script.body[-1] if self.script.body else None
        if last is None or ast.dump(last) != ast.dump(guard):
            self.report("protected", last, "the script must end in: if __name__ == \"__main__\": main()")
        else:
            held.add(last)
        for name in ("STEPS", "forward", "init_params", "init_state", "train_step"):
            if name not in self.defined:
                self.report("protected", None, f"{name} is missing, which the protected part uses")
            elif len(self.defined[name]) > 1:
                self.report("protected", self.defined[name][1], f"{name} is defined twice")
        for node in self.defined.get("STEPS", [])[:1]:
            value = getattr(node, "value", None)
            if not (isinstance(node, ast.Assign) and isinstance(value, ast.Constant) and type(value.value) is int and value.value > 1):
                self.report("protected", node, "STEPS must be a whole number above 1")
        return held

    def check_bindings(self, held):
        """No new meaning, anywhere, for a protected name, a module or a builtin of the protected part."""
        taken = set(self.protected) | set(HELD_MODULES) | set(self.modules)
        local_ok = set(dir(builtins))
        for statement in self.script.body:
            if statement in held or isinstance(statement, (ast.Import, ast.ImportFrom)):
                continue
            for node in ast.walk(statement):
                names = []
                if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                    names = [node.id]
                elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    names = [node.name]
                elif isinstance(node, ast.arg):
                    names = [node.arg]
                elif isinstance(node, ast.ExceptHandler) and node.name:
                    names = [node.name]
                for name in names:
                    if name in taken and not (statement in self.defined.get(name, []) and name in self.protected):
                        self.report("names", node, f"{name} is given another meaning")
        for name, nodes in self.defined.items():
            if name in local_ok:
                self.report("names", nodes[0], f"{name}, a builtin, is given another meaning")

    # --- the top level

    def check_top_level(self, node):
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.check_import(node, alias.name, alias.asname)
        elif isinstance(node, ast.ImportFrom):
            self.check_import_from(node)
        elif isinstance(node, ast.FunctionDef):
            self.check_function(node)
        elif isinstance(node, ast.ClassDef):
            self.check_class(node)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            self.check_constant(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            pass
        elif node is not self.script.body[-1]:
            self.report("clock", node, "the top level may hold imports, constants, functions and classes only")

    def check_import(self, node, name, alias):
        if alias:
            self.report("imports", node, f"{name} is imported under another name")
        elif name in FREE_MODULES:
            self.modules[name] = name
        elif name not in HELD_MODULES:
            self.report("imports", node, f"{name} is not one of the modules allowed")

    def check_import_from(self, node):
        if node.level or node.module not in FREE_MODULES:
            self.report("imports", node, f"names may not be imported from {node.module or 'here'}")
            return
        for alias in node.names:
            bound = alias.name
            if alias.asname:
                self.report("imports", node, f"{alias.name} is imported under another name")
            elif alias.name == "*" or alias.name.startswith("_") or alias.name in FREE_MODULES[node.module]:
                self.report("imports", node, f"{alias.name} may not be imported from {node.module}")
            elif bound in self.protected or bound in HELD_MODULES or bound in FREE_MODULES or bound in dir(builtins):
                self.report("names", node, f"{bound} is given another meaning")

    def check_function(self, node):
        for value in node.decorator_list:
            self.report("state", value, "a decorator can keep what a call leaves behind")
        self.check_defaults(node)
        arguments = node.args.posonlyargs + node.args.args + node.args.kwonlyargs + [node.args.vararg, node.args.kwarg]
        self.check_annotations([node.returns] + [argument.annotation for argument in arguments if argument])
        if node.name.startswith("__") and node.name not in ALLOWED_DUNDERS:
            self.report("names", node, f"{node.name} may not be defined")
        if any(argument and argument.arg == "self" for argument in arguments) and node not in self.methods:
            self.report("names", node, "self is the first argument of a method")

    def check_annotations(self, annotations):
        """They run when a function is defined, so they are names only."""
        for annotation in filter(None, annotations):
            for part in ast.walk(annotation):
                if not isinstance(part, ANNOTATION_NODES):
                    self.report("clock", part, "an annotation is made of names only")

    def check_defaults(self, node):
        for value in node.args.defaults + [value for value in node.args.kw_defaults if value]:
            if not self.is_constant(value):
                self.report("state", value, "a default must be a constant")

    def check_class(self, node):
        for value in node.decorator_list + node.keywords:
            self.report("state", node, "a class takes no decorators and no keywords")
        for base in node.bases:
            self.report("names", base, "a class takes no base")
        for item in node.body:
            if isinstance(item, ast.FunctionDef):
                self.check_function(item)
            elif isinstance(item, ast.Assign):
                self.check_constant(item)
            elif not (isinstance(item, ast.Pass) or isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)):
                self.report("clock", item, "a class holds methods and constants only")

    def check_constant(self, node):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            for part in target.elts if isinstance(target, ast.Tuple) else [target]:
                if not isinstance(part, ast.Name):
                    self.report("names", node, "the top level may set names only")
        if isinstance(node, ast.AnnAssign):
            self.check_annotations([node.annotation])
        if node.value is not None and not self.is_constant(node.value):
            self.report("state", node, "a constant is made of numbers, strings, tuples and functions of math")

    def is_constant(self, value):
        for node in ast.walk(value):
            if not isinstance(node, CONSTANT_NODES):
                return False
            if isinstance(node, ast.Call):
                call = node.func
                of_math = isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name) and call.value.id == "math"
                if not of_math and not (isinstance(call, ast.Name) and call.id in TOP_LEVEL_CALLS):
                    return False
        return True

    # --- everything else

    def check_node(self, node, parents, statement):
        if isinstance(node, ast.Name):
            self.check_name(node, parents)
        elif isinstance(node, ast.Attribute):
            self.check_attribute(node)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            self.report("state", node, "global and nonlocal variables outlive a call")
        elif isinstance(node, (ast.Import, ast.ImportFrom)) and node is not statement:
            self.report("imports", node, "imports stand at the top level")
        elif isinstance(node, (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith, ast.With)):
            self.report("imports", node, "no async, await or with: one process, one thread")
        elif isinstance(node, (ast.FunctionDef, ast.Lambda)) and node is not statement:
            if isinstance(node, ast.FunctionDef):
                self.check_function(node)
            else:
                self.check_defaults(node)
        elif isinstance(node, ast.ClassDef) and node is not statement:
            self.report("clock", node, "classes stand at the top level")
        elif isinstance(node, ast.AnnAssign) and node is not statement:
            self.check_annotations([node.annotation])
        elif isinstance(node, ast.NamedExpr) and not isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            self.report("clock", node, "the top level names things by = only")

    def check_name(self, node, parents):
        name = node.id
        loaded = isinstance(node.ctx, ast.Load)
        if name in FORBIDDEN_NAMES or name.startswith("__") and name not in ALLOWED_DUNDERS:
            self.report("names", node, f"{name} may not be used")
        elif loaded and name in HELD_MODULES:
            self.report(HELD_MODULES[name], node, f"{name} is left to the protected part")
        elif name == "self" and node not in self.selves:
            self.report("names", node, "self is the first argument of a method")
        elif loaded and name in self.classes and not self.is_called(node, parents):
            self.report("names", node, f"the class {name} may only be called")
        elif loaded and name in self.modules and not isinstance(parents.get(node), ast.Attribute):
            self.report("names", node, f"the module {name} may not be passed on")
        elif loaded and name in self.protected and isinstance(self.defined.get(name, [None])[0], ast.FunctionDef):
            self.report("protected", node, f"{name} is left to the protected part")

    @staticmethod
    def is_called(node, parents):
        parent = parents.get(node)
        return isinstance(parent, ast.Call) and parent.func is node

    def check_attribute(self, node):
        name = node.attr
        private = name.startswith("__") or name.startswith("_") and not self.on_self(node)
        if name in FORBIDDEN_ATTRIBUTES or private and name not in ALLOWED_DUNDERS:
            self.report("names", node, f"the attribute {name} may not be used")
        if name in ("seed", "getstate", "setstate"):
            self.report("seed", node, f"{name} may not be used")
        if isinstance(node.value, ast.Name) and node.value.id in self.modules:
            module = self.modules[node.value.id]
            if name in FREE_MODULES[module]:
                self.report("state" if "cache" in name else "names", node, f"{module}.{name} may not be used")
            if not isinstance(node.ctx, ast.Load):
                self.report("names", node, f"{module}.{name} is given another meaning")
        elif not isinstance(node.ctx, ast.Load) and not self.on_self(node):
            self.report("state", node, "attributes may be set on self only")

    def on_self(self, node):
        return node.value in self.selves

    def check_literals(self):
        numbers, digits, characters, documented = 0, 0, 0, 0
        docstrings = {
            node.body[0].value
            for node in ast.walk(self.script)
            if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None
        }
        for node in ast.walk(self.script):
            parts = [getattr(node, field, None) for field in ("elts", "keys", "values", "args", "keywords")]
            items = max(len(part) for part in parts + [[]] if isinstance(part, list))
            if items > DISPLAY_ITEMS:
                self.report("literals", node, f"{items} items in one place, more than {DISPLAY_ITEMS}")
            if not isinstance(node, ast.Constant):
                continue
            if node in docstrings:
                documented += len(node.value)
            elif isinstance(node.value, (str, bytes)):
                characters += len(node.value)
                if any((ord(c) if isinstance(c, str) else c) > 126 for c in node.value):
                    self.report("literals", node, "a string that is not ASCII")
            elif isinstance(node.value, (int, float, complex)) and not isinstance(node.value, bool):
                numbers += 1
                digits += len(repr(node.value))
                if isinstance(node.value, int) and abs(node.value) >= 10**NUMBER_DIGITS:
                    self.report("literals", node, f"a number of more than {NUMBER_DIGITS} digits")
        if numbers > NUMBERS:
            self.report("literals", None, f"{numbers} numbers, more than {NUMBERS}")
        if digits > DIGITS:
            self.report("literals", None, f"{digits} digits of numbers, more than {DIGITS}")
        if documented > DOCSTRING_CHARACTERS:
            self.report("literals", None, f"{documented} characters of docstrings, more than {DOCSTRING_CHARACTERS}")
        if characters > STRING_CHARACTERS:
            self.report("literals", None, f"{characters} characters of strings, more than {STRING_CHARACTERS}")


def violations(record, script):
    try:
        tree = parsed(script)
        ast.dump(tree)
    except SyntaxError as error:
        return [{"rule": "syntax", "line": error.lineno or 0, "what": error.msg}]
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return [{"rule": "syntax", "line": 0, "what": f"not parsed: {error or type(error).__name__}"}]
    return Checker(parsed(record), tree).run()


if __name__ == "__main__":
    texts = json.load(sys.stdin)
    found = violations(texts["record"], texts["script"])
    json.dump(sorted(found, key=lambda item: (item["line"], item["rule"], item["what"])), sys.stdout)
