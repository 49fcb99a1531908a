"""Commands that send or fetch something: one intent by hand, public bars."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge_patch.app.commands.flags import EnvFileOption, JsonOption, StateOption
from bridge_patch.app.commands.options import (
    FetchOptions,
    SignalOptions,
    read_intent_id,
    read_period,
)
from bridge_patch.app.forms import read_symbols
from bridge_patch.app.menu.launch import launch
from bridge_patch.domain.errors import InvalidValueError

data = typer.Typer(
    help="""Get and keep market data.

    Example: bridge-patch data fetch --from 2025-05-05 --to 2025-05-12
    """,
    no_args_is_help=True,
)


def signal(
    *,
    symbol: Annotated[str, typer.Option(help="As in BTCUSDT.")],
    side: Annotated[str, typer.Option(help="buy, sell or close.")],
    confidence: Annotated[
        str | None, typer.Option(help="From 0 to 1; an entry must state it.")
    ] = None,
    margin_usd: Annotated[
        str | None, typer.Option(help="Margin of an entry, USD (position_size_usd).")
    ] = None,
    leverage: Annotated[str | None, typer.Option(help="From 1 to 125.")] = None,
    stop_pct: Annotated[
        str | None, typer.Option(help="Hard stop, % from the entry.")
    ] = None,
    policy: Annotated[
        str | None, typer.Option(help="scalper, swing or trend_runner.")
    ] = None,
    risk_budget_usd: Annotated[
        str | None, typer.Option(help="Most it may lose at its stop, USD.")
    ] = None,
    reduce: Annotated[
        bool, typer.Option("--reduce", help="Only shrink a position; close always does.")
    ] = False,
    quantity: Annotated[
        str | None, typer.Option(help="Base quantity of a reduction (default: all).")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "by hand",
    valid_sec: Annotated[
        int | None, typer.Option(min=1, help="Seconds until it is void.")
    ] = None,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Judge and simulate it only.")
    ] = False,
    intent_id: Annotated[
        str | None, typer.Option("--id", help="Its id (default: made from what it asks).")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the outcome and say why.")
    ] = False,
    timeout_sec: Annotated[int, typer.Option(min=1, help="How long to wait.")] = 30,
    state: StateOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish one intent by hand, checked as the execution will check it.

    In a replay it carries data time. The exit code is 1 if no outcome came in time.

    Example: bridge-patch signal --symbol BTCUSDT --side buy --confidence 0.8
    --margin-usd 200 --leverage 10 --stop-pct 2 --wait
    """
    action = side.upper()
    if confidence is None and (reduce or action == "CLOSE"):
        confidence = "1"
    texts = {
        "confidence": confidence,
        "position_size_usd": margin_usd,
        "leverage": leverage,
        "stop_loss_pct": stop_pct,
        "harvest_policy": policy,
        "risk_budget_usd": risk_budget_usd,
        "quantity": quantity,
        "mode": "shadow" if shadow else None,
    }
    stated: dict[str, str | bool] = {
        "symbol": symbol,
        "action": action,
        "reason": reason,
        **{name: text for name, text in texts.items() if text is not None},
    }
    if reduce:
        stated["reduce_only"] = True
    options = SignalOptions(
        stated=stated,
        intent_id=None if intent_id is None else read_intent_id(intent_id),
        valid_sec=valid_sec,
        state=state,
        env_file=env_file,
        wait=wait,
        timeout_sec=timeout_sec,
        as_json=as_json,
    )
    launch("signal", options)


@data.command()
def fetch(
    *,
    start: Annotated[
        str, typer.Option("--from", help="First data time, as in 2025-05-05 (UTC).")
    ],
    end: Annotated[
        str, typer.Option("--to", help="Data time to stop before, as in 2025-05-12.")
    ],
    symbols: Annotated[
        str | None, typer.Option(help="Comma list, as in BTCUSDT,SOLUSDT (SYMBOLS).")
    ] = None,
    interval: Annotated[str, typer.Option(help="Length of a bar, as in 1m or 5m.")] = "1m",
    cache: Annotated[
        Path | None, typer.Option(help="Folder to keep bars in (STATE_DIR/market).")
    ] = None,
    env_file: EnvFileOption = None,
) -> None:
    """Fetch public bars into the cache; run again, it goes on where it stopped.

    Example: bridge-patch data fetch --symbols BTCUSDT --from 2025-05-05 --to 2025-05-12
    """
    start_ms, end_ms = read_period(start, end)
    if start_ms is None or end_ms is None:
        msg = "--from and --to must both be stated"
        raise InvalidValueError(msg)
    options = FetchOptions(
        symbols=None if symbols is None else read_symbols(symbols),
        start_ms=start_ms,
        end_ms=end_ms,
        interval=interval,
        cache=cache,
        env_file=env_file,
    )
    launch("data_fetch", options)
