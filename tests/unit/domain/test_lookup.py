"""The search for an order: seen once is found; absence takes every condition."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.domain.errors import IllegalTransitionError
from bridge_patch.domain.lookup import (
    MISSES_MIN,
    MISSING_MIN_MS,
    TRANSITIONS,
    Lookup,
    LookupEvent,
    LookupState,
    Surroundings,
    objection,
    patience,
)

PAGE = Path(__file__).parents[3] / "docs" / "venues.md"
S, E = LookupState, LookupEvent
CALM = Surroundings(alive_since_ms=0, explained=True)
ROUNDS = st.lists(
    st.tuples(
        st.sampled_from([E.SEEN, E.NOT_SEEN, E.NO_ANSWER, E.DISTURBED]),
        st.integers(0, 20_000),
    ),
    max_size=25,
)


def searched(
    rounds: list[tuple[LookupEvent, int]], *, conditional: bool = False
) -> tuple[Lookup, int]:
    """Play rounds with the pauses before them; return the search and the time."""
    search, now_ms = Lookup(arrival_ms=5_000, conditional=conditional), 0
    for event, pause_ms in rounds:
        now_ms += pause_ms
        search = search.told(event, now_ms)
    return search, now_ms


def test_absence_can_be_proved() -> None:
    """A gate that never opens would hold every law below."""
    search, now_ms = searched(
        [(E.NOT_SEEN, 6_000), (E.NOT_SEEN, 15_000), (E.NOT_SEEN, 15_000)]
    )

    assert objection(search, CALM, now_ms) == ""
    assert search.told(E.PROVEN, now_ms).state is S.ABSENT


def test_a_question_without_an_answer_takes_nothing_away() -> None:
    """Half of all calls failing would otherwise keep an order in doubt for ever."""
    search, now_ms = searched(
        [
            (E.NOT_SEEN, 6_000),
            (E.NO_ANSWER, 5_000),
            (E.NOT_SEEN, 10_000),
            (E.NO_ANSWER, 5_000),
            (E.NOT_SEEN, 15_000),
        ]
    )
    unheard, later_ms = searched([(E.NO_ANSWER, 6_000)] * 9)

    assert objection(search, CALM, now_ms) == ""
    assert (unheard.state, unheard.misses) == (S.ASKING, 0)
    assert objection(unheard, CALM, later_ms) == "0 of 3 answers in a row"


@pytest.mark.parametrize("misses", [1, 3, 9])
def test_silence_after_early_answers_proves_nothing(misses: int) -> None:
    """Nobody has the request yet, and then nobody answers: it arrives meanwhile."""
    asked = [(E.NOT_SEEN, 500)] * misses + [(E.NO_ANSWER, 5_000)] * 9
    search, now_ms = searched(asked)
    heard, heard_ms = searched([*asked, (E.NOT_SEEN, 100), (E.NOT_SEEN, 0)])

    assert objection(search, CALM, now_ms)
    assert objection(heard, CALM, heard_ms) == ""


@given(rounds=ROUNDS, alive=st.none() | st.integers(0, 10**6), explained=st.booleans())
def test_absence_takes_every_condition(
    rounds: list[tuple[LookupEvent, int]], alive: int | None, explained: bool
) -> None:
    search, now_ms = searched(rounds)
    around = Surroundings(alive_since_ms=alive, explained=explained)
    trailing = 0
    first_ms = last_ms = at_ms = 0
    for event, pause_ms in rounds:
        at_ms += pause_ms
        if event is E.NO_ANSWER:
            continue
        if event is not E.NOT_SEEN:
            trailing = 0
            continue
        trailing += 1
        first_ms, last_ms = at_ms if trailing == 1 else first_ms, at_ms

    holds = (
        last_ms > 5_000
        and E.SEEN not in {event for event, _ in rounds}
        and trailing >= MISSES_MIN
        and last_ms - first_ms >= MISSING_MIN_MS
        and alive is not None
        and alive <= first_ms
        and explained
    )
    assert (objection(search, around, now_ms) == "") == holds


@given(rounds=ROUNDS)
def test_a_conditional_order_is_never_absent(rounds: list[tuple[LookupEvent, int]]) -> None:
    search, now_ms = searched(rounds, conditional=True)

    assert objection(search, CALM, now_ms)


@given(rounds=ROUNDS)
def test_what_was_seen_stays_found(rounds: list[tuple[LookupEvent, int]]) -> None:
    """A later -2013 is a lag or a purge."""
    search, now_ms = searched([(E.SEEN, 0), *rounds])

    assert search.state is S.FOUND
    assert patience(search, now_ms + 10**9)


@pytest.mark.parametrize("state", [S.ABSENT, S.SWEPT])
def test_a_closed_search_that_sees_its_order_is_an_incident(state: LookupState) -> None:
    closed = Lookup(arrival_ms=0, conditional=False, state=state)

    assert closed.told(E.SEEN, 1).state is S.REOPENED


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("event", E)
def test_a_move_that_is_not_in_the_table_raises_and_changes_nothing(
    state: LookupState, event: LookupEvent
) -> None:
    search = Lookup(arrival_ms=0, conditional=False, state=state)
    if event in TRANSITIONS[state]:
        assert search.told(event, 1).state is TRANSITIONS[state][event]
        return
    with pytest.raises(IllegalTransitionError):
        search.told(event, 1)
    assert search.state is state


def test_every_state_can_be_reached_and_only_missing_ends_unseen() -> None:
    reached = {after for cells in TRANSITIONS.values() for after in cells.values()}

    assert reached == set(S)
    for state, cells in TRANSITIONS.items():
        ends = {E.PROVEN, E.CLEARED} & set(cells)
        assert bool(ends) == (state is S.MISSING)


def test_the_diagram_on_the_page_is_the_table() -> None:
    moves = [
        f"    {state} --> {after}: {event}"
        for state, cells in TRANSITIONS.items()
        for event, after in cells.items()
    ]
    diagram = "\n".join(["stateDiagram-v2", "    [*] --> ASKING", *moves])

    assert diagram in PAGE.read_text(encoding="utf-8"), diagram


def test_questions_come_slower_and_never_stop() -> None:
    search, pauses = Lookup(arrival_ms=0, conditional=False), []
    for _ in range(8):
        search = search.paced(0)
        pauses.append(search.due_ms)

    assert pauses == [250, 500, 1_000, 2_000, 5_000, 5_000, 5_000, 5_000]
