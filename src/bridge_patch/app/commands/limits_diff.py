"""`limits diff`: what two sets of limits differ in, and whether one is more lenient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final, final

from rich.table import Table

from bridge_patch.adapters.lines.text import exact
from bridge_patch.app.commands.beyond_limits import beyond
from bridge_patch.app.commands.options import DiffOptions
from bridge_patch.app.in_force import in_force
from bridge_patch.app.screen import cell, console, print_exact, print_table
from bridge_patch.app.settings import load_settings
from bridge_patch.domain.account import Activity, Exposure
from bridge_patch.domain.errors import BridgeError
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.record import record_of
from bridge_patch.governor.ruling import Refused, Ruling
from bridge_patch.governor.verdict import detail_of
from bridge_patch.governor.votes import Case

PROVED: Final = "proved: none"
_FOUND: Final = 1
#: Where something outside of the rules lets more in.
WITHIN_THE_RULES: Final = "the rules accept nothing more"
_UNDECIDED: Final = 3
_OUT_OF_TIME: Final = 4


class NoSolverError(BridgeError):
    """The solver is an extra that is not installed."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A setting that the two files give different values."""

    setting: str
    first: str
    second: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The answer; the rest is about the example, where there is one."""

    answer: str
    changed: tuple[Changed, ...]
    looser: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()
    entry: dict[str, str] = field(default_factory=dict)
    under_a: str = ""
    under_b: str = ""


def limits_diff(options: DiffOptions) -> int:
    """Compare two env files as limits; the environment of this process does not count."""
    first, second = (load_settings({}, path) for path in (options.first, options.second))
    told, code = _told(first.limits(), second.limits(), options.within_sec)
    looser, others = beyond(first, second)
    if looser and told.answer == PROVED:
        told = replace(told, answer=WITHIN_THE_RULES)
    told = replace(told, looser=looser, not_compared=others)
    if options.as_json:
        print_exact(told)
    else:
        _show(told)
    return _FOUND if looser else code


def _told(first: Limits, second: Limits, within_sec: float) -> tuple[Told, int]:
    try:
        from bridge_patch.adapters.prover.compare import (  # noqa: PLC0415 - an extra
            OutOfTime,
            Proved,
            Witness,
            compare,
        )
    except ImportError as e:
        msg = "limits diff needs the solver: pip install 'bridge-patch[proofs]'"
        raise NoSolverError(msg) from e
    changed = _changes(first, second)
    with _progress() as tell:
        answer = compare(first, second, within_sec=within_sec, tell=tell)
    if isinstance(answer, Proved):
        return Told(answer=PROVED, changed=changed), 0
    if isinstance(answer, OutOfTime):
        late = f"not decided in {answer.after_sec:g} s; --within gives it longer"
        return Told(answer=late, changed=changed), _OUT_OF_TIME
    if isinstance(answer, Witness):
        refused = isinstance(answer.under_a, Refused)
        less = "that A refuses" if refused else "larger than A would"
        told = Told(
            answer=f"B accepts an entry {less}",
            changed=changed,
            entry=_entry(answer.case),
            under_a=_said(answer.under_a),
            under_b=_said(answer.under_b),
        )
        return told, _FOUND
    return Told(answer=f"not decided: {answer.why}", changed=changed), _UNDECIDED


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Show on a terminal what is being looked at; nothing of it stays."""
    screen = console(on_stderr=True)
    if not screen.is_terminal:
        yield lambda _: None
        return
    with screen.status("comparing") as status:
        yield status.update


def _said(ruling: Ruling) -> str:
    """Say what a set of limits makes of the example."""
    if isinstance(ruling, Refused):
        codes = "/".join(dict.fromkeys(finding.reason for finding in ruling.findings))
        return f"REJECT {codes}: {detail_of(ruling.findings)}"
    margin, leverage = ruling.proposal.margin.usd, ruling.proposal.leverage.times
    return f"ACCEPT {exact(margin)} USD at {exact(leverage)}x"


def _changes(first: Limits, second: Limits) -> tuple[Changed, ...]:
    old, new = in_force(first.text()), in_force(second.text())
    return tuple(
        Changed(setting=name, first=old[name], second=new[name])
        for name in old
        if old[name] != new[name]
    )


def _entry(case: Case) -> dict[str, str]:
    """Return what the example is made of, by the names of its record."""
    record, shown = record_of(case), {}
    for name in record.__dataclass_fields__:
        value = getattr(record, name)
        if isinstance(value, Exposure | Activity):
            for part in value.__dataclass_fields__:
                shown[f"{name}.{part}"] = _plain(getattr(value, part))
        elif name != "venues" and not name.endswith("_why"):
            shown[name] = _plain(getattr(value, "value", value))
    zero = {"0", "None", "", "False"}
    return {name: text for name, text in shown.items() if text not in zero}


def _plain(value: object) -> str:
    return str(getattr(value, "rate_fraction", value))


def _show(told: Told) -> None:
    table = Table("setting", "A", "B", box=None, pad_edge=False)
    for one in told.changed:
        table.add_row(one.setting, one.first, one.second)
    screen = console()
    if told.changed:
        print_table(table)
    else:
        screen.print("the limits are the same")
    for what in told.looser:
        screen.print(cell(f"outside of the rules: {what}", most=400))
    if told.not_compared:
        screen.print(
            f"differ and are no limits, not compared: {', '.join(told.not_compared)}"
        )
    screen.print(cell(told.answer, most=400))
    for name, text in told.entry.items():
        screen.print(cell(f"  {name} = {text}", most=200))
    for name, said in (("A", told.under_a), ("B", told.under_b)):
        if said:
            screen.print(cell(f"{name}: {said}", most=600))
