"""The pages in docs/ about the wire are the ones that the code makes."""

import json
from pathlib import Path

import pytest

from bridge_patch.adapters import streams
from bridge_patch.app.schema_pages import ASYNCAPI, FOLDER, asyncapi, pages, write

ROOT = Path(__file__).parents[3]
AGAIN = "run `python -m bridge_patch.app.schema_pages` in the root and read what changed"


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_the_page_is_current(path: Path) -> None:
    assert (ROOT / path).read_text() == pages()[path], AGAIN


def test_no_other_schema_lies_about() -> None:
    found = {path.relative_to(ROOT) for path in (ROOT / FOLDER).iterdir()}

    assert found == set(pages()) - {ASYNCAPI}


def test_every_stream_of_the_bus_is_a_channel_with_its_messages() -> None:
    named = {v for v in vars(streams).values() if isinstance(v, str) and "quantum:" in v}
    page = asyncapi()

    assert set(streams.ALL) == named
    assert {channel["address"] for channel in page["channels"].values()} == named
    for name, channel in page["channels"].items():
        for message in channel["messages"].values():
            made = page["components"]["messages"][message["$ref"].rpartition("/")[2]]
            assert made["name"] == name
            assert (ROOT / ASYNCAPI.parent / made["payload"]["schema"]["$ref"]).is_file()


def test_every_channel_has_one_operation() -> None:
    page = asyncapi()
    refs = [each["channel"]["$ref"] for each in page["operations"].values()]

    assert sorted(refs) == sorted(f"#/channels/{name}" for name in page["channels"])
    assert page["operations"]["receive.trade.intent"]["action"] == "receive"
    assert page["operations"]["send.execution.result"]["action"] == "send"


def test_the_pages_are_written_below_the_root_that_is_named(tmp_path: Path) -> None:
    write(tmp_path)

    for path, text in pages().items():
        assert (tmp_path / path).read_text() == text
        json.loads(text)
