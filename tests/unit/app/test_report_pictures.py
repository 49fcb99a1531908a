"""What the report's pictures promise: thin without losing an extreme, labels apart."""

import itertools
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.app.report import figures, refusals, sizes
from bridge_patch.app.report.material import Decided, gather
from bridge_patch.app.report.plot import apart
from bridge_patch.app.report.scales import Scale, decades, moments, rounded_out, ticks
from bridge_patch.app.report.thin import COLUMN, Place, thinned
from bridge_patch.domain.events import Verdict
from bridge_patch.domain.intent import UnixMs
from tests.unit.app.report_reading import read_page
from tests.unit.evidence.journal_events import judged, run

D = Decimal
DAY = 86_400_000
HOUR = 3_600_000

places = st.lists(
    st.tuples(st.integers(0, 60), st.integers(-500, 500)), min_size=1, max_size=60
).map(lambda several: [(x / 10, float(y)) for x, y in sorted(several)])


def columns(several: list[Place]) -> dict[float, list[Place]]:
    found: dict[float, list[Place]] = {}
    for place in several:
        found.setdefault(place[0] // COLUMN, []).append(place)
    return found


@given(places=places)
def test_thinning_keeps_first_last_lowest_and_highest_of_each_column(
    places: list[Place],
) -> None:
    """A crash that lasted a minute must be seen in a picture of months."""
    before, after = columns(places), columns(list(thinned(places)))

    assert before.keys() == after.keys()
    for column, members in before.items():
        kept = after[column]
        assert (kept[0], kept[-1]) == (members[0], members[-1])
        assert min(y for _, y in kept) == min(y for _, y in members)
        assert max(y for _, y in kept) == max(y for _, y in members)
        assert len(kept) <= 4


@given(places=places)
def test_thinning_invents_and_reorders_nothing(places: list[Place]) -> None:
    left = iter(places)

    assert all(any(place == other for other in left) for place in thinned(places))


@given(wanted=st.lists(st.integers(0, 100), min_size=1, max_size=6))
def test_labels_stand_apart_in_their_order_and_not_below_the_picture(
    wanted: list[int],
) -> None:
    placed = apart([float(y) for y in wanted], 12, 100)
    order = sorted(range(len(wanted)), key=lambda n: wanted[n])
    in_order = [placed[n] for n in order]

    assert all(later - before >= 12 for before, later in itertools.pairwise(in_order))
    assert max(placed) <= 100


@given(low=st.integers(1, 10**6), span=st.integers(0, 10**7), most=st.integers(2, 12))
def test_axes_have_few_labels_and_all_of_them_inside(
    low: int, span: int, most: int
) -> None:
    high = low + span
    marks = ticks(low, high, most)
    log = decades(low, high, most)

    assert len(marks) <= most
    assert len(log) <= most
    assert all(low - 1e-6 <= mark <= high + 1e-6 for mark in [*marks, *log])


@given(low=st.integers(1, 10**8), factor=st.integers(1, 10**5))
def test_rounded_ends_hold_everything(low: int, factor: int) -> None:
    least, most = rounded_out(low, low * factor)

    assert least <= low
    assert most >= low * factor


def test_a_log_scale_has_its_middle_at_the_geometric_mean() -> None:
    scale = Scale(10, 1000, 0, 200, log=True)

    assert (scale.at(10), scale.at(100), scale.at(1000)) == (0, 100, 200)
    assert scale.at(10**9) == 200


def test_time_labels_are_days_and_for_a_short_run_hours() -> None:
    assert [t // DAY for t in moments(DAY // 2, 9 * DAY, 9)] == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert [t // HOUR for t in moments(0, 12 * HOUR, 7)] == [0, 2, 4, 6, 8, 10, 12]


def one(verdict: Verdict, asked: str, margin: str | None, **other: object) -> Decided:
    values: dict[str, object] = {"code": "NOTIONAL_EXCEEDED", "at_ms": UnixMs(0)} | other
    return Decided(
        intent_id="i",  # type: ignore[arg-type]
        symbol="BTCUSDT",  # type: ignore[arg-type]
        verdict=verdict,
        asked_usd=D(asked),
        asked_leverage=D(10),
        margin_usd=None if margin is None else D(margin),
        notional_usd=None if margin is None else D(margin) * 10,
        **values,  # type: ignore[arg-type]
    )


def test_a_mark_tells_what_was_asked_and_what_was_allowed() -> None:
    decided = [
        one(Verdict.ACCEPT, "100", "100"),
        one(Verdict.CLAMP, "800", "200"),
        one(Verdict.REJECT, "90000", None),
    ]
    titles = read_page(sizes.notionals(decided)).titles

    assert sorted(set(titles)) == [
        "1 accepted as asked; notional asked 1,000 USD, allowed 1,000 USD",
        "1 made smaller; notional asked 8,000 USD, allowed 2,000 USD",
        "1 refused; notional asked 900,000 USD",
    ]


def test_marks_that_fall_together_are_counted() -> None:
    decided = [one(Verdict.ACCEPT, "100.2", "100.2"), one(Verdict.ACCEPT, "100", "100")]
    (title,) = set(read_page(sizes.margins(decided)).titles)

    assert title == "2 accepted as asked; margin asked about 100 USD, allowed about 100 USD"


def test_every_refusal_is_in_one_bar_under_its_first_reason() -> None:
    """Nine reasons: eight have a look of their own, the rarest stands with the rest."""
    codes = [f"REASON_{n}" for n in range(9) for _ in range(9 - n)]
    events = [
        judged(n * HOUR, f"i-{n}", verdict=Verdict.REJECT, code=code)
        for n, code in enumerate(codes)
    ]
    material = gather([run(0), *events])
    titles = read_page(refusals.over_time(material)).titles
    wide = titles[: len(titles) // 2]

    assert sum(int(title.split(", ")[1].split()[0]) for title in wide) == 45
    assert "1970-01-01: REASON_0, 9 of 24 refused" in wide
    assert "1970-01-02: other reasons, 1 of 21 refused" in wide


def test_the_parts_of_a_bar_stand_on_each_other() -> None:
    """Three of one reason and one of another, the larger part below, and room above."""
    codes = ["POSITION_OPEN", "POSITION_OPEN", "POSITION_OPEN", "SNAPSHOT_STALE"]
    events = [
        judged(n * HOUR, f"i-{n}", verdict=Verdict.REJECT, code=code)
        for n, code in enumerate(codes)
    ]
    drawing = refusals.over_time(gather([run(0), *events])).partition("</svg>")[0]
    parts = [
        (float(y), float(height))
        for y, height in re.findall(
            r'<rect [^>]*y="([\d.]+)"[^>]*height="([\d.]+)"', drawing
        )
    ]
    foot, top = refusals.WIDE.inner_bottom, refusals.WIDE.top

    (lower, tall), (upper, short) = parts
    assert lower + tall == pytest.approx(foot, abs=0.2)
    assert upper + short == pytest.approx(lower, abs=0.2)
    assert tall == pytest.approx(3 * short, abs=0.3)
    assert top < upper < top + (foot - top) / 10


@pytest.mark.parametrize(("days", "bar"), [(28, 1), (62, 1), (63, 7), (400, 7), (600, 28)])
def test_a_long_run_has_one_bar_for_several_days(days: int, bar: int) -> None:
    material = gather([run(0), judged(days * DAY, verdict=Verdict.REJECT)])

    assert refusals.days_of(material) == bar


def test_a_reason_of_a_later_version_is_shown_without_a_meaning() -> None:
    assert refusals.meaning("POSITION_OPEN") == "the symbol already has a position"
    assert refusals.meaning("SOMETHING_NEW") == "a reason this version does not know"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0", "0.00 USD"),
        ("-0.001", "0.00 USD"),
        ("0.005", "0.00 USD"),
        ("1.5", "+1.50 USD"),
    ],
)
def test_what_rounds_to_nothing_has_no_sign(value: str, shown: str) -> None:
    """Minus nothing is read as a loss."""
    assert figures.gain(D(value)) == shown
