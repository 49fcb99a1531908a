"""The venue's own records of an account, whole or not at all: what reconciling reads."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeVar, final

from bridge_patch.adapters.venue_ccxt.calls import (
    ACCOUNT,
    ALGO_OPEN_ALL,
    MULTI_ASSETS,
    OPEN_ORDERS_ALL,
    POSITION_SIDE,
    POSITIONS,
    SYMBOL_CONFIG,
    Call,
    Purpose,
)
from bridge_patch.adapters.venue_ccxt.outcome import Accepted, Refused
from bridge_patch.adapters.venue_ccxt.place import ISOLATED
from bridge_patch.adapters.venue_ccxt.replies import (
    AlgoReply,
    OrderReply,
    PositionRisk,
    SymbolConfig,
)
from bridge_patch.adapters.venue_ccxt.transport import Transport
from bridge_patch.domain.errors import BridgeError, InvalidValueError
from bridge_patch.domain.intent import Side, Symbol, Unknown
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.venue_records import (
    OrderRecord,
    PositionRecord,
    Service,
    VenueRecords,
)

T = TypeVar("T")

#: Modes cost more to read than all the rest, and change by hand: they may be this old.
MODES_FRESH_MS: Final = 60_000


@final
class _UnreadError(BridgeError):
    """One of the records could not be had: then there are none."""


@final
@dataclass(slots=True)
class AccountRecords:
    """Reads positions, both kinds of orders, the wallet, leverages and modes together."""

    transport: Transport
    _modes: tuple[bool, bool] | None = None
    _modes_ms: int = 0

    async def read(self) -> VenueRecords | Unknown:
        """Return the records as of when they were asked for, or why they are not known."""
        try:
            return await self._read()
        except _UnreadError as e:
            return Unknown(str(e))
        except (InvalidValueError, ValueError) as e:
            return Unknown(f"a record of the venue is none: {e}")

    async def _read(self) -> VenueRecords:
        at_ms = self.transport.now_ms()
        risks, account, plain, algos, configs = await asyncio.gather(
            self._ask(POSITIONS),
            self._ask(ACCOUNT),
            self._ask(OPEN_ORDERS_ALL),
            self._ask(ALGO_OPEN_ALL),
            self._ask(SYMBOL_CONFIG),
        )
        one_way, single_asset = await self._read_modes()
        return VenueRecords(
            at_ms=at_ms,
            wallet_usd=account.total_wallet_balance,
            positions=tuple(_positions(risks, configs)),
            orders=(*map(_order, plain), *map(_algo, algos)),
            one_way=one_way,
            single_asset=single_asset,
        )

    async def _read_modes(self) -> tuple[bool, bool]:
        """Return whether the account is one-way, and whether it has one margin asset."""
        now_ms = self.transport.now_ms()
        if self._modes is None or not 0 <= now_ms - self._modes_ms < MODES_FRESH_MS:
            side, assets = await asyncio.gather(
                self._ask(POSITION_SIDE), self._ask(MULTI_ASSETS)
            )
            self._modes = not side.dual_side_position, not assets.multi_assets_margin
            self._modes_ms = now_ms
        return self._modes

    async def _ask(self, call: Call[T]) -> T:
        outcome = await self.transport.call(call, {}, purpose=Purpose.READ)
        match outcome:
            case Accepted(value):
                return value
            case Refused():
                msg = f"the venue's records could not be read: {outcome.told()}"
                raise _UnreadError(msg)
            case Unknown():
                raise _UnreadError(outcome.why)


def _positions(
    risks: Iterable[PositionRisk], configs: Sequence[SymbolConfig]
) -> Iterator[PositionRecord]:
    by_symbol = {config.symbol: config for config in configs}
    for risk in risks:
        if risk.position_amt == 0:
            continue
        config = by_symbol.get(risk.symbol)
        if config is None:
            msg = f"{risk.symbol} is open and has no leverage"
            raise InvalidValueError(msg)
        yield PositionRecord(
            symbol=Symbol(risk.symbol),
            side=Side.BUY if risk.position_amt > 0 else Side.SELL,
            quantity_base=abs(risk.position_amt),
            entry_price_usd=risk.entry_price,
            leverage=config.leverage,
            isolated=config.margin_type == ISOLATED,
        )


def _order(reply: OrderReply) -> OrderRecord:
    return OrderRecord(
        symbol=Symbol(reply.symbol),
        order_id=ClientOrderId(reply.client_order_id),
        service=Service.ORDER,
        side=Side(reply.side),
        quantity_base=reply.orig_qty - reply.executed_qty,
        trigger_usd=None,
        reduce_only=reply.reduce_only,
    )


def _algo(reply: AlgoReply) -> OrderRecord:
    """State a conditional order; one that closes all there is can only reduce."""
    zero = Decimal(0)
    return OrderRecord(
        symbol=Symbol(reply.symbol),
        order_id=ClientOrderId(reply.client_algo_id),
        service=Service.CONDITIONAL,
        side=Side(reply.side),
        quantity_base=None if reply.close_position else reply.quantity,
        trigger_usd=reply.trigger_price if reply.trigger_price > zero else None,
        reduce_only=reply.reduce_only or reply.close_position,
    )
