"""The panels of the Grafana dashboard: what needs a person comes first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

_HERE: Final = 'instance=~"$instance"'


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel; `asks` are expressions with the legend of each, `unit` is Grafana's."""

    title: str
    asks: tuple[tuple[str, str], ...]
    kind: str = "timeseries"
    unit: str = "short"
    width: int = 8


def _metric(name: str, labels: str = "") -> str:
    inside = ", ".join(filter(None, (labels, _HERE)))
    return f"bridge_patch_{name}{{{inside}}}"


def _rate(name: str, by: str, labels: str = "") -> str:
    return f"sum by ({by}) (rate({_metric(name, labels)}[$__rate_interval]))"


def _quantile(share: str, step: str) -> tuple[str, str]:
    rate = _rate("step_seconds_bucket", "le", f'step="{step}"')
    return f"histogram_quantile({share}, {rate})", f"{step} p{share[2:]}"


def _stat(title: str, expr: str, unit: str = "short", legend: str = "") -> Panel:
    return Panel(title=title, asks=((expr, legend),), kind="stat", unit=unit, width=4)


_STEPS: Final = ("published_judged", "judged_sent", "sent_answered", "published_ended")
ROWS: Final = (
    (
        "Now",
        (
            _stat(
                "Mode and state", _metric("run_info"), legend="{{part}} {{mode}} {{state}}"
            ),
            _stat("Healthy", _metric("healthy"), legend="{{instance}}"),
            _stat("Unknown orders", _metric("orders_unknown")),
            _stat("Naked positions", _metric("positions_naked")),
            _stat("Differences", f"sum({_metric('differences_open')})"),
            _stat("Intents waiting", f"{_metric('bus_lag')} + {_metric('bus_pending')}"),
            Panel(
                title="Alarms that stand",
                asks=(
                    (f"{_metric('alarm')} > 0", "{{alarm}} ({{severity}}) {{instance}}"),
                ),
                kind="table",
                width=24,
            ),
        ),
    ),
    (
        "Account",
        (
            Panel(
                title="Equity, its peak and where the day began",
                asks=(
                    (_metric("equity_usd"), "equity"),
                    (_metric("equity_peak_usd"), "peak"),
                    (_metric("equity_day_start_usd"), "start of the day"),
                ),
                unit="currencyUSD",
            ),
            Panel(
                title="Losses against their limits",
                asks=(
                    (_metric("drawdown_ratio"), "drawdown"),
                    (_metric("drawdown_limit_ratio"), "its limit"),
                    (_metric("day_loss_ratio"), "day"),
                    (_metric("day_loss_limit_ratio"), "its limit"),
                ),
                unit="percentunit",
            ),
            Panel(
                title="Exposure, share of its limit",
                asks=(
                    (
                        f"{_metric('exposure_usd')} / {_metric('exposure_limit_usd')}",
                        "{{of}}",
                    ),
                    (f"{_metric('margin_usd')} / {_metric('margin_limit_usd')}", "margin"),
                    (
                        f"{_metric('positions_open')} / {_metric('positions_limit')}",
                        "positions",
                    ),
                ),
                unit="percentunit",
            ),
        ),
    ),
    (
        "Decisions",
        (
            Panel(
                title="Verdicts",
                asks=(
                    (_rate("decisions_total", "verdict", 'action="entry"'), "{{verdict}}"),
                ),
                unit="ops",
            ),
            Panel(
                title="Refusals by reason",
                asks=((_rate("decisions_total", "code", 'verdict="REJECT"'), "{{code}}"),),
                unit="ops",
            ),
            Panel(
                title="Outcomes",
                asks=((_rate("outcomes_total", "status"), "{{status}}"),),
                unit="ops",
            ),
            *(
                Panel(
                    title=f"{name.capitalize()} asked and governed, median",
                    asks=tuple(
                        (
                            "histogram_quantile(0.5, "
                            + _rate(f"{name}_{word}{unit}_bucket", "le")
                            + ")",
                            word,
                        )
                        for word in ("asked", "governed")
                    ),
                    unit="currencyUSD" if unit else "short",
                    width=12,
                )
                for name, unit in (("margin", "_usd"), ("leverage", ""))
            ),
        ),
    ),
    (
        "Orders",
        (
            Panel(
                title="Sent by leg, answered by outcome",
                asks=(
                    (_rate("orders_sent_total", "leg"), "sent {{leg}}"),
                    (_rate("orders_answered_total", "outcome"), "{{outcome}}"),
                    (_rate("orders_refused_total", "book"), "refused {{book}}"),
                ),
                unit="ops",
            ),
            Panel(
                title="From published to ended",
                asks=tuple(_quantile(q, step) for step in _STEPS for q in ("0.5", "0.99")),
                unit="s",
            ),
            Panel(
                title="Order and request limits used",
                asks=(
                    (
                        _metric("orders_window", 'of="all"')
                        + " / on (instance, window) "
                        + _metric("orders_window_limit"),
                        "ours {{window}}",
                    ),
                    (_metric("venue_limit_used_ratio"), "venue {{limit}}"),
                ),
                unit="percentunit",
            ),
            Panel(
                title="Unknown and naked, age of the oldest",
                asks=(
                    (_metric("orders_unknown_oldest_seconds"), "unknown order"),
                    (_metric("naked_seconds"), "naked position"),
                ),
                unit="s",
            ),
            Panel(
                title="Fills and fees",
                asks=(
                    (_rate("fills_total", "book, kind"), "{{book}} {{kind}}"),
                    (_rate("fees_usd_total", "book"), "fees {{book}} USD/s"),
                ),
                unit="short",
                width=16,
            ),
        ),
    ),
    (
        "System",
        (
            Panel(
                title="Ages",
                asks=(
                    (_metric("account_age_seconds"), "account"),
                    (_metric("mark_age_seconds"), "oldest mark"),
                    (_metric("exits_age_seconds"), "exits heard"),
                    (_metric("loop_age_seconds"), "loop {{instance}}"),
                    (_metric("bus_oldest_seconds"), "oldest that waits"),
                ),
                unit="s",
            ),
            Panel(
                title="Set aside",
                asks=(
                    (_rate("dead_letters_total", "reason"), "dead letter {{reason}}"),
                    (_rate("duplicates_total", "instance"), "duplicate"),
                ),
                unit="ops",
            ),
            Panel(
                title="Bus",
                asks=(
                    (_metric("bus_lag"), "lag"),
                    (_metric("bus_pending"), "pending"),
                    (_metric("bus_entries"), "{{stream}}"),
                ),
            ),
            Panel(
                title="Starts and outages",
                asks=(
                    (_metric("starts_lately"), "starts lately {{instance}}"),
                    (_metric("outage"), "outage {{instance}}"),
                ),
            ),
            Panel(
                title="Journal",
                asks=((_rate("events_total", "kind"), "{{kind}}"),),
                unit="ops",
            ),
            Panel(
                title="Messages to people",
                asks=((_metric("alerts_total"), "{{outcome}} {{instance}}"),),
            ),
        ),
    ),
)
