"""The AI engine: signals become sized proposals, and those become intents on the bus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import blake2b
from typing import Protocol, final

from bridge_patch.domain.intent import Confidence, IntentId, Mode, Side, Symbol, Unknown
from bridge_patch.domain.market import Tick
from bridge_patch.policy.sizing import Abstained, SizingBounds, size
from bridge_patch.services.market import MarketView
from bridge_patch.services.messages import Draft
from bridge_patch.services.ports import Outbox, Telemetry
from bridge_patch.services.quiet import Quiet


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What a model says about a symbol at the end of a bar.

    `blunder` names a fault that an example AI plants on purpose; "" for an honest signal.
    """

    symbol: Symbol
    side: Side
    confidence: Confidence
    source: str
    reason: str
    blunder: str = ""


class SignalSource(Protocol):
    """A model. It sees bars that have closed and nothing else."""

    def signals(self, tick: Tick) -> tuple[Signal, ...]:
        """Return what it has to say about the bars of this tick."""
        ...


class Equity(Protocol):
    """Where the engine learns what the account is worth."""

    async def equity_usd(self) -> Decimal | Unknown:
        """Return the equity, unrealised included, or why it is not known."""
        ...


def _as_drafted(draft: Draft) -> tuple[Draft, ...]:
    return (draft,)


@final
@dataclass(slots=True)
class Engine:
    """Sizes signals and publishes what is left; it holds no key and no venue.

    `distort` is for an example AI that spoils some of its own drafts on purpose.
    """

    source: SignalSource
    outbox: Outbox
    equity: Equity
    telemetry: Telemetry
    bounds: SizingBounds
    mode: Mode
    limits_hash: str = ""
    build: str = ""
    distort: Callable[[Draft], tuple[Draft, ...]] = _as_drafted
    market: MarketView = field(default_factory=MarketView)

    def __post_init__(self) -> None:
        self.telemetry = Quiet(self.telemetry)

    async def on_tick(self, tick: Tick) -> tuple[IntentId, ...]:
        """Take in closed bars; return the ids of the intents that went out."""
        return await self.propose(await self.decide(tick))

    async def decide(self, tick: Tick) -> tuple[Draft, ...]:
        """Take in closed bars; return what is to be proposed about them."""
        self.market.on_tick(tick)
        drafts: list[Draft] = []
        for signal in self.source.signals(tick):
            draft = await self._draft(signal, tick)
            drafts.extend(() if draft is None else self.distort(draft))
        return tuple(drafts)

    async def propose(self, drafts: Sequence[Draft]) -> tuple[IntentId, ...]:
        """Put decided entries on the bus, all or none."""
        if not drafts:
            return ()
        published = await self.outbox.propose(*drafts)
        for draft in drafts:
            self.telemetry.published(draft)
        return published

    def see(self, tick: Tick) -> None:
        """Take in bars that were decided upon before; nothing is proposed."""
        self.market.on_tick(tick)
        self.source.signals(tick)

    async def _draft(self, signal: Signal, tick: Tick) -> Draft | None:
        factor = self.market.factor(signal.symbol)
        equity = await self.equity.equity_usd()
        if isinstance(factor, Unknown):
            self._abstains(signal, "VOLATILITY_UNKNOWN", factor.why)
            return None
        if isinstance(equity, Unknown):
            self._abstains(signal, "EQUITY_UNKNOWN", equity.why)
            return None
        sized = size(signal.confidence.value, factor, equity, self.bounds)
        if isinstance(sized, Abstained):
            self._abstains(signal, sized.code, sized.detail)
            return None
        return Draft(
            id=entry_id(signal, tick),
            symbol=signal.symbol,
            side=signal.side,
            confidence=signal.confidence,
            mode=self.mode,
            proposal=sized.proposal,
            policy=sized.policy,
            stop=sized.stop,
            created_ms=tick.at_ms,
            source=signal.source,
            reason=signal.reason,
            blunder=signal.blunder,
            limits_hash=self.limits_hash,
            build=self.build,
        )

    def _abstains(self, signal: Signal, code: str, detail: str) -> None:
        self.telemetry.note(
            "AI-SIZER", "abstains", symbol=signal.symbol, code=code, detail=detail
        )


def entry_id(signal: Signal, tick: Tick) -> IntentId:
    """Derive an entry's id from the decision: what, which side, when, and who said so."""
    who = blake2b(signal.source.encode(), digest_size=2).hexdigest()
    return IntentId(f"e-{signal.symbol}-{signal.side.lower()}-{tick.at_ms}-{who}")
