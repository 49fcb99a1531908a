"""What each piece of code may be mistaken for: one node in, its wrong neighbours out.

Comparisons move by one or turn round, conditions stick, numbers are off by one, words go
blank, `min` and `max` change places, an argument, an entry or a statement is missing, and a
vote becomes its opposite. Nothing here knows where the node stands.
"""

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar

Node = TypeVar("Node", bound=ast.AST)


@dataclass(frozen=True, slots=True)
class Alternative:
    """What stands there instead: one node, or statements in place of one.

    `was` and `now` are words for what changed, where the code would say it at length.
    """

    kind: str
    nodes: tuple[ast.AST, ...]
    was: str | None = None
    now: str | None = None


COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
}
SWAPS: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
#: Calls that only narrow a number or a text: left out, the argument itself stands there.
NARROWS: Final = re.compile(r"^(abs|int|round|floor|ceil|cents)")
NARROWING_METHODS: Final = frozenset({"strip", "lstrip", "rstrip", "lower", "upper"})
ALLOWING: Final = "ALLOW"
REFUSING: Final = "Deny(Reason.RULE_FAILED, 'planted')"


def altered(node: Node, **fields: object) -> Node:
    """Return the node with other fields; the node itself and its children stay."""
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def expression(text: str) -> ast.expr:
    """Parse one expression."""
    return ast.parse(text, mode="eval").body


# --- expressions ------------------------------------------------------------------------


def of_expression(node: ast.expr) -> Iterator[Alternative]:
    """Yield what an expression may be mistaken for, wherever it stands."""
    match node:
        case ast.Compare():
            yield from _comparisons(node)
        case ast.BoolOp():
            yield from _junctions(node)
        case ast.Call():
            yield from _fewer_arguments(node)
            yield from _other_calls(node)
        case ast.Tuple(ctx=ast.Load()) | ast.List(ctx=ast.Load()) | ast.Set():
            yield from _entries(node)
        case ast.Dict():
            yield from _items(node)
        case ast.BinOp() | ast.UnaryOp():
            yield from _operations(node)
        case _:
            yield from _values(node)


def of_condition(node: ast.expr) -> Iterator[Alternative]:
    """Yield a condition that always holds, and one that never does."""
    for stuck in (True, False):
        yield Alternative("condition", (ast.Constant(stuck),))


def turns(node: ast.expr) -> Iterator[Alternative]:
    """Yield what a whole condition may be mistaken for, beside being stuck.

    Turned round it would fail wherever one of the stuck ones does.
    """
    for found in of_expression(node):
        if found.kind not in {"turned", "sign"}:
            yield found


def _comparisons(node: ast.Compare) -> Iterator[Alternative]:
    for at, op in enumerate(node.ops):
        for new in COMPARISONS[type(op)]:
            kind = "turned" if new is COMPARISONS[type(op)][-1] else "bound"
            ops = [*node.ops[:at], new(), *node.ops[at + 1 :]]
            yield Alternative(kind, (altered(node, ops=ops),))


def _junctions(node: ast.BoolOp) -> Iterator[Alternative]:
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield Alternative("junction", (altered(node, op=other),))
    for at in range(len(node.values)):
        left = [*node.values[:at], *node.values[at + 1 :]]
        fewer = left[0] if len(left) == 1 else altered(node, values=left)
        yield Alternative("clause", (fewer,))


def _operations(node: ast.BinOp | ast.UnaryOp) -> Iterator[Alternative]:
    match node:
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield Alternative("sign", (operand,))
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            yield from (Alternative("union", (side,)) for side in (left, right))
        case ast.BinOp(op=op) if type(op) in OPERATORS:
            yield Alternative("operator", (altered(node, op=OPERATORS[type(op)]()),))
        case _:
            return


def _fewer_arguments(node: ast.Call) -> Iterator[Alternative]:
    for at, keyword in enumerate(node.keywords):
        fewer = altered(node, keywords=[*node.keywords[:at], *node.keywords[at + 1 :]])
        yield Alternative("argument", (fewer,), was=ast.unparse(keyword), now="")
    if not isinstance(node.func, ast.Name) or node.func.id not in {"min", "max"}:
        return
    for at, arg in enumerate(node.args):
        args = [*node.args[:at], *node.args[at + 1 :]]
        if args:
            alone = len(args) == 1 and not isinstance(args[0], ast.Starred)
            left = args[0] if alone else altered(node, args=args)
            yield Alternative("argument", (left,), was=ast.unparse(arg), now="")


def _other_calls(node: ast.Call) -> Iterator[Alternative]:
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in SWAPS:
            yield Alternative("swap", (altered(node, func=expression(SWAPS[name])),))
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if NARROWS.match(name):
            yield Alternative("narrowing", (first,))
        case ast.Call(func=ast.Attribute(value=value, attr=name)):
            if name in NARROWING_METHODS:
                yield Alternative("narrowing", (value,))
        case _:
            return


def _values(node: ast.expr) -> Iterator[Alternative]:
    match node:
        case ast.Constant():
            yield from (Alternative("constant", (new,)) for new in _constants(node.value))
        case ast.JoinedStr():
            yield Alternative("constant", (ast.Constant(""),))
        case ast.FormattedValue(format_spec=ast.JoinedStr()):
            yield Alternative("format", (altered(node, format_spec=None),))
        case ast.Attribute(value=ast.Name(id="Reason"), attr=word):
            other = "RULE_FAILED" if word != "RULE_FAILED" else "INPUT_INVALID"
            yield Alternative("reason", (altered(node, attr=other),))
        case _:
            return


def _constants(value: object) -> Iterator[ast.Constant]:
    match value:
        case bool():
            yield ast.Constant(not value)
        case int():
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))
        case str() if (number := _number(value)) is not None:
            yield ast.Constant(str(number + 1))
        case str():
            yield ast.Constant("" if value else "planted")
        case bytes():
            yield ast.Constant(b"" if value else b"planted")
        case _:
            return


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _entries(node: ast.Tuple | ast.List | ast.Set) -> Iterator[Alternative]:
    for at, entry in enumerate(node.elts):
        fewer = altered(node, elts=[*node.elts[:at], *node.elts[at + 1 :]])
        if fewer.elts or not isinstance(node, ast.Set):
            yield Alternative("entry", (fewer,), was=f"{ast.unparse(entry)},", now="")


def _items(node: ast.Dict) -> Iterator[Alternative]:
    for at, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
        fewer = altered(
            node,
            keys=[*node.keys[:at], *node.keys[at + 1 :]],
            values=[*node.values[:at], *node.values[at + 1 :]],
        )
        name = f"{ast.unparse(key)}: " if key else "**"
        yield Alternative("entry", (fewer,), was=name + ast.unparse(value), now="")


# --- statements -------------------------------------------------------------------------


def of_statement(node: ast.stmt) -> Iterator[Alternative]:
    """Yield what a statement may be mistaken for, apart from its expressions."""
    match node:
        case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Delete() | ast.Assert():
            yield _deleted(node)
        case ast.Continue() | ast.Break():
            yield _deleted(node)
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield _deleted(node)
        case ast.For() | ast.While():
            yield _deleted(node)
        case ast.With():
            yield Alternative("deleted", tuple(node.body), was=_head(node), now="")
        case ast.Try():
            yield from _tries(node)
        case ast.Match():
            yield from _matches(node)
        case _:
            return


def of_return(node: ast.Return, *, last: bool, votes: bool) -> Iterator[Alternative]:
    """Yield a return that does not happen, or answers the opposite vote."""
    if node.value is None:
        return
    if votes:
        allows = isinstance(node.value, ast.Name) and node.value.id == ALLOWING
        other = expression(REFUSING if allows else ALLOWING)
        yield Alternative("vote", (altered(node, value=other),))
    elif last:
        yield Alternative("answer", (altered(node, value=ast.Constant(None)),))
    if not last:
        yield _deleted(node)


def forgotten(node: ast.Assign) -> Alternative:
    """Return a name that keeps what it was bound to before."""
    return _deleted(node)


def thawed(node: ast.keyword) -> Alternative:
    """Return a dataclass whose values can be altered."""
    loose = altered(node, value=ast.Constant(False))
    return Alternative("frozen", (loose,))


def _deleted(node: ast.stmt) -> Alternative:
    return Alternative("deleted", (ast.Pass(),), was=_head(node), now="")


def _head(node: ast.stmt) -> str:
    return ast.unparse(node).splitlines()[0]


def _tries(node: ast.Try) -> Iterator[Alternative]:
    for at, handler in enumerate(node.handlers):
        handlers = [*node.handlers[:at], *node.handlers[at + 1 :]]
        left = (altered(node, handlers=handlers),) if handlers else tuple(node.body)
        was = ast.unparse(handler).splitlines()[0]
        yield Alternative("handler", left, was=was, now="")


def _matches(node: ast.Match) -> Iterator[Alternative]:
    for at, case in enumerate(node.cases):
        if len(node.cases) > 1 and "assert_never" not in ast.unparse(case):
            fewer = altered(node, cases=[*node.cases[:at], *node.cases[at + 1 :]])
            was = ast.unparse(case).splitlines()[0]
            yield Alternative("case", (fewer,), was=was, now="")
