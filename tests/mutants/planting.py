"""Every mutant of a file: where it stands, what it was, what it is now."""

import ast
import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tests.mutants import alternatives
from tests.mutants.alternatives import Alternative

#: The shortest piece of code that says what it is about.
TELLING: Final = 12
CONDITIONS: Final = frozenset({"test", "ifs", "guard"})
#: Not run, or read by people and type checkers only.
SILENT: Final = frozenset({"annotation", "returns", "decorator_list", "type_comment"})
HARMLESS: Final = ("assert_never",)
VOTES: Final = frozenset({"Vote"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Edit:
    """One field of one node with another value."""

    node: ast.AST
    field: str
    value: object

    @contextlib.contextmanager
    def made(self) -> Iterator[None]:
        """Make the edit for as long as the block runs."""
        before = getattr(self.node, self.field)
        setattr(self.node, self.field, self.value)
        try:
            yield
        finally:
            setattr(self.node, self.field, before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One fault. Its key is what it says, so it outlives edits elsewhere in the file."""

    file: str  # below the package, with slashes
    function: str  # dotted, empty for the module itself
    kind: str
    was: str
    now: str
    nth: int  # which of the equal ones, from 1
    lines: range  # where tests have to pass to notice
    body: range  # the lines of the function around it
    edit: Edit
    tree: ast.Module

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """Name the fault."""
        return (self.file, self.function, self.was, self.now, self.nth)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the walk stands."""

    names: tuple[str, ...] = ()
    body: range = range(0)  # of the outermost function
    bound: frozenset[str] = frozenset()  # names this function has bound so far
    last: ast.stmt | None = None  # the statement this function ends with
    votes: bool = False
    lines: range = range(0)
    around: tuple[ast.AST, ...] = ()  # expressions around, outermost first

    def within(self, function: Function) -> "Place":
        """Step into a function."""
        own = range(function.body[0].lineno, _end(function) + 1)
        arguments = [*function.args.posonlyargs, *function.args.args]
        return Place(
            names=(*self.names, function.name),
            body=self.body or own,
            bound=frozenset(a.arg for a in [*arguments, *function.args.kwonlyargs]),
            last=function.body[-1],
            votes=isinstance(function.returns, ast.Name) and function.returns.id in VOTES,
        )


@dataclass(slots=True)
class Planter:
    """Walks one file once."""

    file: str
    tree: ast.Module
    found: list[Mutant] = field(default_factory=list)
    seen: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)

    def visit(self, node: ast.AST, place: Place) -> None:
        """Plant in everything below a node."""
        for name, value in ast.iter_fields(node):
            if name in SILENT or (isinstance(node, ast.AnnAssign) and _is_alias(node)):
                continue
            children = value if isinstance(value, list) else [value]
            for at, child in enumerate(children):
                if isinstance(child, ast.stmt):
                    self._statement(node, name, at, child, place)
                    place = replace(place, bound=place.bound | _bound_by(child))
                elif isinstance(child, ast.AST):
                    self._expression(node, name, at, child, place)

    def _statement(
        self, parent: ast.AST, name: str, at: int, child: ast.stmt, place: Place
    ) -> None:
        if _is_silent(child):
            return
        here = replace(place, lines=_lines(child), around=())
        for found in _of_statement(child, here):
            self._plant(_edit(parent, name, at, found), found, child, here)
        if isinstance(child, Function):
            self.visit(child.args, here)
            inner = here.within(child)
            for index, statement in enumerate(child.body):
                self._statement(child, "body", index, statement, inner)
                inner = replace(inner, bound=inner.bound | _bound_by(statement))
        elif isinstance(child, ast.ClassDef):
            self._thaw(child, here)
            self.visit(child, replace(here, names=(*here.names, child.name)))
        else:
            self.visit(child, here)

    def _thaw(self, node: ast.ClassDef, place: Place) -> None:
        here = replace(place, names=(*place.names, node.name))
        for call in node.decorator_list:
            for at, keyword in enumerate(getattr(call, "keywords", [])):
                if keyword.arg == "frozen":
                    found = alternatives.thawed(keyword)
                    self._plant(_edit(call, "keywords", at, found), found, keyword, here)

    def _expression(
        self, parent: ast.AST, name: str, at: int, child: ast.AST, place: Place
    ) -> None:
        if isinstance(parent, ast.JoinedStr) and isinstance(child, ast.Constant):
            return
        if isinstance(parent, ast.FormattedValue) and name == "format_spec":
            return
        if isinstance(child, ast.expr):
            for found in _of_expression(child, conditional=name in CONDITIONS):
                self._plant(_edit(parent, name, at, found), found, child, place)
        telling = isinstance(child, ast.expr | ast.keyword | ast.comprehension)
        around = (*place.around, child) if telling else place.around
        self.visit(child, replace(place, around=around))

    def _plant(self, edit: Edit, found: Alternative, child: ast.AST, place: Place) -> None:
        for node in found.nodes:
            if not hasattr(node, "lineno"):
                ast.copy_location(node, child)
            ast.fix_missing_locations(node)
        was, now = _told(edit, found, child, place.around)
        key = (self.file, ".".join(place.names), was, now)
        self.seen[key] += 1
        self.found.append(
            Mutant(
                file=self.file,
                function=key[1],
                kind=found.kind,
                was=was,
                now=now,
                nth=self.seen[key],
                lines=place.lines,
                body=place.body,
                edit=edit,
                tree=self.tree,
            )
        )


def mutants_of(file: str, source: str) -> list[Mutant]:
    """Return every mutant of a file, in the order of its lines."""
    planter = Planter(file, ast.parse(source))
    planter.visit(planter.tree, Place())
    return planter.found


def _of_statement(node: ast.stmt, place: Place) -> Iterator[Alternative]:
    if isinstance(node, ast.Return):
        yield from alternatives.of_return(node, last=node is place.last, votes=place.votes)
    elif isinstance(node, ast.Assign) and place.last and _stores(node) <= place.bound:
        if _stores(node):
            yield alternatives.forgotten(node)
        else:
            yield from alternatives.of_statement(node)
    else:
        yield from alternatives.of_statement(node)


def _of_expression(node: ast.expr, *, conditional: bool) -> Iterator[Alternative]:
    if not conditional:
        yield from alternatives.of_expression(node)
        return
    yield from alternatives.of_condition(node)
    yield from alternatives.turns(node)


def _edit(parent: ast.AST, name: str, at: int, found: Alternative) -> Edit:
    value = getattr(parent, name)
    if not isinstance(value, list):
        return Edit(parent, name, found.nodes[0])
    return Edit(parent, name, [*value[:at], *found.nodes, *value[at + 1 :]])


def _told(
    edit: Edit, found: Alternative, child: ast.AST, around: tuple[ast.AST, ...]
) -> tuple[str, str]:
    """Return what stood there and what stands there now, long enough to mean something."""
    if found.was is not None and found.now is not None:
        return found.was, found.now
    was, now = ast.unparse(child), ast.unparse(found.nodes[0])
    for outer in reversed(around):
        if len(was) >= TELLING:
            break
        was = ast.unparse(outer)
        with edit.made():
            now = ast.unparse(outer)
    return was.strip(), now.strip()


def _lines(node: ast.stmt) -> range:
    """Return the lines of a statement, or of its head where it holds others."""
    body: Any = getattr(node, "body", None) or getattr(node, "cases", None)
    if not body:
        return range(node.lineno, _end(node) + 1)
    first = body[0].pattern.lineno if isinstance(node, ast.Match) else body[0].lineno
    return range(node.lineno, max(first, node.lineno + 1))


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _stores(node: ast.stmt) -> frozenset[str]:
    return frozenset(
        found.id
        for found in ast.walk(node)
        if isinstance(found, ast.Name) and isinstance(found.ctx, ast.Store)
    )


def _bound_by(node: ast.stmt) -> frozenset[str]:
    return frozenset() if isinstance(node, Function | ast.ClassDef) else _stores(node)


def _is_alias(node: ast.AnnAssign) -> bool:
    return "TypeAlias" in ast.unparse(node.annotation)


def _is_silent(node: ast.stmt) -> bool:
    """Say whether a statement is a docstring, or one that no run can come to."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__slots__":
        return True
    if not isinstance(node, ast.Expr):
        return False
    value = node.value
    if isinstance(value, ast.Constant):
        return isinstance(value.value, str)
    return ast.unparse(value).startswith(HARMLESS)
