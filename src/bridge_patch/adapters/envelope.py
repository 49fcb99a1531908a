"""What a stream carries: named texts, as they came, before anybody understands them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True)
class Envelope:
    """The fields of one stream entry, in the order in which they were written.

    Nothing is required here: a hand-made message may lack a field, repeat one or carry
    `data` in place of `payload`, and must still be readable enough to be set aside. Bytes
    that are no UTF-8 are kept as lone surrogates (Python's `surrogateescape`).
    """

    fields: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, *, event_type: str, payload: str, timestamp: str, source: str) -> Envelope:
        """Build an envelope with the four fields of the contract, in its order.

        >>> Envelope.of(event_type="a", payload="{}", timestamp="t", source="s").payload
        '{}'
        """
        return cls(
            (
                ("event_type", event_type),
                ("payload", payload),
                ("timestamp", timestamp),
                ("source", source),
            )
        )

    def field(self, name: str) -> str | None:
        """Return the first field of that name, or None where the message has none.

        >>> Envelope((("data", "{}"),)).field("payload") is None
        True
        """
        for key, text in self.fields:
            if key == name:
                return text
        return None

    @property
    def event_type(self) -> str | None:
        """What kind of message it says it is."""
        return self.field("event_type")

    @property
    def payload(self) -> str | None:
        """The JSON object, as text."""
        return self.field("payload")

    @property
    def timestamp(self) -> str | None:
        """When its sender says it was published, UTC ISO-8601."""
        return self.field("timestamp")

    @property
    def source(self) -> str | None:
        """Who says that it sent this."""
        return self.field("source")
