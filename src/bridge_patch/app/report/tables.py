"""The tables of the report: the accounts, the verdicts, the positions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from bridge_patch.app.report import figures
from bridge_patch.app.report.markup import Markup, join, tag, text
from bridge_patch.app.report.material import Material, Phase, Role, Standing
from bridge_patch.app.report.positions import name_of
from bridge_patch.app.report.words import DIRECTIONS, LABELS, VERDICTS, mode_words
from bridge_patch.domain.events import Verdict
from bridge_patch.evidence.trades import Trade

#: What the rows of positions may weigh together; the newest have them first.
BUDGET: Final = 600_000
_ACCOUNT_HEAD: Final = (
    "account",
    "start",
    "end",
    "change",
    "deepest fall",
    "closed",
    "won",
    "fees",
    "funding",
    "liquidated",
)
_POSITION_HEAD: Final = (
    ("#", "number"),
    ("opened (UTC)", "when"),
    ("position", ""),
    ("mode", "more"),
    ("margin, USD", "number more"),
    ("leverage", "number more"),
    ("entry, USD", "number more"),
    ("exit, USD", "number more"),
    ("way out", ""),
    ("held", "number more"),
    ("fees, USD", "number more"),
    ("net, USD", "number"),
)


def accounts(material: Material) -> Markup:
    """Return what each account was worth, phase by phase."""
    rows = []
    for index, phase in enumerate(material.phases):
        span = f"{figures.moment(phase.start_ms)} to {figures.moment(phase.end_ms)} UTC"
        title = f"{mode_words(phase).capitalize()}, {span}"
        heading = tag("th", text(title), colspan=len(_ACCOUNT_HEAD), scope="colgroup")
        rows.append(tag("tr", heading, class_="group"))
        for role in Role:
            standing = material.standing(phase, role)
            if standing is not None:
                rows.append(_account(index, standing))
    head = tag(
        "tr", *(tag("th", text(name), class_=_right(name)) for name in _ACCOUNT_HEAD)
    )
    return tag("table", tag("thead", head), tag("tbody", *rows), class_="accounts")


def _right(name: str) -> str | None:
    return None if name == "account" else "number"


def _account(index: int, standing: Standing) -> Markup:
    stretch, role = standing.stretch, standing.role
    note = "" if standing.marked else " (realised only)"
    name = tag("td", tag("i", class_=f"swatch {role}"), text(f"{LABELS[role]}{note}"))
    cells = [name]
    for figure, shown in (
        ("start_usd", figures.usd(stretch.start_usd)),
        ("end_usd", figures.usd(stretch.end_usd)),
        ("change_pct", figures.signed(stretch.change_pct, 2, " %")),
        ("drawdown_pct", figures.percent(stretch.drawdown_max_pct)),
        ("closed", figures.grouped(len(stretch.trades))),
        ("won", figures.grouped(stretch.won)),
        ("fees_usd", figures.usd(stretch.fees_usd)),
        ("funding_usd", figures.gain(stretch.funding_usd)),
        ("liquidated", figures.grouped(stretch.liquidations)),
    ):
        label = _ACCOUNT_HEAD[len(cells)]
        attributes = {"data_figure": f"{figure}.{index}.{role}", "data_label": label}
        cells.append(tag("td", text(shown), class_="number", **attributes))
    return tag("tr", *cells)


def verdicts(material: Material) -> Markup:
    """Return how many entries were accepted, made smaller and refused, and the rest."""
    head = [tag("th", text("entries"))]
    head += [tag("th", text(phase.mode), class_="number") for phase in material.phases]
    rows = [tag("tr", *head)]
    for verdict in Verdict:
        counts = [phase.entries[verdict] for phase in material.phases]
        rows.append(_counts(VERDICTS[verdict], verdict.lower(), counts))
        if verdict is Verdict.CLAMP:
            rows += _by_rule(material.phases)
    dead = [phase.dead.total() for phase in material.phases]
    rows.append(_counts("set aside: not understood, or too old", "dead", dead))
    rows.append(
        _counts("duplicates", "duplicates", [p.duplicates for p in material.phases])
    )
    reductions = [phase.reductions for phase in material.phases]
    rows.append(_counts("reductions judged", "reductions", reductions))
    refused = [phase.refused_reductions.total() for phase in material.phases]
    rows.append(_counts("  of these refused", "reductions_refused", refused))
    return tag("table", *rows, class_="compact")


def _by_rule(phases: Sequence[Phase]) -> Iterator[Markup]:
    rules = sorted({rule for phase in phases for rule in phase.caps})
    for rule in rules:
        yield _counts(f"  by {rule}", f"cap.{rule}", [phase.caps[rule] for phase in phases])


def _counts(name: str, figure: str, counts: Sequence[int]) -> Markup:
    inner = "inner" if name.startswith(" ") else None
    cells = [tag("td", text(name.strip()), class_=inner)]
    for index, count in enumerate(counts):
        words, place = text(figures.grouped(count)), f"count.{index}.{figure}"
        cells.append(tag("td", words, class_="number", data_figure=place))
    return tag("tr", *cells)


def positions(
    phase: int, trades: Sequence[Trade], drawn: int, budget: int = BUDGET
) -> tuple[Markup, int]:
    """Return a row per position, oldest first, and how many found room.

    The newest `drawn` of them have a picture, to which their row leads.
    """
    rows: list[Markup] = []
    for number in range(len(trades) - 1, -1, -1):
        linked = name_of(phase, number) if number >= len(trades) - drawn else None
        row = _position(number, trades[number], linked)
        budget -= len(row)
        if budget < 0:
            break
        rows.append(row)
    head = (tag("th", text(n), class_=look or None) for n, look in _POSITION_HEAD)
    made = tag("table", tag("thead", tag("tr", *head)), tag("tbody", *reversed(rows)))
    return made, len(rows)


def _position(number: int, trade: Trade, linked: str | None) -> Markup:
    shown = text(number + 1)
    leverage, hold_ms = trade.leverage, trade.hold_ms
    cells = (
        tag("a", shown, href=f"#{linked}") if linked else shown,
        text(figures.moment(trade.opened_ms)),
        text(f"{trade.symbol} {DIRECTIONS[trade.side]}"),
        text(trade.policy.mode if trade.policy else "–"),
        text(figures.grouped(trade.margin_usd, 2)),
        text("–" if leverage is None else f"{figures.grouped(leverage)}x"),
        text(figures.price(trade.entry_price_usd)),
        text(_exit_price(trade)),
        text(", ".join(dict.fromkeys(leg.reason for leg in trade.exits)) or "open"),
        text("–" if hold_ms is None else figures.span(hold_ms)),
        text(figures.grouped(trade.fees_usd, 2)),
        text(figures.signed(trade.net_usd, 2)),
    )
    looks = [look or None for _, look in _POSITION_HEAD]
    looks[-1] = "number gain" if trade.net_usd > 0 else "number loss"
    columns = zip(cells, looks, strict=True)
    return tag("tr", *(tag("td", cell, class_=look) for cell, look in columns))


def _exit_price(trade: Trade) -> str:
    """Return what the exits averaged, to the digits of the entry."""
    price = trade.exit_price_usd
    if price is None:
        return "–"
    places = max(-int(trade.exits[-1].price_usd.normalize().as_tuple().exponent), 0)
    return figures.grouped(price, places)


def left_out(shown: int, total: int, noun: str) -> Markup:
    """Say what did not find room, where anything did not."""
    if shown == total:
        return join([])
    words = (
        f"The newest {figures.grouped(shown)} of {figures.grouped(total)} {noun}: the rest"
        " would make this page too heavy; the journal has them all."
    )
    return tag("p", text(words), class_="note")
