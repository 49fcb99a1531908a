"""The report: the journal's figures, text that cannot act, a page that stays small."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.adapters.chain import Fault, Head
from bridge_patch.adapters.verify import Verification
from bridge_patch.app.report.material import gather
from bridge_patch.app.report.page import Source, page
from bridge_patch.domain.events import (
    Book,
    DeadLettered,
    Event,
    FillKind,
    LatchSet,
    TradingState,
    Verdict,
)
from bridge_patch.domain.intent import Mode, Side, Symbol, UnixMs
from tests.unit.app.report_reading import Read, read_page
from tests.unit.evidence.journal_events import (
    MINUTE,
    fill,
    funding,
    judged,
    mark,
    reduction,
    run,
    stop,
)

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
DAY = 24 * 60 * MINUTE
HOSTILE = (
    "</title></style><script>alert(1)</script><img src=x onerror=alert(1)>"
    "\" onload=\"alert(1)' onload='alert(1)&\u202e\n"
)
SOUND = Verification(entries=12, head=Head("j", 12, "x"), beyond_head=0, faults=())
#: What a page is made of; anything else came from outside.
KNOWN = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "section"),
    *("h1", "h2", "p", "b", "i", "dl", "div", "dt", "dd", "code", "ul", "li", "a", "span"),
    *("table", "thead", "tbody", "tr", "th", "td", "details", "summary", "figure"),
    *("figcaption", "svg", "g", "path", "line", "rect", "circle", "text"),
}


def made(*events: Event, found: Verification = SOUND) -> str:
    return page(gather(events), Source(journal="var/bridge.db", verification=found))


def read(*events: Event) -> Read:
    return read_page(made(*events))


def story() -> list[Event]:
    """Two positions in shadow and one live; the figures are computed by hand below."""
    account = {"book": Book.ACCOUNT}
    return [
        run(0),
        judged(MINUTE, "i-1"),
        fill(MINUTE, BUY, "2", "100", fee="2", margin="20"),
        fill(MINUTE, BUY, "4", "100", fee="4", margin="40", book=Book.ASKED),
        stop(MINUTE, "95", order="s-1"),
        stop(2 * MINUTE, "98", order="s-2"),
        judged(2 * MINUTE, "i-2", verdict=Verdict.REJECT, code="POSITION_OPEN"),
        fill(3 * MINUTE, SELL, "2", "110", kind=FillKind.REDUCE, realised="20", fee="3"),
        mark(4 * MINUTE, "1015"),
        judged(5 * MINUTE, "i-3", verdict=Verdict.CLAMP, binding="risk_per_trade"),
        fill(5 * MINUTE, SELL, "1", "110", fee="1", margin="11", intent="i-3"),
        stop(5 * MINUTE, "112", order="s-3", side=BUY),
        fill(
            6 * MINUTE,
            BUY,
            "1",
            "112",
            kind=FillKind.STOP,
            realised="-2",
            fee="1",
            order="s-3",
        ),
        run(DAY, Mode.LIVE),
        judged(DAY + MINUTE, "i-4"),
        fill(DAY + MINUTE, BUY, "2", "50", fee="1", margin="10", intent="i-4", **account),  # type: ignore[arg-type]
        funding(DAY + 2 * MINUTE, "-0.5", Book.ACCOUNT),
        mark(DAY + 3 * MINUTE, "900", Book.ACCOUNT),
        reduction(DAY + 4 * MINUTE, "x-1", "MAX_HOLD"),
    ]


def test_every_figure_of_the_accounts_is_the_journals() -> None:
    """Governed: 1000 - 2 + 20 - 3 = 1015, then - 1 - 2 - 1 = 1011; deepest 17 of 1015."""
    figures = read(*story()).figures

    assert figures["start_usd.0.governed"] == "1,000.00 USD"
    assert figures["end_usd.0.governed"] == "1,011.00 USD"
    assert figures["change_pct.0.governed"] == "+1.10 %"
    assert figures["drawdown_pct.0.governed"] == "0.39 %"  # 4 of 1015
    assert figures["closed.0.governed"] == "2"
    assert figures["won.0.governed"] == "1"
    assert figures["fees_usd.0.governed"] == "7.00 USD"
    assert figures["end_usd.0.asked"] == "996.00 USD"
    assert figures["end_usd.1.governed"] == "900.00 USD"
    assert figures["drawdown_pct.1.governed"] == "10.00 %"
    assert figures["funding_usd.1.governed"] == "−0.50 USD"
    assert "end_usd.0.baseline" not in figures


def test_every_verdict_is_counted_where_it_fell() -> None:
    figures = read(*story()).figures

    assert figures["count.0.accept"] == "1"
    assert figures["count.0.clamp"] == "1"
    assert figures["count.0.cap.risk_per_trade"] == "1"
    assert figures["count.0.reject"] == "1"
    assert figures["refused.0.POSITION_OPEN"] == "1"
    assert figures["refused.1.POSITION_OPEN"] == "0"
    assert figures["count.1.accept"] == "1"
    assert figures["count.1.reductions"] == "1"


def test_every_position_is_drawn_with_its_stop_and_its_way_out() -> None:
    found = read(*story())

    assert "stop 95, moved once to 98" in found.titles
    assert "closed on request: 2 at 110, 1970-01-01 00:03 UTC" in found.titles
    assert "hard stop filled: 1 at 112, 1970-01-01 00:06 UTC" in found.titles
    assert "2. BTCUSDT short" in found.words
    assert "−4.00 USD" in found.words
    assert "margin 10.00 USD at 10x, still open" in found.words


def test_a_curve_without_marks_says_that_it_is_what_was_realised() -> None:
    assert "as asked (realised only)" in read(*story()).words


def test_text_from_outside_cannot_act() -> None:
    """Every text that a journal can hold, and a page that takes it for text."""
    spoilt = run(0, run_id=HOSTILE, feed=HOSTILE, venue=HOSTILE, build=HOSTILE)
    events: list[Event] = [
        replace(spoilt, limits_hash=HOSTILE, limits=HOSTILE),
        judged(MINUTE, HOSTILE, verdict=Verdict.REJECT, code=HOSTILE, symbol=HOSTILE),
        judged(MINUTE, HOSTILE, verdict=Verdict.CLAMP, code=HOSTILE, binding=HOSTILE),
        fill(MINUTE, BUY, "1", "100", symbol=HOSTILE, order=HOSTILE, intent=HOSTILE),
        fill(
            MINUTE,
            SELL,
            "1",
            "90",
            kind=FillKind.STOP,
            symbol=HOSTILE,
            order=HOSTILE,
            intent=HOSTILE,
        ),
        DeadLettered(
            at_ms=UnixMs(MINUTE), entry_id=HOSTILE, reason=HOSTILE, faults=(HOSTILE,)
        ),
        LatchSet(
            book=Book.GOVERNED,
            at_ms=UnixMs(MINUTE),
            state=TradingState.HALTED,
            cause=HOSTILE,
            who=HOSTILE,
            why=HOSTILE,
        ),
        mark(2 * MINUTE, "990"),
    ]
    fault = Verification(1, Head("j", 1, "x"), 0, (Fault(1, HOSTILE),))
    source = Source(journal=HOSTILE, verification=fault)
    html = page(gather(events), source)
    found = read_page(html)

    assert found.tags <= KNOWN
    assert "<script" not in html
    assert "\u202e" not in html
    assert [a for a in found.attributes if a[1].startswith("on")] == []
    assert found.words.count("<script>alert(1)</script>") >= 5


def test_nothing_is_fetched_and_nothing_runs() -> None:
    """Sent by mail or put on a server, it must not tell anybody that it was opened."""
    html = made(*story())
    found = read_page(html)
    leading = {value for _, name, value in found.attributes if name in {"src", "href"}}
    policies = {value for _, name, value in found.attributes if name == "content"}

    assert leading
    assert all(value.startswith("#") for value in leading)
    assert "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'" in policies
    assert "script" not in found.tags
    assert "link" not in found.tags
    assert [way for way in ("url(", "@import", "://") if way in html] == []


@pytest.mark.parametrize(
    ("started", "says", "not_says"),
    [
        (run(0), "SIMULATED, NO REAL MONEY", "SYNTHETIC MARKET"),
        (run(0, feed="GENERATED prices"), "SYNTHETIC MARKET, NO EVIDENCE", "MARKET: Rec"),
        (run(0, Mode.LIVE), "SIMULATED, NO REAL MONEY", "real orders"),
        (run(0, Mode.LIVE, venue="binance"), "real orders", "SIMULATED, NO REAL"),
    ],
)
def test_what_is_not_real_is_said_loudly(started: Event, says: str, not_says: str) -> None:
    words = read(started, mark(MINUTE, "1000"), mark(MINUTE, "999", Book.ACCOUNT)).words

    assert says in words
    assert not_says not in words


def test_a_damaged_journal_is_said_to_be_damaged() -> None:
    fault = Fault(7, "its link does not follow from the entry before")
    found = Verification(12, Head("j", 12, "x"), 0, (fault,))
    words = read_page(made(*story(), found=found)).words

    assert "DAMAGED, do not rely on this page: entry 7: its link" in words
    assert "every link holds" not in words


@pytest.mark.parametrize(
    "events",
    [
        [run(0)],
        [run(0), judged(0, verdict=Verdict.REJECT, asked=None, margin=None, notional=None)],
        [run(0), mark(0, "0"), mark(MINUTE, "-5")],
        [run(0), judged(MINUTE, asked="1E+30", margin="1E-30", notional="1E+999")],
        [run(0), judged(MINUTE, asked="0.00000001", leverage="1", margin="5")],
        [run(0), fill(0, BUY, "1", "0.00000001", margin="0"), stop(0, "1E-9", order="s")],
        [run(5), run(5, Mode.LIVE), run(5)],
    ],
)
def test_an_odd_journal_still_has_a_report(events: list[Event]) -> None:
    """Empty, at one instant, worthless, absurd: whoever asks what happened gets a page."""
    found = read(*events)

    assert found.words
    assert [a for a in found.attributes if re.search(r"\b(nan|inf)\b", a[2])] == []


def test_months_of_data_stay_small_and_say_what_is_left_out() -> None:
    """Three months of four symbols: 5,000 positions, a mark every five minutes."""
    events: list[Event] = [run(0)]
    symbols = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT")
    for number in range(5_000):
        at = (number + 1) * 25 * MINUTE
        name, symbol = f"i-{number}", symbols[number % 4]
        price = f"{95_000 + number % 977}.5"
        events += [
            judged(at, name, asked=f"{50 + number % 900}", margin=f"{50 + number % 800}"),
            judged(
                at,
                f"{name}-no",
                verdict=Verdict.REJECT,
                code=f"REASON_{number % 20}",
                asked=f"{1 + number * 7 % 90_000}",
            ),
            fill(at, BUY, "0.05", price, symbol=symbol, intent=name, margin="300"),
            *(
                replace(
                    stop(at + n, f"{94_000 + n}", order=f"s-{n}"), symbol=Symbol(symbol)
                )
                for n in range(8)
            ),
            fill(
                at + 9,
                SELL,
                "0.05",
                price,
                kind=FillKind.STOP,
                symbol=symbol,
                order="s-7",
                intent=name,
            ),
            *(mark(at + n * 5 * MINUTE, f"{1000 + (number + n) % 313}") for n in range(5)),
        ]
    html = made(*events)

    assert len(html.encode()) < 3_000_000
    found = read_page(html)
    assert "of 5,000 positions are drawn: the rest" in found.words
    assert "of 5,000 positions are listed: the rest" in found.words
    assert found.figures["closed.0.governed"] == "5,000"
