"""The evaluation as Markdown: what stands between the markers of `docs/harvest.md`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from bridge_patch.adapters.feeds.series import utc
from bridge_patch.app.harvest.rows import (
    Comparison,
    Evaluation,
    Hits,
    Standing,
)
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.evidence.paired import LEVEL
from bridge_patch.evidence.trades import ExitReason

#: What the picture is called, beside the page.
PICTURE_NAME: Final = "harvest.svg"
_ALT: Final = (
    "Each mode less each baseline with its 95 % interval, by market and symbol; the tables"
    " below say the same of the markets as a whole"
)


def evaluation_text(found: Evaluation) -> str:
    """Return the tables of the trials; every figure in them was computed."""
    return "\n".join(
        (
            "### The markets",
            "",
            *markdown(_played_head(), _played(found)),
            "",
            "### Each mode against its baselines",
            "",
            f"![{_ALT}]({PICTURE_NAME})",
            "",
            *markdown(_compared_head(), map(_compared, found.pooled)),
            "",
            _in_words(found.pooled, found.by_symbol),
            "",
            "### What each way out made of the same entries",
            "",
            *markdown(_standing_head(), map(_standing, found.standings)),
            "",
            "### How often noise hits the trail",
            "",
            *markdown(_hits_head(), _hits(found.hits)),
            "",
        )
    )


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table; a column whose heading ends in a colon is of numbers."""
    names = [name.removesuffix(":") for name in head]
    rules = ["---:" if name.endswith(":") else "---" for name in head]
    for cells in (names, rules, *rows):
        yield f"| {' | '.join(cells)} |"


def signed(value: float, places: int = 1) -> str:
    """Return a difference with its sign; one that rounds to nothing has none.

    >>> signed(1.25), signed(-0.01), signed(-3.0)
    ('+1.2', '0.0', '−3.0')
    """
    text = f"{value:+.{places}f}"
    if float(text) == 0:
        return text[1:]
    return text.replace("-", "−")


def percent(share: float) -> str:
    """Return a fraction in percent, and a little that is there as such.

    >>> percent(0), percent(0.001), percent(0.514)
    ('0 %', '<1 %', '51 %')
    """
    return "<1 %" if 0 < share < 0.005 else f"{share * 100:.0f} %"  # noqa: PLR2004


def _played_head() -> tuple[str, ...]:
    return (
        *("market", "symbol", "bars", "from (UTC)", "to (UTC)"),
        *("entries:", "sizer abstained:", "funding"),
    )


def _played(found: Evaluation) -> Iterator[Sequence[str]]:
    for one in found.played:
        funding = "none on record" if "no funding" in one.label else "as recorded"
        yield (
            one.market,
            one.symbol,
            f"{one.bar_ms // 60_000} min",
            utc(one.start_ms),
            utc(one.end_ms),
            f"{one.entries:,}",
            f"{one.abstained:,}",
            funding,
        )


def _compared_head() -> tuple[str, ...]:
    return (
        *("market", "mode", "less", "moments:", "difference, bp:"),
        *(f"{LEVEL:.0%} interval, bp".replace("%", " %"), "block:", "in a word"),
    )


def _compared(one: Comparison) -> Sequence[str]:
    head = (one.market, one.mode, one.baseline)
    found = one.interval
    if found is None:
        return (*head, "–", "–", "–", "–", one.word)
    word = f"**{one.word}**" if found.significant else one.word
    return (
        *head,
        f"{found.count:,}",
        signed(found.mean),
        f"{signed(found.low)} to {signed(found.high)}",
        str(found.block),
        word,
    )


def _in_words(pooled: Sequence[Comparison], by_symbol: Sequence[Comparison]) -> str:
    """Say how many intervals mean anything, and how many would by chance alone."""
    said = []
    for what, several in (
        ("for a whole market", pooled),
        ("for one symbol (in the picture)", by_symbol),
    ):
        drawn = [one for one in several if one.interval is not None]
        better = sum(one.word == "better" for one in drawn)
        worse = sum(one.word == "worse" for one in drawn)
        said.append(
            f"Of the {len(drawn)} intervals {what},"
            f" {len(drawn) - better - worse} hold zero: not significant. {better} say"
            f" better and {worse} say worse; chance alone would say one or the other about"
            f" {len(drawn) * (1 - LEVEL):.1f} times."
        )
    return " ".join(said)


def _standing_head() -> tuple[str, ...]:
    return (
        *("market", "mode", "way out", "entries:", "net, bp:", "fees and funding, bp:"),
        *("held, min:", "worst, bp:", "by trail:", "by hard stop:", "by time:"),
        "liquidated:",
    )


def _standing(one: Standing) -> Sequence[str]:
    return (
        *(one.market, one.mode, one.way, f"{one.entries:,}", signed(one.net_bp)),
        *(f"{one.cost_bp:.1f}", f"{one.hold_min:.0f}", signed(one.worst_bp, 0)),
        percent(one.shares[ExitReason.TRAIL]),
        percent(one.shares[ExitReason.STOP]),
        percent(one.shares[ExitReason.TIME]),
        f"{one.shares[ExitReason.LIQUIDATION] * one.entries:.0f}",
    )


def _hits_head() -> tuple[str, ...]:
    heads = ["market", "symbol"]
    for mode in HarvestMode:
        policy = POLICIES[mode]
        minutes = policy.hold_max_sec // 60
        heads += [
            f"{policy.trail_pct:f} % in {minutes} min:",
            "a walk:",
            "better held:",
        ]
    return tuple(heads)


def _hits(several: Sequence[Hits]) -> Iterator[Sequence[str]]:
    for market, symbol in dict.fromkeys((one.market, one.symbol) for one in several):
        cells = [market, symbol]
        for mode in HarvestMode:
            found = [
                one
                for one in several
                if (one.market, one.symbol, one.mode) == (market, symbol, mode)
            ]
            cells += _hit(found[0]) if found else ["–"] * 3
        yield cells


def _hit(one: Hits) -> list[str]:
    held = "–" if one.regretted is None else percent(one.regretted)
    return [percent(one.share), percent(one.walk), held]
