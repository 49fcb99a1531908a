"""Commands that ask: about settings, decisions, one intent, the journal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge_patch.app.commands.flags import EnvFileOption, JournalOption, JsonOption
from bridge_patch.app.commands.options import (
    CheckOptions,
    DecisionsOptions,
    DoctorOptions,
    ExportOptions,
    JournalOptions,
    ReportOptions,
    TraceOptions,
    TraceSymbolOptions,
    VerifyOptions,
)
from bridge_patch.app.commands.words import read_intent_id, read_verdict
from bridge_patch.app.menu.launch import launch
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import parse_symbol


def check(*, env_file: EnvFileOption = None, as_json: JsonOption = False) -> None:
    """Show the settings in force, or every fault in them (exit code 2).

    Example: bridge-patch check --env-file /etc/quantum/bridge-patch.env
    """
    launch("check", CheckOptions(env_file=env_file, as_json=as_json))


def doctor(
    *,
    listen: Annotated[
        int, typer.Option(min=1, max=600, help="Seconds to listen to the streams.")
    ] = 3,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check clock, keys, account, symbols, streams, bus and journal; change nothing.

    The exit code is 1 where something is at fault, 2 where the settings are.

    Example: bridge-patch doctor --env-file /etc/quantum/bridge-patch.env
    """
    options = DoctorOptions(env_file=env_file, listen_sec=listen, as_json=as_json)
    launch("doctor", options)


def status(
    *,
    journal: JournalOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how things stand: state, equity, positions, doubts, bus, journal.

    The exit code is 1 where the journal does not end as its head file says.

    Example: bridge-patch status --journal var/demo/bridge.db
    """
    launch("status", JournalOptions(journal=journal, env_file=env_file, as_json=as_json))


def decisions(
    *,
    symbol: Annotated[str | None, typer.Option(help="Only this symbol.")] = None,
    verdict: Annotated[
        str | None, typer.Option(help="Only accept, clamp or reject.")
    ] = None,
    code: Annotated[
        str | None, typer.Option(help="Only with this reason, as in NOTIONAL_EXCEEDED.")
    ] = None,
    last: Annotated[int | None, typer.Option(min=1, help="Only the last N.")] = None,
    journal: JournalOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List each intent: what was asked, what was allowed, why.

    Example: bridge-patch decisions --verdict reject --last 20
    """
    source = JournalOptions(journal=journal, env_file=env_file, as_json=as_json)
    options = DecisionsOptions(
        source=source,
        symbol=None if symbol is None else parse_symbol(symbol),
        verdict=None if verdict is None else read_verdict(verdict),
        code=code,
        last=last,
    )
    launch("decisions", options)


def trace(
    *,
    intent_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="The intent's id.")
    ] = None,
    symbol: Annotated[
        str | None, typer.Option(help="Or a symbol: its newest intents, in short.")
    ] = None,
    last: Annotated[
        int, typer.Option(min=1, max=100, help="With --symbol: how many of them.")
    ] = 5,
    journal: JournalOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show everything about one intent, with the times between steps.

    With --symbol: of its newest intents when each was published, judged, sent, filled,
    protected and left.

    Example: bridge-patch trace --symbol BTCUSDT --last 3
    """
    source = JournalOptions(journal=journal, env_file=env_file, as_json=as_json)
    if symbol is not None and intent_id is None:
        wanted = TraceSymbolOptions(source=source, symbol=parse_symbol(symbol), last=last)
        launch("trace_symbol", wanted)
    if intent_id is None or symbol is not None:
        msg = "trace needs either the ID of an intent or --symbol: `decisions` lists both"
        raise InvalidValueError(msg)
    launch("trace", TraceOptions(source=source, intent_id=read_intent_id(intent_id)))


def why(
    *,
    intent_id: Annotated[
        str,
        typer.Argument(metavar="ID", help="The intent's id, or a unique beginning of it."),
    ],
    journal: JournalOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why an intent was allowed, cut or refused, and what came of it.

    Also for a message that was dead-lettered, by its intent's or its entry's id.

    Example: bridge-patch why e-example-ai-BTCUSDT-buy-1746403200000
    """
    source = JournalOptions(journal=journal, env_file=env_file, as_json=as_json)
    launch("why", TraceOptions(source=source, intent_id=read_intent_id(intent_id)))


def verify(
    *,
    journal: JournalOption = None,
    dump: Annotated[
        Path | None,
        typer.Option(help="Check what `export` or `archive` wrote, without the database."),
    ] = None,
    public_key: Annotated[
        Path | None,
        typer.Option(help="Whose signatures count (default: journal.pub beside it)."),
    ] = None,
    all_signed: Annotated[
        bool,
        typer.Option("--all-signed", help="Fail if an entry at the end is not signed."),
    ] = False,
    unsigned_until: Annotated[
        int,
        typer.Option(min=0, help="Entries up to this one may be older than signing."),
    ] = 0,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that nothing in the journal was changed, dropped or cut off (exit code 1).

    Example: bridge-patch verify --dump audit/2026 --public-key ~/keys/journal.pub
    """
    source = JournalOptions(journal=journal, env_file=env_file, as_json=as_json)
    launch(
        "verify",
        VerifyOptions(
            source=source,
            dump=dump,
            public_key=public_key,
            all_signed=all_signed,
            unsigned_until=unsigned_until,
        ),
    )


def export(
    *,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go.")],
    journal: JournalOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the journal as Parquet files, with all that `verify --dump` needs.

    Said again it adds what came since; a run beside it is not disturbed.

    Example: bridge-patch export audit/2026 --journal var/demo/bridge.db
    """
    source = JournalOptions(journal=journal, env_file=env_file, as_json=as_json)
    launch("export", ExportOptions(source=source, folder=folder))


def report(
    *,
    journal: JournalOption = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write (default: report.html beside the journal)."),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
    env_file: EnvFileOption = None,
) -> None:
    """Write a run as one HTML page with pictures, for any browser, offline.

    Example: bridge-patch report --journal var/demo/bridge.db --out report.html
    """
    source = JournalOptions(journal=journal, env_file=env_file, as_json=False)
    launch("report", ReportOptions(source=source, out=out, show=show))
