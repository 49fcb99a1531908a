"""Tables and messages for a terminal: nothing from outside is taken for markup."""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge_patch.adapters.lines.text import TEXT_MAX, exact, printable

#: Without a terminal to ask (a pipe, a file) lines are not folded early.
_WIDE: Final = 1000
_EXACT: Final = msgspec.json.Encoder(decimal_format="number")
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")


def console(*, on_stderr: bool = False) -> Console:
    """Return a console that prints as wide as its terminal, or wide where there is none."""
    stream = sys.stderr if on_stderr else sys.stdout
    width = None if stream.isatty() else _WIDE
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def table(*columns: str, title: str = "") -> Table:
    """Return an empty table with these columns."""
    made = Table(box=SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def print_table(made: Table) -> None:
    """Print a table on stdout; in a pipe or a file, lines end where their text does."""
    screen = console()
    if screen.is_terminal:
        screen.print(made)
        return
    with screen.capture() as captured:
        screen.print(made)
    for line in captured.get().splitlines():
        print(line.rstrip())  # noqa: T201


def cell(text: object, style: str = "", most: int = TEXT_MAX) -> Text:
    """Return text as one printable line of at most `most` characters."""
    return Text(printable(str(text), most), style=style)


def amount(value: Decimal | None, unit: str = "") -> str:
    """Return a number with every digit that means something, or a dash."""
    return "–" if value is None else f"{exact(value)}{unit}"


def price_text(value: Decimal) -> str:
    """Return a price to eight significant digits: an average has no end."""
    return exact(Decimal(f"{value:.8g}"))


def moment(at_ms: int) -> str:
    """Return a time in UTC, to the second, or to the millisecond where there is one.

    >>> moment(1746403200000), moment(1746403200250)
    ('2025-05-05 00:00:00', '2025-05-05 00:00:00.250')
    """
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    rest = f".{at_ms % 1000:03}" if at_ms % 1000 else ""
    return f"{at:%Y-%m-%d %H:%M:%S}{rest}"


def span(ms: int) -> str:
    """Return a length of time as a person says it.

    >>> span(0), span(250), span(61_500), span(7_200_000)
    ('0 ms', '250 ms', '1 min 1.5 s', '2 h 0 min')
    """
    sign, ms = ("-", -ms) if ms < 0 else ("", ms)
    seconds, rest = divmod(ms, 1000)
    if not seconds:
        return f"{sign}{rest} ms"
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{sign}{hours} h {minutes} min"
    whole = f"{seconds + rest / 1000:g} s"
    return f"{sign}{minutes} min {whole}" if minutes else f"{sign}{whole}"


def print_json(value: object) -> None:
    """Print a value as JSON on stdout."""
    print(json.dumps(value, indent=2, ensure_ascii=True))  # noqa: T201


def print_exact(value: object) -> None:
    """As print_json, for values of the domain: every decimal with all its digits."""
    text = msgspec.json.format(_EXACT.encode(value), indent=2).decode()
    print(_NOT_ASCII.sub(lambda m: json.dumps(m[0])[1:-1], text))  # noqa: T201
