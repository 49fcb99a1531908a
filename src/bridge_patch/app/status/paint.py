"""Where things stand, on one screen: what needs a person first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from rich.table import Table
from rich.text import Text

from bridge_patch.adapters.lines.text import exact
from bridge_patch.app.screen import cell, moment, price_text, span, table
from bridge_patch.app.status.view import (
    CountsView,
    EquityView,
    ExposureView,
    JournalView,
    LeaseView,
    NakedView,
    RunView,
    Standing,
    StateView,
)
from bridge_patch.domain.events import Book, TradingState, Verdict
from bridge_patch.domain.intent import Mode
from bridge_patch.evidence.mandate import Standing as Gated
from bridge_patch.services.backlog import Backlog

_CENT: Final = Decimal("0.01")
_STATES: Final = {
    TradingState.RUNNING: "bold green",
    TradingState.REDUCING: "bold yellow",
    TradingState.HALTED: "bold red",
}
_WORDS: Final = {
    Verdict.ACCEPT: "accepted",
    Verdict.CLAMP: "clamped",
    Verdict.REJECT: "refused",
}
_REASONS_MAX: Final = 4
_UNCOVERED: Final = (Gated.UNPROMOTED, Gated.OVERRIDDEN)


def painted(standing: Standing) -> Table:
    """Return the summary as two columns: what a line is about, and what it says."""
    made = Table.grid(padding=(0, 2))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for label, text in _lines(standing):
        made.add_row(label, text)
    return made


def positions_table(standing: Standing) -> Table | None:
    """Return the open positions, if there are any."""
    if not standing.positions:
        return None
    names = ("book", "symbol", "side", "quantity", "entry", "stop", "last", "gain USD")
    made = table(*names, "open for", "policy", "intent")
    for one in standing.positions:
        stop = one.stop_price_usd
        guarded = cell("NAKED", "bold red") if stop is None else cell(price_text(stop))
        made.add_row(
            cell(one.book),
            cell(one.symbol),
            cell(one.side),
            cell(exact(one.quantity_base)),
            cell(price_text(one.entry_price_usd)),
            guarded,
            cell(price_text(one.last_price_usd)),
            cell(_usd(one.unrealised_usd)),
            cell(span(one.age_ms)),
            cell(one.policy or "–"),
            cell(one.intent_id, "dim"),
        )
    return made


def _lines(standing: Standing) -> Iterator[tuple[str, Text]]:
    if standing.fail_open:
        yield "!", cell(standing.fail_open, "bold red")
    if standing.outage:
        yield "!", cell(f"OUTAGE, no entries: {standing.outage}", "bold red")
    if standing.blind:
        told = f"EXITS BLIND, no entries: {', '.join(standing.blind)}"
        yield "!", cell(f"{told}; their stops at the venue hold", "bold red")
    if standing.run is None:
        yield "run", cell("none: nothing has started in this folder yet")
    else:
        yield from _run(standing.run)
    yield "state", _state(standing.state)
    if standing.equity is not None:
        yield from _equity(standing.equity)
    yield "exposure", cell(_exposure(standing.exposure))
    open_ = len(standing.positions)
    yield "positions", cell(f"{open_} open" if open_ else "none")
    if standing.naked.spells:
        yield "naked", _naked(standing.naked)
    doubts = len(standing.in_doubt)
    yield "in doubt", cell(f"{doubts} order(s)" if doubts else "none", _alarm(doubts))
    yield "venue", _venue(standing)
    yield from _decisions(standing)
    yield from _bus(standing)
    yield from _backlog(standing.backlog)
    if standing.lease is not None:
        yield "acting", _lease(standing.lease)
    yield "journal", _journal(standing.journal)


def _naked(naked: NakedView) -> Text:
    """Say what no stop covers, and for how long anything ever was so."""
    now = (f"{symbol} for {exact(sec)} s" for symbol, sec in naked.now_sec.items())
    ever = f"{exact(naked.total_sec)} s in all, {naked.spells} time(s)"
    return cell(", ".join((*now, ever)), _alarm(naked.now_sec))


def _venue(standing: Standing) -> Text:
    count = len(standing.differences)
    if count:
        return cell(f"differs from the journal in {count}", "bold red")
    agrees = "its records agree with the journal"
    return cell(agrees if standing.compared else "not compared with the journal yet")


def _run(run: RunView) -> Iterator[tuple[str, Text]]:
    money = "simulated" if run.simulated else "REAL MONEY"
    shadow = " that receives no entry" if run.mode == Mode.SHADOW else ""
    yield (
        "mode",
        cell(f"{run.mode.upper()} on the {run.venue} venue{shadow}, {money}", "bold"),
    )
    if run.gate:
        yield "gate", cell(run.gate, "bold red" if run.gate.startswith(_UNCOVERED) else "")
    build = f"build {run.build}, limits {run.limits_hash}"
    yield "run", cell(f"{run.run_id}, {build}, since {moment(run.since_ms)} UTC")
    yield "market", cell(run.feed, most=400)


def _state(state: StateView) -> Text:
    text = cell(state.state, _STATES[TradingState(state.state)])
    if not state.cause:
        return text
    # An order that came before the first tick of a market is stamped with no time.
    since = f" since {moment(state.since_ms)} UTC" if state.since_ms else ""
    return text.append_text(
        cell(f"{since}, {state.cause} by {state.who}: {state.why}", most=400)
    )


def _equity(equity: EquityView) -> Iterator[tuple[str, Text]]:
    book = "" if equity.book is Book.ACCOUNT else f" in the book {equity.book}"
    at = f"at {moment(equity.at_ms)} UTC"
    yield "equity", cell(f"{_usd(equity.equity_usd)} USD{book}, {at}")
    for label, start, name, fell, most in (
        (
            "today",
            equity.day_start_usd,
            "began at",
            equity.day_loss_pct,
            equity.day_loss_max_pct,
        ),
        ("peak", equity.peak_usd, "was", equity.drawdown_pct, equity.drawdown_max_pct),
    ):
        if start is None or fell is None:
            continue
        style = "bold red" if fell >= most else ""
        change = f"{-fell:+.2f} %, limit {-most:f} %"
        yield label, cell(f"{change} ({name} {_usd(start)} USD)", style)


def _exposure(exposure: ExposureView) -> str:
    notional, most = _usd(exposure.notional_usd), exact(exposure.notional_max_usd)
    parts = [f"notional {notional} of {most} USD"]
    margin = f"margin {_usd(exposure.margin_usd)} USD"
    if exposure.margin_pct is not None:
        margin += f", {exposure.margin_pct:.2f} of {exact(exposure.margin_max_pct)} %"
    parts.append(f"{margin} of equity")
    if exposure.reserved_notional_usd:
        parts.append(
            f"{_usd(exposure.reserved_notional_usd)} USD of it for orders in doubt"
        )
    return ", ".join(parts)


def _decisions(standing: Standing) -> Iterator[tuple[str, Text]]:
    counts = standing.this_run
    yield "entries", cell(_verdicts(counts.entries))
    if counts.refusals:
        most = list(counts.refusals.items())
        shown = ", ".join(f"{code} {count}" for code, count in most[:_REASONS_MAX])
        rest = len(most) - _REASONS_MAX
        yield "  refused", cell(shown + (f" and {rest} other reasons" if rest > 0 else ""))
    yield "reductions", cell(_verdicts(counts.reductions))
    yield "set aside", cell(_set_aside(counts))
    if standing.decided_ms is not None:
        at = moment(standing.decided_ms)
        yield "decided", cell(f"last {at} UTC, {standing.decided_id}")


def _verdicts(counts: Mapping[str, int]) -> str:
    told = (f"{counts.get(verdict, 0)} {word}" for verdict, word in _WORDS.items())
    return f"{sum(counts.values())} in this run: {', '.join(told)}"


def _set_aside(counts: CountsView) -> str:
    dead = sum(counts.dead_letters.values()) + counts.expired
    reasons = dict(counts.dead_letters)
    if counts.expired:
        reasons["too_old"] = counts.expired
    listed = ", ".join(f"{name} {count}" for name, count in reasons.items())
    why = f" ({listed})" if listed else ""
    return f"{dead} dead-lettered{why}, {counts.duplicates} duplicates"


def _bus(standing: Standing) -> Iterator[tuple[str, Text]]:
    if not standing.bus:
        yield "bus", cell("none in this file")
    for place in standing.bus:
        behind = place.lag or place.pending
        text = (
            f"{place.stream}: {place.group} is {place.lag} behind, {place.pending} pending"
        )
        yield "bus", cell(text, "yellow" if behind else "")


def _backlog(backlog: Backlog) -> Iterator[tuple[str, Text]]:
    """Say what waits, if anything does; an alarm in red."""
    waits = backlog.lag + backlog.pending
    if not waits:
        return
    age_ms, rate, eta = backlog.oldest_age_ms, backlog.rate_per_sec, backlog.eta_sec
    parts = [f"{waits} waiting"]
    if age_ms is not None:
        parts.append(f"the oldest for {span(age_ms // 1000 * 1000)}")
    if rate is not None and eta is not None:
        parts.append(f"{rate}/s, gone in {span(eta * 1000)}")
    if backlog.alarm:
        parts.append(f"ALARM: {backlog.alarm}")
    style = "bold red" if backlog.alarm else "yellow"
    yield "backlog", cell(", ".join(parts), style, 400)


def _lease(lease: LeaseView) -> Text:
    if not lease.holder:
        return cell(f"no process: the last one has stopped (token {lease.token})")
    seen = f"{lease.holder}, token {lease.token}, alive {span(lease.renewed_ago_ms)} ago"
    if not lease.overdue:
        return cell(seen)
    return cell(f"{seen}: silent or ended, a standby takes over", "bold red")


def _journal(journal: JournalView) -> Text:
    beyond = journal.entries - journal.head_seq
    ends = "and its head agrees" if not beyond else f"{beyond} younger than its head"
    said = f"❌ {journal.fault}: run `bridge-patch verify`" if journal.fault else ends
    ago_ms = journal.recorded_ago_ms
    when = "" if ago_ms is None else f", last written {_ago(ago_ms)}"
    text = f"{journal.path}: {journal.entries} entries, {said}{when}"
    return cell(text, _alarm(bool(journal.fault)), 400)


def _ago(ms: int) -> str:
    return f"{span(ms // 1000 * 1000)} ago" if ms >= 1000 else "just now"  # noqa: PLR2004


def _alarm(wrong: object) -> str:
    return "bold red" if wrong else ""


def _usd(value: Decimal) -> str:
    return f"{value.quantize(_CENT) + 0:f}"
