"""`positions adopt`: a person makes a position ours that somebody else opened."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from decimal import Decimal
from typing import final

from bridge_patch.adapters.lines.text import exact
from bridge_patch.app.commands.options import AdoptOptions
from bridge_patch.app.commands.order import new_command, sent_of
from bridge_patch.app.screen import cell, console, moment, price_text, print_exact
from bridge_patch.domain.events import PositionVouched
from bridge_patch.domain.harvest import HarvestMode
from bridge_patch.domain.reconcile_events import Word
from bridge_patch.services.messages import Wish


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What was said of a position, and what came of it; `word` "" while nobody took it.

    The numbers are the venue's own; `unread` is why nobody knows what came of it.
    """

    command_id: str
    symbol: str
    who: str
    why: str
    meaning: str
    word: str
    detail: str
    at_ms: int | None
    side: str | None
    quantity_base: Decimal | None
    entry_price_usd: Decimal | None
    leverage: int | None
    policy: str | None
    unread: str


def adopt(options: AdoptOptions) -> int:
    """Send the word and wait for what comes of it; 1 where the position is not ours."""
    command = new_command(
        Wish.ADOPT_POSITION,
        options.who,
        options.why,
        symbol=options.symbol,
        policy=None if options.policy is None else HarvestMode(options.policy),
    )
    sent = asyncio.run(sent_of(command, options))
    answer = sent.answer if isinstance(sent.answer, PositionVouched) else None
    policy = answer.harvest_policy if answer else None
    done = Adopted(
        command_id=command.id,
        symbol=options.symbol,
        who=command.who,
        why=command.why,
        meaning=sent.meaning,
        word=answer.word if answer else "",
        detail=answer.detail if answer else "",
        at_ms=answer.at_ms if answer else None,
        side=answer.side if answer else None,
        quantity_base=answer.quantity_base if answer else None,
        entry_price_usd=answer.entry_price_usd if answer else None,
        leverage=answer.leverage if answer else None,
        policy=policy.mode if policy else None,
        unread=sent.unread,
    )
    _show(done, options)
    return 0 if done.word == Word.ADOPTED else 1


def _show(done: Adopted, options: AdoptOptions) -> None:
    if options.as_json:
        print_exact(done)
        return
    screen = console()
    screen.print(cell(f"adopt {done.symbol}, said by {done.who}: {done.why}", most=400))
    if done.unread:
        screen.print(cell("sent; whether it counts cannot be told from here:"))
        screen.print(cell(f"the journal could not be read: {done.unread}", most=400))
    elif done.at_ms is None:
        waited = f"not taken after {options.wait_sec} s: is an execution running there?"
        screen.print(cell(f"{waited} The next one hears it before anything else."))
    elif done.quantity_base is None or done.entry_price_usd is None:
        screen.print(cell(f"refused: {done.detail}", "bold red", 400))
    else:
        held = (
            f"{done.side} {exact(done.quantity_base)} at {price_text(done.entry_price_usd)}"
        )
        at = f"{moment(done.at_ms)} UTC"
        said = f"{done.word} at {at}: {held}, {done.leverage}x, harvested as {done.policy}"
        screen.print(cell(said, "bold green", 400))
        screen.print(cell(done.meaning, most=400))
