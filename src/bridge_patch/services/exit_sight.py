"""What the exit brain can see of each open position, and since when it cannot.

Nobody harvests what he does not see. The stop at the venue holds meanwhile; what is lacking
is said once, and again when it is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, final

from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Bar
from bridge_patch.services.messages import PositionUpdate, Unreadable
from bridge_patch.services.ports import Telemetry

#: So long may bars of an open position be missing: three of a minute.
SILENT_MAX_MS: Final = 180_000
#: Stands for the symbol of a statement that does not even say of what it is.
UNNAMED: Final = Symbol("UNNAMED")


@final
@dataclass(frozen=True, slots=True)
class _Seen:
    """Until when the bars of an open position are known, since it was opened."""

    opened_ms: UnixMs
    until_ms: UnixMs


@final
@dataclass(slots=True)
class Sight:
    """A fold of statements and bars. What cannot be read blinds until the next that can."""

    telemetry: Telemetry
    _seen: dict[Symbol, _Seen] = field(default_factory=dict)
    _unread: set[Symbol] = field(default_factory=set)
    _silent: set[Symbol] = field(default_factory=set)

    def blind(self) -> tuple[Symbol, ...]:
        """Return the symbols of which something is lacking, in one order for all runs."""
        return tuple(sorted(self._unread | self._silent))

    def told(self, update: PositionUpdate | Unreadable) -> None:
        """Take in a statement of a position."""
        symbol = update.symbol or UNNAMED
        if isinstance(update, Unreadable):
            if symbol not in self._unread:
                self._unread.add(symbol)
                self._note("a statement of it cannot be read", symbol)
            return
        for read in self._unread & {symbol, UNNAMED}:
            self._unread.remove(read)
            self._back("it is stated again", read)
        if update.quantity_base == 0:
            self._seen.pop(symbol, None)
            self._silent.discard(symbol)
        elif symbol not in self._seen or self._seen[symbol].opened_ms != update.opened_ms:
            self._seen[symbol] = _Seen(update.opened_ms, update.opened_ms)

    def saw(self, bar: Bar) -> None:
        """Take in a bar of an open position; bars that lie between are missed aloud."""
        known = self._seen.get(bar.symbol)
        if known is None or bar.open_ms < known.opened_ms:
            return
        missed_ms = bar.open_ms - known.until_ms
        if missed_ms >= bar.close_ms - bar.open_ms:
            self.telemetry.note(
                "EXITS",
                "bars since the entry are missing: the best price of that time is what the"
                " stop at the venue says",
                symbol=bar.symbol,
                from_ms=known.until_ms,
                to_ms=bar.open_ms,
            )
        until_ms = UnixMs(max(known.until_ms, bar.close_ms))
        self._seen[bar.symbol] = replace(known, until_ms=until_ms)

    def at(self, now_ms: UnixMs) -> None:
        """Notice which open positions have had no bar for too long, and which have one."""
        silent = {s for s, k in self._seen.items() if now_ms - k.until_ms > SILENT_MAX_MS}
        for symbol in sorted(silent - self._silent):
            self._note(f"no bar of it for {SILENT_MAX_MS // 1000} s", symbol)
        for symbol in sorted(self._silent - silent):
            self._back("its bars are there again", symbol)
        self._silent = silent

    def _note(self, what: str, symbol: Symbol) -> None:
        self.telemetry.note(
            "EXITS",
            f"ALARM: {what}: no entries until that ends; the stop at the venue and the"
            " longest hold stand",
            symbol=symbol,
        )

    def _back(self, what: str, symbol: Symbol) -> None:
        self.telemetry.note("EXITS", what, symbol=symbol)
