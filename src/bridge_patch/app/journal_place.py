"""From the settings to the database that holds the journal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bridge_patch.adapters.journal_url import JournalUrl
from bridge_patch.adapters.store_postgres import PostgresDatabase
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.app.setting_table import JOURNAL_NAME

if TYPE_CHECKING:
    from bridge_patch.adapters.journal_schema import Database


def journal_at(url: JournalUrl, state_dir: Path) -> Database:
    """Return where the journal is; its head is kept in `state_dir` in any case."""
    if url.address is None:
        return SqliteFile(state_dir / JOURNAL_NAME)
    return PostgresDatabase(url, state_dir)
