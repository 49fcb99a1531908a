"""The frames of the user stream, parsed at the edge: what we use of each kind.

A kind that we do not use is `Other`; a frame that cannot be read is a fault of the stream,
which is then rebuilt: an event that was not understood was not heard.
"""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import Final, TypeAlias

import msgspec

from bridge_patch.adapters.venue_ccxt.replies import finite
from bridge_patch.domain.errors import InvalidValueError


class _Frame(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a frame, under names of ours."""

    def __post_init__(self) -> None:
        finite(self)


class _OrderBody(_Frame, frozen=True):
    symbol: str = msgspec.field(name="s")
    client_order_id: str = msgspec.field(name="c")
    side: str = msgspec.field(name="S")
    kind: str = msgspec.field(name="o")
    execution: str = msgspec.field(name="x")
    status: str = msgspec.field(name="X")
    order_id: int = msgspec.field(name="i")
    quantity: Decimal = msgspec.field(name="q")
    last_quantity: Decimal = msgspec.field(name="l")
    executed: Decimal = msgspec.field(name="z")
    last_price: Decimal = msgspec.field(name="L")
    trade_ms: int = msgspec.field(name="T")
    trade_id: int = msgspec.field(name="t")
    realised: Decimal = msgspec.field(name="rp", default=Decimal(0))
    fee: Decimal | None = msgspec.field(name="n", default=None)
    fee_asset: str | None = msgspec.field(name="N", default=None)
    expiry: str = msgspec.field(name="er", default="")


class OrderUpdate(_Frame, frozen=True):
    """ORDER_TRADE_UPDATE: an order changed, or traded."""

    event_ms: int = msgspec.field(name="E")
    at_ms: int = msgspec.field(name="T")
    order: _OrderBody = msgspec.field(name="o")


class _AlgoBody(_Frame, frozen=True):
    client_algo_id: str = msgspec.field(name="caid")
    algo_id: int = msgspec.field(name="aid")
    symbol: str = msgspec.field(name="s")
    side: str = msgspec.field(name="S")
    status: str = msgspec.field(name="X")
    trigger_price: Decimal = msgspec.field(name="tp", default=Decimal(0))
    close_all: bool = msgspec.field(name="cp", default=False)
    quantity: Decimal = msgspec.field(name="q", default=Decimal(0))
    actual_id: str = msgspec.field(name="ai", default="")
    actual_quantity: Decimal | None = msgspec.field(name="aq", default=None)
    reason: str = msgspec.field(name="rm", default="")


class AlgoUpdate(_Frame, frozen=True):
    """ALGO_UPDATE: a conditional order changed."""

    event_ms: int = msgspec.field(name="E")
    at_ms: int = msgspec.field(name="T")
    algo: _AlgoBody = msgspec.field(name="o")


class _Balance(_Frame, frozen=True):
    asset: str = msgspec.field(name="a")
    change: Decimal = msgspec.field(name="bc", default=Decimal(0))


class _Held(_Frame, frozen=True):
    symbol: str = msgspec.field(name="s")
    amount: Decimal = msgspec.field(name="pa")


class _AccountBody(_Frame, frozen=True):
    reason: str = msgspec.field(name="m")
    balances: list[_Balance] = msgspec.field(name="B", default_factory=list)
    positions: list[_Held] = msgspec.field(name="P", default_factory=list)
    symbol: str = msgspec.field(name="S", default="")


class AccountUpdate(_Frame, frozen=True):
    """ACCOUNT_UPDATE: balances or positions changed, and why."""

    event_ms: int = msgspec.field(name="E")
    at_ms: int = msgspec.field(name="T")
    account: _AccountBody = msgspec.field(name="a")

    @property
    def symbol(self) -> str:
        """Return the symbol it is about; empty where it names none."""
        named = self.account.symbol
        held = self.account.positions
        return named or (held[0].symbol if len(held) == 1 else "")

    @property
    def change(self) -> Decimal:
        """Return by how much the balances changed, in USD."""
        return sum((b.change for b in self.account.balances), Decimal(0))


class ConfigUpdate(_Frame, frozen=True):
    """ACCOUNT_CONFIG_UPDATE: somebody changed leverage or a mode."""

    event_ms: int = msgspec.field(name="E")


class KeyExpired(_Frame, frozen=True):
    """listenKeyExpired: no more events come, though the socket may stay open."""

    event_ms: int = msgspec.field(name="E")


class MarginCall(_Frame, frozen=True):
    """MARGIN_CALL: the venue's guess; the position may be liquidated already."""

    event_ms: int = msgspec.field(name="E")


class Other(_Frame, frozen=True):
    """A kind that changes nothing here: TRADE_LITE, whose full event follows, and more."""

    event_ms: int = msgspec.field(name="E", default=0)


UserEvent: TypeAlias = (
    OrderUpdate
    | AlgoUpdate
    | AccountUpdate
    | ConfigUpdate
    | KeyExpired
    | MarginCall
    | Other
)

_KINDS: Final = MappingProxyType(
    {
        "ORDER_TRADE_UPDATE": OrderUpdate,
        "ALGO_UPDATE": AlgoUpdate,
        "ACCOUNT_UPDATE": AccountUpdate,
        "ACCOUNT_CONFIG_UPDATE": ConfigUpdate,
        "listenKeyExpired": KeyExpired,
        "MARGIN_CALL": MarginCall,
    }
)


class _Head(msgspec.Struct, frozen=True):
    e: str = ""
    data: msgspec.Raw = msgspec.Raw(b"")


def read_frame(text: str) -> UserEvent:
    """Return what a frame says, plain or in the envelope of a combined stream."""
    try:
        head = msgspec.json.decode(text, type=_Head)
        body: str | msgspec.Raw = text
        if not head.e and bytes(head.data):
            body = head.data
            head = msgspec.json.decode(body, type=_Head)
        kind = _KINDS.get(head.e, Other)
        event: UserEvent = msgspec.json.decode(body, type=kind, strict=False)
    except (msgspec.MsgspecError, ValueError, RecursionError) as e:
        msg = f"a frame of the user stream cannot be read: {e}"
        raise InvalidValueError(msg) from e
    return event
