"""Python looks for rings seldom, and finds them still."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from bridge_patch.app.collecting import collect_seldom


class Ring:
    """Holds itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_a_ring_goes_once_enough_was_made() -> None:
    collect_seldom()
    gc.collect()
    gone = weakref.ref(Ring())
    held: list[list[int]] = [[] for _ in range(10_000)]
    early = gone() is not None
    held += [[] for _ in range(20_000)]

    assert early
    assert gone() is None
    assert len(held) == 30_000
