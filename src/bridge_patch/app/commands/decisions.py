"""`decisions`: each intent with what was asked, what was allowed, and why."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any, Final

import msgspec
from rich.text import Text

from bridge_patch.app.commands.journal_file import (
    fail_open_notices,
    find_journal,
    journal_reader,
)
from bridge_patch.app.commands.options import DecisionsOptions
from bridge_patch.app.screen import amount, cell, console, moment, print_table, table
from bridge_patch.domain.events import Judged, Verdict
from bridge_patch.domain.harvest import HarvestPolicy
from bridge_patch.services.decisions import Decision, Filter
from bridge_patch.services.decisions import decisions as all_decisions

_ROWS: Final = 40
_STYLES: Final = {Verdict.ACCEPT: "green", Verdict.CLAMP: "yellow", Verdict.REJECT: "red"}
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")

#: What a record of a verdict or an outcome says beside the decision itself: `case` is for
#: judging again, `entry_id` is the bus's own, and the outcome repeats the verdict.
_APART: Final = frozenset({"case", "entry_id", "harvest_policy"})
_OUTCOME: Final = (
    "status",
    "filled_quantity_base",
    "filled_price_usd",
    "fee_usd",
    "stop_price_usd",
    "order_ids",
    "source",
    "build",
    "created_ms",
    "received_ms",
)


def decisions(options: DecisionsOptions) -> int:
    """Show the decisions that the filters take, as a table or as one JSON array."""
    wanted = Filter(symbol=options.symbol, verdict=options.verdict, code=options.code)
    place = find_journal(options.source)
    with journal_reader(place) as reader:
        found = filter(wanted.takes, all_decisions(reader.read()))
        if options.source.as_json:
            kept = found if options.last is None else deque(found, options.last)
            _print_array(kept)
        else:
            runs = _print_table(found, options.last)
            for notice in fail_open_notices(place, runs):
                console().print(cell(notice, "bold red"))
    return 0


def record(decision: Decision) -> dict[str, Any]:
    """Return a decision as flat JSON fields.

    `run_id` and `recorded_ms` are the only ones that differ between two runs over the same
    data; all times but `recorded_ms` are data time.
    """
    basis, settled = decision.basis, decision.settled
    told: dict[str, Any] = {
        "run_id": decision.run_id,
        "recorded_ms": decision.recorded_ms,
        "intent_id": decision.intent_id,
    }
    for each in fields(basis):
        if each.name not in _APART:
            told[each.name] = getattr(basis, each.name)
    told["harvest_policy"] = _policy(basis.harvest_policy)
    for name in _OUTCOME:
        told[name] = getattr(settled, name, None)
    told["settled_ms"] = settled.at_ms if settled else None
    return told


def _policy(policy: HarvestPolicy | None) -> dict[str, object] | None:
    if policy is None:
        return None
    return {each.name: getattr(policy, each.name) for each in fields(policy)}


def _print_array(found: Iterable[Decision]) -> None:
    """Print one decision per line, so that two runs can be compared with diff."""
    print("[", end="")  # noqa: T201
    for number, decision in enumerate(found):
        line = _ENCODER.encode(record(decision)).decode()
        print(f"{',' if number else ''}\n{line}", end="")  # noqa: T201
    print("\n]")  # noqa: T201


def _print_table(found: Iterator[Decision], last: int | None) -> set[str]:
    """Print the last decisions; return the runs that any of all were made in."""
    runs: set[str] = set()
    shown: deque[Decision] = deque(maxlen=_ROWS if last is None else last)
    counts = dict.fromkeys(Verdict, 0)
    for decision in found:
        counts[decision.basis.verdict] += 1
        runs.add(decision.run_id)
        shown.append(decision)
    made = table("time (UTC)", "symbol", "action", "mode", "verdict", "asked", "allowed")
    for name in ("why", "status", "intent"):
        made.add_column(name, overflow="fold")
    for decision in shown:
        made.add_row(*_row(decision))
    print_table(made)
    screen = console()
    total = sum(counts.values())
    tally = ", ".join(f"{count} {verdict.lower()}" for verdict, count in counts.items())
    screen.print(cell(f"{len(shown)} of {total} decisions ({tally})"))
    if last is None and total > len(shown):
        screen.print(cell("more: --last N, or --json for all"))
    return runs


def _row(decision: Decision) -> list[Text]:
    basis = decision.basis
    asked = _size(basis.proposed_margin_usd, basis.proposed_leverage)
    if isinstance(basis, Judged):
        allowed = _size(basis.margin_usd, basis.leverage)
        quantity = basis.quantity_base
    else:
        allowed = _size(basis.approved_margin_usd, basis.approved_leverage)
        quantity = basis.approved_quantity_base
    if basis.verdict is Verdict.REJECT:
        allowed = "–"
    elif basis.proposed_margin_usd is None:
        allowed = amount(quantity, " base")
    status = decision.settled.status if decision.settled else "no outcome"
    texts = (
        (moment(basis.at_ms), ""),
        (basis.symbol, ""),
        (basis.action, ""),
        (basis.mode, ""),
        (basis.verdict.lower(), _STYLES[basis.verdict]),
        (asked, ""),
        (allowed, ""),
        (" ".join(basis.codes), ""),
        (status, ""),
        (decision.intent_id, "dim"),
    )
    return [cell(text, style) for text, style in texts]


def _size(margin: Any, leverage: Any) -> str:
    return "–" if margin is None else f"${amount(margin)} @ {amount(leverage, 'x')}"
