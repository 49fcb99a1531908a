"""The picture of an order's life is drawn from the table that runs."""

from pathlib import Path

from bridge_patch.domain.order import TRANSITIONS

PAGE = Path(__file__).parents[2] / "docs" / "architecture.md"


def diagram() -> str:
    """Draw the table; to renew the page, paste what this prints."""
    moves = [
        f"    {state} --> {after}: {event}"
        for state, cells in TRANSITIONS.items()
        for event, after in cells.items()
    ]
    ends = [f"    {state} --> [*]" for state, cells in TRANSITIONS.items() if not cells]
    return "\n".join(["stateDiagram-v2", "    [*] --> SENDING", *moves, *ends])


def test_the_diagram_on_the_page_is_the_table() -> None:
    assert diagram() in PAGE.read_text(encoding="utf-8"), diagram()


if __name__ == "__main__":
    print(diagram())
