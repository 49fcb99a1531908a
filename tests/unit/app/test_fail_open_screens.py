"""M-26: every screen about a fail-open run says that it is one, and no other does."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bridge_patch.app.commands.decisions import decisions
from bridge_patch.app.commands.options import (
    DecisionsOptions,
    JournalOptions,
    TraceOptions,
)
from bridge_patch.app.commands.status import status
from bridge_patch.app.commands.trace import trace
from bridge_patch.app.commands.why import why
from tests.unit.app.journals import options
from tests.unit.app.story import ACCEPTED, RUN, story
from tests.unit.app.story_files import write_story

SOFT = replace(RUN, limits=RUN.limits.replace("fail_open=False", "fail_open=True"))
SAYS = "GOVERNOR_FAIL_OPEN=true in this LIVE run: the confidence floor and an intent's own"


def listed(source: JournalOptions) -> int:
    return decisions(
        DecisionsOptions(source=source, symbol=None, verdict=None, code=None, last=1)
    )


SCREENS: dict[str, Callable[[JournalOptions], int]] = {
    "status": status,
    "why": lambda source: why(TraceOptions(source=source, intent_id=ACCEPTED)),
    "trace": lambda source: trace(TraceOptions(source=source, intent_id=ACCEPTED)),
    "decisions": listed,
}


@pytest.mark.parametrize("name", SCREENS)
def test_the_screen_says_so_and_only_then(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soft = write_story(tmp_path / "soft", (SOFT, *story()[1:]))
    strict = write_story(tmp_path / "strict")

    assert SCREENS[name](options(soft)) == 0
    assert capsys.readouterr().out.count(SAYS) == 1
    assert SCREENS[name](options(strict)) == 0
    assert "FAIL_OPEN" not in capsys.readouterr().out
