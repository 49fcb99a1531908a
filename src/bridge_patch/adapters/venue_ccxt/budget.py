"""How many requests are left, with a part of them kept for what shrinks risk.

The venue counts weight per address and orders per account, tells both in headers, and bans
an address that goes on after a 429. So entries stop first, then reading, and what reduces,
cancels or finds out may use all there is. During a ban nothing is sent at all: a request
would only make the ban longer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final, final

from bridge_patch.adapters.venue_ccxt.calls import Call, Purpose
from bridge_patch.adapters.venue_ccxt.outcome import Reply
from bridge_patch.adapters.venue_ccxt.replies import RateLimit

#: The share of each limit that a purpose may use up.
SHARES: Final[Mapping[Purpose, Decimal]] = MappingProxyType(
    {
        Purpose.ENTRY: Decimal("0.6"),
        Purpose.READ: Decimal("0.8"),
        Purpose.PROTECT: Decimal(1),
    }
)
#: What is waited for where a ban does not say how long it lasts: the shortest there is.
BAN_MS: Final = 120_000
#: What is waited for after a 429 without a Retry-After: the counters are per minute.
THROTTLE_MS: Final = 60_000
_BANNED: Final = 418
_THROTTLED: Final = frozenset({429, 418})
_UNTIL: Final = re.compile(r"banned until (\d{13})")
_MINUTE_MS: Final = 60_000
_TEN_SEC_MS: Final = 10_000


@final
@dataclass(slots=True)
class Window:
    """One counter of the venue, which starts again at every full `span_ms`."""

    header: str
    span_ms: int
    most: int
    used: int = 0
    begun_ms: int = 0

    def at(self, now_ms: int) -> int:
        """Return how much is used in the span that `now_ms` falls in."""
        begun_ms = now_ms - now_ms % self.span_ms
        if begun_ms > self.begun_ms:
            self.used, self.begun_ms = 0, begun_ms
        return self.used

    def fits(self, cost: int, share: Decimal, now_ms: int) -> bool:
        """Tell whether `cost` more stays within this share of what there is."""
        return cost == 0 or self.at(now_ms) + cost <= self.most * share

    def spend(self, cost: int, now_ms: int) -> None:
        """Count a request when it leaves: its reply comes later, or never."""
        self.used = self.at(now_ms) + cost

    def hear(self, headers: Mapping[str, str], now_ms: int) -> None:
        """Believe the venue's count where it is the larger one: others share it."""
        told = headers.get(self.header, "")
        if told.isdecimal():
            self.used = max(self.at(now_ms), int(told))


def _windows() -> list[Window]:
    return [
        Window("x-mbx-used-weight-1m", _MINUTE_MS, 2400),
        Window("x-mbx-order-count-10s", _TEN_SEC_MS, 300),
        Window("x-mbx-order-count-1m", _MINUTE_MS, 1200),
    ]


@final
@dataclass(slots=True)
class RequestBudget:
    """What may still be sent. Times are Unix milliseconds of the venue's clock."""

    windows: list[Window] = field(default_factory=_windows)
    quiet_until_ms: int = 0

    def objection(self, call: Call[object], purpose: Purpose, now_ms: int) -> str:
        """Return why this may not be sent now; empty where it may."""
        if now_ms < self.quiet_until_ms:
            return f"the venue asked for silence for {self.quiet_until_ms - now_ms} ms more"
        weight, orders_10s, orders_1m = self.windows
        share = SHARES[purpose]
        for window, cost in (
            (weight, call.weight),
            (orders_10s, call.orders),
            (orders_1m, call.orders),
        ):
            if not window.fits(cost, share, now_ms):
                used, most = window.at(now_ms), window.most
                return f"{used} of {most} used up ({window.header}); the rest is for exits"
        return ""

    def spend(self, call: Call[object], now_ms: int) -> None:
        """Count a request that is about to leave."""
        weight, orders_10s, orders_1m = self.windows
        weight.spend(call.weight, now_ms)
        orders_10s.spend(call.orders, now_ms)
        orders_1m.spend(call.orders, now_ms)

    def hear(self, reply: Reply, now_ms: int) -> None:
        """Take in what a reply says about the counters, or about a ban."""
        for window in self.windows:
            window.hear(reply.headers, now_ms)
        banned = _UNTIL.search(reply.body)
        if banned:
            self._silence(int(banned[1]))
        elif reply.status in _THROTTLED:
            after = reply.headers.get("retry-after", "")
            fallback_ms = BAN_MS if reply.status == _BANNED else THROTTLE_MS
            self._silence(
                now_ms + (int(after) * 1000 if after.isdecimal() else fallback_ms)
            )

    def learn(self, limits: Sequence[RateLimit]) -> None:
        """Take the limits that the venue states for itself, at every start."""
        spans = {
            ("REQUEST_WEIGHT", "MINUTE", 1): self.windows[0],
            ("ORDERS", "SECOND", 10): self.windows[1],
            ("ORDERS", "MINUTE", 1): self.windows[2],
        }
        for limit in limits:
            key = limit.rate_limit_type, limit.interval, limit.interval_num
            if key in spans and limit.limit > 0:
                spans[key].most = limit.limit

    def _silence(self, until_ms: int) -> None:
        self.quiet_until_ms = max(self.quiet_until_ms, until_ms)
