"""`docs/exchange.md` names every call, fault and condition that there is."""

from pathlib import Path

import msgspec
import pytest

from bridge_patch.app.binance_server.conditions import AccountSetting, Conditions
from bridge_patch.app.binance_server.faults import FaultKind
from bridge_patch.app.binance_server.routes import ROUTES

PAGE = Path("docs/exchange.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_fault_is_on_the_page(kind: FaultKind) -> None:
    assert f"`{kind}`" in PAGE


@pytest.mark.parametrize("struct", [Conditions, AccountSetting])
def test_every_condition_is_on_the_page(struct: type[msgspec.Struct]) -> None:
    missing = [n for n in struct.__struct_fields__ if f"`{n}`" not in PAGE]

    assert missing == []


def test_every_call_is_on_the_page() -> None:
    names = {path.split("/", 3)[3] for _, path in ROUTES}

    assert [n for n in sorted(names) if f"`{n}`" not in PAGE] == []
