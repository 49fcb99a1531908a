"""The table at the end of a demo, for people and as JSON."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bridge_patch.adapters.feeds.series import utc
from bridge_patch.adapters.verify import Verification
from bridge_patch.app.demo.tally import Tally
from bridge_patch.app.report.material import Standing
from bridge_patch.app.report.words import LABELS
from bridge_patch.domain.events import FillKind, Verdict
from bridge_patch.domain.intent import Mode, UnixMs
from bridge_patch.evidence.replay import Rejudged
from bridge_patch.policy.signal_report import SignalReport, told


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One mode's run, and its counts."""

    mode: Mode
    start_ms: UnixMs
    end_ms: UnixMs
    tally: Tally


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Everything the demo says at its end."""

    feed: str
    phases: tuple[Phase, ...]
    wall_sec: float
    journal: Path
    log: Path
    report: Path
    standings: tuple[Standing, ...]
    verification: Verification
    rejudged: Rejudged
    honest: SignalReport

    @property
    def judged(self) -> int:
        """How many verdicts were given."""
        return sum(phase.tally.judged for phase in self.phases)


def print_summary(summary: Summary, console: Console, *, as_json: bool) -> None:
    """Print the table, or the same figures as one JSON object on stdout."""
    if as_json:
        rows = {p.mode.value: dict(_rows(p, summary.standings)) for p in summary.phases}
        closing = dict(_closing(summary))
        second = list(told(summary.honest))
        figures = {"phases": rows, "second source": second, **closing}
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")
        return
    table = Table(box=SIMPLE_HEAD, title="What happened", title_justify="left")
    table.add_column("")
    for phase in summary.phases:
        table.add_column(f"{phase.mode}", justify="right")
    columns = [dict(_rows(phase, summary.standings)) for phase in summary.phases]
    for name in _merged([list(column) for column in columns]):
        table.add_row(name, *(column.get(name, "-") for column in columns))
    console.print(table)
    console.print("The second source, calibrated on past bars only:")
    for line in told(summary.honest):
        console.print(f"  {line}", markup=False)
    console.print()
    for name, text in _closing(summary):
        console.print(f"{name}: {text}", markup=False)


def _merged(columns: list[list[str]]) -> list[str]:
    """Return every row name once, each behind the one it follows in its own column."""
    merged: list[str] = []
    for names in columns:
        place = 0
        for name in names:
            if name in merged:
                place = merged.index(name) + 1
            else:
                merged.insert(place, name)
                place += 1
    return merged


def _rows(phase: Phase, standings: Sequence[Standing]) -> Iterator[tuple[str, str]]:
    tally = phase.tally
    yield "from (UTC)", utc(phase.start_ms)
    yield "to (UTC)", utc(phase.end_ms)
    yield "intents to enter", f"{tally.intents}"
    yield "accepted as asked", f"{tally.verdicts[Verdict.ACCEPT]}"
    yield "clamped", f"{tally.verdicts[Verdict.CLAMP]}"
    yield from _counted("  by ", tally.caps)
    yield "refused", f"{tally.verdicts[Verdict.REJECT]}"
    yield from _counted("  ", tally.refusals)
    yield "dead-lettered", f"{sum(tally.dead.values())}"
    yield from _counted("  ", tally.dead)
    yield "duplicates", f"{tally.duplicates}"
    yield "intents to reduce", f"{sum(tally.reductions.values())}"
    yield "orders sent to the venue", f"{sum(tally.orders.values())}"
    yield from _counted("  ", tally.orders)
    yield "fills", f"{sum(tally.fills.values())}"
    yield from _counted("  entries ", tally.entries)
    yield "fees, USD", f"{tally.fees_usd:.2f}"
    yield "harvests", f"{sum(tally.harvests.values())}"
    yield from _counted("  ", tally.harvests)
    yield "stops filled", f"{tally.fills[FillKind.STOP]}"
    yield "liquidations", f"{tally.fills[FillKind.LIQUIDATION]}"
    yield from _worth(phase, standings)


def _worth(phase: Phase, standings: Sequence[Standing]) -> Iterator[tuple[str, str]]:
    """State what each account was worth after a phase, and how deep it had fallen."""
    mine = [each for each in standings if each.phase.mode is phase.mode]
    for each in mine:
        yield f"equity {LABELS[each.role]}, USD", f"{each.stretch.end_usd:.2f}"
    for each in mine:
        fall_pct = each.stretch.drawdown_max_pct
        yield f"deepest fall {LABELS[each.role]}, %", f"{fall_pct:.2f}"


def _counted(prefix: str, counts: Counter[str]) -> Iterator[tuple[str, str]]:
    for name, count in counts.most_common():
        yield f"{prefix}{name}", f"{count}"


def _closing(summary: Summary) -> Iterator[tuple[str, str]]:
    for phase in summary.phases:
        latch = phase.tally.ended_by()
        if latch is not None:
            yield (
                f"{phase.mode} ended by a latch",
                (
                    f"{latch.state} {latch.cause}: {latch.why}; a correct ending, which"
                    " only a person may undo"
                ),
            )
    yield "market", summary.feed
    yield "decisions", f"{summary.judged} in {summary.wall_sec:.1f} s"
    yield "decisions per second", f"{summary.judged / summary.wall_sec:.0f}"
    found = summary.verification
    faults = "; ".join(f"entry {fault.seq}: {fault.what}" for fault in found.faults[:3])
    yield "verify", f"{found.entries} entries, every link holds" if found.ok else faults
    again = summary.rejudged
    yield (
        "judged again from the journal",
        f"{again.checked} entries, {len(again.mismatches)} verdicts differ",
    )
    yield "log", str(summary.log)
    yield "report", str(summary.report)
    yield "journal", str(summary.journal)
