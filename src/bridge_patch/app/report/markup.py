"""Builds HTML and SVG. Whatever comes from outside is text, and text is always escaped.

Markup is a type of its own, so that a type checker sees where plain text would slip in.
"""

from __future__ import annotations

from html import escape
from typing import Final, NewType

from bridge_patch.adapters.lines.text import printable

#: Text that is HTML already: made here, and nowhere else.
Markup = NewType("Markup", str)

NOTHING: Final = Markup("")
#: How much of one text from outside is shown.
_TEXT_MAX: Final = 300
#: Elements that have no content and no end.
_VOID: Final = frozenset({"meta", "br", "hr"})


def text(value: object, most: int = _TEXT_MAX) -> Markup:
    r"""Return plain text as markup, on one line, with nothing in it that could act.

    >>> text('<b onclick="x">\u202e')
    '&lt;b onclick=&quot;x&quot;&gt;\\u202e'
    """
    plain = str(value)
    if len(plain) > most or not plain.isprintable():
        plain = printable(plain, most)
    return Markup(escape(plain, quote=True))


def join(parts: list[Markup] | tuple[Markup, ...]) -> Markup:
    """Return several pieces of markup one behind the other."""
    return Markup("".join(parts))


def tag(name: str, /, *children: Markup, **attributes: object) -> Markup:
    """Return an element. An attribute's `_` stands for `-`; one that is None is left out.

    >>> tag("rect", x=1.26, stroke_width=2, class_="a", rx=None)
    '<rect x="1.3" stroke-width="2" class="a"/>'
    """
    named = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{named}>")
    inner = "".join(children)
    if not inner and name in _SHAPES:
        return Markup(f"<{name}{named}/>")
    return Markup(f"<{name}{named}>{inner}</{name}>")


def coordinate(value: float) -> str:
    """Return a place in a picture, to a tenth of a pixel.

    >>> coordinate(12.0), coordinate(0.05), coordinate(-0.04)
    ('12', '0.1', '0')
    """
    rounded = f"{value:.1f}"
    whole = rounded.removesuffix(".0")
    return "0" if whole == "-0" else whole


_SHAPES: Final = frozenset({"rect", "line", "circle", "path", "polyline"})


def _value(value: object) -> str:
    if isinstance(value, float):
        return coordinate(value)
    return text(value, most=100_000)
