"""How often Python looks for rings of objects that nobody holds any more.

Everything else is freed when the last who holds it lets go. A batch of 512 intents makes
objects by the hundred thousand and keeps most of them to its end, so that Python, as it
comes, looks through them hundreds of times and finds nothing: a twelfth of the time for
intents, a fifth for late entries.
"""

from __future__ import annotations

import gc
from typing import Final

#: So many more objects made than freed before it looks; as it comes, 700.
_MADE_MAX: Final = 20_000


def collect_seldom() -> None:
    """Let this process look less often; rings are still found, later."""
    gc.set_threshold(_MADE_MAX, *gc.get_threshold()[1:])
