"""The ungoverned books: what they take of an entry, and when they say what they hold."""

from decimal import Decimal

from bridge_patch.domain.events import Book, EquityMarked, Filled, FillKind, Judged, Verdict
from bridge_patch.domain.intent import IntentId, Mode, UnixMs
from bridge_patch.services.session import Session
from bridge_patch.services.shadows import HourlyMarks, baseline_size
from tests.simulation.rig import BTC, CALM, World, ask, at, intent, minute, ready, run

D = Decimal
HOUR = 3_600_000
DAY = 24 * HOUR
UNGOVERNED = (Book.ASKED, Book.BASELINE)


def marked(world: World, book: Book) -> list[EquityMarked]:
    return [mark for mark in world.events(EquityMarked) if mark.book is book]


def test_the_constant_size_is_a_tenth_of_the_deposit_at_five() -> None:
    size = baseline_size(D(20_000))

    assert (size.margin.usd, size.leverage.times) == (D(2000), D(5))


def test_the_baseline_takes_what_the_governor_refuses_at_its_own_size() -> None:
    """It is there to be compared with: neither proposal nor verdict may reach it."""
    world = World(Mode.LIVE)

    async def scenario() -> None:
        session = await ready(world)
        await ask(world, session, intent("small", CALM, margin=60, leverage=6))
        await ask(world, session, intent("absurd", CALM, margin=9000, leverage=100))

    run(scenario())

    verdicts = {judged.intent_id: judged.verdict for judged in world.events(Judged)}
    taken = {
        fill.intent_id: fill.quantity_base
        for fill in world.events(Filled)
        if fill.book is Book.BASELINE and fill.kind is FillKind.ENTRY
    }
    assert verdicts[IntentId("absurd")] is Verdict.REJECT
    assert taken == {"small": D("0.052"), "absurd": D("0.052")}  # 5000 at 95 000


def test_each_ungoverned_book_is_marked_once_an_hour_and_after_a_restart() -> None:
    """The report draws these marks: a hole or a double would be drawn as well."""
    world = World(Mode.LIVE)

    async def scenario() -> None:
        session = await ready(world)
        for n in range(1, 40):
            await session.on_tick(at(CALM + n, {BTC: 95_000}))
        again = world.start()
        for n in range(150):
            await again.on_tick(at(CALM + n, {BTC: 95_000}))

    run(scenario())

    for book in UNGOVERNED:
        hours = [mark.at_ms // HOUR for mark in marked(world, book)]
        assert hours == sorted(set(hours))
        assert hours[-1] - hours[0] == len(hours) - 1
        assert hours[-1] == minute(CALM + 149) // HOUR


def test_a_restart_finds_the_ungoverned_books_as_they_were() -> None:
    world = World(Mode.LIVE)

    async def scenario() -> Session:
        session = await ready(world)
        await ask(world, session, intent("a", CALM))
        await session.on_tick(at(CALM + 1, {BTC: 95_500}))
        return session

    before, again = run(scenario()).keeper.trader.books, world.start().keeper.trader.books

    assert before.baseline.exchange.positions
    assert again.baseline.exchange.ledger == before.baseline.exchange.ledger
    assert again.asked.exchange.ledger == before.asked.exchange.ledger


def test_a_mark_is_due_at_the_first_tick_of_an_hour_of_data_time() -> None:
    marks = HourlyMarks(Book.ASKED)
    times = [HOUR - 1, HOUR, HOUR + 5, 2 * HOUR - 1, 4 * HOUR + 7]
    told = [marks.due(D(100), UnixMs(at_ms)) for at_ms in times]

    assert [mark.at_ms for mark in told if mark] == [HOUR - 1, HOUR, 4 * HOUR + 7]


def test_a_mark_knows_the_peak_and_where_the_day_began() -> None:
    marks = HourlyMarks(Book.BASELINE)
    values = [(HOUR, D(100)), (2 * HOUR, D(130)), (3 * HOUR, D(90)), (DAY, D(95))]
    told = [marks.mark(equity, UnixMs(at_ms)) for at_ms, equity in values]

    assert [mark.peak_usd for mark in told] == [D(100), D(130), D(130), D(130)]
    assert [mark.day_start_usd for mark in told] == [D(100), D(100), D(100), D(95)]
    assert {mark.book for mark in told} == {Book.BASELINE}


def test_what_a_restart_folds_is_what_was_marked() -> None:
    lived, read = HourlyMarks(Book.ASKED), HourlyMarks(Book.ASKED)
    mark = lived.mark(D(77), UnixMs(HOUR))
    read.fold(mark)

    assert read == lived
    assert read.due(D(80), UnixMs(HOUR + 1)) is None
