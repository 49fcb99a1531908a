"""The long runs end by themselves, and tell a fault from a good end."""

import pytest

from tests.soak import ALL_SEC, PARTS, Part, main, soak

GOOD = Part("good", 30, ("-c", "pass"))
BAD = Part("bad", 30, ("-c", "raise SystemExit(3)"))
ENDLESS = Part("endless", 1, ("-c", "import time; time.sleep(60)"))


def test_all_parts_together_are_bounded() -> None:
    """A soak that goes on for ever is one that nobody waits for."""
    assert sum(part.most_sec for part in PARTS) <= ALL_SEC


@pytest.mark.parametrize(
    ("parts", "code", "said"),
    [
        ([GOOD], 0, "ok"),
        ([BAD, GOOD], 1, "exit code 3"),
        ([ENDLESS], 1, "not done after 1 s"),
    ],
    ids=["good", "bad", "endless"],
)
def test_a_fault_or_a_part_without_end_is_the_soaks_own(
    parts: list[Part], code: int, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """The summary names it, and the exit code says it."""
    assert soak(parts) == code
    assert said in capfd.readouterr().out.partition("== soak")[2]


def test_a_part_that_does_not_exist_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    """With those that do, so that nobody has to look them up."""
    assert main(["nonsense"]) == 2
    assert "campaign" in capfd.readouterr().err
