"""How an account is read, and how a simulated one states itself."""

from __future__ import annotations

from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.intent import Unknown
from bridge_patch.services.ports import Account, AccountReading, PositionReading
from bridge_patch.sim.exchange import Exchange


async def read_account(account: Account) -> AccountReading | Unknown:
    """Read the account; an attempt that fails is a reading that was not had."""
    try:
        return _finite(await account.read())
    except BrokenPromiseError:
        raise
    except Exception as e:  # noqa: BLE001 - not knowing is a value, and it refuses
        return Unknown(f"the account could not be read: {type(e).__name__}")


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
