"""Reads a report as a browser would take it apart: elements, attributes, figures, words."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "hr"}


@dataclass
class Read:
    """What is on a page."""

    tags: set[str] = field(default_factory=set)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)
    words: str = ""
    titles: list[str] = field(default_factory=list)
    open_at_end: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.read = Read()
        self.figure = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.read.tags.add(tag)
        self.read.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.read.open_at_end.append(tag)
        self.figure = dict(attrs).get("data-figure") or ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.read.open_at_end[-1:] == [tag], (tag, self.read.open_at_end[-5:])
        self.read.open_at_end.pop()
        self.figure = ""

    def handle_data(self, data: str) -> None:
        if self.figure:
            self.read.figures[self.figure] = data
        if self.read.open_at_end[-1:] == ["title"]:
            self.read.titles.append(data)
        elif self.read.open_at_end[-1:] != ["style"]:
            self.read.words += f" {data}"


def read_page(html: str) -> Read:
    """Return what is on a page; an element that is not closed is an error."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.read.open_at_end == []
    return reader.read
