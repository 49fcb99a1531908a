"""Room around an order: limits on what is there already, and uses that leave enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from hypothesis import strategies as st

from bridge_patch.domain.account import Activity, Exposure
from bridge_patch.domain.intent import UnixMs
from bridge_patch.governor.limits import Limits
from tests.questions import NOW

D = Decimal
Draw = Callable[[st.SearchStrategy[Any]], Any]


def between(low: Decimal | str, high: Decimal | str, places: int) -> st.SearchStrategy[D]:
    """Decimals of a grid, as whole numbers of its steps: quick to draw and to shrink."""
    step = D(1).scaleb(-places)
    least = int((D(low) / step).to_integral_value(ROUND_CEILING))
    most = max(least, int((D(high) / step).to_integral_value(ROUND_FLOOR)))
    return st.integers(least, most).map(lambda n: n * step)


def usd(low: Decimal | str, high: Decimal | str) -> st.SearchStrategy[D]:
    return between(low, high, 2)


def aged(draw: Draw, most_ms: int) -> UnixMs:
    return UnixMs(NOW - draw(st.sampled_from([0, most_ms])))


@st.composite
def more_limits(draw: st.DrawFn) -> dict[str, Any]:
    """Bounds on what is around an order, from tight to wide; windows in their order."""
    minute, hour, day = sorted(draw(between("0.1", "50", 1)) for _ in range(3))
    orders, pause = draw(st.integers(4, 1000)), draw(st.integers(1, 9))
    entries_pct = draw(between(D(-(-100 // orders)), "60", 0))
    percents = (
        *("turnover_max_pct", "equity_jump_max_pct", "malformed_max_pct"),
        *("slippage_1h_max_pct", "price_collar_pct", "index_gap_max_pct"),
        *("funding_max_risk_pct", "order_quantity_max_pct"),
    )
    multiples = ("symbol", "side", "gross", "net")
    spans_ms = (
        *("funding_age_max_ms", "clock_skew_max_ms", "filters_age_max_ms"),
        *("exits_silence_max_ms", "unknown_age_max_ms"),
    )
    return {
        **{name: draw(between("0.1", "100", 1)) for name in percents},
        **{
            f"{name}_notional_max_equity_multiple": draw(between("0.1", "20", 1))
            for name in multiples
        },
        **{name: draw(st.integers(1, 90_000)) for name in spans_ms},
        "symbols": draw(st.sampled_from([("BTCUSDT",), ("ETHUSDT", "BTCUSDT")])),
        "open_positions_max": draw(st.integers(1, 20)),
        "notional_1m_max_equity_multiple": minute,
        "notional_1h_max_equity_multiple": hour,
        "notional_1d_max_equity_multiple": day,
        "symbol_entries_1h_max": draw(st.integers(1, 20)),
        "losers_pause_min": pause,
        "losers_pause_ms": draw(st.integers(0, 90_000)),
        "losers_latch_min": pause + draw(st.integers(0, 5)),
        "venue_orders_10s_max": orders,
        "venue_orders_1m_max": orders + draw(st.integers(0, 1000)),
        "entry_orders_max_pct": entries_pct,
        "exit_orders_reserve_pct": draw(between("1", 100 - entries_pct, 0)),
        "shock_sigmas_max": draw(between("0.5", "20", 1)),
        "shock_pause_ms": draw(st.integers(0, 90_000)),
        "unknown_orders_max": draw(st.integers(0, 3)),
    }


sides_sign = st.sampled_from([-1, 0, 1])
_MULTIPLES = (
    *("symbol_notional", "side_notional", "gross_notional", "net_notional"),
    *("notional_1m", "notional_1h", "notional_1d"),
)


def roomy(
    draw: Draw, li: Limits, exposure: Exposure, *, equity: D, wanted: D
) -> tuple[Limits, Exposure, Activity]:
    """Uses of the account-wide limits that leave room for `wanted`, and often no more.

    A limit that could not hold even that is raised to it.
    """
    most = {name: D(getattr(li, f"{name}_max_equity_multiple")) for name in _MULTIPLES}
    enough = (wanted / equity * 10).to_integral_value(ROUND_CEILING) / 10
    most |= {name: max(limit, enough) for name, limit in most.items()}
    used = {name: draw(usd("0", equity * most[name] - wanted)) for name in _MULTIPLES}
    gross = exposure.notional_usd
    most["gross_notional"] = max(most["gross_notional"], gross / equity + enough)
    most["side_notional"] = max(most["side_notional"], gross / equity + enough)
    most["notional_1h"] = max(most["notional_1h"], most["notional_1m"])
    most["notional_1d"] = max(most["notional_1d"], most["notional_1h"])
    share = li.entry_orders_max_pct / 100
    orders = max(li.venue_orders_10s_max, int(1 / share) + 1, 100)
    multiples: dict[str, Any] = {
        f"{name}_max_equity_multiple": limit for name, limit in most.items()
    }
    roomier = replace(
        li,
        **multiples,
        venue_orders_10s_max=orders,
        venue_orders_1m_max=max(li.venue_orders_1m_max, orders),
    )
    doubts = draw(st.integers(0, li.unknown_orders_max))
    return (
        roomier,
        replace(
            exposure,
            net_long_usd=used["net_notional"],
            net_short_usd=used["net_notional"],
            symbol_usd=used["symbol_notional"],
            open_positions=draw(st.integers(0, li.open_positions_max - 1)),
            unknown_orders=doubts,
            unknown_since_ms=aged(draw, li.unknown_age_max_ms) if doubts else None,
        ),
        Activity(
            approved_1m_usd=used["notional_1m"],
            approved_1h_usd=used["notional_1h"],
            approved_1d_usd=used["notional_1d"],
            slippage_1h_usd=draw(usd("0", equity * li.slippage_1h_max_pct / 100)),
            malformed_pct=draw(usd("0", li.malformed_max_pct)),
            symbol_entries_1h=draw(st.integers(0, li.symbol_entries_1h_max - 1)),
            losers_in_row=draw(st.integers(0, li.losers_pause_min - 1)),
            lost_ms=draw(st.none() | st.just(NOW)),
            entries_10s=draw(st.integers(0, int(orders * share) - 1)),
            entries_1m=draw(st.integers(0, int(orders * share) - 1)),
            orders_10s=0,
            orders_1m=0,
        ),
    )
