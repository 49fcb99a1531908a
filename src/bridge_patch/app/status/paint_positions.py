"""The open positions as tables: ours, the shadow books', and what is not ours."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from rich.table import Table
from rich.text import Text

from bridge_patch.adapters.lines.text import exact
from bridge_patch.app.screen import cell, moment, price_text, span, table
from bridge_patch.app.status.open_view import OpenView, PositionsView
from bridge_patch.domain.events import Book

_CENT: Final = Decimal("0.01")
_NONE: Final = "–"
_MINUTE_MS: Final = 60_000


def tables(found: PositionsView) -> Iterator[Table]:
    """Yield a table for each book that holds something, and one for what is not ours."""
    for book in Book:
        ours = [one for one in found.positions if one.book is book]
        if ours:
            yield _book_table(book, ours, found.data_ms)
    if found.not_ours:
        made = table("not ours", "we hold", "the venue says", "for", title="at the venue")
        for one in found.not_ours:
            age = span(found.data_ms - one.since_ms)
            texts = (one.symbol, one.ours, one.theirs, age)
            made.add_row(*(cell(text, "yellow") for text in texts))
        yield made


def _book_table(book: Book, positions: list[OpenView], now_ms: int) -> Table:
    title = "ours, at the venue" if book is Book.ACCOUNT else f"shadow book {book}"
    names = ("symbol", "side", "quantity", "entry", "last", "stop", "trail", "targets")
    made = table(*names, "time left", "net USD", "policy", "opened by", title=title)
    for one in positions:
        made.add_row(
            cell(one.symbol),
            cell(one.side),
            cell(exact(one.quantity_base)),
            cell(price_text(one.entry_price_usd)),
            _last(one, now_ms),
            _stop(one),
            _trail(one),
            _targets(one),
            _left(one),
            _net(one.net_usd),
            cell(one.mode),
            _opener(one),
        )
    return made


def _last(one: OpenView, now_ms: int) -> Text:
    """Return the newest price; one that is not of this minute says how old it is."""
    age_ms = now_ms - one.priced_ms
    level = price_text(one.last_price_usd)
    return cell(level if age_ms < _MINUTE_MS else f"{level}, {span(age_ms)} ago")


def _stop(one: OpenView) -> Text:
    if one.stop_price_usd is not None:
        return cell(price_text(one.stop_price_usd))
    age = "" if one.naked_ms is None else f" for {span(one.naked_ms)}"
    return cell(f"NAKED{age}", "bold red")


def _trail(one: OpenView) -> Text:
    if one.trail_price_usd is None:
        return cell(_NONE)
    level = price_text(one.trail_price_usd)
    return cell(level) if one.trail_active else cell(f"({level})", "dim")


def _targets(one: OpenView) -> Text:
    told = (
        f"{target.name} {'done' if target.done else price_text(target.price_usd)}"
        for target in one.targets
    )
    return cell(", ".join(told) or _NONE)


def _left(one: OpenView) -> Text:
    whole_ms = one.hold_left_ms // 1000 * 1000
    return cell(span(whole_ms)) if one.hold_left_ms > 0 else cell("over", "bold yellow")


def _net(net_usd: Decimal) -> Text:
    text = f"{net_usd.quantize(_CENT) + 0:+f}"
    return cell(text, "green" if net_usd > 0 else "red")


def _opener(one: OpenView) -> Text:
    by = f"{one.opened_by}, " if one.opened_by else ""
    return cell(f"{by}{one.intent_id}, {moment(one.opened_ms)}", "dim")
