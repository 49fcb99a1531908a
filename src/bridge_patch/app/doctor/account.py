"""Checks of the account: key and rights, modes, locks, the user stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from bridge_patch.adapters.venue_ccxt.inspection import (
    Inspection,
    Outcome,
    StreamSeen,
    standing,
)
from bridge_patch.adapters.venue_ccxt.inspection_calls import (
    AccountConfig,
    KeyRights,
    TradingStatus,
)
from bridge_patch.adapters.venue_ccxt.outcome import Accepted
from bridge_patch.adapters.venue_ccxt.replies import MultiAssets, PositionSide, SymbolConfig
from bridge_patch.app.doctor.finding import Finding, fault, note, unread, well
from bridge_patch.app.doctor.remedies import remedy_of
from bridge_patch.domain.intent import Symbol

_ISOLATED: Final = "ISOLATED"
_ACCOUNT: Final = "ACCOUNT"
#: Rights that are never used here, as the exchange's page calls them.
_SPARE: Final = (
    ("enable_internal_transfer", "internal transfers"),
    ("permits_universal_transfer", "universal transfers"),
    ("enable_margin", "margin loans"),
    ("enable_spot_and_margin_trading", "spot trading"),
    ("enable_vanilla_options", "options"),
)


def check_account(seen: Inspection, symbols: Sequence[Symbol]) -> Iterator[Finding]:
    """Check everything about the account but what is open in it."""
    yield check_key(seen.config)
    yield check_rights(seen.rights)
    yield check_sides(seen.sides)
    yield check_assets(seen.assets)
    yield check_margin(seen.symbols, symbols)
    yield check_locks(seen.status, symbols)


def check_key(config: Outcome[AccountConfig]) -> Finding:
    """Tell whether a signed request is taken, and whether the account may trade."""
    if not isinstance(config, Accepted):
        return unread("key", config)
    if not config.value.can_trade:
        return fault("key", "taken, but the account may not trade", remedy_of("READ_ONLY"))
    return well("key", "taken: a signed request is answered, and the account may trade")


def check_rights(rights: Outcome[KeyRights] | None) -> Finding:
    """Hold what the key may do against what it is used for: reading and futures."""
    if rights is None:
        found = "no host of this environment tells what a key may do"
        return note("rights", found, "see on the page of the key that it cannot withdraw")
    if not isinstance(rights, Accepted):
        return unread("rights", rights)
    may = rights.value
    if may.enable_withdrawals:
        return fault("rights", "the key MAY WITHDRAW", remedy_of("WITHDRAW"))
    if not may.enable_futures:
        return fault("rights", "the key may only read", remedy_of("READ_ONLY"))
    spare = [words for name, words in _SPARE if getattr(may, name)]
    spare += [] if may.ip_restrict else ["use from any address"]
    if spare:
        return note("rights", f"more than needed: {', '.join(spare)}", remedy_of("BROAD"))
    return well("rights", "reading and futures, from listed addresses; no withdrawals")


def check_sides(sides: Outcome[PositionSide]) -> Finding:
    """One-way mode: one position of a symbol at a time."""
    if not isinstance(sides, Accepted):
        return unread("position mode", sides)
    if sides.value.dual_side_position:
        return fault("position mode", "hedge mode", remedy_of("HEDGE"))
    return well("position mode", "one-way")


def check_assets(assets: Outcome[MultiAssets]) -> Finding:
    """Single-asset mode: margin is in one asset."""
    if not isinstance(assets, Accepted):
        return unread("asset mode", assets)
    if assets.value.multi_assets_margin:
        return fault(
            "asset mode", "several assets are one margin", remedy_of("MULTI_ASSETS")
        )
    return well("asset mode", "single asset")


def check_margin(
    configs: Outcome[list[SymbolConfig]], symbols: Sequence[Symbol]
) -> Finding:
    """Isolated margin on every symbol that is traded."""
    if not isinstance(configs, Accepted):
        return unread("margin type", configs)
    kinds = {config.symbol: config.margin_type.upper() for config in configs.value}
    wrong = [s for s in symbols if s in kinds and kinds[s] != _ISOLATED]
    if wrong:
        found = f"not isolated: {', '.join(wrong)}"
        return fault("margin type", found, remedy_of("CROSS"))
    unstated = [s for s in symbols if s not in kinds]
    if unstated:
        return fault(
            "margin type", f"not stated: {', '.join(unstated)}", remedy_of("UNLISTED")
        )
    return well("margin type", f"isolated: {', '.join(symbols)}")


def check_locks(status: Outcome[TradingStatus], symbols: Sequence[Symbol]) -> Finding:
    """Tell which quant rules have locked the account, or a symbol, and until when."""
    if not isinstance(status, Accepted):
        return unread("trading status", status)
    locked = {
        name: [i for i in rules if i.is_locked]
        for name, rules in status.value.indicators.items()
    }
    told = {
        name: ", ".join(
            f"{i.indicator} until {_when(i.planned_recover_time)}" for i in rules
        )
        for name, rules in locked.items()
        if rules
    }
    ours = [
        f"{name} locked by {why}"
        for name, why in told.items()
        if name in {_ACCOUNT, *symbols}
    ]
    if ours:
        return fault("trading status", "; ".join(ours), remedy_of("LOCKED"))
    if told:
        found = f"locked, and not traded here: {', '.join(told)}"
        return note("trading status", found)
    return well("trading status", "no quant rule has locked anything")


def check_user_stream(user: StreamSeen, *, listen_sec: float) -> Finding:
    """Prove the stream alive: an event came, or a reading shows that one should have.

    An open socket proves nothing; where nothing happened, that is what is said.
    """
    check = "user stream"
    if not isinstance(user.key, Accepted):
        return unread(check, user.key)
    heard = user.heard
    if not heard.connected or heard.why:
        found = f"a listen key, and no stream: {heard.why or 'it did not connect'}"
        return fault(check, found, remedy_of("NO_STREAM"))
    if heard.told:
        return well(check, f"alive: {heard.told} events of the account were told")
    for reading in (user.before, user.after):
        if not isinstance(reading, Accepted):
            return unread(check, reading)
    if standing(user.before) != standing(user.after):
        return fault(
            check, "the account changed and the stream is silent", remedy_of("SILENT")
        )
    found = (
        f"connected; the account did not change in {listen_sec:g} s, so nothing proves it"
    )
    return note(check, found, remedy_of("UNPROVED"))


def _when(at_ms: int) -> str:
    try:
        at = datetime.fromtimestamp(at_ms // 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{at_ms} ms"  # no date, and no reason to say nothing of the lock
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
