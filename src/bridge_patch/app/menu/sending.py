"""The command that sends one intent by hand; its options are texts, read by the codec."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge_patch.app.commands.flags import EnvFileOption, JsonOption, StateOption
from bridge_patch.app.commands.options import SignalOptions
from bridge_patch.app.commands.words import read_intent_id
from bridge_patch.app.menu.launch import launch

_Side = Annotated[str, typer.Option(help="buy, sell or close.")]
_Confidence = Annotated[
    str | None, typer.Option(help="From 0 to 1; an entry must state it.")
]
_Margin = Annotated[
    str | None, typer.Option(help="Margin of an entry, USD (position_size_usd).")
]
_Leverage = Annotated[str | None, typer.Option(help="From 1 to 125.")]
_Stop = Annotated[str | None, typer.Option(help="Hard stop, % from the entry.")]
_Policy = Annotated[str | None, typer.Option(help="scalper, swing or trend_runner.")]
_Budget = Annotated[str | None, typer.Option(help="Most it may lose at its stop, USD.")]
_Reduce = Annotated[
    bool, typer.Option("--reduce", help="Only shrink a position; close always does.")
]
_Quantity = Annotated[
    str | None, typer.Option(help="Base quantity of a reduction (default: all).")
]
_Reason = Annotated[str, typer.Option(help="Why, for the record.")]
_Valid = Annotated[int | None, typer.Option(min=1, help="Seconds until it is void.")]
_Shadow = Annotated[bool, typer.Option("--shadow", help="Judge and simulate it only.")]
_Id = Annotated[
    str | None, typer.Option("--id", help="Its id (default: made from what it asks).")
]
_Wait = Annotated[bool, typer.Option("--wait", help="Wait for the outcome and say why.")]
_Timeout = Annotated[int, typer.Option(min=1, help="How long to wait.")]


def signal(
    *,
    symbol: Annotated[str, typer.Option(help="As in BTCUSDT.")],
    side: _Side,
    confidence: _Confidence = None,
    margin_usd: _Margin = None,
    leverage: _Leverage = None,
    stop_pct: _Stop = None,
    policy: _Policy = None,
    risk_budget_usd: _Budget = None,
    reduce: _Reduce = False,
    quantity: _Quantity = None,
    reason: _Reason = "by hand",
    valid_sec: _Valid = None,
    shadow: _Shadow = False,
    intent_id: _Id = None,
    wait: _Wait = False,
    timeout_sec: _Timeout = 30,
    state: StateOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish one intent by hand, checked as the execution will check it.

    In a replay it carries data time. The exit code is 1 if no outcome came in time.

    Example: bridge-patch signal --symbol BTCUSDT --side close --wait
    """
    action = side.upper()
    bare = confidence is None and (reduce or action == "CLOSE")
    stated: dict[str, str | bool | None] = {
        "symbol": symbol,
        "action": action,
        "confidence": "1" if bare else confidence,
        "position_size_usd": margin_usd,
        "leverage": leverage,
        "stop_loss_pct": stop_pct,
        "harvest_policy": policy,
        "risk_budget_usd": risk_budget_usd,
        "quantity": quantity,
        "mode": "shadow" if shadow else None,
        "reduce_only": reduce or None,
        "reason": reason,
    }
    options = SignalOptions(
        stated={name: value for name, value in stated.items() if value is not None},
        intent_id=None if intent_id is None else read_intent_id(intent_id),
        valid_sec=valid_sec,
        state=state,
        env_file=env_file,
        wait=wait,
        timeout_sec=timeout_sec,
        as_json=as_json,
    )
    launch("signal", options)
