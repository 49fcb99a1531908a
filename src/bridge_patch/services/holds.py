"""Why an account may not open: each cause by itself, so that none is lost under another."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.domain.account_events import Hold
from bridge_patch.domain.events import (
    Book,
    LatchSet,
    ModeOrdered,
    OrderVouched,
    PositionVouched,
    Rearmed,
    TradingState,
)
from bridge_patch.domain.intent import UnixMs

#: Who pulls a latch that no person pulled.
GOVERNOR: Final = "governor"
DAILY_LOSS: Final = "DAILY_LOSS"
DRAWDOWN: Final = "DRAWDOWN"
EQUITY_JUMP: Final = "EQUITY_JUMP"
FOREIGN_POSITION: Final = "FOREIGN_POSITION"
FOREIGN_ORDER: Final = "FOREIGN_ORDER"
WALLET_DIFFERS: Final = "WALLET_DIFFERS"
VENUE_DIFFERS: Final = "VENUE_DIFFERS"
#: The venue told a trade of an order that a word had ended: a person's, or its own that it
#: never had it.
FILLED_LATE: Final = "FILLED_LATE"
#: The venue shows an order, without a trade, that was to have never come.
SEEN_LATE: Final = "SEEN_LATE"
#: The cause of every state that a person asked for.
OPERATOR: Final = "OPERATOR"
#: A person's halt that closes what is ours, and goes on until it is flat or resumed.
FLATTEN: Final = "FLATTEN"
#: No promotion covers the run; only one that does lets go of it (services/permit.py).
DEMOTED: Final = "DEMOTED"
#: Who reads which stream is not as it must be (services/streams_watch.py).
MISWIRED: Final = "MISWIRED"
#: What holds as long as its reason does: no resume lets go of it.
BY_REASON: Final = frozenset({DEMOTED, MISWIRED})
#: What a person ordered holds in every book, and a resume lets go of all of it.
ORDERED: Final = (OPERATOR, FLATTEN)
_TIGHTNESS: Final = (TradingState.RUNNING, TradingState.REDUCING, TradingState.HALTED)


@final
@dataclass(slots=True)
class Holds:
    """Everything that keeps one book's account from RUNNING; a fold of its latches.

    The tightest gives the account's state and its cause, the newest where two are alike.
    What a person ordered holds in every book, whichever it was written for; all else in its
    own book only. `heeded` names the commands that were carried out.
    """

    book: Book
    heeded: set[str] = field(default_factory=set)
    _states: dict[str, TradingState] = field(default_factory=dict)
    _since_ms: dict[str, UnixMs] = field(default_factory=dict)
    _let_go: str = ""

    @property
    def state(self) -> TradingState:
        """Return what the account may do."""
        return max(self._states.values(), key=_TIGHTNESS.index, default=_TIGHTNESS[0])

    @property
    def cause(self) -> str:
        """Return the cause of the state, or what ended the last one; "" at first."""
        state = self.state
        standing = [cause for cause, its in self._states.items() if its is state]
        return standing[-1] if standing else self._let_go

    def since_ms(self, cause: str) -> UnixMs | None:
        """Return since when a cause holds; None where it does not."""
        return self._since_ms.get(cause)

    def __contains__(self, cause: str) -> bool:
        return cause in self._states

    def latch(
        self,
        state: TradingState,
        cause: str,
        why: str,
        now_ms: UnixMs,
        *,
        who: str = GOVERNOR,
        command_id: str = "",
        releases: Collection[str] = (),
    ) -> LatchSet:
        """Return the event that adds a cause, or takes `releases` away.

        Nothing changes before it is applied. Where something tighter stands after it, the
        event states that, and says so.
        """
        after = Holds(self.book)
        after._states = {c: s for c, s in self._states.items() if c not in releases}
        after._set(cause, state)
        added, going_on = cause, state is TradingState.RUNNING
        if after and (after.state, after.cause) != (state, cause):
            why = f"{cause}: {why}; {after.cause} still holds"
            state, cause = after.state, after.cause
        return LatchSet(
            book=self.book,
            at_ms=now_ms,
            state=state,
            cause=cause,
            who=who,
            why=why,
            command_id=command_id,
            adds="" if going_on else added,
            beside=tuple(Hold(c, s) for c, s in after._states.items() if c != cause),
        )

    def by_reason(self, cause: str, why: str, well: str, now_ms: UnixMs) -> LatchSet | None:
        """Return the latch by which a cause holds just while there is a reason `why`.

        `well` is what is said when it lets go; None is returned where nothing changes.
        """
        if bool(why) == (cause in self):
            return None
        state = TradingState.REDUCING if why else TradingState.RUNNING
        return self.latch(
            state, cause, why or well, now_ms, releases=() if why else (cause,)
        )

    def apply(self, latch: LatchSet) -> frozenset[str]:
        """Fold a latch; return the causes that it let go of."""
        self.heeded.add(latch.command_id)
        before = frozenset(self._states)
        told = Holds(latch.book)
        for hold in latch.beside:
            told._set(hold.cause, hold.state)
        told._set(latch.cause, latch.state)
        if latch.book is self.book:
            self._states, self._let_go = told._states, latch.cause
        else:
            self._obey(latch, told)
        if latch.book is self.book:  # what is pulled again is not what was seen before
            self._since_ms.pop(latch.adds, None)
        self._since_ms = {c: self._since_ms.get(c, latch.at_ms) for c in self._states}
        return before.difference(self._states)

    def heed(self, event: Rearmed | OrderVouched | PositionVouched | ModeOrdered) -> None:
        """Remember that a command was carried out."""
        self.heeded.add(event.command_id)

    def __bool__(self) -> bool:
        return bool(self._states)

    def _obey(self, latch: LatchSet, told: Holds) -> None:
        """Take over what a person ordered, or released, for another book."""
        for cause in ORDERED:
            if cause in told:
                self._set(cause, told._states[cause])
            elif latch.command_id or latch.cause in ORDERED:
                self._states.pop(cause, None)

    def _set(self, cause: str, state: TradingState) -> None:
        """Let a cause hold, as the newest; one for RUNNING holds nothing."""
        self._states.pop(cause, None)
        if state is not TradingState.RUNNING:
            self._states[cause] = state
