"""What waits for the execution, sorted by what will become of it; nothing is handed out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, final

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Message
from bridge_patch.domain.intent import Entry, Mode, ReduceIntent, UnixMs
from bridge_patch.services.messages import Poison

_CHUNK: Final = 512
SAMPLE_MAX: Final = 5


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One late entry, to show what the others are like."""

    entry_id: str
    intent_id: str
    age_ms: int


@final
@dataclass(slots=True, kw_only=True)
class Contents:
    """Counts of what waits; `oldest_ms` is when the one that waits longest was made."""

    late: int = 0
    fresh: int = 0
    reductions: int = 0
    poison: int = 0
    oldest_ms: UnixMs | None = None
    sample: list[Sample] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Everything that waits."""
        return self.late + self.fresh + self.reductions + self.poison


def contents_of(
    messages: Iterable[Message],
    *,
    now_ms: UnixMs,
    age_max_ms: int,
    tell: Callable[[int], None] = lambda _: None,
) -> Contents:
    """Sort messages as the execution would at `now_ms`; `tell` hears how many are done."""
    found, rest = Contents(), iter(messages)
    while chunk := tuple(islice(rest, _CHUNK)):
        late = codec.late_entries(
            [message.envelope for message in chunk], now_ms=now_ms, age_max_ms=age_max_ms
        )
        for message, seen in zip(chunk, late, strict=True):
            if seen is not None and len(found.sample) == SAMPLE_MAX:
                found.late += 1
            else:
                _sort(found, message, now_ms, age_max_ms)
        tell(found.total)
    return found


def _sort(found: Contents, message: Message, now_ms: UnixMs, age_max_ms: int) -> None:
    content = codec.decode_delivery(
        message.envelope, entry_id=message.entry_id, mode=Mode.SHADOW, now_ms=now_ms
    ).content
    if isinstance(content, Poison):
        found.poison += 1
        return
    made = content if isinstance(content, ReduceIntent) else content.entry
    if found.oldest_ms is None:
        found.oldest_ms = made.created_ms
    if isinstance(made, ReduceIntent):
        found.reductions += 1
    elif _is_late(made, now_ms, age_max_ms):
        found.late += 1
        if len(found.sample) < SAMPLE_MAX:
            age_ms = now_ms - made.created_ms
            found.sample.append(
                Sample(entry_id=message.entry_id, intent_id=made.id, age_ms=age_ms)
            )
    else:
        found.fresh += 1


def _is_late(entry: Entry, now_ms: UnixMs, age_max_ms: int) -> bool:
    until_ms = entry.valid_until_ms
    return now_ms - entry.created_ms > age_max_ms or (
        until_ms is not None and now_ms > until_ms
    )
