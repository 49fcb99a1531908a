"""Writes the tables in `docs/governor.md` from the rules and the reasons.

`python -m bridge_patch.app.governor_page` in the project's root writes them again.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import MappingProxyType
from typing import Final

from bridge_patch.governor.reasons import MEANINGS, Reason
from bridge_patch.governor.rules import BOUNDS, CHECKS, CONTRACT_BOUNDS, CONTRACT_CHECKS
from bridge_patch.governor.votes import Rule

PAGE: Final = Path("docs/governor.md")
_BEGIN: Final = (
    "<!-- {name}: begin, written by python -m bridge_patch.app.governor_page -->\n"
)
_END: Final = "<!-- {name}: end -->\n"

_R = Reason
#: Which settings decide over a reason; what is not here has none.
SETTINGS: Final = MappingProxyType(
    {
        _R.SIZE_BELOW_MIN: ("MIN_ORDER_USD", "GOVERNOR_BELOW_MIN"),
        _R.SIZE_ABOVE_MAX: ("MAX_POSITION_USD",),
        _R.LEVERAGE_BELOW_MIN: ("AI_MIN_LEVERAGE", "GOVERNOR_BELOW_MIN"),
        _R.LEVERAGE_ABOVE_MAX: ("AI_MAX_LEVERAGE",),
        _R.LIQUIDATION_TOO_NEAR: ("LIQUIDATION_STOPS_MIN", "LIQUIDATION_SIGMAS_MIN"),
        _R.NOTIONAL_EXCEEDED: ("MAX_NOTIONAL_USD",),
        _R.EQUITY_MULTIPLE_EXCEEDED: ("ORDER_NOTIONAL_MAX_EQUITY_MULTIPLE",),
        _R.TOTAL_NOTIONAL_EXCEEDED: ("MAX_NOTIONAL_USD",),
        _R.INITIAL_MARGIN_EXCEEDED: ("INITIAL_MARGIN_MAX_PCT",),
        _R.BALANCE_INSUFFICIENT: ("TAKER_FEE_PCT", "SLIPPAGE_PCT"),
        _R.CONFIDENCE_BELOW_FLOOR: ("MIN_CONFIDENCE", "GOVERNOR_FAIL_OPEN"),
        _R.EXCEEDS_RISK_BUDGET: ("TAKER_FEE_PCT", "SLIPPAGE_PCT", "GOVERNOR_FAIL_OPEN"),
        _R.RISK_PER_TRADE_EXCEEDED: (
            *("RISK_PER_TRADE_MAX_PCT", "TAKER_FEE_PCT", "SLIPPAGE_PCT"),
        ),
        _R.DAILY_LOSS_EXCEEDED: ("DAILY_LOSS_MAX_PCT",),
        _R.DRAWDOWN_EXCEEDED: ("DRAWDOWN_MAX_PCT",),
        _R.SNAPSHOT_STALE: ("SNAPSHOT_AGE_MAX_SEC",),
        _R.SNAPSHOT_INCOMPLETE: ("SNAPSHOT_AGE_MAX_SEC", "VOLATILITY_AGE_MAX_SEC"),
        _R.MARK_STALE: ("MARK_AGE_MAX_SEC",),
    }
)


def rules_table() -> str:
    """Return every rule in the order of asking, with what it says and may answer."""
    rows = ["| rule | asked | promise | reasons |", "|---|---|---|---|"]
    rows += [_row_of(rule, "as proposed") for rule in BOUNDS]
    rows += [_row_of(rule, "of what is left") for rule in CHECKS]
    return _marked("rules", rows)


def reasons_table() -> str:
    """Return every reason with its meaning and the settings that decide over it."""
    rows = ["| reason | meaning | settings |", "|---|---|---|"]
    for reason, meaning in MEANINGS.items():
        settings = ", ".join(f"`{name}`" for name in SETTINGS.get(reason, ()))
        rows.append(f"| `{reason}` | {meaning} | {settings or '–'} |")
    return _marked("reasons", rows)


def reasons_of(rule: Rule) -> tuple[Reason, ...]:
    """Return the reasons that a rule names, and those of the measures it takes."""
    seen = inspect.getclosurevars(rule).globals.values()
    sources = [inspect.getsource(f) for f in (rule, *seen) if inspect.isfunction(f)]
    named = re.findall(r"\bReason\.([A-Z_]+)", "".join(sources))
    return tuple(dict.fromkeys(Reason[name] for name in named))


def page_with_tables(page: str) -> str:
    """Return the page with its tables, between their markers, as the code is now."""
    for name, table in (("rules", rules_table()), ("reasons", reasons_table())):
        before, _, rest = page.partition(_BEGIN.format(name=name))
        page = before + table + rest.partition(_END.format(name=name))[2]
    return page


def _row_of(rule: Rule, asked: str) -> str:
    promise = (inspect.getdoc(rule) or "").partition("\n")[0]
    contract = rule in (*CONTRACT_BOUNDS, *CONTRACT_CHECKS)
    star = "\\*" if contract else ""
    reasons = ", ".join(f"`{reason}`" for reason in reasons_of(rule))
    return f"| `{rule.__name__}`{star} | {asked} | {promise} | {reasons} |"


def _marked(name: str, rows: list[str]) -> str:
    return _BEGIN.format(name=name) + "\n".join(rows) + "\n" + _END.format(name=name)


if __name__ == "__main__":
    PAGE.write_text(page_with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
