"""docs/simulator.md says what the code does: codes and costs are compared."""

import re
from decimal import Decimal
from pathlib import Path

from bridge_patch.domain.intent import Symbol
from bridge_patch.sim.costs import Costs

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "simulator.md").read_text()
D = Decimal


def test_every_refusal_code_stands_on_the_page_and_no_other() -> None:
    source = "".join(p.read_text() for p in (ROOT / "src/bridge_patch/sim").glob("*.py"))
    refused = set(re.findall(r'"(-\d{4})"', source))

    assert refused
    assert set(re.findall(r"`(-\d{4})`", PAGE)) == refused


def test_the_cost_table_shows_what_is_charged() -> None:
    """Each row: half-spread, c, and what $10,000 and $100,000 pay, in basis points."""
    rows = re.findall(
        r"^\| (BTCUSDT|ETHUSDT|large|thin)[^|]*\| ([\d.]+) \| ([\d.]+)"
        r" \| ([\d.]+) \| ([\d.]+) \|",
        PAGE,
        re.MULTILINE,
    )
    sample = {"large": "SOLUSDT", "thin": "LAYERUSDT"}

    assert [name for name, *_ in rows] == ["BTCUSDT", "ETHUSDT", "large", "thin"]
    for name, half, c, *told in rows:
        symbol = Symbol(sample.get(name, name))
        depth = Costs().depths.get(symbol, Costs().depth_other)
        assert (depth.half_spread_bp, depth.impact_bp) == (D(half), D(c))
        for notional, bp in zip((D(10_000), D(100_000)), told, strict=True):
            paid = Costs().slippage_fraction(symbol, notional) * 10_000
            assert round(paid, len(bp.partition(".")[2])) == D(bp)
