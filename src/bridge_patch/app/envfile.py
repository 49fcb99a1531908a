"""Reads an env file as systemd's EnvironmentFile does, and faults what it would misread.

Whatever this reader takes, systemd reads the same way. Where systemd would drop a line,
join two, or keep a comment as part of a value, the line is a fault with a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, final

from bridge_patch.app.faults import Fault, found_name

_BYTES_MAX: Final = 1 << 20
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BOM: Final = "\ufeff"
_QUOTES: Final = "\"'"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One `NAME=value` of a file, quotes removed."""

    name: str
    value: str
    line: int


@final
@dataclass(frozen=True, slots=True)
class EnvFile:
    """What a file says, every fault in how it says it, and the names they concern."""

    assignments: tuple[Assignment, ...]
    faults: tuple[Fault, ...]
    misread: frozenset[str] = frozenset()


@final
@dataclass(frozen=True, slots=True)
class _Misread:
    """Why a line does not mean what it looks like."""

    expected: str
    found: str
    remedy: str


def read_env_file(path: Path) -> EnvFile:
    """Return the assignments in `path` in order, each name once, and every fault found."""
    try:
        with path.open("rb") as file:
            raw = file.read(_BYTES_MAX + 1)
    except OSError as e:
        why = e.strerror or type(e).__name__
        return EnvFile((), (_whole(path, "a file that can be read", why.lower()),))
    if len(raw) > _BYTES_MAX:
        return EnvFile((), (_whole(path, "at most 1 MiB", "a larger file"),))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as e:
        return EnvFile((), (_whole(path, "UTF-8 text", f"byte {e.start} is not"),))
    return _parse(path, text)


def _parse(path: Path, text: str) -> EnvFile:
    faults: list[Fault] = []
    taken: dict[str, Assignment] = {}
    misread: set[str] = set()
    if text.startswith(_BOM):
        faults.append(_whole(path, "plain UTF-8", "a byte order mark at its start"))
        text = text.removeprefix(_BOM)
    if "\0" in text:  # in a comment too: systemd takes none of the file, or half of it
        faults.append(_whole(path, "text", "a zero byte"))
        text = text.replace("\0", "")
    if "\r" in text:
        remedy = r"convert it with sed -i 's/\r$//'"
        faults.append(_whole(path, "lines ended by LF", "CR (Windows lines)", remedy))
        text = text.replace("\r", "")
    for number, line in enumerate(text.split("\n"), 1):
        found = _assignment(line, number)
        if isinstance(found, _Misread):
            before, equals, _ = line.partition("=")
            names = [n for n in _NAME.findall(before) if equals and n != "export"]
            where = f"({path} line {number})"
            where = f"{found_name(names[0])} {where}" if names else where
            faults.append(Fault(name=where, **asdict(found)))
            misread.update(names)
            continue
        if found is None:
            continue
        if first := taken.get(found.name):
            faults.append(_twice(path, first, found))
            misread.add(found.name)
            continue
        taken[found.name] = found
    return EnvFile(tuple(taken.values()), tuple(faults), frozenset(misread))


def _assignment(line: str, number: int) -> Assignment | _Misread | None:
    """Return what one line says; None for a blank line or a comment."""
    if not line.strip() or line.lstrip()[0] in "#;":
        if line.endswith("\\"):
            return _Misread(
                "a comment that ends on its line",
                "a backslash at its end",
                "remove it, some versions of systemd join the next line to the comment",
            )
        return None
    name, equals, value = line.partition("=")
    if name.split(maxsplit=1)[:1] == ["export"]:
        return _Misread(
            "NAME=value", "the word export", "remove it, systemd drops the line"
        )
    if not equals or not _NAME.fullmatch(name):
        found = "no name" if equals and not name else _name_of(line)
        return _Misread("NAME=value without spaces around the =", found, "write it so")
    if fault := next(_value_faults(value), None):
        return fault
    bare = value[1:-1] if _quote_of(value) else value
    return Assignment(name=name, value=bare, line=number)


def _quote_of(value: str) -> str:
    return value[0] if value.startswith(tuple(_QUOTES)) else ""


def _value_faults(value: str) -> Iterator[_Misread]:
    alone = "write the value alone, a comment needs a line of its own"
    quote = _quote_of(value)
    if quote and (len(value) == 1 or not value.endswith(quote) or quote in value[1:-1]):
        if re.match(rf"{quote}[^{quote}]*{quote}\s*[#;\s]", value):
            yield _Misread("nothing behind the closing quote", "more text", alone)
        yield _Misread("one pair of quotes around the value", "unpaired quotes", alone)
    if not quote and value != value.strip():
        found = "spaces before it" if value[:1].isspace() else "spaces behind it"
        yield _Misread("a value without spaces around it", found, "remove them")
    if not quote and re.search(r"\s[#;]", value):
        yield _Misread("a value", "a comment behind the value", alone)
    if not quote and any(q in value for q in _QUOTES):
        yield _Misread("quotes around the whole value", "quotes inside it", alone)
    if "\\" in value:
        found = "a backslash, which joins or alters what follows"
        yield _Misread("a value on one line", found, "write the value without it")
    if "$" in value or "`" in value:
        found = "$ or `, which nobody expands here"
        yield _Misread("a value as it is", found, "write out what it stands for")
    if any(ord(c) < ord(" ") or c == "\x7f" for c in value):
        yield _Misread("printable text", "a control character", "remove it")


def _name_of(line: str) -> str:
    """Say which line it is without showing a value, which may be a secret."""
    name = line.partition("=")[0]
    return found_name(name.strip()) if "=" in line else "a line without ="


def _whole(
    path: Path, expected: str, found: str, remedy: str = "correct the file or name another"
) -> Fault:
    return Fault(name=str(path), expected=expected, found=found, remedy=remedy)


def _twice(path: Path, first: Assignment, again: Assignment) -> Fault:
    return Fault(
        name=f"{found_name(again.name)} ({path} line {again.line})",
        expected="each name once",
        found=f"it in line {first.line} too",
        remedy="remove one of the two",
    )
