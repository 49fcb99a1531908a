"""How an account is read, and how a simulated one states itself."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.intent import Unknown
from bridge_patch.domain.venue_events import StopArmed, TrailingSet
from bridge_patch.domain.venue_records import (
    OrderRecord,
    PositionRecord,
    Service,
    VenueRecords,
)
from bridge_patch.services.ports import (
    Account,
    AccountReading,
    PositionReading,
    Records,
)
from bridge_patch.sim.exchange import Exchange


async def read_account(account: Account) -> AccountReading | Unknown:
    """Read the account; an attempt that fails is a reading that was not had."""
    try:
        return _finite(await account.read())
    except BrokenPromiseError:
        raise
    except Exception as e:  # noqa: BLE001 - not knowing is a value, and it refuses
        return Unknown(f"the account could not be read: {type(e).__name__}")


async def read_records(venue: Records) -> VenueRecords | Unknown:
    """Read the venue's records; an attempt that fails is one that was not had."""
    try:
        return await venue.records()
    except BrokenPromiseError:
        raise
    except Exception as e:  # noqa: BLE001 - not knowing is a value, and it is never "flat"
        return Unknown(f"the venue's records could not be read: {type(e).__name__}")


def _finite(read: AccountReading | Unknown) -> AccountReading | Unknown:
    """Return the reading if each of its numbers is one."""
    if isinstance(read, Unknown):
        return read
    numbers = [read.equity_usd, read.available_usd]
    for position in read.positions:
        numbers += [position.quantity_base, position.entry_price_usd, position.margin_usd]
    if all(number.is_finite() for number in numbers):
        return read
    return Unknown("the account reading has a number that is none")


def reading_of(exchange: Exchange) -> AccountReading | Unknown:
    """State a simulated account as a venue would; before the first price there is none."""
    if exchange.now_ms == 0:
        return Unknown("no tick has been seen yet")
    return AccountReading(
        at_ms=exchange.now_ms,
        equity_usd=exchange.equity_usd(),
        available_usd=exchange.available_usd(),
        positions=tuple(
            PositionReading(
                symbol=symbol,
                side=position.side,
                quantity_base=position.quantity_base,
                entry_price_usd=position.entry_price_usd,
                margin_usd=position.margin_usd,
                stop_price_usd=exchange.stop_price_usd(symbol),
            )
            for symbol, position in exchange.positions.items()
        ),
    )


def records_of(exchange: Exchange) -> VenueRecords | Unknown:
    """State what a simulated venue keeps of its account, as a real one would."""
    if exchange.now_ms == 0:
        return Unknown("no tick has been seen yet")
    leverages = exchange.ledger.leverages
    return VenueRecords(
        at_ms=exchange.now_ms,
        wallet_usd=exchange.wallet_usd,
        positions=tuple(
            PositionRecord(
                symbol=symbol,
                side=position.side,
                quantity_base=position.quantity_base,
                entry_price_usd=position.entry_price_usd,
                leverage=leverages[symbol],
                isolated=True,
            )
            for symbol, position in exchange.positions.items()
        ),
        orders=tuple(_resting(exchange)),
        one_way=True,
        single_asset=True,
    )


def _resting(exchange: Exchange) -> Iterator[OrderRecord]:
    """Yield every order that rests; all of them close whatever there is."""
    resting: list[tuple[StopArmed | TrailingSet, Decimal | None]] = []
    for stops in exchange.stops.values():
        resting += [(stop, stop.stop_price_usd) for stop in stops.values()]
    for trails in exchange.trails.values():
        resting += [(trail, None) for trail in trails.values()]
    for order, trigger_usd in resting:
        yield OrderRecord(
            symbol=order.symbol,
            order_id=order.order_id,
            service=Service.CONDITIONAL,
            side=order.side,
            quantity_base=None,
            trigger_usd=trigger_usd,
            reduce_only=True,
        )
