"""Mutants: programs that differ from a module in one small thing. Tests that are worth something tell them apart.

Usage: ``python -m tests.sync.mutants leadbridge.sync.merge 100 tests/sync/test_merge.py …`` tries up to a hundred.
"""

from __future__ import annotations

import ast
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from random import Random
from resource import RUSAGE_CHILDREN, getrusage
from types import FunctionType, ModuleType
from typing import cast

import pytest

__all__ = ["Mutant", "mutants"]

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_WORKED_OUT: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_PATIENCE = 4
"""A mutant that works this many times as long as the original never ends, and counts as noticed."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One of them: the line and what is other there, and the whole text."""

    line: int
    what: str
    source: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}"


class _Mutating(ast.NodeTransformer):
    """Changes one place of a tree, the one of this number, and counts them."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.places = wanted, 0
        self.line, self.what = 0, ""

    def _chosen(self, node: ast.expr | ast.stmt, what: str) -> bool:
        self.places += 1
        if self.places - 1 != self.wanted:
            return False
        self.line, self.what = node.lineno, what
        return True

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.value = self.visit(node.value) if node.value is not None else None
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        # What a class is made of exists already when a mutant takes over; its methods can be given other bodies.
        node.body = [self.visit(each) if isinstance(each, ast.FunctionDef) else each for each in node.body]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.body = [self.visit(each) for each in node.body]
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if isinstance(node.value, ast.Constant):
            return node
        if isinstance(node.value, ast.Call) and self._chosen(node, f"no {ast.unparse(node.value.func)}()"):
            return ast.copy_location(ast.Pass(), node)
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        for place, op in enumerate(node.ops):
            if self._chosen(node, f"{ast.unparse(node)} with {_COMPARED[type(op)].__name__}"):
                node.ops[place] = _COMPARED[type(op)]()
        return self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        if self._chosen(node, f"and for or in {ast.unparse(node)}"):
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if isinstance(node.op, ast.Not) and self._chosen(node, f"no not in {ast.unparse(node)}"):
            return cast(ast.AST, self.visit(node.operand))
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        other = _WORKED_OUT.get(type(node.op))
        if other is not None and self._chosen(node, f"{other.__name__} in {ast.unparse(node)}"):
            node.op = other()
        return self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST:
        if isinstance(node.test, ast.Name | ast.Attribute | ast.Call) and self._chosen(node, "if not"):
            node.test = ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test)
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, bool) and self._chosen(node, f"not {node.value}"):
            return ast.copy_location(ast.Constant(not node.value), node)
        if type(node.value) is int and self._chosen(node, f"{node.value} + 1"):
            return ast.copy_location(ast.Constant(node.value + 1), node)
        return node


def mutants(module: ModuleType) -> Iterator[Mutant]:
    """All mutants of a module."""
    source = Path(str(module.__file__)).read_text("utf-8")
    number = 0
    while True:
        mutating = _Mutating(number)
        tree = ast.fix_missing_locations(mutating.visit(ast.parse(source)))
        if number >= mutating.places:
            return
        yield Mutant(mutating.line, mutating.what, ast.unparse(tree))
        number += 1


def _take_over(old: ModuleType, mutant: Mutant) -> None:
    """Gives a module's functions the bodies that they have in a mutant, wherever they have been imported to."""
    fresh = ModuleType(old.__name__)
    fresh.__dict__.update(__file__=old.__file__, __package__=old.__package__)
    sys.modules[old.__name__] = fresh
    exec(compile(mutant.source, str(old.__file__), "exec"), fresh.__dict__)  # our own text
    sys.modules[old.__name__] = old
    for name, new in vars(fresh).items():
        known = vars(old).get(name)
        if isinstance(new, FunctionType) and isinstance(known, FunctionType):
            known.__code__ = new.__code__
        elif isinstance(new, type) and isinstance(known, type) and known.__module__ == old.__name__:
            _take_over_methods(known, new)
        elif not isinstance(new, ModuleType | type) and name in vars(old):
            vars(old)[name] = new


def _take_over_methods(known: type, new: type) -> None:
    for name, method in vars(new).items():
        before, after = _plain(vars(known).get(name)), _plain(method)
        if before is not None and after is not None:
            before.__code__ = after.__code__


def _plain(method: object) -> FunctionType | None:
    """The function behind a method, a class method or a property."""
    inner = method.fget if isinstance(method, property) else getattr(method, "__func__", method)
    return inner if isinstance(inner, FunctionType) else None


def killed(module: ModuleType, mutant: Mutant, tests: Sequence[str], most: float = 3600) -> bool:
    """Whether tests notice that a mutant has taken the place of a module, in a process of its own.

    Args:
        most: seconds of processor time after which it is taken for one that never ends.
    """
    child = os.fork()
    if child == 0:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        signal.setitimer(signal.ITIMER_PROF, most)
        status = 1
        try:
            _take_over(module, mutant)
            # As they are: what is imported already cannot be rewritten for better messages.
            status = int(pytest.main(["-q", "-x", "--assert=plain", "-p", "no:cacheprovider", *tests]))
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] != 0


def main(name: str, most: int, tests: Sequence[str]) -> None:
    """Tries mutants of a module, some of them or all, and prints which of them live on, and how many there were."""
    module = import_module(name)
    found = list(mutants(module))
    chosen = sorted(Random(0).sample(range(len(found)), min(most, len(found))))
    same = Mutant(0, "nothing", Path(str(module.__file__)).read_text("utf-8"))
    if killed(module, same, tests):
        raise SystemExit(f"the tests of {name} fail without any mutant")
    used = getrusage(RUSAGE_CHILDREN)
    alive, patience = 0, _PATIENCE * (used.ru_utime + used.ru_stime)
    for number in chosen:
        if not killed(module, found[number], tests, patience):
            alive += 1
            print(found[number], flush=True)
    print(len(chosen) - alive, len(chosen))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
