"""How long nobody acts on the account when the holder ends: a standby, and a cold start.

The shipped standby waits behind a holder, on a journal with a long past; it has read all of
it, and some hundred entries more come in its last pause. Then the holder lets go. What is
timed is from there to a session that is ready to recover: for the standby, and for a start
that reads all of the journal. The ratio is the first over the second, in the database that
does worse. The term of a holder that does not let go, `LEASE_TTL_SEC`, comes before either.
`main(1_000_000)` takes some four minutes for each database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final, final

from bench.bench_memory import resident_mb
from bench.long_past import fill, pattern
from bench.measuring import Figure, Outcome, tell, wants_json
from bench.shadow import Silent
from bridge_patch.adapters.chain import Row
from bridge_patch.adapters.journal_lease import Claim
from bridge_patch.adapters.journal_url import EMBEDDED, JournalUrl
from bridge_patch.app.collecting import collect_seldom
from bridge_patch.app.journal_place import journal_at
from bridge_patch.app.settings import load_settings
from bridge_patch.app.standby import Standby
from bridge_patch.app.stopping import Stop
from bridge_patch.app.wiring import Run, Store, execution_side, open_store
from bridge_patch.domain.events import DuplicateSeen
from bridge_patch.domain.intent import IntentId, Mode, UnixMs
from tests.postgres_server import postgres_server

GOAL: Final = 0.1
SIZE: Final = 100_000
#: What came since the last look: a quarter of a second, at two thousand entries a second.
SINCE: Final = 500
_ELSEWHERE: Final = Claim(holder="elsewhere 1 unknown", ttl_ms=60_000)
_AT: Final = UnixMs(1_746_360_000_000)


@final
@dataclass(slots=True)
class Subject:
    """A journal in one database; seconds that each way took, and megabytes added."""

    name: str
    run: Run
    follow_sec: float = 0.0
    standby_sec: float = 0.0
    cold_sec: float = 0.0
    grown_mb: float = 0.0

    def open(self, claim: Claim | None = None) -> Store:
        settings = self.run.settings
        return open_store(
            settings.state_dir,
            journal=True,
            url=settings.journal_url,
            claim=claim,
            key_file=settings.journal_key_path,
        )

    def fill(self, rows: Sequence[Row], size: int) -> None:
        """Begin a journal, and let it hold so many entries."""
        self.open(_ELSEWHERE).close()
        settings = self.run.settings
        database = journal_at(settings.journal_url, settings.state_dir)
        fill(database, settings.journal_key_path, rows, size)

    async def take_over(self) -> None:
        """Let a standby read everything, then let it have the journal."""
        holder, let_go, size = self.open(_ELSEWHERE), 0.0, resident_mb()
        begun = perf_counter()

        async def pause(_: float) -> None:
            """Go on at once while there is more to read; then end the holder's time."""
            nonlocal let_go
            if let_go or not standby.level:
                return
            self.follow_sec = perf_counter() - begun
            self.grown_mb = resident_mb() - size
            assert holder.journal is not None
            await holder.journal.append([_event(number) for number in range(SINCE)])
            holder.close()
            let_go = perf_counter()

        standby = Standby(run=self.run, sleep=pause)
        store = await standby.opened(Stop(), again=False)
        assert store is not None
        assert standby.past is not None
        execution_side(self.run, store, past=standby.past)
        self.standby_sec = perf_counter() - let_go
        store.close()

    def start_cold(self) -> None:
        """Open the same journal and read all of it."""
        begun = perf_counter()
        store = self.open()
        execution_side(self.run, store)
        self.cold_sec = perf_counter() - begun
        store.close()


def main(size: int = SIZE, *, as_json: bool = False) -> None:
    """Print the ratio; `size` is how many entries the journals hold."""
    collect_seldom()
    rows = asyncio.run(pattern())
    with ExitStack() as opened:
        folder = Path(opened.enter_context(TemporaryDirectory()))
        subjects, absent = [Subject("SQLite", _run(folder / "sqlite"))], ""
        try:
            server = opened.enter_context(postgres_server(buffers="128MB"))
        except LookupError as missing:
            absent = str(missing)
        else:
            url = server.database(folder / "postgres").url
            subjects.append(Subject("PostgreSQL", _run(folder / "postgres", url)))
        for subject in subjects:
            subject.fill(rows, size)
            asyncio.run(subject.take_over())
            subject.start_cold()
        tell(_outcome(subjects, size, absent), as_json=as_json)


def _run(folder: Path, url: JournalUrl = EMBEDDED) -> Run:
    settings = replace(load_settings({}), state_dir=folder, journal_url=url)
    return Run(settings=settings, mode=Mode.SHADOW, feed="bench", telemetry=Silent())


def _event(number: int) -> DuplicateSeen:
    return DuplicateSeen(at_ms=_AT, intent_id=IntentId("bench"), entry_id=str(number))


def _outcome(subjects: Sequence[Subject], size: int, absent: str) -> Outcome:
    figures = [Figure("PostgreSQL is not there", 0, "", absent)] if absent else []
    for one in subjects:
        figures += [
            Figure(f"{one.name}, a standby takes over", one.standby_sec, "s", "goal 4"),
            Figure(f"{one.name}, a cold start", one.cold_sec, "s", f"{size:,} entries"),
            Figure(f"{one.name}, read while waiting", size / one.follow_sec, "/s"),
            Figure(f"{one.name}, memory it added", one.grown_mb, "MB"),
        ]
    return Outcome(
        name="a standby's takeover / a cold start",
        ratio=max(one.standby_sec / one.cold_sec for one in subjects),
        wanted="at most",
        goal=GOAL,
        figures=tuple(figures),
    )


if __name__ == "__main__":
    main(as_json=wants_json(__doc__))
