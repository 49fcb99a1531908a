"""`unknown`: orders of which nobody knows, and a person's word about one of them."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from typing import final

from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.lines.text import exact
from bridge_patch.app.commands.journal_file import find_journal
from bridge_patch.app.commands.options import JournalOptions, UnknownOptions
from bridge_patch.app.commands.order import new_command, sent_of
from bridge_patch.app.screen import cell, console, moment, print_exact, print_table
from bridge_patch.app.status.fold import KINDS, StatusFold
from bridge_patch.app.status.paint_open import doubts_table
from bridge_patch.app.status.standing import doubts_of
from bridge_patch.domain.events import OrderVouched
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.reconcile_events import Word
from bridge_patch.services.messages import Wish
from bridge_patch.services.named_order import NamedOrder


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A person's word, and what came of it; `word` "" while no execution has taken it.

    `unread` is why nobody knows: the journal could not be read.
    """

    command_id: str
    order_id: str
    wish: Wish
    who: str
    why: str
    meaning: str
    word: str
    detail: str
    at_ms: int | None
    quantity_base: Decimal | None
    price_usd: Decimal | None
    unread: str


def unknown(options: JournalOptions | UnknownOptions) -> int:
    """List the orders in doubt, or say something about one; 1 if it did not count."""
    if isinstance(options, UnknownOptions):
        return _say(options)
    with closing(JournalSearch(find_journal(options).journal)) as journal:
        fold = StatusFold()
        for stored in journal.events(KINDS):
            fold.apply(stored)
    doubts = doubts_of(fold)
    if options.as_json:
        print_exact(doubts)
        return 0
    made = doubts_table(doubts)
    if made is None:
        console().print(cell("no order is in doubt"))
    else:
        print_table(made)
    return 0


def _say(options: UnknownOptions) -> int:
    command = new_command(
        Wish(options.wish),
        options.who,
        options.why,
        named=NamedOrder(
            order_id=ClientOrderId(options.order_id),
            quantity_base=options.quantity_base,
            price_usd=options.price_usd,
            fee_usd=options.fee_usd,
        ),
    )
    sent = asyncio.run(sent_of(command, options))
    answer = sent.answer if isinstance(sent.answer, OrderVouched) else None
    said = Said(
        command_id=command.id,
        order_id=options.order_id,
        wish=command.wish,
        who=command.who,
        why=command.why,
        meaning=sent.meaning,
        word=answer.word if answer else "",
        detail=answer.detail if answer else "",
        at_ms=answer.at_ms if answer else None,
        quantity_base=answer.quantity_base if answer else None,
        price_usd=answer.price_usd if answer else None,
        unread=sent.unread,
    )
    _show(said, options)
    return 1 if answer is None or answer.word is Word.REFUSED else 0


def _show(said: Said, options: UnknownOptions) -> None:
    if options.as_json:
        print_exact(said)
        return
    screen = console()
    screen.print(
        cell(f"{said.wish} {said.order_id}, said by {said.who}: {said.why}", most=400)
    )
    if said.unread:
        screen.print(cell("sent; whether it counts cannot be told from here:"))
        screen.print(cell(f"the journal could not be read: {said.unread}", most=400))
    elif said.at_ms is None:
        waited = f"not taken after {options.wait_sec} s: is an execution running there?"
        screen.print(cell(f"{waited} The next one hears it before anything else."))
    elif said.word == Word.REFUSED:
        screen.print(cell(f"refused: {said.detail}", "bold red", 400))
    else:
        screen.print(cell(said.meaning, most=400))
        numbers = ""
        if said.quantity_base is not None and said.price_usd is not None:
            numbers = f": {exact(said.quantity_base)} at {exact(said.price_usd)}"
        at = f"{moment(said.at_ms)} UTC"
        screen.print(cell(f"{said.word} at {at}{numbers} {said.detail}".rstrip()))
