"""The small changes that a test should notice: one at a time, to the syntax tree of one module. Pure.

Left alone are texts for people (f-strings, log lines but for their removal), annotations, docstrings, imports, and
assertions, which never fail.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_CALLED = {"min": "max", "max": "min", "any": "all", "all": "any"}
_NO_CODE = (ast.Import, ast.ImportFrom, ast.JoinedStr, ast.Assert)
_NO_CODE_IN = ("annotation", "returns", "decorator_list", "bases")
_SAID = ("warning", "error")
"""Log lines of these levels are promised; others only help."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """`lines`: the first and last one concerned; `where`: the function or class, dotted; `apply` changes the tree."""

    lines: tuple[int, int]
    where: str
    change: str
    apply: Callable[[], None]


def mutants(tree: ast.AST, where: str = "") -> Iterator[Mutant]:
    """Every mutant of a tree, always in the same order. After one was applied the tree is spoilt for the others."""
    for parent, field, index, node in _children(tree):
        inner = f"{where}.{node.name}".lstrip(".") if isinstance(node, _NAMED) else where
        for other in _alternatives(parent, field, node):
            change = f"{ast.unparse(node)} -> {ast.unparse(other)}"
            lines = (node.lineno, node.end_lineno or node.lineno)
            yield Mutant(lines, inner, change, partial(_put, parent, field, index, node, other))
        if not _is_log_line(node) and not _is_negative(node):
            yield from mutants(node, inner)


_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _children(parent: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, Any]]:
    for field, value in ast.iter_fields(parent):
        if field in _NO_CODE_IN:
            continue
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(node, ast.AST) and not isinstance(node, _NO_CODE) and not _is_for_people(node):
                yield parent, field, index, node


def _is_for_people(node: ast.AST) -> bool:
    """True for a docstring, a name of a type, and the names of slots."""
    if isinstance(node, ast.AnnAssign):
        return ast.unparse(node.annotation) == "TypeAlias"
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "__slots__"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_log_line(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and ast.unparse(node).startswith("log.")


def _is_negative(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)


def _put(parent: ast.AST, field: str, index: int | None, node: ast.expr, other: ast.AST) -> None:
    ast.copy_location(other, node)
    if index is None:
        setattr(parent, field, other)
    else:
        getattr(parent, field)[index] = other
    ast.fix_missing_locations(parent)


def _alternatives(parent: ast.AST, field: str, node: Any) -> Iterator[ast.AST]:
    yield from _EXPRESSIONS.get(type(node), _nothing)(node)
    yield from _STATEMENTS.get(type(node), _nothing)(node)
    if field == "test" and not isinstance(node, (ast.Compare, ast.BoolOp, ast.UnaryOp)):
        yield ast.UnaryOp(ast.Not(), node)
    if isinstance(parent, ast.ExceptHandler) and field == "type":
        yield ast.Name("ZeroDivisionError", ast.Load())


def _nothing(_: ast.AST) -> Iterator[ast.AST]:
    return iter(())


def _comparison(node: ast.Compare) -> Iterator[ast.AST]:
    for at, found in enumerate(node.ops):
        for other in _COMPARED[type(found)]:
            yield ast.Compare(node.left, [*node.ops[:at], other(), *node.ops[at + 1 :]], node.comparators)


def _computation(node: ast.BinOp) -> Iterator[ast.AST]:
    if type(node.op) in _COMPUTED:
        yield ast.BinOp(node.left, _COMPUTED[type(node.op)](), node.right)


def _junction(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield ast.BoolOp(ast.And() if isinstance(node.op, ast.Or) else ast.Or(), node.values)


def _sign(node: ast.UnaryOp) -> Iterator[ast.AST]:
    yield node.operand


def _constant(node: ast.Constant) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, (int, float)):
        yield ast.Constant(value + 1)
        yield ast.Constant(value - 1)
    elif isinstance(value, bytes):
        yield ast.Constant(value + b"?")


def _call(node: ast.Call) -> Iterator[ast.AST]:
    if isinstance(node.func, ast.Name) and node.func.id in _CALLED:
        yield ast.Call(ast.Name(_CALLED[node.func.id], ast.Load()), node.args, node.keywords)


def _statement(node: ast.Expr) -> Iterator[ast.AST]:
    if isinstance(node.value, (ast.Call, ast.Await)) and (
        not _is_log_line(node) or ast.unparse(node).startswith(tuple(f"log.{each}(" for each in _SAID))
    ):
        yield ast.Pass()


def _assignment(node: ast.Assign) -> Iterator[ast.AST]:
    if any(isinstance(target, (ast.Attribute, ast.Subscript)) for target in node.targets):
        yield ast.Pass()


def _step(node: ast.AugAssign) -> Iterator[ast.AST]:
    yield ast.Pass()
    if type(node.op) in _COMPUTED:
        yield ast.AugAssign(node.target, _COMPUTED[type(node.op)](), node.value)


def _removal(_: ast.stmt) -> Iterator[ast.AST]:
    yield ast.Pass()


def _raise(node: ast.Raise) -> Iterator[ast.AST]:
    yield ast.Pass()
    if isinstance(node.exc, ast.Call):
        yield ast.Raise(ast.Call(ast.Name("RuntimeError", ast.Load()), node.exc.args, node.exc.keywords), node.cause)


def _return(node: ast.Return) -> Iterator[ast.AST]:
    # Nothing that is false is told from None by its caller.
    if node.value is not None and not (isinstance(node.value, ast.Constant) and not node.value.value):
        yield ast.Return(ast.Constant(None))


def _break(_: ast.Break) -> Iterator[ast.AST]:
    yield ast.Continue()


def _continue(_: ast.Continue) -> Iterator[ast.AST]:
    yield ast.Break()


_EXPRESSIONS: dict[type, Callable[[Any], Iterator[ast.AST]]] = {
    ast.Compare: _comparison,
    ast.BinOp: _computation,
    ast.BoolOp: _junction,
    ast.UnaryOp: _sign,
    ast.Constant: _constant,
    ast.Call: _call,
}
_STATEMENTS: dict[type, Callable[[Any], Iterator[ast.AST]]] = {
    ast.Expr: _statement,
    ast.Assign: _assignment,
    ast.AugAssign: _step,
    ast.Delete: _removal,
    ast.Raise: _raise,
    ast.Return: _return,
    ast.Break: _break,
    ast.Continue: _continue,
}
