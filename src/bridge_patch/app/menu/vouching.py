"""The command group about orders of which nobody knows what became of them."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge_patch.app.commands.flags import (
    EnvFileOption,
    JournalOption,
    JsonOption,
    StateOption,
    WaitOption,
    WhoOption,
    WhyOption,
)
from bridge_patch.app.commands.options import JournalOptions, UnknownOptions
from bridge_patch.app.commands.words import read_number
from bridge_patch.app.menu.launch import launch

_ABOUT = """List the orders whose fate is not known, or say what became of one.

    A word counts while the order is UNKNOWN; it is journaled with who and why.

    Example: bridge-patch unknown --journal var/demo/bridge.db
    """
_Order = Annotated[str, typer.Argument(metavar="ORDER_ID", help="As `unknown` lists it.")]

unknown = typer.Typer(help=_ABOUT, invoke_without_command=True)


@unknown.callback()
def _listed(
    context: typer.Context,
    *,
    journal: JournalOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the orders whose fate is not known, or say what became of one.

    A word counts while the order is UNKNOWN; it is journaled with who and why.

    Example: bridge-patch unknown --journal var/demo/bridge.db
    """
    if context.invoked_subcommand is None:
        options = JournalOptions(journal=journal, env_file=env_file, as_json=as_json)
        launch("unknown", options)


@unknown.command()
def adopt(
    *,
    order_id: _Order,
    why: WhyOption,
    quantity: Annotated[
        str | None, typer.Option(help="What it filled in all (default: ask the venue).")
    ] = None,
    price: Annotated[
        str | None, typer.Option(help="At what price on average, USD.")
    ] = None,
    fee: Annotated[str | None, typer.Option(help="For what fee, USD.")] = None,
    who: WhoOption = None,
    wait_sec: WaitOption = 5,
    state: StateOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that an order filled: by the numbers stated, or as the venue tells it.

    The exit code is 1 if it was refused, or if no execution took it in time.

    Example: bridge-patch unknown adopt bp-0123456789abcdef01234567 --why "seen in the app"
    """
    numbers = [
        read_number(text, name)
        for text, name in ((quantity, "--quantity"), (price, "--price"), (fee, "--fee"))
    ]
    options = UnknownOptions(
        wish="adopt",
        order_id=order_id,
        quantity_base=numbers[0],
        price_usd=numbers[1],
        fee_usd=numbers[2],
        why=why,
        who=who,
        wait_sec=wait_sec,
        state=state,
        env_file=env_file,
        as_json=as_json,
    )
    launch("unknown", options)


@unknown.command()
def close(
    *,
    order_id: _Order,
    why: WhyOption,
    who: WhoOption = None,
    wait_sec: WaitOption = 5,
    state: StateOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Vouch that an order never came and never will: its reservation is given back.

    A trade of it that comes after all puts it in doubt again, and holds the account.
    The exit code is 1 if it was refused, or if no execution took it in time.

    Example: bridge-patch unknown close bp-0123456789abcdef01234567 --why "asked support"
    """
    options = UnknownOptions(
        wish="close",
        order_id=order_id,
        quantity_base=None,
        price_usd=None,
        fee_usd=None,
        why=why,
        who=who,
        wait_sec=wait_sec,
        state=state,
        env_file=env_file,
        as_json=as_json,
    )
    launch("unknown", options)
