"""The crashes as Markdown: what became of every entry, and where each stop filled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from bridge_patch.adapters.feeds.series import utc
from bridge_patch.app.harvest.outcome import SIZER, Attempt
from bridge_patch.app.harvest.text import markdown, percent, signed


def crashes_text(attempts: Sequence[Attempt]) -> str:
    """Return the tables of the crashes."""
    refused = sorted({one.said for one in attempts if not one.opened})
    stops = sum(len(one.stops) for one in attempts)
    return "\n".join(
        (
            "### What became of every entry",
            "",
            *markdown(_outcome_head(), _outcomes(attempts)),
            "",
            f"Why there was no entry: {', '.join(f'`{why}`' for why in refused) or '–'}.",
            "",
            "### Where the stops filled",
            "",
            *markdown(_slippage_head(), _slippages(attempts)),
            "",
            f"<details><summary>Each of the {stops} stops that fired</summary>",
            "",
            *markdown(_stop_head(), _stops(attempts)),
            "",
            "</details>",
            "",
        )
    )


def _outcome_head() -> tuple[str, ...]:
    return (
        *("crash", "entries", "tried:", "sizer abstained:", "Governor refused:"),
        *("opened:", "leverage", "by stop:", "at market:", "liquidated:", "not flat:"),
        *("ticks naked:", "nearest to liquidation:", "worst, net:"),
    )


def _outcomes(attempts: Sequence[Attempt]) -> Iterator[Sequence[str]]:
    for crash, forced in dict.fromkeys((one.asked.crash, one.forced) for one in attempts):
        group = [
            one for one in attempts if (one.asked.crash, one.forced) == (crash, forced)
        ]
        opened = [one for one in group if one.opened]
        abstained = sum(one.said.startswith(SIZER) for one in group)
        stopped = sum(bool(one.stops) for one in opened)
        leverages = sorted({round(one.leverage) for one in opened})
        yield (
            crash,
            "past the sizer" if forced else "as it runs",
            *map(str, (len(group), abstained, len(group) - len(opened) - abstained)),
            str(len(opened)),
            f"{leverages[0]}x to {leverages[-1]}x" if leverages else "–",
            *map(str, (stopped, len(opened) - stopped)),
            str(sum(one.liquidated for one in opened)),
            str(sum(not one.flat for one in opened)),
            str(sum(one.naked_ticks for one in opened)),
            percent(max((one.toward_liquidation for one in opened), default=0.0)),
            f"{signed(min((one.net_pct for one in opened), default=0.0))} %",
        )


def _slippage_head() -> tuple[str, ...]:
    return ("crash", "symbol", "stops:", "beyond the trigger, median bp:", "most, bp:")


def _slippages(attempts: Sequence[Attempt]) -> Iterator[Sequence[str]]:
    for crash, symbol in dict.fromkeys(
        (one.asked.crash, one.asked.symbol) for one in attempts
    ):
        beyond = [
            stop.beyond_bp
            for one in attempts
            if (one.asked.crash, one.asked.symbol) == (crash, symbol)
            for stop in one.stops
        ]
        if beyond:
            figures = (f"{median(beyond):.1f}", f"{max(beyond):.1f}")
            yield crash, symbol, str(len(beyond)), *figures


def _stop_head() -> tuple[str, ...]:
    return (
        *("symbol", "side", "mode", "entered (UTC)", "leverage:", "which"),
        *("trigger:", "filled at:", "beyond, bp:"),
    )


def _stops(attempts: Sequence[Attempt]) -> Iterator[Sequence[str]]:
    for one in attempts:
        for stop in one.stops:
            yield (
                *(one.asked.symbol, one.asked.side, one.asked.mode),
                utc(one.asked.at_ms),
                f"{one.leverage:.0f}x",
                one.said,
                f"{stop.trigger_usd:f}",
                f"{stop.price_usd:f}",
                f"{stop.beyond_bp:.1f}",
            )
