"""Leaves out points that a picture cannot show, and none that it can.

Of all points in one column of pixels the first, the lowest, the highest and the last stay:
the line that is drawn through them covers the same pixels, and no extreme is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, TypeAlias

Place: TypeAlias = tuple[float, float]

#: Pixels that count as one column.
COLUMN: Final = 2.0


def thinned(places: Sequence[Place], column: float = COLUMN) -> Iterator[Place]:
    """Yield at most four places per column, in their order.

    >>> list(thinned([(0, 5), (0.1, 9), (0.2, 6), (0.3, 1), (0.4, 7), (9, 2)]))
    [(0, 5), (0.1, 9), (0.3, 1), (0.4, 7), (9, 2)]
    """
    numbered = enumerate(places)
    for _, group in groupby(numbered, key=lambda each: each[1][0] // column):
        members = list(group)
        kept = {
            members[0],
            min(members, key=lambda each: each[1][1]),
            max(members, key=lambda each: each[1][1]),
            members[-1],
        }
        for _, place in sorted(kept):
            yield place
