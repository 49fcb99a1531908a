"""An answer on one screen: what decided first, every number behind it below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from rich.table import Table
from rich.text import Text

from bridge_patch.adapters.lines.text import exact
from bridge_patch.app.screen import cell, moment
from bridge_patch.app.why.answer import Answer, Asked, Held, Message, Outcome, Said, Size

_TRADES_MAX: Final = 6
_PAYLOAD_MAX: Final = 600
_WORDS: Final = {"DENY": "objection", "CAP": "cap", "WARN": "warning"}
_STYLES: Final = {"ACCEPT": "green", "CLAMP": "yellow", "REJECT": "red"}
_UNITS: Final = {
    "state": ("account", ""),
    "equity_usd": ("equity", " USD"),
    "available_usd": ("free", " USD"),
    "mark_usd": ("mark", ""),
    "volatility": ("volatility", " % a year"),
    "day_loss_pct": ("loss today", " %"),
    "drawdown_pct": ("below the peak", " %"),
    "open_notional_usd": ("open notional", " USD"),
    "open_margin_usd": ("open margin", " USD"),
}
_CENT: Final = Decimal("0.01")


def painted(answer: Answer) -> Table:
    """Return the answer as two columns: what a line is about, and what it says."""
    made = Table.grid(padding=(0, 2))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    made.add_row("why", cell(answer.intent_id, "bold"))
    made.add_row(
        "answer", cell(answer.headline, _STYLES.get(answer.verdict or "", ""), 600)
    )
    for label, text in _lines(answer):
        made.add_row(label, text)
    return made


def _lines(answer: Answer) -> Iterator[tuple[str, Text]]:
    yield from _where(answer)
    if answer.asked is not None:
        yield from _asked(answer.asked)
    if answer.saw:
        yield "saw", cell(_saw(answer.saw), "dim", 500)
    told: set[str] = set()
    for said in answer.said:
        yield from _said(said, again=said.code in told)
        told.add(said.code)
    if answer.allowing_rules:
        yield "rules", cell(f"{answer.allowing_rules} had no objection")
    for note in answer.notes:
        yield "note", cell(note)
    if answer.allowed is not None:
        yield "allowed", cell(_size(answer.allowed))
    if answer.outcome is not None:
        yield "outcome", cell(_outcome(answer.outcome), most=600)
    if answer.held is not None:
        yield from _held(answer.held, answer)
    for message in answer.messages:
        yield from _message(message)


def _where(answer: Answer) -> Iterator[tuple[str, Text]]:
    if answer.fail_open:
        yield "!", cell(answer.fail_open, "bold red")
    if answer.judged_ms is not None:
        where = f", in {answer.mode}" if answer.mode else ""
        run = f", run {answer.run_id}" if answer.run_id else ""
        yield "at", cell(f"{moment(answer.judged_ms)} UTC{where}{run}")


def _message(message: Message) -> Iterator[tuple[str, Text]]:
    at = f" at {moment(message.at_ms)} UTC" if message.at_ms is not None else ""
    entry = f" (entry {message.entry_id})" if message.entry_id else ""
    yield "message", cell(f"{message.what}{at}{entry}")
    for fault in message.faults:
        yield "fault", cell(fault)
    if message.payload:
        yield "payload", cell(message.payload, "dim", _PAYLOAD_MAX)


def _asked(asked: Asked) -> Iterator[tuple[str, Text]]:
    parts = [f"{asked.action} {asked.symbol}".strip(), _size(asked.size)]
    if asked.confidence is not None:
        parts.append(f"confidence {exact(asked.confidence)}")
    if asked.stop_pct is not None:
        parts.append(f"stop {exact(asked.stop_pct)} %")
    if asked.stop_at_usd is not None:
        parts.append(f"a stop at {exact(asked.stop_at_usd)}")
    if asked.policy:
        parts.append(asked.policy)
    yield "asked", cell(", ".join(part for part in parts if part))
    by = f"by {asked.source}" if asked.source else "by an unnamed source"
    made = "" if asked.created_ms is None else f", made {moment(asked.created_ms)} UTC"
    reason = f": {asked.reason}" if asked.reason else ""
    yield "", cell(f"{by}{made}{reason}", "dim", 300)


def _saw(saw: Mapping[str, Decimal | str]) -> str:
    """Return the readings, and what was said where there was none."""
    parts = []
    for name, value in saw.items():
        words, unit = _UNITS.get(name, (name, ""))
        if isinstance(value, Decimal):
            shown = value * 100 if name == "volatility" else value
            parts.append(f"{words} {_price(shown)}{unit}")
        else:
            parts.append(
                f"{words} {value}" if name == "state" else f"{words} unknown ({value})"
            )
    return ", ".join(parts)


def _said(said: Said, *, again: bool) -> Iterator[tuple[str, Text]]:
    mark = "▶ " if said.decided else ""
    text = cell(f"{mark}{said.rule} {said.code}: ", "bold" if said.decided else "")
    yield _WORDS.get(said.vote, said.vote), text.append_text(cell(said.detail))
    if again:
        return
    set_by = " ".join(
        f"{name}={value}" if value else name for name, value in said.settings.items()
    )
    by = f"set by {set_by}; " if set_by else ""
    word = "to pass" if said.vote != "CAP" else "to keep more"
    yield "", cell(f"{by}{word}: {said.change}", "dim", 400)


def _size(size: Size) -> str:
    parts = []
    if size.margin_usd is not None and size.leverage is not None:
        parts.append(f"${exact(size.margin_usd)} @ {exact(size.leverage)}x")
    if size.notional_usd is not None:
        parts.append(f"notional ${exact(size.notional_usd.quantize(_CENT))}")
    if size.quantity_base is not None:
        parts.append(f"quantity {exact(size.quantity_base)}")
    return ", ".join(parts)


def _outcome(outcome: Outcome) -> str:
    parts = [str(outcome.status)]
    if outcome.filled_quantity_base is not None and outcome.filled_price_usd is not None:
        price = _price(outcome.filled_price_usd)
        parts.append(f"{exact(outcome.filled_quantity_base)} at {price}")
    if outcome.fee_usd is not None:
        parts.append(f"fee {_usd(outcome.fee_usd)} USD")
    if outcome.stop_price_usd is not None:
        parts.append(f"stop at {exact(outcome.stop_price_usd)}")
    parts += outcome.codes
    if outcome.detail:
        parts.append(outcome.detail)
    if outcome.order_ids:
        parts.append(f"orders {' '.join(outcome.order_ids)}")
    return ", ".join(parts)


def _held(held: Held, answer: Answer) -> Iterator[tuple[str, Text]]:
    own = held.opened_by == answer.intent_id
    by = "" if own else f" by {held.opened_by}"
    open_ = "" if held.trades else _left(held)
    yield (
        "position",
        cell(
            f"{held.side} at {_price(held.entry_price_usd)},"
            f" opened {moment(held.opened_ms)} UTC{by}{open_}",
            most=300,
        ),
    )
    for trade in held.trades[:_TRADES_MAX]:
        via = "" if trade.intent_id == answer.intent_id else f", by {trade.intent_id}"
        yield (
            "closed",
            cell(
                f"{moment(trade.at_ms)} UTC, {trade.kind} {exact(trade.quantity_base)} at"
                f" {_price(trade.price_usd)}, realised {_usd(trade.realised_usd)} USD{via}",
                most=300,
            ),
        )
    if len(held.trades) > _TRADES_MAX:
        yield "", cell(f"and {len(held.trades) - _TRADES_MAX} more: --json lists them")
    if held.trades:
        net = held.realised_usd - held.fees_usd
        yield (
            "result",
            cell(
                f"realised {_usd(held.realised_usd)}, fees {_usd(held.fees_usd)},"
                f" net {_usd(net)} USD before funding{_left(held)}"
            ),
        )


def _left(held: Held) -> str:
    return f"; {exact(held.left_base)} still open" if held.left_base else "; flat"


def _usd(value: Decimal) -> str:
    return f"{value.quantize(_CENT) + 0:f}"


def _price(value: Decimal) -> str:
    return exact(_short(value))


def _short(value: Decimal) -> Decimal:
    """Return a number to eight significant digits: an average has no end."""
    return Decimal(f"{value:.8g}")
