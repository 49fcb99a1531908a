"""Commands that serve something to other programs: the simulated exchange."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from bridge_patch.app.commands.flags import (
    DataOption,
    EnvFileOption,
    FromOption,
    ToOption,
)
from bridge_patch.app.commands.options import ExchangeOptions
from bridge_patch.app.commands.words import read_period
from bridge_patch.app.forms import read_symbols
from bridge_patch.app.menu.launch import launch
from bridge_patch.domain.errors import InvalidValueError


def exchange(
    *,
    data: DataOption = None,
    speed: Annotated[
        float, typer.Option(min=0, help="Times real time; 0 stands until /sim moves it.")
    ] = 1.0,
    today: Annotated[
        bool, typer.Option("--today", help="Move the data so that it begins now.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Loopback port; 0 takes a free one.")
    ] = 8_797,
    symbols: Annotated[
        str | None, typer.Option(help="Comma list, as in BTCUSDT,SOLUSDT (SYMBOLS).")
    ] = None,
    wallet: Annotated[
        str | None, typer.Option(help="USD to start with (PAPER_EQUITY_USD).")
    ] = None,
    start: FromOption = None,
    end: ToOption = None,
    env_file: EnvFileOption = None,
) -> None:
    """Serve the simulated exchange in Binance's USD-M shape, on loopback.

    Example: bridge-patch exchange --data bars --speed 60
    """
    start_ms, end_ms = read_period(start, end)
    options = ExchangeOptions(
        data=data,
        env_file=env_file,
        symbols=None if symbols is None else read_symbols(symbols),
        start_ms=start_ms,
        end_ms=end_ms,
        speed=speed,
        today=today,
        port=port,
        wallet_usd=None if wallet is None else _wallet(wallet),
    )
    launch("exchange", options)


def _wallet(text: str) -> Decimal:
    try:
        wallet = Decimal(text)
    except InvalidOperation:
        wallet = Decimal(0)
    if not (wallet.is_finite() and wallet > 0):
        msg = f"--wallet must be a positive number of USD, was {text[:32]!r}"
        raise InvalidValueError(msg)
    return wallet
