"""`status`: mode, state, equity against limits, positions, doubts, bus and journal."""

from __future__ import annotations

from contextlib import closing

from bridge_patch.adapters.health import read_health
from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.app.commands.journal_file import find_journal
from bridge_patch.app.commands.options import JournalOptions
from bridge_patch.app.screen import print_exact, print_table
from bridge_patch.app.settings import load_settings
from bridge_patch.app.status.behind import backlog_seen
from bridge_patch.app.status.fold import KINDS, StatusFold
from bridge_patch.app.status.paint import painted, positions_table
from bridge_patch.app.status.paint_open import differences_table, doubts_table
from bridge_patch.app.status.standing import journal_view, lease_view, standing
from bridge_patch.app.status.view import Standing
from bridge_patch.services.backlog import BacklogLimits

_TAIL = 64


def status(options: JournalOptions) -> int:
    """Show how things stand; 1 where the journal does not end as it should."""
    found = _standing(options)
    if options.as_json:
        print_exact(found)
    else:
        print_table(painted(found))
        doubts, differs = doubts_table(found.in_doubt), differences_table(found.differences)
        for table in (positions_table(found), doubts, differs):
            if table is not None:
                print_table(table)
    return 1 if found.journal.fault else 0


def _limits(options: JournalOptions) -> BacklogLimits:
    """Return the settings' limits; for a journal that is named, the defaults."""
    settings = load_settings({} if options.journal else None, env_file=options.env_file)
    return BacklogLimits(
        entries_max=settings.backlog_alarm_entries,
        age_max_sec=settings.backlog_alarm_age_sec,
    )


def _standing(options: JournalOptions) -> Standing:
    place, now_ms = find_journal(options), SystemClock().now_ms()
    look, away = place.bus.look_or_why(place.store)
    with closing(look) as bus, closing(JournalSearch(place.journal)) as journal:
        fold = StatusFold()
        for stored in journal.events(KINDS):
            fold.apply(stored)
        last = journal.tail(_TAIL)
        recorded_ms = last[-1].recorded_ms if last else None
        return standing(
            fold,
            bus=bus.places(),
            backlog=backlog_seen(bus.places(), last, now_ms, _limits(options)),
            streams=bus.lengths(),
            journal=journal_view(
                str(place.journal), journal.quick_check(), recorded_ms, now_ms
            ),
            lease=lease_view(journal.holder(), now_ms),
            outage=read_health(place.store) or away,
        )
