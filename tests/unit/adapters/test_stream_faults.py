"""Which readers of which streams are wrong, and which are nobody's business."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge_patch.adapters.stream_faults import stream_faults
from bridge_patch.adapters.streams import (
    ALL,
    EXECUTION_GROUP,
    EXECUTION_RESULT,
    MARKET_TICK,
    OF_EXECUTION,
    TRADE_INTENT,
)

PAGE = Path(__file__).parents[3] / "docs" / "bus.md"
PREFIX = "quantum:stream:"
WELL = {**dict.fromkeys(ALL, ()), **dict.fromkeys(OF_EXECUTION, ("execution",))}


def test_a_bus_as_it_should_be_has_no_fault() -> None:
    assert stream_faults({}) == ()
    assert stream_faults(WELL) == ()


@pytest.mark.parametrize("stream", [EXECUTION_RESULT, "quantum:stream:trade.plan"])
def test_our_group_on_a_second_stream_is_a_fault(stream: str) -> None:
    (fault,) = stream_faults({**WELL, stream: ("others", EXECUTION_GROUP)})

    assert fault.startswith(f"the group execution reads {stream} too")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("quantum:stream:trade.intents", TRADE_INTENT),
        ("quantum:stream:trade.intnet", TRADE_INTENT),
        ("quantum:stream:trade_intent", TRADE_INTENT),
        ("quantum:stream:market.ticks", MARKET_TICK),
    ],
)
def test_a_name_that_is_almost_ours_and_has_no_reader_is_a_fault(
    name: str, meant: str
) -> None:
    (fault,) = stream_faults({**WELL, name: ()})

    assert fault.startswith(f"nobody reads {name}")
    assert f"write to {meant}," in fault


@pytest.mark.parametrize(
    "others",
    [
        {"quantum:stream:trade.intents": ("theirs",)},
        {"quantum:stream:trade.plan": ()},
        {"quantum:stream:ai.exit_decision": ()},
        {TRADE_INTENT: ("execution", "archive")},
        {EXECUTION_RESULT: ("archive",)},
    ],
)
def test_what_others_write_and_read_is_no_fault(others: dict[str, tuple[str, ...]]) -> None:
    assert stream_faults({**WELL, **others}) == ()


def test_a_very_long_name_is_cut() -> None:
    (fault,) = stream_faults({"quantum:" + "x" * 9_000: (EXECUTION_GROUP,)})

    assert len(fault) < 250


def test_the_page_says_of_every_stream_who_reads_it() -> None:
    section = (
        PAGE.read_text(encoding="utf-8").split("## Who reads what\n")[1].split("##")[0]
    )

    assert [
        name
        for name in ALL
        if f"`{name.removeprefix(PREFIX).removeprefix('quantum:')}`" not in section
    ] == []
