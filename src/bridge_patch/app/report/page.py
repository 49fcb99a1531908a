"""The whole page: what was run, what became of it, and the pictures, each explained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from typing import Final, final

from bridge_patch.adapters.verify import Verification
from bridge_patch.app.in_force import in_force
from bridge_patch.app.report import curves, figures, positions, refusals, sizes, tables
from bridge_patch.app.report.markup import Markup, join, tag, text
from bridge_patch.app.report.material import Material, Phase, Role
from bridge_patch.app.report.words import LABELS, VERDICTS, is_simulated, mode_words
from bridge_patch.domain.events import Verdict
from bridge_patch.services.shadows import BASELINE_LEVERAGE, BASELINE_MARGIN_PCT

TITLE: Final = "BRIDGE-PATCH report"
#: Nothing may be fetched and nothing may run, whatever a browser is told to do.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"
#: How many runs of a phase are named.
_RUNS_SHOWN: Final = 4
#: How a feed's label begins where its prices are from a market.
_FROM_A_MARKET: Final = ("Recorded bars", "Public bars")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the material comes from, and whether it may be believed."""

    journal: str
    verification: Verification


def page(material: Material, source: Source) -> str:
    """Return the report as one HTML document."""
    style = (files("bridge_patch.app.report") / "report.css").read_text(encoding="utf-8")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", text(TITLE)),
        tag("style", Markup(style)),
    )
    body = tag("body", _header(material, source), tag("main", *_sections(material)))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _header(material: Material, source: Source) -> Markup:
    return tag(
        "header",
        tag("h1", text(TITLE)),
        tag(
            "p",
            text("What the AI asked, what the Governor allowed, and what became of it."),
            class_="lead",
        ),
        *(tag("p", *warning, class_="banner") for warning in _warnings(material)),
        tag("dl", *_facts(material, source)),
    )


def _warnings(material: Material) -> Iterator[list[Markup]]:
    """Say loudly what is not real."""
    if all(is_simulated(phase) for phase in material.phases):
        words = "every fill, fee and balance on this page was computed, none traded."
        yield [tag("b", text("SIMULATED, NO REAL MONEY: ")), text(words)]
    feeds = dict.fromkeys(run.feed for phase in material.phases for run in phase.runs)
    for feed in feeds:
        if feed.startswith(_FROM_A_MARKET):
            yield [tag("b", text("MARKET: ")), text(feed)]
        else:
            yield [tag("b", text("SYNTHETIC MARKET, NO EVIDENCE: ")), text(feed)]


def _facts(material: Material, source: Source) -> Iterator[Markup]:
    for phase in material.phases:
        yield _fact(mode_words(phase), *_phase_lines(phase))
    found = source.verification
    if found.ok:
        sound = f"{figures.grouped(found.entries)} entries, every link holds"
        yield _fact("journal verified", text(sound))
    else:
        told = "; ".join(f"entry {fault.seq}: {fault.what}" for fault in found.faults[:3])
        bad = text(f"DAMAGED, do not rely on this page: {told}")
        yield _fact("journal verified", tag("b", bad, class_="bad"))
    yield _fact("journal", tag("code", text(source.journal)))


def _phase_lines(phase: Phase) -> Iterator[Markup]:
    runs = phase.runs
    hashes = ", ".join(dict.fromkeys(run.limits_hash for run in runs))
    builds = ", ".join(dict.fromkeys(run.build for run in runs))
    ids = ", ".join(run.run_id for run in runs[-_RUNS_SHOWN:])
    before = len(runs) - _RUNS_SHOWN
    yield text(f"{figures.moment(phase.start_ms)} to {figures.moment(phase.end_ms)} UTC")
    yield text(f"venue {phase.run.venue}, limits {hashes}, build {builds}")
    yield text(f"run {ids}{f' and {before} before' if before > 0 else ''}")


def _fact(name: str, *lines: Markup) -> Markup:
    return tag("div", tag("dt", text(name)), *(tag("dd", line) for line in lines))


def _sections(material: Material) -> Iterator[Markup]:
    if material.standings:
        yield from _money(material)
    else:
        yield _section("accounts", "The accounts", "Nothing was bought or sold.")
    yield _section(
        "sizes",
        "Asked against allowed",
        _SIZES,
        _verdict_legend(material),
        tag(
            "div",
            tag("div", sizes.margins(material.decided)),
            tag("div", sizes.notionals(material.decided)),
            class_="pair",
        ),
        _scroll(tables.verdicts(material)),
    )
    yield _section(
        "refusals",
        "Refusals",
        _refusal_words(material),
        refusals.legend(material),
        refusals.over_time(material),
        _scroll(refusals.table(material)),
    )
    for index, phase in enumerate(material.phases):
        yield _positions(material, index, phase)


def _money(material: Material) -> Iterator[Markup]:
    yield _section(
        "accounts", "The accounts", _ACCOUNTS, _scroll(tables.accounts(material))
    )
    words, limit = _equity_words(material), _drawdown_limit(material.phases[-1])
    yield _section("equity", "Equity", words, _roles(material), curves.equity(material))
    yield _section("drawdown", "Fall from the peak", _FALL, curves.fall(material, limit))


def _positions(material: Material, index: int, phase: Phase) -> Markup:
    trades = material.positions(phase)
    title = f"Positions, {mode_words(phase)}"
    if not trades:
        return _section(f"positions-{index}", title, "None was opened.")
    share = len(material.phases)
    pictures, drawn = positions.cards(index, trades, positions.BUDGET // share)
    rows, shown = tables.positions(index, trades, drawn, tables.BUDGET // share)
    return _section(
        f"positions-{index}",
        title,
        _POSITIONS,
        tag(
            "details",
            tag("summary", text(f"{_some(shown, len(trades))} in a table")),
            _scroll(rows),
            tables.left_out(shown, len(trades), "positions are listed"),
            class_="listing",
        ),
        pictures,
        tables.left_out(drawn, len(trades), "positions are drawn"),
    )


def _some(shown: int, total: int) -> str:
    if shown == total:
        return f"All {figures.grouped(total)}"
    return f"The newest {figures.grouped(shown)} of {figures.grouped(total)}"


def _section(anchor: str, title: str, words: str, *content: Markup) -> Markup:
    return tag(
        "section", tag("h2", text(title)), tag("p", text(words, 2000)), *content, id=anchor
    )


def _scroll(table: Markup) -> Markup:
    return tag("div", table, class_="scroll")


def _roles(material: Material) -> Markup:
    present = [role for role in Role if any(s.role is role for s in material.standings)]
    return tag(
        "ul",
        *(
            tag("li", tag("i", class_=f"swatch {role}"), text(LABELS[role]))
            for role in present
        ),
        tag("li", tag("i", class_="swatch reducing"), text("REDUCING")),
        tag("li", tag("i", class_="swatch halted"), text("HALTED")),
        class_="legend",
    )


def _verdict_legend(material: Material) -> Markup:
    unsized = sum(one.asked_usd is None for one in material.decided)
    items = [
        tag("li", tag("i", class_=f"shape {verdict.lower()}"), text(VERDICTS[verdict]))
        for verdict in Verdict
    ]
    if unsized:
        items.append(tag("li", text(f"{unsized} stated no size and are not drawn")))
    return join([tag("ul", *items, class_="legend")])


def _drawdown_limit(phase: Phase) -> Decimal | None:
    stated = in_force(phase.run.limits).get("DRAWDOWN_MAX_PCT", "")
    return Decimal(stated) if stated.replace(".", "", 1).isdecimal() else None


def _equity_words(material: Material) -> str:
    unmarked = {LABELS[s.role] for s in material.standings if not s.marked}
    words = _EQUITY
    if unmarked:
        names = " and ".join(sorted(unmarked))
        words += (
            f" Of {names} this journal has no marks: that line shows what was realised, and"
            " not what was gained or lost on open positions."
        )
    return words


def _refusal_words(material: Material) -> str:
    days = refusals.days_of(material)
    unit = "UTC day" if days == 1 else f"{days} days"
    return (
        f"One bar per {unit}; each refusal counts once, under the first of its reasons."
        " Messages that could not be understood or were too old never reached the Governor"
        " and are not in here."
    )


_ACCOUNTS: Final = (
    "As asked does what the AI said, with no Governor. As governed is what was allowed: a"
    " simulated account in shadow, the venue's account when live. At constant size takes"
    f" every entry alike, a margin of {BASELINE_MARGIN_PCT} % of the deposit at"
    f" {BASELINE_LEVERAGE}x, to tell skill in sizing from luck. A position counts where it"
    " was closed; won means a gain after every cost. A shadow account goes on into the next"
    " phase with what it has left; the live account begins with its own deposit."
)
_EQUITY: Final = (
    "What each account was worth, in USD. The strip on the time axis shows when the guarded"
    " account could only reduce (REDUCING) or was halted (HALTED). Point at the picture for"
    " the numbers."
)
_FALL: Final = (
    "How far each account was below its highest point since the phase began, in percent of"
    " that point. The dashed line is the limit at which the Governor halts the account it"
    " guards; the others have no such guard."
)
_SIZES: Final = (
    "Each mark is one entry, or several that fall together; the larger the mark, the more."
    " On the diagonal the Governor allowed what was asked, below it less; above it can only"
    " stand what GOVERNOR_BELOW_MIN=clamp raised to the least order. Refused ones have no"
    " allowed size and stand in the strip below; what they asked beyond the axis stands at"
    " its end. Both axes are logarithmic."
)
_POSITIONS: Final = (
    "Each picture runs from the entry to the last exit; the price between them is not in"
    " the journal and is not drawn. Solid line and disc: entry. Dashed steps: the stop at"
    " the venue, as it moved. Square: a stop filled. Diamond: closed by the clock, on"
    " request or by an opposite entry. Small disc: a part was taken. Cross: liquidated."
    " Gains and losses are after every cost; prices are in USD, times in UTC."
)
