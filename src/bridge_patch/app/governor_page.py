"""Writes the tables in `docs/governor.md` from the rules and the reasons.

`python -m bridge_patch.app.governor_page` in the project's root writes them again.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Final

from bridge_patch.app.why.remedies import remedy_of
from bridge_patch.governor.reasons import MEANINGS, Reason
from bridge_patch.governor.rules import BOUNDS, CHECKS, CONTRACT_BOUNDS, CONTRACT_CHECKS
from bridge_patch.governor.votes import Rule

PAGE: Final = Path("docs/governor.md")
_BEGIN: Final = (
    "<!-- {name}: begin, written by python -m bridge_patch.app.governor_page -->\n"
)
_END: Final = "<!-- {name}: end -->\n"


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
        settings = ", ".join(f"`{name}`" for name in remedy_of(reason).settings)
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
