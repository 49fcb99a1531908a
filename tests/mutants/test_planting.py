"""What the tool plants is what it says, and its names last."""

import ast

import pytest

from tests.mutants.planting import Mutant, mutants_of

PLANTS = {
    "a bound moves, or turns": ("a <= b", {"a < b", "a >= b"}),
    "an equality turns": ("a == b", {"a != b"}),
    "a membership turns": ("a in b", {"a not in b"}),
    "and is or, and each clause goes": ("a and b", {"a or b", "a", "b"}),
    "not is dropped": ("not a", {"a"}),
    "a sign is dropped": ("-a", {"a"}),
    "arithmetic changes places": ("a + b", {"a - b"}),
    "a product is a quotient": ("a * b / c", {"a * b * c", "a / b / c"}),
    "a number is off by one": ("f(a, b, c, 7)", {"f(a, b, c, 8)", "f(a, b, c, 6)"}),
    "a truth is a lie": ("f(a, b, c, True)", {"f(a, b, c, False)"}),
    "a word goes blank": ("f(a, b, 'why')", {"f(a, b, '')"}),
    "a blank is filled": ("f(a, b, c, '')", {"f(a, b, c, 'planted')"}),
    "a sentence goes blank": ("f'{a} > {b}'", {"''"}),
    "a number in words is off by one": ("Decimal('0.10')", {"Decimal('1.10')"}),
    "the least is the most, or just one": ("min(a, b)", {"max(a, b)", ""}),
    "one is all": ("any(a)", {"all(a)"}),
    "a named argument is forgotten": ("f(b=a)", {""}),
    "an entry is missing": ("f((a, b))", {""}),
    "a key is missing": ("f({a: b})", {""}),
    "rounding is left out": ("floor_to(a, b)", {"a"}),
    "a choice is stuck": ("a if f(b) else b", {"a if True else b", "a if False else b"}),
    "a filter is stuck": (
        "[x for x in a if f(x)]",
        {"for x in a if True", "for x in a if False"},
    ),
    "one of two kinds is forgotten": (
        "isinstance(a, B | C)",
        {"isinstance(a, B)", "isinstance(a, C)"},
    ),
    "a reason is another": ("f(a, Reason.STALE)", {"Reason.RULE_FAILED"}),
}


def planted(body: str, returns: str = "int", before: str = "") -> list[Mutant]:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return mutants_of("x.py", f"{before}def f(a, b) -> {returns}:\n{lines}\n")


@pytest.mark.parametrize(("code", "expected"), PLANTS.values(), ids=PLANTS)
def test_each_kind_of_fault_is_planted(code: str, expected: set[str]) -> None:
    assert {m.now for m in planted(f"return {code}") if m.kind != "answer"} == expected


def code_of(mutant: Mutant) -> str:
    with mutant.edit.made():
        return ast.unparse(mutant.tree)


def test_a_mutant_is_one_fault_and_compiles_and_leaves_no_trace() -> None:
    source = (
        "LEAST = 3\n\nclass A:\n    x: int = 0\n\n    def f(self, a: int = 1) -> Vote:\n"
        "        if a > LEAST and self.x:\n            return Deny(Reason.X, f'{a:f}')\n"
        "        with exactly():\n            a += min(a, 2)\n        return ALLOW\n"
    )
    mutants = mutants_of("x.py", source)
    clean = ast.unparse(ast.parse(source))
    codes = [code_of(mutant) for mutant in mutants]

    assert len(mutants) > 15
    assert clean not in codes
    for mutant, code in zip(mutants, codes, strict=True):
        compile(code, mutant.file, "exec")
        assert ast.unparse(mutant.tree) == clean


def test_a_vote_becomes_its_opposite() -> None:
    body = "if a:\n    return Deny(Reason.STALE, b)\nreturn ALLOW"
    found = {(m.was, m.now) for m in planted(body, returns="Vote") if m.kind == "vote"}

    assert ("return ALLOW", "return Deny(Reason.RULE_FAILED, 'planted')") in found
    assert ("return Deny(Reason.STALE, b)", "return ALLOW") in found


def test_statements_go_missing_and_shelter_is_taken_away() -> None:
    body = (
        "a = g(a)\nh(a)\na += 1\nb.c = a\nwith exactly():\n    h(b)\n"
        "try:\n    h(b)\nexcept ValueError:\n    raise\nreturn a"
    )
    gone = {m.was for m in planted(body) if m.kind in {"deleted", "handler"}}

    assert gone == {
        "a = g(a)",
        "h(a)",
        "a += 1",
        "b.c = a",
        "with exactly():",
        "h(b)",
        "raise",
        "except ValueError:",
    }


def test_a_first_binding_is_not_deleted() -> None:
    """Without it the name is unbound, which any test would notice."""
    assert [m.was for m in planted("c = a\nreturn c") if m.kind == "deleted"] == []


def test_what_no_run_can_come_to_and_what_only_people_read_is_left_alone() -> None:
    body = '"""Words."""\nmatch a:\n    case b:\n        assert_never(a)'

    assert planted(body) == []
    assert mutants_of("x.py", '"""Words."""\nV: TypeAlias = A | B\n__slots__ = ()\n') == []


def test_what_stands_outside_of_functions_is_planted_too() -> None:
    """The tables of rules and ranges stand there."""
    source = "RULES: Final = (one, two)\nclass R(StrEnum):\n    A = 'A'\n"
    found = {(m.function, m.was) for m in mutants_of("x.py", source)}

    assert found == {("", "one,"), ("", "two,"), ("R", "'A'")}


def test_a_frozen_value_thaws() -> None:
    source = "@dataclass(frozen=True, slots=True)\nclass A:\n    x: int\n"

    assert [(m.was, m.now) for m in mutants_of("x.py", source)] == [
        ("frozen=True", "frozen=False")
    ]


def test_equal_faults_are_told_apart_and_the_lines_before_do_not_matter() -> None:
    body = "if a > b:\n    return h(a)\nif a > b:\n    return h(b)\nreturn 0"
    here = [m.key for m in planted(body)]
    moved = [m.key for m in planted(body, before="X = g\n\n\n")]

    assert len(set(here)) == len(here)
    assert here == moved


def test_the_lines_of_a_statement_are_its_own_and_not_of_what_it_holds() -> None:
    stuck = next(m for m in planted("if a == b:\n    h(a)\nreturn a") if m.now == "True")

    assert stuck.lines == range(2, 3)
    assert stuck.body == range(2, 5)
