"""What each rule is for: a statement about what it allows. A new rule needs a row."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from bridge_patch.domain.events import TradingState
from tests.proofs.statements import (
    Promise,
    aged,
    budget_kept,
    in_bracket,
    leverage,
    liquidation_far,
    margin,
    notional,
    orderable,
    sure,
)
from tests.proofs.surroundings import (
    absorbed,
    active,
    affordable,
    below,
    calm,
    equity_bound,
    exits_heard,
    exposed,
    fates_known,
    flat,
    fresh_mark,
    funding_borne,
    loss_bearable,
    margin_posted,
    mark_near_index,
    one_venue,
    price_near,
    rested,
    same_side,
    share_left,
    slipped_little,
    small,
    total_bounded,
    windowed,
    within_equity,
)

PROMISES: Final[MappingProxyType[str, Promise]] = MappingProxyType(
    {
        "margin_ceiling": lambda c: margin(c) <= c.limits.margin_max_usd,
        "leverage_ceiling": lambda c: leverage(c) <= c.limits.leverage_max,
        "bracket_ceiling": in_bracket,
        "liquidation_clearance": liquidation_far,
        "trading_state": lambda c: c.snapshot.state is TradingState.RUNNING,
        "snapshot_fresh": lambda c: aged(
            c, c.snapshot.taken_ms, c.limits.snapshot_age_max_ms
        ),
        "mark_fresh": fresh_mark,
        "clock_sane": small("clock_skew_ms", "clock_skew_max_ms", "snapshot_age_max_ms"),
        "filters_fresh": lambda c: aged(
            c, c.snapshot.filters_ms, c.limits.filters_age_max_ms
        ),
        "one_venue": one_venue,
        "same_limits": lambda c: (
            (c.stated_limits == "") | (c.stated_limits == c.limits.digest())
        ),
        "symbol_allowed": lambda c: c.symbol in c.limits.symbols,
        "exits_alive": exits_heard,
        "journal_roomy": lambda c: c.snapshot.journal_has_room,
        "margin_floor": lambda c: margin(c) >= c.limits.margin_min_usd,
        "leverage_floor": lambda c: leverage(c) >= c.limits.leverage_min,
        "notional_ceiling": lambda c: notional(c) <= c.limits.notional_max_usd,
        "confidence_floor": sure,
        "own_risk_budget": budget_kept,
        "price_collar": price_near,
        "index_near": mark_near_index,
        "price_calm": calm,
        "position_flat": flat,
        "open_positions": exposed(
            lambda held, c: held.open_positions < c.limits.open_positions_max
        ),
        "no_unknown_order": exposed(fates_known),
        "all_protected": exposed(lambda held, _: held.naked_positions == 0),
        "nothing_foreign": exposed(lambda held, _: held.foreign_positions == 0),
        "daily_loss": below("day_loss_pct", "daily_loss_max_pct"),
        "drawdown": below("drawdown_pct", "drawdown_max_pct"),
        "equity_explained": small(
            "equity_jump_pct", "equity_jump_max_pct", "snapshot_age_max_ms"
        ),
        "losers_latch": active(
            lambda done, c: done.losers_in_row < c.limits.losers_latch_min
        ),
        "losers_pause": active(rested),
        "symbol_entries": active(
            lambda done, c: done.symbol_entries_1h < c.limits.symbol_entries_1h_max
        ),
        "entry_rate": active(share_left("entries", "entries")),
        "exit_reserve": active(share_left("orders", "orders")),
        "source_sound": active(
            lambda done, c: done.malformed_pct <= c.limits.malformed_max_pct
        ),
        "slippage_bearable": active(slipped_little),
        "funding_bearable": funding_borne,
        "equity_multiple": equity_bound,
        "total_notional": exposed(total_bounded),
        "symbol_notional": exposed(
            within_equity(
                lambda held, _: held.symbol_usd,
                lambda limits: limits.symbol_notional_max_equity_multiple,
            )
        ),
        "side_notional": exposed(
            within_equity(
                same_side("long_usd", "short_usd"),
                lambda limits: limits.side_notional_max_equity_multiple,
            )
        ),
        "gross_notional": exposed(
            within_equity(
                lambda held, _: held.long_usd + held.short_usd,
                lambda limits: limits.gross_notional_max_equity_multiple,
            )
        ),
        "net_notional": exposed(
            within_equity(
                same_side("net_long_usd", "net_short_usd"),
                lambda limits: limits.net_notional_max_equity_multiple,
            )
        ),
        "notional_1m": windowed("1m"),
        "notional_1h": windowed("1h"),
        "notional_1d": windowed("1d"),
        "initial_margin": exposed(margin_posted),
        "available_balance": affordable,
        "risk_per_trade": loss_bearable,
        "depth_enough": absorbed,
        "quantity_filters": orderable,
    }
)
