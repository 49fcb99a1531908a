"""An entry as a table holds it."""

from __future__ import annotations

from bridge_patch.adapters.chain import Fault, Row


def row_of(values: tuple[object, ...]) -> Row | Fault:
    """Return the entry, or that the table holds something else in its place."""
    match values:
        case (int(seq), str(run_id), int(at), str(kind), str(about), str(body), str(link)):
            return Row(seq, run_id, at, kind, about, body.encode(), link)
        case _:
            what = f"it holds values of other types: {values[1:5]!r}"
            return Fault(int(str(values[0])), what)
