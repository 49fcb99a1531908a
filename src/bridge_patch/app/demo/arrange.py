"""What a demo is played with, and where: settings of its own, in a folder of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bridge_patch.adapters.feeds.replay import held_symbols
from bridge_patch.app.report.write import REPORT_NAME
from bridge_patch.app.settings import DEMO_LOG_NAME, Settings, VenueName, load_settings
from bridge_patch.app.wiring import STORE_NAME
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Symbol

#: The demo's own settings, whatever the environment says; the rest are shipped defaults.
#: The floor is set so that a refusal by it is seen.
DEMO_ENV: Final = {"MIN_CONFIDENCE": "0.5"}
#: What is played where nobody names symbols: the first two, and what of the others is held.
DEFAULT_SYMBOLS: Final = (Symbol("BTCUSDT"), Symbol("SOLUSDT"))
MORE_SYMBOLS: Final = (Symbol("ETHUSDT"), Symbol("LAYERUSDT"))
_VENUES: Final = frozenset({VenueName.PAPER, VenueName.SIMULATOR})


def settings_for(
    stated: Settings, *, symbols: Sequence[Symbol], seed: int | None, data: Path | None
) -> Settings:
    """Return the demo's settings: of the stated ones it takes seed and venue only.

    No `symbols` are those that a demo plays by itself, of what is held in `data`.
    """
    if stated.venue not in _VENUES:
        msg = (
            f"a demo plays on paper or against the simulator, and VENUE is {stated.venue}:"
            " write VENUE=paper or VENUE=simulator"
        )
        raise InvalidValueError(msg)
    env = dict(DEMO_ENV)
    held = held_symbols(data) if data else frozenset()
    more = (symbol for symbol in MORE_SYMBOLS if symbol in held)
    env["SYMBOLS"] = ",".join(symbols or (*DEFAULT_SYMBOLS, *more))
    env["EXAMPLE_AI_SEED"] = str(stated.example_ai_seed if seed is None else seed)
    env["VENUE"] = stated.venue
    return load_settings(env)


def make_room(state: Path) -> None:
    """Clear what an earlier demo left in `state`, and nothing that is not a demo's."""
    store = [STORE_NAME, f"{STORE_NAME}-wal", f"{STORE_NAME}-shm", f"{STORE_NAME}.head"]
    store.append(REPORT_NAME)
    if (state / STORE_NAME).exists() and not (state / DEMO_LOG_NAME).exists():
        msg = (
            f"--state must be a folder of an earlier demo, or hold no {STORE_NAME}:"
            f" {state} holds a run of something else; name another folder"
        )
        raise InvalidValueError(msg)
    state.mkdir(parents=True, exist_ok=True)
    for name in store:
        (state / name).unlink(missing_ok=True)
