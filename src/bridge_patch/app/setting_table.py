"""Every setting, defined once: its name is the field's in upper case."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final, final

from bridge_patch.app.forms import (
    Form,
    folder,
    folder_or_none,
    number,
    one_of,
    symbols,
    whole,
    yes_no,
)
from bridge_patch.domain.intent import Mode, Symbol
from bridge_patch.governor.limits import BelowMin, Limits

#: The journal's file, in whatever folder holds the state of a run.
JOURNAL_NAME: Final = "bridge.db"


class VenueName(StrEnum):
    """Where live orders go."""

    PAPER = "paper"


class ExitsProcess(StrEnum):
    """Where exits are decided: within the execution, or by a process of their own."""

    EMBEDDED = "embedded"
    SEPARATE = "separate"


class SignalName(StrEnum):
    """Which built-in model the engine asks; an AI of your own publishes to the bus."""

    EXAMPLE = "example"
    HONEST = "honest"
    BOTH = "both"


class LogFormat(StrEnum):
    """How log events are printed."""

    CONSOLE = "console"
    JSON = "json"


_USD: Final = number("0.01", "1000000000")
_LEVERAGE: Final = number("1", "125")
_PERCENT: Final = number("0.01", "100")
_COST: Final = number("0", "10")


def _row(default: str, form: Form, unit: str, meaning: str) -> dict[str, object]:
    return {"default": default, "form": form, "unit": unit, "meaning": meaning}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the process was told, and nothing it guessed.

    The order is that of `docs/settings.md` and of the shipped env file.
    """

    ai_sizing_mode: Mode = field(
        metadata=_row(
            "shadow",
            one_of(Mode),
            "",
            "in shadow it decides and trades nothing, in live it trades",
        )
    )
    ai_max_leverage: Decimal = field(
        metadata=_row("80", _LEVERAGE, "x", "most leverage, for sizer and Governor")
    )
    ai_min_leverage: Decimal = field(
        metadata=_row("5", _LEVERAGE, "x", "least leverage, for sizer and Governor")
    )
    max_position_usd: Decimal = field(
        metadata=_row("10000", _USD, "USD", "most margin per position")
    )
    max_notional_usd: Decimal = field(
        metadata=_row(
            "100000",
            _USD,
            "USD",
            "most notional of one order, and of all positions and open orders together",
        )
    )
    min_order_usd: Decimal = field(
        metadata=_row("50", _USD, "USD", "least margin per order")
    )
    min_confidence: Decimal = field(
        metadata=_row("0.0", number("0", "1"), "", "confidence floor; 0 is no floor")
    )
    governor_fail_open: bool = field(
        metadata=_row(
            "false",
            yes_no(),
            "",
            "whether the confidence floor and an intent's own risk budget only warn",
        )
    )
    governor_below_min: BelowMin = field(
        metadata=_row(
            "refuse",
            one_of(BelowMin),
            "",
            "what becomes of a proposal below a minimum; clamp raises it, which adds risk",
        )
    )
    intent_max_age_sec: int = field(
        metadata=_row(
            "60", whole(1, 86400), "s", "an entry older than this is never traded"
        )
    )
    order_notional_max_equity_multiple: Decimal = field(
        metadata=_row(
            "1.5", number("0.01", "125"), "x equity", "most notional of one order"
        )
    )
    initial_margin_max_pct: Decimal = field(
        metadata=_row("40", _PERCENT, "% of equity", "most margin posted in total")
    )
    risk_per_trade_max_pct: Decimal = field(
        metadata=_row(
            "2.5", _PERCENT, "% of equity", "most lost at the stop of one trade, with costs"
        )
    )
    daily_loss_max_pct: Decimal = field(
        metadata=_row(
            "6", _PERCENT, "% of equity", "loss since 00:00 UTC that ends the day's entries"
        )
    )
    drawdown_max_pct: Decimal = field(
        metadata=_row(
            "20",
            _PERCENT,
            "% of peak",
            "fall from the peak that halts until a person resumes",
        )
    )
    liquidation_stops_min: Decimal = field(
        metadata=_row(
            "3", number("1", "100"), "stops", "least liquidation distance, in hard stops"
        )
    )
    liquidation_sigmas_min: Decimal = field(
        metadata=_row(
            "5",
            number("0.1", "100"),
            "σ",
            "least liquidation distance, in standard deviations over the longest hold",
        )
    )
    snapshot_age_max_sec: int = field(
        metadata=_row("10", whole(1, 3600), "s", "an older account reading refuses")
    )
    mark_age_max_sec: int = field(
        metadata=_row("2", whole(1, 3600), "s", "an older price refuses")
    )
    volatility_age_max_sec: int = field(
        metadata=_row("600", whole(1, 86400), "s", "an older volatility refuses")
    )
    taker_fee_pct: Decimal = field(
        metadata=_row("0.05", _COST, "% of notional", "fee of one order at market")
    )
    slippage_pct: Decimal = field(
        metadata=_row(
            "0.05", _COST, "% of price", "slippage assumed for one order at market"
        )
    )
    symbols: tuple[Symbol, ...] = field(
        metadata=_row("BTCUSDT,SOLUSDT", symbols(), "", "what the engine looks at")
    )
    venue: VenueName = field(
        metadata=_row("paper", one_of(VenueName), "", "where live orders go")
    )
    paper_equity_usd: Decimal = field(
        metadata=_row("10000", _USD, "USD", "what a paper account starts with")
    )
    market_data_dir: Path | None = field(
        metadata=_row("none", folder_or_none(), "", "folder of recorded bars for a replay")
    )
    signal_source: SignalName = field(
        metadata=_row(
            "example",
            one_of(SignalName),
            "",
            "the model asked: dice for show, a calibrated one that may abstain, or both",
        )
    )
    example_ai_seed: int = field(
        metadata=_row(
            "1", whole(0, 2**31 - 1), "", "the same seed gives the same example AI"
        )
    )
    exits_process: ExitsProcess = field(
        metadata=_row(
            "embedded",
            one_of(ExitsProcess),
            "",
            "who decides on exits: the execution itself, or `bridge-patch exits`",
        )
    )
    exits_silence_max_sec: int = field(
        metadata=_row(
            "10",
            whole(1, 3600),
            "s",
            "a separate exit process that is silent for longer stops entries",
        )
    )
    state_dir: Path = field(
        metadata=_row("var", folder(), "", "holds the journal and the embedded bus")
    )
    log_format: LogFormat = field(
        metadata=_row("console", one_of(LogFormat), "", "log lines for people, or JSON")
    )

    def limits(self) -> Limits:
        """Return the one set of bounds that sizer and Governor share."""
        return _limits(self)

    @property
    def journal_path(self) -> Path:
        """Where the journal is; the embedded bus lives in the same file."""
        return self.state_dir / JOURNAL_NAME

    def notices(self) -> tuple[str, ...]:
        """Name every protection that is switched off or softened; shown at each start."""
        softened = (
            (self.min_confidence == 0, "MIN_CONFIDENCE=0: there is no confidence floor"),
            (
                self.governor_fail_open,
                "GOVERNOR_FAIL_OPEN=true: confidence floor and risk budget only warn",
            ),
            (
                self.governor_below_min is BelowMin.CLAMP,
                "GOVERNOR_BELOW_MIN=clamp: proposals below a minimum are raised to it",
            ),
        )
        return tuple(text for holds, text in softened if holds)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One setting as it is defined above, under its name."""

    name: str
    default: str
    form: Form
    unit: str
    meaning: str


#: Every setting, in order; docs, env file and `check` are made from this.
ROWS: Final = tuple(Row(name=f.name.upper(), **f.metadata) for f in fields(Settings))


def _limits(s: Settings) -> Limits:
    return Limits(
        margin_min_usd=s.min_order_usd,
        margin_max_usd=s.max_position_usd,
        notional_max_usd=s.max_notional_usd,
        leverage_min=s.ai_min_leverage,
        leverage_max=s.ai_max_leverage,
        confidence_min=s.min_confidence,
        fail_open=s.governor_fail_open,
        below_min=s.governor_below_min,
        order_notional_max_equity_multiple=s.order_notional_max_equity_multiple,
        initial_margin_max_pct=s.initial_margin_max_pct,
        risk_per_trade_max_pct=s.risk_per_trade_max_pct,
        daily_loss_max_pct=s.daily_loss_max_pct,
        drawdown_max_pct=s.drawdown_max_pct,
        liquidation_stops_min=s.liquidation_stops_min,
        liquidation_sigmas_min=s.liquidation_sigmas_min,
        snapshot_age_max_ms=s.snapshot_age_max_sec * 1000,
        mark_age_max_ms=s.mark_age_max_sec * 1000,
        volatility_age_max_ms=s.volatility_age_max_sec * 1000,
        taker_fee_pct=s.taker_fee_pct,
        slippage_pct=s.slippage_pct,
    )
