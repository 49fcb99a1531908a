"""One call: within the budget, stamped by the venue's clock, sent once, judged, read.

Nothing whose fate is open is sent twice; what the venue provably threw away for its stamp
is stamped anew, once. The receive window of a request is at most 5 s and shorter than the
time we wait for its answer: so what has not been accepted when the wait is over never
will be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar, final

from bridge_patch.adapters.venue_ccxt.budget import RequestBudget
from bridge_patch.adapters.venue_ccxt.calls import TIME, Call, Purpose
from bridge_patch.adapters.venue_ccxt.codes import Disposition
from bridge_patch.adapters.venue_ccxt.outcome import (
    LOCAL_LIMIT,
    Accepted,
    Refused,
    Reply,
    classify,
    read,
)
from bridge_patch.adapters.venue_ccxt.wire import Wire
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.services.ports import Clock

T = TypeVar("T")

#: The most that the venue advises; ours is the default of every signed call.
RECV_WINDOW_MAX_MS: Final = 5_000
#: How much longer than the receive window an answer is waited for.
TIMEOUT_MARGIN_MS: Final = 1_000
#: The venue's clock is asked again after this long.
SYNC_MS: Final = 60_000
#: The venue accepts a stamp that is this far ahead of it, and no further.
AHEAD_MAX_MS: Final = 1_000
_OUT_OF_WINDOW: Final = frozenset({"-1021", "-5028"})


@final
class Transport:
    """The only way to the venue. `skew_ms` is the venue's clock less ours, None unread.

    `skew_read_ms` is when that was so, by our clock.
    """

    def __init__(
        self,
        wire: Wire,
        clock: Clock,
        *,
        recv_window_ms: int = 3_000,
        budget: RequestBudget | None = None,
    ) -> None:
        if not 0 < recv_window_ms <= RECV_WINDOW_MAX_MS:
            msg = f"the receive window must be 1 to 5000 ms, was {recv_window_ms}"
            raise InvalidValueError(msg)
        self.recv_window_ms = recv_window_ms
        self.budget = RequestBudget() if budget is None else budget
        self.skew_ms: int | None = None
        self.skew_read_ms = UnixMs(0)
        self._wire, self._clock = wire, clock
        self._synced_ms = 0

    def now_ms(self) -> UnixMs:
        """Return the time here: what the journal goes by."""
        return self._clock.now_ms()

    def venue_ms(self) -> UnixMs:
        """Return the time at the venue, as well as it is known."""
        return UnixMs(self._clock.now_ms() + (self.skew_ms or 0))

    async def call(
        self,
        call: Call[T],
        params: Mapping[str, str],
        *,
        purpose: Purpose,
        stamp_ms: UnixMs | None = None,
    ) -> Accepted[T] | Refused | Unknown:
        """Make one call and judge it; whatever is not proved is Unknown.

        A call that brings its own stamp, by the venue's clock, leaves with that one, at
        once, or comes too late. What may open something is never stamped anew.
        """
        if stamp_ms is None and call is not TIME and self._is_due():
            await self.sync()
        objection = self.budget.objection(call, purpose, self.venue_ms())
        if objection:
            return Refused(
                code=LOCAL_LIMIT, message=objection, disposition=Disposition.RETRY
            )
        outcome = await self._once(call, params, stamp_ms)
        if isinstance(outcome, Refused) and outcome.code in _OUT_OF_WINDOW:
            await self.sync()
            if purpose is not Purpose.ENTRY:
                outcome = await self._once(call, params)
        if isinstance(outcome, Accepted):
            return read(outcome.value, call.reply)
        return outcome

    async def _once(
        self, call: Call[T], params: Mapping[str, str], stamp_ms: UnixMs | None = None
    ) -> Accepted[str] | Refused | Unknown:
        now_ms = self.venue_ms() if stamp_ms is None else stamp_ms
        self.budget.spend(call, now_ms)
        answer = await self._wire.send(call.method, self._stamped(call, params, now_ms))
        if isinstance(answer, Reply):
            self.budget.hear(answer, self.venue_ms())
        return classify(answer)

    async def sync(self) -> None:
        """Read the venue's clock; half of the time it took is the reply's way back."""
        asked_ms = self._clock.now_ms()
        self._synced_ms = asked_ms
        outcome = await self.call(TIME, {}, purpose=Purpose.PROTECT)
        if isinstance(outcome, Accepted):
            heard_ms = self._clock.now_ms()
            self.skew_ms = outcome.value.server_time - (asked_ms + heard_ms) // 2
            self.skew_read_ms = heard_ms

    async def keep_clock(self, age_max_ms: int) -> None:
        """Read the venue's clock where it was not read for so long."""
        if self._is_due(age_max_ms):
            await self.sync()

    def _is_due(self, age_max_ms: int = SYNC_MS) -> bool:
        age_ms = self._clock.now_ms() - self._synced_ms
        return self.skew_ms is None or not 0 <= age_ms < age_max_ms

    def _stamped(
        self, call: Call[T], params: Mapping[str, str], now_ms: UnixMs
    ) -> Mapping[str, str]:
        if not call.signed:
            return params
        window = {"recvWindow": str(self.recv_window_ms), "timestamp": str(now_ms)}
        return {**params, **window}
