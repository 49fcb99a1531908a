"""`harvest`: the exits on recorded markets, and in the crashes those hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from bridge_patch.adapters.feeds.series import Window
from bridge_patch.app.commands.offline_options import HarvestOptions
from bridge_patch.app.harvest.crash_text import crashes_text
from bridge_patch.app.harvest.crashes import crashes_in, play_crashes
from bridge_patch.app.harvest.markets import Place, places_in, try_all
from bridge_patch.app.harvest.outcome import Attempt
from bridge_patch.app.harvest.page import CRASHES, EVALUATION, write_page
from bridge_patch.app.harvest.picture import picture
from bridge_patch.app.harvest.rows import Evaluation, evaluated
from bridge_patch.app.harvest.text import evaluation_text
from bridge_patch.app.progress import counted
from bridge_patch.app.screen import print_exact
from bridge_patch.evidence.paired import assure_bootstrap


def harvest(options: HarvestOptions) -> int:
    """Try the exits, play the crashes, say what was found; 1 where a crash went badly."""
    places = places_in(options.data)
    found = None if options.crashes_only else _evaluated(options, places)
    with counted("crashes, by symbol") as tell:
        attempts = play_crashes(list(crashes_in(places)), tell)
    texts = {} if found is None else {EVALUATION: evaluation_text(found)}
    if attempts:
        texts[CRASHES] = crashes_text(attempts)
    if options.page is not None:
        write_page(options.page, texts, None if found is None else picture(found))
    if options.as_json:
        print_exact(
            {
                "evaluation": None if found is None else asdict(found),
                "crashes": [asdict(one) for one in attempts],
            }
        )
    else:
        print("\n".join(texts.values()))  # noqa: T201 - the result, on stdout
    return 0 if all(map(_went_well, attempts)) else 1


def _evaluated(options: HarvestOptions, places: Sequence[Place]) -> Evaluation:
    assure_bootstrap()
    window = Window(start_ms=options.start_ms, end_ms=options.end_ms)
    with counted("exits, by symbol") as tell:
        tried = try_all(places, tell, window)
    with counted("intervals") as tell:
        return evaluated(tried, tell)


def _went_well(one: Attempt) -> bool:
    return one.flat and not one.liquidated and not one.naked_ticks
