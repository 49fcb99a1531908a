"""Request weight per address, orders per account, and the ban that follows both.

Windows are aligned to the clock, as the exchange's are: what was used in this minute, and
in these ten seconds. Over the limit is 429; going on is 418, with a ban that doubles from
two minutes up to three days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.app.binance_server.errors import Refusal

WEIGHT_MAX_1M: Final = 2_400
ORDERS_MAX_10S: Final = 300
ORDERS_MAX_1M: Final = 1_200

_MINUTE_MS: Final = 60_000
_TEN_SEC_MS: Final = 10_000
_BAN_FIRST_MS: Final = 120_000
_BAN_MAX_MS: Final = 3 * 86_400_000
#: So many requests over the limit are answered 429; the next one is banned.
_WARNINGS: Final = 5
_TOO_MANY: Final = 429
_BANNED: Final = 418


@final
@dataclass(slots=True)
class Window:
    """What was used in the window that `since_ms` begins."""

    length_ms: int
    since_ms: int = 0
    used: int = 0

    def add(self, amount: int, now_ms: int) -> int:
        """Count, and return what is used by now."""
        start = now_ms - now_ms % self.length_ms
        if start != self.since_ms:
            self.since_ms, self.used = start, 0
        self.used += amount
        return self.used


@final
@dataclass(slots=True)
class Budget:
    """What one address has used, and how it stands with the exchange."""

    weight: Window = field(default_factory=lambda: Window(_MINUTE_MS))
    warned: int = 0
    bans: int = 0
    banned_until_ms: int = 0


@final
class RateLimits:
    """Counts, warns and bans; the order counters belong to the one account."""

    def __init__(self) -> None:
        self.weight_max = WEIGHT_MAX_1M
        self.orders_max_10s, self.orders_max_1m = ORDERS_MAX_10S, ORDERS_MAX_1M
        self.orders_10s = Window(_TEN_SEC_MS)
        self.orders_1m = Window(_MINUTE_MS)
        self._budgets: dict[str, Budget] = {}

    def weigh(self, address: str, weight: int, now_ms: int) -> dict[str, str]:
        """Count a request; return its headers, or refuse it with 429 or 418."""
        budget = self._budgets.setdefault(address, Budget())
        if now_ms < budget.banned_until_ms:
            raise banned(budget.banned_until_ms)
        used = budget.weight.add(weight, now_ms)
        if used <= self.weight_max:
            budget.warned = 0
            return {"X-MBX-USED-WEIGHT-1M": str(used)}
        budget.warned += 1
        if budget.warned > _WARNINGS:
            self.ban(address, now_ms)
            raise banned(budget.banned_until_ms)
        raise too_many()

    def ban(self, address: str, now_ms: int) -> int:
        """Ban an address, longer each time; return until when."""
        budget = self._budgets.setdefault(address, Budget())
        length_ms = min(_BAN_FIRST_MS * 2**budget.bans, _BAN_MAX_MS)
        budget.bans, budget.warned = budget.bans + 1, 0
        budget.banned_until_ms = now_ms + length_ms
        return budget.banned_until_ms

    def count_orders(self, orders: int, now_ms: int) -> dict[str, str]:
        """Count orders of the account; return the headers, or refuse with -1015."""
        in_10s = self.orders_10s.add(orders, now_ms)
        in_1m = self.orders_1m.add(orders, now_ms)
        if in_10s > self.orders_max_10s or in_1m > self.orders_max_1m:
            most = self.orders_max_10s
            words = f"Too many new orders; current limit is {most} orders per TEN SECONDS."
            raise Refusal(-1015, words, status=_TOO_MANY)
        return self.order_headers(now_ms)

    def order_headers(self, now_ms: int) -> dict[str, str]:
        """Return how many orders the account has sent."""
        return {
            "X-MBX-ORDER-COUNT-10S": str(self.orders_10s.add(0, now_ms)),
            "X-MBX-ORDER-COUNT-1M": str(self.orders_1m.add(0, now_ms)),
        }


def too_many() -> Refusal:
    """Return what a client reads that asks too much."""
    words = (
        "Too many requests; current limit of IP is 2400 requests per minute. Please use"
        " the websocket for live updates to avoid polling the API."
    )
    return Refusal(-1003, words, status=_TOO_MANY)


def banned(until_ms: int) -> Refusal:
    """Return what a banned client reads."""
    words = (
        f"Way too many requests; IP(127.0.0.1) banned until {until_ms}. Please use the"
        " websocket for live updates to avoid bans."
    )
    return Refusal(-1003, words, status=_BANNED)


#: As exchangeInfo and rateLimit/order state them: type, interval, how many, the limit.
STATED: Final[tuple[Mapping[str, object], ...]] = tuple(
    {
        "rateLimitType": kind,
        "interval": interval,
        "intervalNum": number,
        "limit": limit,
    }
    for kind, interval, number, limit in (
        ("REQUEST_WEIGHT", "MINUTE", 1, WEIGHT_MAX_1M),
        ("ORDERS", "MINUTE", 1, ORDERS_MAX_1M),
        ("ORDERS", "SECOND", 10, ORDERS_MAX_10S),
    )
)
