"""Lists the numeric constants of Python sources by their syntax; nothing is executed.

Reads a JSON list of sources on standard input, writes a JSON list with, for each, either a list of
constants or a string that says why it does not parse. Columns are bytes of UTF-8, lines from 1.
"""

import ast
import json
import sys

PLAIN = (0, 1, 2, -1)  # inside a function these are mostly structure, not choices


class Finder(ast.NodeVisitor):
    def __init__(self):
        self.found, self.count, self.scope, self.target = [], {}, [], ""

    def add(self, node, value, top):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
            return
        if value in (float("inf"), float("-inf")) or abs(value) > 1e15:
            return
        place = ".".join(self.scope + ([self.target] if self.target else []))
        self.count[place] = self.count.get(place, 0) + 1
        if not top and value in PLAIN:
            return
        self.found.append({
            "place": place, "ordinal": self.count[place], "top": top, "value": value,
            "int": isinstance(value, int), "line": node.lineno, "from": node.col_offset,
            "end_line": node.end_lineno, "to": node.end_col_offset,
        })

    def visit_Constant(self, node):
        self.add(node, node.value, not self.scope and bool(self.target))

    def visit_UnaryOp(self, node):
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant) and not isinstance(node.operand.value, (str, bytes, bool, type(None), type(...))):
            self.add(node, -node.operand.value, not self.scope and bool(self.target))
        else:
            self.generic_visit(node)

    def visit_Assign(self, node):
        before, names = self.target, [t.id for t in node.targets if isinstance(t, ast.Name)]
        self.target = names[0] if names else ""
        self.visit(node.value)
        self.target = before

    def visit_AnnAssign(self, node):
        before, self.target = self.target, node.target.id if isinstance(node.target, ast.Name) else ""
        if node.value is not None:
            self.visit(node.value)
        self.target = before

    def nested(self, node):
        before, self.target = self.target, ""
        self.scope.append(node.name)
        self.generic_visit(node)
        self.scope.pop()
        self.target = before

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = nested

    def visit_Subscript(self, node):  # indices are structure
        self.visit(node.value)

    def visit_JoinedStr(self, node):  # texts are no choices
        pass


def constants(source):
    try:
        finder = Finder()
        finder.visit(ast.parse(source))
        return finder.found
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    json.dump([constants(source) for source in json.load(sys.stdin)], sys.stdout)
